"""What every command begins with: settings, data folder, database, and whether the daemon runs or could."""

import os
import socket
from collections.abc import Callable
from typing import Any

import click
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from auth_store.files import AlreadyOpen, Lock, PlaceError, prepare_folder, private_file
from daemon.config import Config, ConfigError
from daemon.domain.account_names import LONGEST, BadName, parse_name
from daemon.domain.time import utc_now
from daemon.store import accounts
from daemon.store.accounts import Account
from daemon.store.engine import Database
from daemon.store.schema import SchemaTooNew, migrate, revision

_DAEMON_LOCK = "daemon.lock"


def open_data() -> tuple[Config, Database]:
    """The settings and the database, which is closed when the command ends; what is missing is made."""
    config = settings()
    try:
        prepare_folder(config.data)
        database = Database(config.database_url)
        click.get_current_context().call_on_close(database.close)
        private_file(config.data / "balas.db")
        revision(database)
    except PlaceError as error:
        raise click.ClickException(str(error)) from None
    except DatabaseError as error:
        raise click.ClickException(
            f"The database {database.path} can't be used ({error.orig}): check DATABASE_URL and the data folder."
        ) from None
    return config, database


def settings() -> Config:
    """The settings alone; nothing is made or opened."""
    os.umask(0o077)
    try:
        return Config.from_env()
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


def open_existing() -> tuple[Config, Database]:
    """The settings and the database of a Balas that has been run before."""
    config = settings()
    if (config.data / "balas.db").exists():
        config, database = open_data()
        if revision(database) is not None:
            return config, database
    raise click.ClickException(f"There is no Balas in the data folder {config.data} yet: run it first.")


def daemon_lock(config: Config) -> Lock:
    """What a daemon holds as long as it runs."""
    return Lock(config.data / _DAEMON_LOCK, f"Balas is already running on the data folder {config.data}.")


def is_running(config: Config) -> bool:
    """Whether a daemon holds the data folder; nothing is made there."""
    if not (config.data / _DAEMON_LOCK).exists():
        return False
    try:
        daemon_lock(config).acquire().release()
    except AlreadyOpen:
        return True
    return False


def require_running(config: Config) -> None:
    """End the command with a sentence unless the daemon runs."""
    if not is_running(config):
        raise click.ClickException("The daemon is not running: start it with 'balas run'.")


def port_trouble(config: Config) -> str | None:
    """Why the inbox can't listen on its port, a sentence without its full stop; None if it can."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            return f"The inbox can't listen on {config.host} port {config.port} ({error.strerror})"
    return None


_BAD = {
    "empty": "Give the number a name.",
    "too_long": f"The name of a number has {LONGEST} characters at most.",
    "characters": "The name of a number has letters, digits, spaces and signs only.",
    "letters": "The name of a number has at least one letter.",
}


def account_option(sentence: str) -> Callable[[Any], Any]:
    """The option `--account NAME`, given to the command as `account`."""
    return click.option("--account", metavar="NAME", help=sentence)


def chosen(conn: Connection, name: str | None) -> Account:
    """The account that is meant; ends the command with a sentence if there is no such one, or several could be."""
    every = accounts.every(conn)
    found = accounts.called(conn, _clean(name) if name is not None else accounts.MAIN)
    if found is None and name is None and len(every) == 1:
        return every[0]
    if found is None:
        known = ", ".join(one.name for one in every) or "none yet"
        what = f"There is no number called {name}" if name is not None else "There are several numbers"
        raise click.ClickException(f"{what}: say which one with --account ({known}).")
    return found


def chosen_or_new(conn: Connection, name: str | None) -> Account:
    """As `chosen`, but an account of a new name is made."""
    if name is None:
        return chosen(conn, None) if accounts.every(conn) else accounts.ensure(conn, accounts.MAIN, utc_now())
    return accounts.called(conn, _clean(name)) or accounts.add(conn, name, utc_now())


def _clean(name: str) -> str:
    try:
        return parse_name(name)
    except BadName as error:
        raise click.ClickException(_BAD[error.reason]) from None


def bring_up_to_date(database: Database) -> None:
    """Upgrade the schema; ends the command with a sentence if a newer Balas wrote it."""
    try:
        migrate(database)
    except SchemaTooNew as error:
        raise click.ClickException(str(error)) from None
