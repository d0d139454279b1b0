"""Greeting and away messages that WhatsApp Business on the phone sends by itself: they answer nobody."""

import unicodedata
from datetime import datetime, timedelta

from sqlalchemy import Connection

from daemon.desk import conversations, settings
from daemon.domain.desk import Status
from daemon.domain.links import LinkState
from daemon.store import business_auto_replies, conversation_list, events, links, threads
from daemon.store.events import EventKind

# Nobody reads, thinks and types in less: a text that comes so soon after the customer's, in as many chats,
# is no person's. (WhatsApp counts in whole seconds.)
SOON = timedelta(seconds=5)
SEVERAL_CHATS = 3
LOOK_BACK = timedelta(days=30)


def recognise(
    conn: Connection, account_id: int, conversation_id: int, message_id: int, sent_at: datetime, now: datetime
) -> bool:
    """Whether the phone has sent this text by itself; marks it, and its earlier twins, as automatic.

    It comes within seconds of the words that opened the turn, and is one of the texts that the owner entered,
    one that was recognised before, or the third such in as many chats: then the turns that the first two had
    closed are open again. Only what comes while we are online teaches anything: after an outage nobody can
    tell whether the phone or its owner was so quick.
    """
    bubble = threads.bubble(conn, message_id)
    words = bubble.text if bubble else None
    if not words or not business_auto_replies.follows_first_words(conn, message_id, SOON):
        # even one of the owner's texts is a person's when it comes out of the blue
        return False
    since = sent_at - LOOK_BACK
    if _plain(words) in {_plain(text) for text in settings.load(conn, account_id).automatic_texts}:
        return business_auto_replies.mark(conn, message_id)
    if business_auto_replies.is_known(conn, account_id, words, since):
        return business_auto_replies.mark(conn, message_id)
    if links.get(conn, account_id).state not in (LinkState.ONLINE, LinkState.UNSTABLE):
        return False
    alike = business_auto_replies.twins(conn, account_id, words, since, SOON)
    if len({contact_id for _, _, contact_id in alike}) < SEVERAL_CHATS:
        return False
    for twin_id, twin_conversation_id, _ in alike:
        if business_auto_replies.mark(conn, twin_id):
            _take_back(conn, account_id, twin_conversation_id, twin_id, now)
    return True


def recognise_late(
    conn: Connection, account_id: int, conversation_id: int, message_id: int, sent_at: datetime, now: datetime
) -> None:
    """Judge a message of the phone's whose content was not there when it came: unread, it had closed a turn."""
    if recognise(conn, account_id, conversation_id, message_id, sent_at, now):
        _take_back(conn, account_id, conversation_id, message_id, now)


def _take_back(conn: Connection, account_id: int, conversation_id: int, message_id: int, now: datetime) -> None:
    """What this message had closed was never answered."""
    about = conversation_list.summary(conn, conversation_id)
    if about is not None and about.status != Status.RESOLVED:
        conversations.reply_failed(conn, message_id, now)
    events.append(conn, account_id, EventKind.MESSAGE_CHANGED, now, conversation_id, message_id)


def _plain(text: str) -> str:
    """A text without what differs when people copy it: case, accents' encoding, spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
