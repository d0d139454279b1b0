"""Files that are still to be brought to WhatsApp's media hosts, and where they lie there."""

import base64
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, insert, select, update

from daemon.domain.attachments import OutgoingFile, UploadedFile
from daemon.domain.message_kinds import MessageKind
from daemon.domain.transfers import BROUGHT, BROUGHT_AT, Transfer
from daemon.store.outbox import is_queued
from daemon.store.prepared_statement import Prepared
from daemon.store.tables.core import message, outbox
from daemon.store.tables.desk import quick_reply
from daemon.store.tables.outgoing_files import outgoing_file
from daemon.store.transfer_attempts import Attempts

attempts = Attempts(outgoing_file)
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
    has_words: bool


def add(conn: Connection, account_id: int, message_id: int, sent: OutgoingFile, now: datetime) -> None:
    """Note the file of a message that is being queued."""
    values = {"message_id": message_id, "account_id": account_id, "file": sent.file, "next_at": now}
    conn.execute(insert(outgoing_file).values(values))


_waiting = (
    select(
        outgoing_file,
        outbox.c.id.label("outbox_id"),
        message.c.conversation_id,
        message.c.kind,
        message.c.media,
        message.c.text,
    )
    .join(outbox, outbox.c.message_id == outgoing_file.c.message_id)
    .join(message, message.c.id == outgoing_file.c.message_id)
    # what is held, or was taken back, is brought when it is to leave after all
    .where(outgoing_file.c.uploaded_at.is_(None), is_queued)
)
_due = Prepared(
    _waiting.with_only_columns(outgoing_file.c.message_id)
    .where(
        outgoing_file.c.account_id == bindparam("account_id", type_=Integer),
        outgoing_file.c.next_at <= bindparam("now", type_=outgoing_file.c.next_at.type),
    )
    .order_by(outgoing_file.c.next_at)
)


def next_due(conn: Connection, account_id: int, now: datetime) -> int | None:
    """The message whose file has been due for longest (asked after every commit of anybody)."""
    row = _due.run(conn, {"account_id": account_id, "now": now})
    return None if row is None else int(row[0])


def load(conn: Connection, message_id: int) -> WaitingFile | None:
    """A file to bring; None if its message is not to leave any more."""
    row = conn.execute(_waiting.where(outgoing_file.c.message_id == message_id)).first()
    if row is None:
        return None
    return WaitingFile(
        row.message_id,
        row.outbox_id,
        row.conversation_id,
        row.file,
        MessageKind(row.kind),
        {name: value for name, value in (row.media or {}).items() if name not in (BROUGHT, BROUGHT_AT)},
        row.failures,
        row.deaths,
        bool(row.text),
    )


def prepared(
    conn: Connection, message_id: int, kind: MessageKind, media: dict[str, Any], thumbnail: bytes
) -> None:
    """It is sent as this kind; `media` is what the message shows of it from now on."""
    attempts.set(conn, message_id, thumbnail=thumbnail or None)
    conn.execute(update(message).where(message.c.id == message_id).values(kind=kind.value, media=media))


def done(conn: Connection, message_id: int, uploaded: UploadedFile, now: datetime) -> None:
    """It is there: its message may leave."""
    values = asdict(uploaded)
    values |= {name: base64.b64encode(values[name]).decode() for name in _KEYS}
    attempts.set(conn, message_id, uploaded=values, uploaded_at=now, begun_at=None)
    forget_progress(conn, message_id)


def is_wanted(conn: Connection, message_id: int) -> bool:
    """Whether the message of a file is still to leave."""
    found = select(outbox.c.id).where(outbox.c.message_id == message_id, is_queued)
    return conn.execute(found).first() is not None


def progress(conn: Connection, message_id: int, percent: int, now: datetime) -> None:
    """So much of a file is there, its message says."""
    at = int(now.timestamp())
    media = func.json_set(message.c.media, f"$.{BROUGHT}", percent, f"$.{BROUGHT_AT}", at)
    conn.execute(update(message).where(message.c.id == message_id).values(media=media))


def forget_progress(conn: Connection, message_id: int) -> None:
    """Nothing is known of that any more."""
    media = func.json_remove(message.c.media, f"$.{BROUGHT}", f"$.{BROUGHT_AT}")
    conn.execute(update(message).where(message.c.id == message_id).values(media=media))


def transfers(conn: Connection, message_ids: Iterable[int]) -> dict[int, Transfer]:
    """The files of these messages that are not there yet."""
    columns = outgoing_file.c
    found = select(columns.message_id, columns.begun_at, columns.failures, columns.next_at).where(
        columns.message_id.in_(list(message_ids)), columns.uploaded_at.is_(None)
    )
    return {
        row.message_id: Transfer(row.begun_at is not None, row.failures, row.next_at)
        for row in conn.execute(found)
    }


def bring_anew(conn: Connection, message_id: int, now: datetime) -> None:
    """A person wants it to be sent: what is not there (any more) is brought as if for the first time."""
    values = {"next_at": now, "begun_at": None, "failures": 0, "deaths": 0, "uploaded": None, "uploaded_at": None}
    lies_there = outgoing_file.c.uploaded_at > now - KEPT_BY_HOSTS
    waits = (outgoing_file.c.message_id == message_id) & ~func.coalesce(lies_there, False)
    conn.execute(update(outgoing_file).where(waits).values(values))


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
    """Those of some files that a message sends, or a quick reply brings."""
    names = list(files)
    sent = select(outgoing_file.c.file).where(outgoing_file.c.file.in_(names))
    ready = select(quick_reply.c.file).where(quick_reply.c.file.in_(names))
    return {*conn.execute(sent).scalars(), *(name for name in conn.execute(ready).scalars() if name)}
