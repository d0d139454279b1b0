"""The one door for replies: closing the turn and queueing the reply are one transaction."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.messages import Author, Delivery, MessageKind
from daemon.domain.turns import AlreadyAnswered, Closer, NotAnswerable
from daemon.store import conversations, events, messages, outbox, turns

# WhatsApp refuses texts longer than 65,536 characters.
LONGEST_REPLY = 65_536


def check_text(text: str) -> str:
    """The reply as it will be sent: line ends unified, control characters and outer space gone.

    Raises NotAnswerable if nothing is left or it is too long.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    clean = "".join(c for c in unified if c in "\n\t" or (ord(c) >= 32 and ord(c) != 127)).strip()
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
) -> int:
    """Queue a reply, close the open turn with it, take the conversation; returns the message's id.

    `turn_id` is the turn the author saw open: if somebody closed it meanwhile, AlreadyAnswered carries
    the mark. Without it the reply is a deliberate follow-up. A `request_key` seen before queues nothing.
    Raises NotAnswerable for an unusable text or an unknown or resolved conversation.
    """
    if request_key and (done := outbox.message_of_request(conn, request_key)) is not None:
        return done
    clean = check_text(text)
    about = conversations.summary(conn, conversation_id)
    if about is None or about.status == conversations.Status.RESOLVED:
        raise NotAnswerable("unknown_conversation")
    open_turn = turns.current(conn, conversation_id)
    if turn_id is not None and turn_id != open_turn:
        mark = turns.mark(conn, turn_id) if turns.is_of(conn, turn_id, conversation_id) else None
        if mark is None:
            raise NotAnswerable("unknown_conversation")
        raise AlreadyAnswered(mark)
    message_id = messages.add(
        conn,
        {
            "account_id": about.account_id,
            "conversation_id": conversation_id,
            "contact_id": about.contact_id,
            "turn_id": open_turn,
            "from_me": True,
            "author": closer.author.value,
            "admin_id": closer.admin_id,
            "kind": MessageKind.TEXT.value,
            "text": clean,
            # whole seconds, as WhatsApp counts them: ties are broken by arrival
            "sent_at": now.replace(microsecond=0),
            "arrived_at": now,
            "delivery": Delivery.QUEUED.value,
        },
    )
    assert message_id is not None  # without a WhatsApp id nothing can conflict
    if open_turn is not None:
        turns.close(conn, open_turn, closer, message_id, now)
    outbox.queue(conn, about.account_id, message_id, request_key, now)
    conversations.touch(conn, conversation_id, message_id, now)
    if closer.author == Author.ADMIN and closer.admin_id is not None:
        conversations.assign(conn, conversation_id, closer.admin_id, now)
    events.append(conn, about.account_id, events.EventKind.MESSAGE_NEW, now, conversation_id, message_id)
    return message_id
