"""One thread for its page: messages, what happened between them, and under each turn who handled it."""

import re
from dataclasses import dataclass
from datetime import datetime

from flask import abort, request
from sqlalchemy import Connection

from daemon.store import audit, messages, turns
from daemon.store.conversation_list import Summary
from daemon.store.messages import Bubble
from webui.inbox import activity, bubble
from webui.inbox.activity import Activity
from webui.inbox.bubble import ShownMessage
from webui.inbox.turn_mark import TurnMark, under

LENGTH = 60


@dataclass(frozen=True, slots=True)
class Item:
    """One element of a thread: exactly one of the three."""

    message: ShownMessage | None = None
    activity: Activity | None = None
    mark: TurnMark | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A part of a conversation; `older` is the message that the part before it ends at."""

    items: list[Item]
    older: int | None
    is_older_part: bool


def read(conn: Connection, about: Summary, now: datetime) -> Thread:
    """The part that the request's address asks for, the newest by default."""
    before = _before(conn, about.id)
    found = messages.thread(conn, about.id, LENGTH + 1, before)
    shown = found[-LENGTH:]
    more = len(found) > LENGTH
    lines = audit.in_thread(
        conn, about.id, shown[0].sent_at if more else None, before[0] if before is not None else None
    )
    entries: list[tuple[tuple[int, int, int], Item]] = []
    for one in shown:
        message = bubble.show(one, now)
        entries.append(((message.at, 0, message.id), Item(message=message)))
    for line in lines:
        if (said := activity.show(line, now)) is not None:
            entries.append(((said.at, 1, said.id), Item(activity=said)))
    under_message = _marks(conn, about, shown, before is not None, now)
    items: list[Item] = []
    for _, item in sorted(entries, key=lambda entry: entry[0]):
        items.append(item)
        if item.message is not None and item.message.id in under_message:
            items.append(Item(mark=under_message[item.message.id]))
    return Thread(items, shown[0].id if more else None, before is not None)


def _before(conn: Connection, conversation_id: int) -> tuple[datetime, int] | None:
    """Where an older part ends: before the message in the address."""
    if not re.fullmatch(r"\d{1,15}", request.args.get("before", "")):
        return None
    first = messages.bubble(conn, int(request.args["before"]))
    if first is None or first.conversation_id != conversation_id:
        abort(404)
    return first.sent_at, first.id


def _marks(
    conn: Connection, about: Summary, shown: list[Bubble], is_older_part: bool, now: datetime
) -> dict[int, TurnMark]:
    """The marks of this part's turns, each by the customer's last message in it."""
    ends = {bubble.turn_id: bubble.id for bubble in shown if bubble.turn_id is not None and not bubble.from_me}
    if is_older_part and ends:
        # the last turn may go on in the next part, and has its mark there
        turn_id = next(reversed(ends))
        if turns.last_message(conn, about.id, turn_id) != ends[turn_id]:
            del ends[turn_id]
    found = turns.of(conn, set(ends))
    newest = max(found, default=None) if not is_older_part else None
    return {
        message_id: under(about, found[turn_id], message_id, turn_id == newest, now)
        for turn_id, message_id in ends.items()
        if turn_id in found
    }
