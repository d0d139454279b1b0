"""The doctor's look at the data folder: whose it is, who may read it, and whether the books are whole."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from auth_store.files import session_path
from daemon.commands.doctor.findings import Finding, note, ok, wrong
from daemon.commands.terminal import describe
from daemon.desk import kept_sizes
from daemon.domain.clocks import is_wrong, real_lead
from daemon.domain.links import is_online
from daemon.store import accounts, integrity, links, schema
from daemon.store.accounts import Account
from daemon.store.engine import Database
from daemon.store.links import Link

_RESTORE = "Stop Balas, keep the folder as it is, and restore the last backup into a new one (balas restore)."


@dataclass(frozen=True, slots=True)
class FoundData:
    """What the database says: its accounts and the time of the last entry, in seconds since 1970."""

    links: list[tuple[Account, Link]]
    newest: float | None


def owner(data: Path) -> Finding | None:
    """Whether the folder is ours; None if it is."""
    uid = data.stat().st_uid
    if uid == os.geteuid():
        return None
    # files that another user makes beside the database would lock its owner out
    return wrong("rights", f"The data folder belongs to user {uid}, not to you.", "Run this command as that user.")


def rights(data: Path) -> Finding:
    """Nobody else may read anything; names stay out of the line, some are customers' files."""
    open_ones = sum(1 for _ in _readable_by_others(data))
    if open_ones == 0:
        return ok("rights", "Nobody else can read the data folder.")
    things = "1 file or folder" if open_ones == 1 else f"{open_ones} files or folders"
    return wrong("rights", f"{things} can be read by others.", f"chmod -R go= '{data}'")


def _readable_by_others(folder: Path) -> Iterator[Path]:
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield folder
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _readable_by_others(Path(entry.path))
            continue
        try:
            mode = entry.stat(follow_symlinks=False).st_mode
        except FileNotFoundError:
            continue  # SQLite's side files come and go
        # the lock files hold nothing; a link has no rights of its own
        if stat.S_ISREG(mode) and mode & 0o077 and not entry.name.endswith(".lock"):
            yield Path(entry.path)


def kept(data: Path, books: Database) -> Finding:
    """How large everything is that is kept."""
    found = kept_sizes.measure(data, Path(books.path))
    return ok(
        "kept",
        f"Conversations take {_size(found.books)}, files from customers {_size(found.came)}, files to them"
        f" {_size(found.left)}, backups {_size(found.backups)}.",
    )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def database(books: Database) -> tuple[Finding, FoundData | None]:
    """Whether it can be read, is whole and has our schema; and what it says."""
    try:
        with books.read() as conn:
            verdict = conn.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if verdict != "ok":
            return wrong("database", "The database is damaged.", _RESTORE), None
        current, newest = schema.revision(books), schema.newest()
        if current is None:
            return note("database", "The database is empty.", "Start Balas once: balas run."), None
        if not schema.is_known(current):
            remedy = "Install that version."
            return wrong("database", "The database was written by a newer version of Balas.", remedy), None
        if current != newest:
            remedy = "Start Balas: it brings the database up to date."
            return note("database", "The database is of an older version of Balas.", remedy), None
        with books.read() as conn:
            found = [(account, links.get(conn, account.id)) for account in accounts.every(conn)]
            # written as milliseconds
            last = conn.execute(text("SELECT at FROM event_log ORDER BY seq DESC LIMIT 1")).scalar()
    except DBAPIError as error:
        return wrong("database", f"The database can't be read ({error.orig}).", _RESTORE), None
    return ok("database", "The database is whole."), FoundData(found, last / 1000 if last else None)


def session(data: Path, account: Account) -> Finding:
    """Whether the keys of a linked account are there."""
    name = f"session {account.name}"
    if account.device is None:
        return note(name, "No number is linked.", "Open WhatsApp link in the inbox, or: balas pair.")
    path = session_path(data, account.id)
    if not path.is_file() or path.stat().st_size == 0:
        return wrong(name, "The keys of the linked number are missing.", "Link the number again: balas pair.")
    if not integrity.looks_sound(path):
        remedy = "Link the number again: balas unlink, then balas pair."
        return wrong(name, "The keys of the linked number are damaged.", remedy)
    return ok(name, "The keys of the linked number are there.")


def link(account: Account, found: Link, language: str, running: bool) -> Finding:
    """Where the link stands; without the daemon it can't stand anywhere."""
    name = f"link {account.name}"
    if is_wrong(found.clock_lead):
        seconds = round(real_lead(found.clock_lead).total_seconds())
        words = f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'}"
        remedy = "Set the clock, and let it be kept right: timedatectl set-ntp true."
        return wrong(name, f"This machine's clock was {words} WhatsApp's at the last look.", remedy)
    if not running:
        return note(name, "Balas is not running.", "Start it: balas run, or systemctl start balas.")
    if is_online(found.state):
        return ok(name, "The link is online.")
    if account.device is None:
        return note(name, "Balas waits for a number to be linked.", "balas pair")
    return wrong(name, f"Replies can't leave: the link is {found.state.value}.", describe(found, language))
