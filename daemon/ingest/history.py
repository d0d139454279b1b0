"""History that the phone uploads after linking: shown, but it opens no work."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.messages import HistoryReceived
from daemon.ingest.incoming import is_ourselves, values_of
from daemon.store import contacts, conversations, events, messages
from daemon.store.accounts import Account
from daemon.store.events import EventKind


def history(conn: Connection, account: Account, event: HistoryReceived, now: datetime) -> None:
    """Import one part of the history; messages that are here already stay as they are."""
    touched: set[int] = set()
    for message in sorted(event.messages, key=lambda m: m.origin.at):
        if is_ourselves(account, message.origin.party):
            continue
        contact_id = contacts.resolve(conn, account.id, message.origin.party, now)
        here = conversations.current(conn, contact_id)
        conversation_id = (
            here.conversation_id
            if here
            else conversations.start(conn, account.id, contact_id, message.origin.party.kind, message.origin.at)
        )
        values = values_of(account.id, message, now) | {
            "contact_id": contact_id,
            "conversation_id": conversation_id,
        }
        message_id = messages.add(conn, values)
        if message_id is None:
            continue
        if message.push_name and not message.origin.from_me:
            contacts.set_name(conn, contact_id, message.push_name)
        conversations.touch_history(conn, conversation_id, message_id, message.origin.at)
        touched.add(conversation_id)
    for party, name in event.names:
        known = contacts.find(conn, account.id, party.address)
        if known is not None:
            contacts.set_first_name(conn, known, name)
    for conversation_id in touched:
        events.append(conn, account.id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
