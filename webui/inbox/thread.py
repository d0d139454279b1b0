"""One thread for its page: a customer's messages, what happened between them, and who handled each turn.

The thread is the customer's: loading upwards leads from the conversation that was opened into those before it.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from flask import abort, request
from sqlalchemy import Connection

from daemon.domain.desk import Action, Status
from daemon.store import audit, conversation_list, thread_places, threads, turns
from daemon.store.audit import AuditEntry
from daemon.store.conversation_list import Summary
from daemon.store.thread_places import Place
from daemon.store.threads import Bubble
from webui.inbox import activity, bubble, conversation_end
from webui.inbox.activity import Activity
from webui.inbox.bubble import ShownMessage
from webui.inbox.conversation_end import ConversationEnd
from webui.inbox.turn_mark import TurnMark, under

LENGTH = 60
# messages that a part shows behind the one that it is to show
_AFTER = LENGTH // 2


@dataclass(frozen=True, slots=True)
class Item:
    """One element of a thread: exactly one of the four."""

    message: ShownMessage | None = None
    activity: Activity | None = None
    mark: TurnMark | None = None
    end: ConversationEnd | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A part of a thread; `older` is the message that the part before it ends at, None at the very start."""

    items: list[Item]
    older: int | None
    is_older_part: bool
    # the messages in it
    ids: frozenset[int]


def read(conn: Connection, about: Summary, now: datetime) -> Thread:
    """The part that the request's address asks for, the newest by default."""
    before = _before(conn, about)
    upto = before or _end(conn, about)
    found = threads.of_contact(conn, about.contact_id, LENGTH + 1, upto)
    shown = found[-LENGTH:]
    more = len(found) > LENGTH
    last_shown = {one.conversation_id: one.id for one in shown}
    chats = conversation_list.summaries(conn, last_shown.keys() - {about.id}) | {about.id: about}
    since = shown[0].sent_at if more else None
    entries: list[tuple[tuple[int, int, int], Item]] = []
    for one in shown:
        message = bubble.show(one, now)
        entries.append(((message.at, 0, message.id), Item(message=message)))
    for chat in chats.values():
        for said in _activities(conn, chat, chat.id != about.id, since, before, now):
            entries.append(((said.at, 1, said.id), Item(activity=said)))
    marks = _marks(conn, about, chats, shown, before is not None, now)
    earlier = {chat.id: chat for chat in chats.values() if chat.id != about.id}
    ends = conversation_end.read(conn, earlier, last_shown, now) if earlier else {}
    items: list[Item] = []
    for _, item in sorted(entries, key=lambda entry: entry[0]):
        items.append(item)
        if item.message is None:
            continue
        if item.message.id in marks:
            items.append(Item(mark=marks[item.message.id]))
        if item.message.id in ends:
            items.append(Item(end=ends[item.message.id]))
    return Thread(items, shown[0].id if more else None, before is not None, frozenset(one.id for one in shown))


def _activities(
    conn: Connection, chat: Summary, is_earlier: bool, since: datetime | None, before: Place | None, now: datetime
) -> list[Activity]:
    """What happened to a conversation; at the end of an earlier one a line of its own says who ended it."""
    lines = audit.in_thread(conn, chat.id, since, before[0] if before is not None else None)
    if is_earlier and chat.status == Status.RESOLVED:
        lines = [one for one in lines if not _is_the_end(one, chat)]
    return [said for line in lines if (said := activity.show(line, now)) is not None]


def _is_the_end(line: AuditEntry, chat: Summary) -> bool:
    return line.action == Action.RATED or (line.action == Action.RESOLVED and line.at == chat.resolved_at)


def _before(conn: Connection, about: Summary) -> Place | None:
    """Where an older part ends: before the message in the address (`before`), or some behind it (`at`)."""
    if (first := _named(conn, about, "before")) is not None:
        return first.sent_at, first.id
    if (wanted := _named(conn, about, "at")) is not None:
        return thread_places.some_after(conn, about.contact_id, (wanted.sent_at, wanted.id), _AFTER)
    return None


def _named(conn: Connection, about: Summary, name: str) -> Bubble | None:
    wish = request.args.get(name, "")
    if not re.fullmatch(r"\d{1,15}", wish, re.ASCII):
        return None
    found = threads.bubble(conn, int(wish))
    if found is None or found.contact_id != about.contact_id:
        abort(404)
    return found


def _end(conn: Connection, about: Summary) -> Place | None:
    """A resolved conversation is shown to its own end, whatever came in later ones."""
    if about.status != Status.RESOLVED:
        return None
    place = thread_places.last_messages(conn, [about.id]).get(about.id)
    return (place[0], place[1] + 1) if place is not None else None


def _marks(
    conn: Connection,
    about: Summary,
    chats: dict[int, Summary],
    shown: list[Bubble],
    is_older_part: bool,
    now: datetime,
) -> dict[int, TurnMark]:
    """The marks of this part's turns, each by the customer's last message in it."""
    said = {one.turn_id: one for one in shown if one.turn_id is not None and not one.from_me}
    if is_older_part and said:
        # the last turn may go on in the next part, and has its mark there
        turn_id, last = next(reversed(said.items()))
        if turns.last_message(conn, last.conversation_id, turn_id) != last.id:
            del said[turn_id]
    found = turns.of(conn, set(said))
    own = [turn_id for turn_id in found if said[turn_id].conversation_id == about.id]
    newest = max(own, default=None) if not is_older_part else None
    return {
        last.id: under(chats[last.conversation_id], found[turn_id], last.id, turn_id == newest, now)
        for turn_id, last in said.items()
        if turn_id in found and last.conversation_id in chats
    }
