"""Files that are still to be brought to WhatsApp's media hosts, and where they lie there."""

import base64
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, Select, bindparam, func, insert, select, update

from daemon.domain.attachments import OutgoingFile, UploadedFile
from daemon.domain.message_kinds import MessageKind
from daemon.store.outbox import is_queued
from daemon.store.prepared_statement import Prepared
from daemon.store.tables.core import message, outbox
from daemon.store.tables.outgoing_files import outgoing_file

# the media hosts forget files after some weeks
KEPT_BY_HOSTS = timedelta(days=7)
_KEYS = ("key", "sha256", "enc_sha256")


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file to bring, with its message: how often that failed, or ended with its process."""

    message_id: int
    outbox_id: int
    conversation_id: int
    file: str
    kind: MessageKind
    media: dict[str, Any]
    failures: int
    deaths: int


def add(conn: Connection, account_id: int, message_id: int, sent: OutgoingFile, now: datetime) -> None:
    """Note the file of a message that is being queued."""
    values = {"message_id": message_id, "account_id": account_id, "file": sent.file, "next_at": now}
    conn.execute(insert(outgoing_file).values(values))


def _waiting(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(
            outgoing_file,
            outbox.c.id.label("outbox_id"),
            message.c.conversation_id,
            message.c.kind,
            message.c.media,
        )
        .join(outbox, outbox.c.message_id == outgoing_file.c.message_id)
        .join(message, message.c.id == outgoing_file.c.message_id)
        .where(
            outgoing_file.c.account_id == bindparam("account_id", type_=Integer),
            outgoing_file.c.uploaded_at.is_(None),
            *conditions,
        )
    )


# what is held, or was taken back, is brought when it is to leave after all
_due = _waiting(
    outgoing_file.c.next_at <= bindparam("now", type_=outgoing_file.c.next_at.type),
    is_queued,
).order_by(outgoing_file.c.next_at)
_begun = _waiting(outgoing_file.c.begun_at.is_not(None))
_any_due = Prepared(_due.with_only_columns(outgoing_file.c.message_id))


def next_due(conn: Connection, account_id: int, now: datetime) -> WaitingFile | None:
    """The file that has been due for longest."""
    values = {"account_id": account_id, "now": now}
    if _any_due.run(conn, values) is None:
        return None
    row = conn.execute(_due.limit(1), values).first()
    return _file(row) if row else None


def begun(conn: Connection, account_id: int) -> list[WaitingFile]:
    """The files whose upload has begun and not ended."""
    return [_file(row) for row in conn.execute(_begun, {"account_id": account_id})]


def _file(row: Row[*tuple[Any, ...]]) -> WaitingFile:
    return WaitingFile(
        row.message_id,
        row.outbox_id,
        row.conversation_id,
        row.file,
        MessageKind(row.kind),
        row.media or {},
        row.failures,
        row.deaths,
    )


def begin(conn: Connection, message_id: int, now: datetime) -> None:
    """An upload is about to begin."""
    _set(conn, message_id, begun_at=now)


def interrupted(conn: Connection, message_id: int) -> None:
    """An upload was ended by us: it is due as before."""
    _set(conn, message_id, begun_at=None)


def later(conn: Connection, message_id: int, at: datetime) -> None:
    """Try again at a time: the hosts did not take it."""
    _set(conn, message_id, next_at=at, begun_at=None, failures=outgoing_file.c.failures + 1)


def died(conn: Connection, message_id: int, at: datetime) -> None:
    """Try again at a time: a process ended during the upload."""
    _set(conn, message_id, next_at=at, begun_at=None, deaths=outgoing_file.c.deaths + 1)


def prepared(
    conn: Connection, message_id: int, kind: MessageKind, media: dict[str, Any], thumbnail: bytes
) -> None:
    """It is sent as this kind; `media` is what the message shows of it from now on."""
    _set(conn, message_id, thumbnail=thumbnail or None)
    conn.execute(update(message).where(message.c.id == message_id).values(kind=kind.value, media=media))


def done(conn: Connection, message_id: int, uploaded: UploadedFile, now: datetime) -> None:
    """It is there: its message may leave."""
    values = asdict(uploaded)
    values |= {name: base64.b64encode(values[name]).decode() for name in _KEYS}
    _set(conn, message_id, uploaded=values, uploaded_at=now, begun_at=None)


def bring_anew(conn: Connection, message_id: int, now: datetime) -> None:
    """A person wants it to be sent: what is not there (any more) is brought as if for the first time."""
    values = {"next_at": now, "begun_at": None, "failures": 0, "deaths": 0, "uploaded": None, "uploaded_at": None}
    lies_there = outgoing_file.c.uploaded_at > now - KEPT_BY_HOSTS
    waits = (outgoing_file.c.message_id == message_id) & ~func.coalesce(lies_there, False)
    conn.execute(update(outgoing_file).where(waits).values(values))


def _set(conn: Connection, message_id: int, **values: Any) -> None:
    conn.execute(update(outgoing_file).where(outgoing_file.c.message_id == message_id).values(values))


def uploaded_of(conn: Connection, message_id: int) -> tuple[UploadedFile, bytes] | None:
    """Where a message's file lies, with its thumbnail (JPEG, or empty); None if it is not there (yet)."""
    row = conn.execute(
        select(outgoing_file.c.uploaded, outgoing_file.c.thumbnail).where(outgoing_file.c.message_id == message_id)
    ).first()
    if row is None or row.uploaded is None:
        return None
    keys = {name: base64.b64decode(row.uploaded[name]) for name in _KEYS}
    return UploadedFile(**(row.uploaded | keys)), row.thumbnail or b""


def still_used(conn: Connection, files: Iterable[str]) -> set[str]:
    """Those of some files that a message sends."""
    found = select(outgoing_file.c.file).where(outgoing_file.c.file.in_(list(files)))
    return set(conn.execute(found).scalars())
