"""Which of several numbers a command is about: the one named by `--account`, else "main", else the only one."""

from collections.abc import Callable
from typing import Any

import click
from sqlalchemy import Connection

from daemon.domain.account_names import LONGEST, BadName, parse_name
from daemon.domain.time import utc_now
from daemon.store import accounts, numbers
from daemon.store.accounts import Account

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
    found = numbers.called(conn, _clean(name) if name is not None else numbers.MAIN)
    if found is None and name is None and len(every) == 1:
        return every[0]
    if found is None:
        known = ", ".join(one.name for one in every) or "none yet"
        what = f"There is no number called {name}" if name is not None else "There are several numbers"
        raise click.ClickException(f"{what}: say which one with --account ({known}).")
    return found


def chosen_or_new(conn: Connection, name: str | None) -> Account:
    """As `chosen`, but a number of a new name is made."""
    if name is None:
        return chosen(conn, None) if accounts.every(conn) else accounts.ensure(conn, numbers.MAIN, utc_now())
    return numbers.called(conn, _clean(name)) or numbers.add(conn, name, utc_now())


def _clean(name: str) -> str:
    try:
        return parse_name(name)
    except BadName as error:
        raise click.ClickException(_BAD[error.reason]) from None
