"""Internal notes: messages for the team that never leave the shop; "@username" calls a colleague."""

import re
from datetime import datetime

from sqlalchemy import Connection

from daemon.desk.replies import answerable, check_text
from daemon.domain.desk import Actor
from daemon.domain.message_kinds import MessageKind
from daemon.store import clock, events, mentions, messages
from daemon.store.mentions import Mention

# not within an e-mail address
_MENTION = re.compile(r"(?<![\w.@-])@([a-z0-9][a-z0-9._-]*)", re.IGNORECASE)


def add(conn: Connection, conversation_id: int, text: str, actor: Actor, now: datetime) -> int:
    """Put a note into a conversation; returns the message's id.

    It answers nobody: no turn closes, nothing leaves, and the list goes on showing the last real message.
    Raises NotAnswerable as for a reply.
    """
    clean = check_text(text)
    about = answerable(conn, conversation_id)
    message_id = messages.add(
        conn,
        {
            "account_id": about.account_id,
            "conversation_id": about.id,
            "contact_id": about.contact_id,
            "from_me": True,
            "author": actor.author.value,
            "admin_id": actor.admin_id,
            "kind": MessageKind.NOTE.value,
            "text": clean,
            # whole seconds, as everything else in the thread
            "sent_at": clock.on_whatsapps(conn, about.account_id, now).replace(microsecond=0),
            "arrived_at": now,
        },
    )
    assert message_id is not None  # without a WhatsApp id nothing can conflict
    called = mentioned(clean, mentions.by_username(conn)) - {actor.admin_id}
    mentions.add(conn, message_id, (admin_id for admin_id in called if admin_id is not None))
    events.append(conn, about.account_id, events.EventKind.MESSAGE_NEW, now, about.id, message_id)
    return message_id


def mentioned(text: str, colleagues: dict[str, int]) -> set[int | None]:
    """Who is called by user name in a text; punctuation behind the name is no part of it."""
    found: set[int | None] = set()
    for match in _MENTION.finditer(text):
        name = match[1].lower()
        if name not in colleagues:
            name = name.rstrip("._-")
        if name in colleagues:
            found.add(colleagues[name])
    return found


def unseen_mentions(conn: Connection, admin_id: int) -> list[Mention]:
    """Where an admin is called and has not looked yet, oldest first."""
    return mentions.unseen(conn, admin_id)


def see(conn: Connection, conversation_id: int, admin_id: int, now: datetime) -> bool:
    """An admin has looked at a conversation; True if he was called there."""
    return mentions.see(conn, conversation_id, admin_id, now)
