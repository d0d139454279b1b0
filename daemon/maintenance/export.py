"""Conversations and messages in files that other programs read: JSON Lines, or CSV for a spreadsheet."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, case, select, type_coerce

from auth_store.tables import admin
from daemon.domain.cards import in_words
from daemon.domain.spreadsheets import harmless
from daemon.store import contact_names
from daemon.store.engine import Database
from daemon.store.tables.core import contact, conversation, message
from daemon.store.tables.desk import rating

_AT_A_TIME = 500
_NAME = type_coerce(
    case((contact.c.forgotten_at.is_not(None), "Forgotten customer"), else_=contact_names.shown_name),
    contact.c.name.type,
)


class Format(StrEnum):
    """How the files are written."""

    JSONL = "jsonl"
    CSV = "csv"


class ExportFailed(Exception):
    """Nothing was exported; the text is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written."""

    conversations: int
    messages: int


def export(
    database: Database,
    folder: Path,
    form: Format,
    zone: ZoneInfo,
    since: datetime | None = None,
    account_id: int | None = None,
) -> Exported:
    """Write `conversations` and `messages` into a new or empty folder (0700, files 0600), oldest first.

    With `since`, the messages from that moment on and the conversations that have any; with `account_id`, those
    of one account. Both files show the same moment of the database, and are read and written a few rows at a
    time. Raises ExportFailed.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportFailed(f"{folder} is not empty: choose a new folder.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with database.read() as conn:
            return Exported(
                _write(conn, _conversations(since, account_id), folder / f"conversations.{form}", form, zone),
                _write(conn, _messages(since, account_id), folder / f"messages.{form}", form, zone),
            )
    except OSError as error:
        raise ExportFailed(f"{folder} can't be written ({error.strerror}).") from error


def _conversations(since: datetime | None, account_id: int | None) -> Select[*tuple[Any, ...]]:
    assignee, resolver = admin.alias(), admin.alias()
    rows = (
        select(
            conversation.c.id,
            conversation.c.account_id.label("account"),
            conversation.c.contact_id.label("customer_id"),
            _NAME.label("customer"),
            contact.c.phone,
            conversation.c.kind,
            conversation.c.status,
            conversation.c.priority,
            assignee.c.name.label("assignee"),
            conversation.c.created_at,
            conversation.c.last_at,
            conversation.c.resolved_at,
            resolver.c.name.label("resolved_by"),
            rating.c.score.label("rating"),
        )
        .join(contact, contact.c.id == conversation.c.contact_id)
        .outerjoin(assignee, assignee.c.id == conversation.c.assignee_id)
        .outerjoin(resolver, resolver.c.id == conversation.c.resolved_by_id)
        .outerjoin(rating, rating.c.conversation_id == conversation.c.id)
        .order_by(conversation.c.id)
    )
    if account_id is not None:
        rows = rows.where(conversation.c.account_id == account_id)
    return rows if since is None else rows.where(conversation.c.last_at >= since)


def _messages(since: datetime | None, account_id: int | None) -> Select[*tuple[Any, ...]]:
    rows = (
        select(
            message.c.id,
            message.c.account_id.label("account"),
            message.c.conversation_id,
            message.c.contact_id.label("customer_id"),
            _NAME.label("customer"),
            contact.c.phone,
            message.c.sent_at,
            message.c.author,
            admin.c.name.label("admin"),
            message.c.kind,
            message.c.text,
            message.c.media,
            message.c.media.label("card"),
            message.c.delivery,
            message.c.edited_at,
            message.c.revoked_at,
            message.c.is_history,
        )
        .join(contact, contact.c.id == message.c.contact_id)
        .outerjoin(admin, admin.c.id == message.c.admin_id)
        # each conversation as its thread shows it
        .order_by(message.c.conversation_id, message.c.sent_at, message.c.id)
    )
    if account_id is not None:
        rows = rows.where(message.c.account_id == account_id)
    return rows if since is None else rows.where(message.c.sent_at >= since)


def _write(conn: Connection, statement: Select[*tuple[Any, ...]], path: Path, form: Format, zone: ZoneInfo) -> int:
    count = 0
    with _private(path) as file, conn.execution_options(yield_per=_AT_A_TIME).execute(statement) as rows:
        write = _json_lines(file) if form == Format.JSONL else _csv(file, list(rows.keys()))
        for row in rows.mappings():
            write({name: _plain(name, value, zone) for name, value in row.items()})
            count += 1
    return count


def _plain(name: str, value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        try:
            return value.astimezone(zone).isoformat()
        except OverflowError:
            # the last hours before the year 10,000, which WhatsApp can claim
            return value.isoformat()
    if name == "media":
        # where the file is below the folder media; the rest is WhatsApp's own
        return value.get("file") if value else None
    if name == "card":
        return in_words(value) or None
    return value


def _json_lines(file: TextIO) -> Callable[[dict[str, Any]], None]:
    def write(row: dict[str, Any]) -> None:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")

    return write


def _csv(file: TextIO, names: list[str]) -> Callable[[dict[str, Any]], None]:
    # spreadsheets recognise UTF-8 by this mark
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(names)

    def write(row: dict[str, Any]) -> None:
        writer.writerow([harmless(value) if isinstance(value, str) else value for value in row.values()])

    return write


@contextmanager
def _private(path: Path) -> Iterator[TextIO]:
    """A new file, 0600; gone if it was not finished."""
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        # a lone half of a surrogate pair must not end the export
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
