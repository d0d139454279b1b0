"""The one door for replies: closing the turn and queueing the reply are one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from daemon.desk import claims, group_mentions
from daemon.desk import shown as pages
from daemon.domain import text_cleaning
from daemon.domain.attachments import OutgoingFile
from daemon.domain.desk import Action, Actor, Status
from daemon.domain.forwarding import FORWARDED
from daemon.domain.ids import ChatKind
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.domain.outgoing_cards import OutgoingCard
from daemon.domain.turns import AlreadyAnswered, Closer, HandledMark, NotAnswerable
from daemon.store import (
    audit,
    clock,
    conversation_list,
    conversations,
    events,
    messages,
    outbox,
    outgoing_files,
    threads,
    turns,
)
from daemon.store.conversation_list import Summary

# WhatsApp refuses texts longer than 65,536 characters.
LONGEST_REPLY = 65_536


def check_text(text: str) -> str:
    """The reply as it will be sent: line ends unified, control characters and outer space gone.

    Raises NotAnswerable if nothing is left or it is too long.
    """
    clean = text_cleaning.clean(text)
    if not clean:
        raise NotAnswerable("empty")
    if len(clean) > LONGEST_REPLY:
        raise NotAnswerable("too_long")
    return clean


def answer(
    conn: Connection,
    conversation_id: int,
    closer: Closer,
    text: str,
    now: datetime,
    *,
    turn_id: int | None = None,
    request_key: str | None = None,
    follow_up: bool = False,
    take_over: bool = False,
    address: str | None = None,
    bot_key: str | None = None,
    shown: int | None = None,
    quoted: int | None = None,
    answers: bool = True,
    files: Sequence[OutgoingFile] = (),
    card: OutgoingCard | None = None,
    forwarded: int = 0,
) -> int:
    """Queue a reply, close the open turn with it, take the conversation; returns the message's id.

    `turn_id` is the turn the author saw open: if somebody closed it meanwhile, AlreadyAnswered carries the
    mark. So it does without an open turn when the last answer is somebody else's, unless `follow_up` says that
    it is meant. A `request_key` seen before queues nothing. `quoted` is the message that it replies to. Of several
    `files` the first carries the text (a sound can't: the text goes before it), and the whole is one answer. A
    `card` stands instead of text and files. `forwarded`: how often it has been passed on.
    `shown` is the last message that the author's page had shown (None: there is no page). What came later waits
    on, in a turn of its own; an open turn of which it had shown nothing stays as it is: he answers what stood
    before it. Without `answers` it is about something else, and whatever is open stays open.
    Raises NotAnswerable for an unusable text or an unknown or resolved conversation, MoreCame if his page had
    shown nothing at all, ClaimedByAnother unless `take_over`, OnlyTheAssignee in strict mode.
    """
    if request_key and (done := outbox.message_of_request(conn, request_key)) is not None:
        return done
    clean = check_text(text) if text.strip() or not (files or card) else ""
    about = answerable(conn, conversation_id)
    _check_group(about, closer)
    if about.group is not None:
        clean = group_mentions.in_digits(conn, about.contact_id, clean)
    shown = pages.check(conn, conversation_id, shown)
    waiting = turns.current(conn, conversation_id)
    open_turn = pages.shown_of(conn, conversation_id, waiting, shown) if answers else None
    if turn_id == waiting:
        turn_id = open_turn
    if (mark := _mark_in_the_way(conn, about, closer, turn_id, open_turn, follow_up)) is not None:
        raise AlreadyAnswered(mark)
    if closer.admin_id is not None:
        theirs = claims.check(conn, about, closer.admin_id, now, take_over)
        if theirs is not None:
            actor = Actor(closer.author, closer.admin_id, address)
            claims.log_take_over(conn, about, actor, theirs, now)
    first, *more = files or (None,)
    if first is not None and clean and not first.carries_words:
        first, more = None, list(files)
    message_id = queue_message(
        conn,
        about,
        closer,
        clean,
        now,
        open_turn,
        request_key,
        bot_key,
        quoted=quoted,
        file=first,
        card=card,
        forwarded=forwarded,
    )
    for file in more:
        queue_message(conn, about, closer, "", now, open_turn, None, bot_key, file=file)
    if open_turn is not None:
        turns.close(conn, open_turn, closer, message_id, now)
        pages.keep_open(conn, open_turn, shown, now)
    if closer.author == Author.ADMIN and closer.admin_id is not None:
        if about.kind != ChatKind.GROUP:
            conversations.assign(conn, conversation_id, closer.admin_id, now)
        # whoever answers has read what his page showed
        conversations.see(conn, conversation_id, message_id if shown is None else shown)
    claims.end(conn, about.account_id, conversation_id, now)
    return message_id


def acknowledge(
    conn: Connection, conversation_id: int, turn_id: int, text: str, bot_key: str, now: datetime
) -> int:
    """Queue a polite word of the bot; the turn stays open and says that the bot was there.

    Raises NotAnswerable if the turn is not the open one any more, or the text is unusable.
    """
    about = answerable(conn, conversation_id)
    _check_group(about, Closer(Author.BOT))
    if turns.current(conn, conversation_id) != turn_id:
        raise NotAnswerable("unknown_conversation")
    message_id = queue_message(conn, about, Closer(Author.BOT), check_text(text), now, turn_id, None, bot_key)
    turns.acknowledge(conn, turn_id, now)
    return message_id


def note_refusal(conn: Connection, account_id: int, conversation_id: int, actor: Actor, now: datetime) -> None:
    """Count a second answer that was prevented (in a transaction of its own: the door's was taken back)."""
    audit.record(conn, account_id, Action.ANSWER_REFUSED, actor, now, conversation_id)


def answerable(conn: Connection, conversation_id: int) -> Summary:
    """A conversation that can be written to.

    Raises NotAnswerable if there is none, it is resolved, or its customer is blocked.
    """
    about = conversation_list.summary(conn, conversation_id)
    if about is None or about.status == Status.RESOLVED:
        raise NotAnswerable("unknown_conversation")
    if about.is_blocked:
        raise NotAnswerable("blocked")
    return about


def _check_group(about: Summary, closer: Closer) -> None:
    """Who writes into a group: people, while the number may."""
    if about.group is None:
        return
    if about.group.is_left:
        raise NotAnswerable("left_group")
    if not about.group.may_write:
        raise NotAnswerable("only_group_admins")
    if closer.author == Author.BOT:
        raise NotAnswerable("unknown_conversation")


def _mark_in_the_way(
    conn: Connection,
    about: Summary,
    closer: Closer,
    turn_id: int | None,
    open_turn: int | None,
    follow_up: bool,
) -> HandledMark | None:
    """The answer that this one would double, if it is not meant as a follow-up to it."""
    if turn_id is not None and turn_id != open_turn and not turns.is_of(conn, turn_id, about.id):
        raise NotAnswerable("unknown_conversation")
    if follow_up:
        return None
    if turn_id is not None and turn_id != open_turn:
        # also when it was himself: in another tab, or before the first answer had come back
        return turns.mark(conn, turn_id)
    mark = turns.last_closed(conn, about.id) if open_turn is None else None
    # a turn that was marked as needing no answer has none that could be doubled
    if mark is None or mark.message_id is None or mark.closer == closer:
        return None
    return mark


def queue_message(
    conn: Connection,
    about: Summary,
    closer: Closer,
    text: str,
    now: datetime,
    turn_id: int | None,
    request_key: str | None,
    bot_key: str | None,
    due_at: datetime | None = None,
    quoted: int | None = None,
    file: OutgoingFile | None = None,
    card: OutgoingCard | None = None,
    forwarded: int = 0,
) -> int:
    """Store a message and queue it, as the newest of its conversation; it leaves at `due_at`, or at once."""
    # whole seconds, as WhatsApp counts them (ties are broken by arrival); behind what it answers, until WhatsApp
    # says when it was sent
    content = card or file
    sent_at = max(clock.on_whatsapps(conn, about.account_id, now).replace(microsecond=0), about.last_at)
    values: dict[str, Any] = {
        "account_id": about.account_id,
        "conversation_id": about.id,
        "contact_id": about.contact_id,
        "turn_id": turn_id,
        "from_me": True,
        "author": closer.author.value,
        "admin_id": closer.admin_id,
        "kind": (content.kind if content else MessageKind.TEXT).value,
        "text": card.text if card else text or None,
        "media": ((content.media if content else {}) | ({FORWARDED: forwarded} if forwarded else {})) or None,
        "sent_at": sent_at,
        "arrived_at": now,
        "delivery": Delivery.QUEUED.value,
    }
    if quoted is not None and (wa_id := threads.quotable(conn, about.contact_id, quoted)):
        values["quoted_wa_id"] = wa_id
    message_id = messages.add(conn, values | ({"bot_key": bot_key} if bot_key else {}))
    assert message_id is not None  # without a WhatsApp id nothing can conflict
    outbox.queue(conn, about.account_id, message_id, request_key, now, due_at=due_at)
    if file is not None:
        outgoing_files.add(conn, about.account_id, message_id, file, now)
    conversations.touch(conn, about.id, message_id, sent_at)
    events.append(conn, about.account_id, events.EventKind.MESSAGE_NEW, now, about.id, message_id)
    return message_id
