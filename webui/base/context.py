"""What every page needs: the settings, the database, the present moment and the account."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app, g
from sqlalchemy import Connection

from daemon.config import Config
from daemon.domain.time import Clock, utc_now
from daemon.store import accounts
from daemon.store.busy import is_busy
from daemon.store.engine import Database

log = logging.getLogger("webui")

_KEY = "balas"


@dataclass(frozen=True, slots=True)
class Services:
    """One inbox process's settings, database and clock; `brief` is that database for whoever can't wait."""

    config: Config
    database: Database
    brief: Database
    clock: Clock = utc_now

    def note(self, write: Callable[[Connection], object]) -> None:
        """Write what looking at a page leaves behind; passed over if the database is busy: the page is shown."""
        try:
            with self.brief.write() as conn:
                write(conn)
        except Exception as error:
            if not is_busy(error):
                raise
            log.warning("the database is busy: what a page was to note is left out")


def install(app: Flask, services: Services) -> None:
    """Make the services reachable from every request of this app."""
    app.extensions[_KEY] = services


def of(app: Flask) -> Services:
    """The services of an app, for threads that serve no request."""
    found: Services = app.extensions[_KEY]
    return found


def services() -> Services:
    """The services of the app that handles the present request."""
    return of(current_app)


def the_account(conn: Connection) -> accounts.Account | None:
    """The account that this request is about (`current_account`); None until the daemon has started once."""
    chosen = g.get("account_id")
    return next((one for one in accounts.every(conn) if one.id == chosen), None)
