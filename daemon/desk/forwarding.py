"""Passing a message on to another conversation of its account: it leaves by the one door, as an answer does."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from daemon.desk import file_storage, replies
from daemon.desk.file_storage import FileRefused
from daemon.domain.attachments import OutgoingFile
from daemon.domain.forwarding import ForwardRefused, can_be, next_times
from daemon.domain.message_kinds import PLACEHOLDERS, MessageKind
from daemon.domain.messages import REACHED_WHATSAPP
from daemon.domain.turns import Closer
from daemon.store import conversation_list, threads
from daemon.store.media import FOLDER
from daemon.store.threads import Bubble


def find(conn: Connection, conversation_id: int, message_id: int) -> Bubble:
    """A message that can be passed on, as far as the books tell. Raises ForwardRefused."""
    bubble, about = threads.bubble(conn, message_id), conversation_list.summary(conn, conversation_id)
    if bubble is None or about is None or bubble.conversation_id != conversation_id:
        raise ForwardRefused("unknown")
    if about.is_forgotten or bubble.revoked:
        raise ForwardRefused("unknown")
    if bubble.kind == MessageKind.NOTE:
        raise ForwardRefused("note")
    if bubble.kind in PLACEHOLDERS or bubble.kind == MessageKind.LOST_CHANGE:
        raise ForwardRefused("unreadable")
    if not can_be(bubble.kind):
        raise ForwardRefused("kind")
    has_left = not bubble.from_me or bubble.delivery is None or bubble.delivery in REACHED_WHATSAPP
    if not has_left:
        raise ForwardRefused("not_sent")
    if bubble.is_cut:
        raise ForwardRefused("cut")
    if bubble.kind.info.has_file and not (bubble.media or {}).get("file"):
        raise ForwardRefused("no_file")
    return bubble


def file_of(data: Path, account_id: int, bubble: Bubble) -> OutgoingFile | None:
    """A message's file, kept once more as one of ours by its content; None for words.

    It is copied before any transaction begins. Raises ForwardRefused if it is not here (any more).
    """
    if not bubble.kind.info.has_file:
        return None
    about, folder = bubble.media or {}, (data / FOLDER).resolve()
    path = (folder / str(about.get("file") or "")).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise ForwardRefused("no_file")
    name, mime = str(about.get("name") or ""), str(about.get("mime") or "")
    try:
        with path.open("rb") as source:
            is_voice = bubble.kind == MessageKind.VOICE
            return file_storage.keep(data, account_id, source, name, mime, is_voice=is_voice)
    except OSError:
        raise ForwardRefused("no_file") from None
    except FileRefused as error:
        raise ForwardRefused("kind" if error.reason == "no_voice" else error.reason) from None


def forward(
    conn: Connection,
    conversation_id: int,
    message_id: int,
    to: int,
    file: OutgoingFile | None,
    closer: Closer,
    now: datetime,
    *,
    shown: int,
    turn_id: int | None = None,
    request_key: str | None = None,
    follow_up: bool = False,
    take_over: bool = False,
    address: str | None = None,
) -> int:
    """Queue a message for the conversation `to`; returns the new message's id.

    There it is what `replies.answer` sends: it answers what `shown` had shown of an open turn, and it raises what
    that raises; ForwardRefused also for a conversation of another account.
    """
    bubble = find(conn, conversation_id, message_id)
    here, there = conversation_list.summary(conn, conversation_id), conversation_list.summary(conn, to)
    if here is None or there is None or here.account_id != there.account_id or to == conversation_id:
        raise ForwardRefused("unknown")
    return replies.answer(
        conn,
        to,
        closer,
        bubble.text or "",
        now,
        turn_id=turn_id,
        request_key=request_key,
        follow_up=follow_up,
        take_over=take_over,
        address=address,
        shown=shown,
        files=[file] if file else (),
        forwarded=next_times(bubble.media, bubble.from_me),
    )
