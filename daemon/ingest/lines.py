"""Lines about something that is no message: what was changed unseen, a call that the phone took."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import contact_identity, groups
from daemon.domain.ids import ChatKind
from daemon.domain.messages import MessageReceived
from daemon.ingest.messages import values_of
from daemon.store import conversation_list, conversations, events, messages
from daemon.store.accounts import Account
from daemon.store.events import EventKind


def place_line(
    conn: Connection, account: Account, event: MessageReceived, now: datetime, *, is_read: bool = False
) -> bool:
    """Say it in the conversation with the party, or the one that ended last; False if there is none.

    It opens and closes no turn: what is live does not, either. `is_read`: nobody has to look at it.
    """
    party = event.origin.party
    contact_id = contact_identity.find(conn, account.id, party, now)
    if contact_id is None or (party.kind == ChatKind.GROUP and not groups.is_kept(conn, account.id, party)):
        return False
    here = conversations.current(conn, contact_id)
    conversation_id = here.conversation_id if here else conversations.last_resolved(conn, contact_id)
    about = conversation_list.summary(conn, conversation_id) if conversation_id is not None else None
    if about is None:
        return False
    place = {
        "contact_id": contact_id,
        "conversation_id": about.id,
        "turn_id": here.turn_id if here and not is_read else None,
        "delivery": None,
    }
    message_id = messages.add(conn, values_of(account.id, event, now) | place)
    if message_id is None:
        return False
    if is_read and not about.unread:
        conversations.see(conn, about.id, message_id)
    conversations.touch(conn, about.id, message_id, event.origin.at)
    events.append(conn, account.id, EventKind.MESSAGE_NEW, now, about.id, message_id)
    return True
