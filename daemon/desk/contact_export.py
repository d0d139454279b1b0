"""All customers of an account as a file: CSV for spreadsheets, vCard for phones."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.desk import Action, Actor
from daemon.domain.spreadsheets import harmless
from daemon.store import audit, contact_list
from daemon.store.contact_list import ListedContact

_AT_A_TIME = 500


def as_csv(conn: Connection, account_id: int) -> Iterator[str]:
    """A table with a line of titles, a part at a time."""
    # spreadsheets recognise UTF-8 by this mark
    yield "\ufeff" + _line(["Name", "Phone", "WhatsApp name", "Tags", "Note"])
    for one in _every(conn, account_id):
        # a number after + is a number to a spreadsheet, too
        phone = f"+{one.phone}" if one.phone else ""
        words = (one.own_name or "", ", ".join(tag.name for tag in one.tags), one.note or "")
        yield _line([harmless(one.name or ""), phone, *map(harmless, words)])


def as_vcard(conn: Connection, account_id: int) -> Iterator[str]:
    """vCards 3.0 (RFC 2426) of those who have a number, a part at a time."""
    for one in _every(conn, account_id):
        if not one.phone:
            continue
        name = one.name or f"+{one.phone}"
        lines = ["BEGIN:VCARD", "VERSION:3.0", f"FN:{_escaped(name)}", f"N:;{_escaped(name)};;;"]
        lines += [f"TEL;TYPE=CELL:+{one.phone}"]
        if one.tags:
            lines.append("CATEGORIES:" + ",".join(_escaped(tag.name) for tag in one.tags))
        if one.note:
            lines.append(f"NOTE:{_escaped(one.note)}")
        yield "".join(map(_folded, [*lines, "END:VCARD"]))


def record(conn: Connection, account_id: int, form: str, actor: Actor, now: datetime) -> None:
    """Note who took all customers with him."""
    audit.record(conn, account_id, Action.CONTACTS_EXPORTED, actor, now, detail={"form": form})


FORMS: dict[str, tuple[str, Callable[[Connection, int], Iterator[str]]]] = {
    "csv": ("text/csv", as_csv),
    "vcf": ("text/vcard", as_vcard),
}


def _every(conn: Connection, account_id: int) -> Iterator[ListedContact]:
    after: int | None = None
    while found := contact_list.listing(conn, account_id, after=after, limit=_AT_A_TIME):
        yield from found
        after = found[-1].id


def _line(cells: list[str]) -> str:
    file = io.StringIO(newline="")
    csv.writer(file).writerow(cells)
    return file.getvalue()


def _escaped(text: str) -> str:
    for character in "\\;,":
        text = text.replace(character, "\\" + character)
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """A line of at most 75 bytes, and what is left of it in further ones that begin with a space."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > 74:
            parts.append(part)
            part = ""
        part += character
    return "\r\n ".join([*parts, part]) + "\r\n"
