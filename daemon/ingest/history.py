"""History that the phone uploads after linking: shown, but it opens no work.

A part may hold thousands of messages. It is committed as it came, before the library goes on, and imported
batch by batch beside what comes live (`daemon/session/history_importer.py`). A crash in between loses nothing:
the part is read again from its beginning, and the messages that are here already stay as they are.
"""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import contact_identity
from daemon.domain.history import COUNTED, SHOWN, HistoryState, is_silent, state_in_silence
from daemon.domain.ids import Party
from daemon.domain.messages import HistoryReceived, HistoryUploaded, MessageReceived
from daemon.domain.time import believable
from daemon.ingest.messages import fill, is_ourselves, values_of
from daemon.store import clock, contacts, conversations, events, forgotten_messages, history_parts, links, messages
from daemon.store.accounts import Account
from daemon.store.events import EventKind
from daemon.store.history_parts import HistoryPart


def keep(conn: Connection, account: Account, event: HistoryUploaded, now: datetime) -> None:
    """Keep a part for the import; the same part again changes nothing."""
    if not history_parts.keep(conn, account.id, event.kind, event.data, event.progress, now):
        return
    values: dict[str, object] = {"history_at": now}
    if event.kind in SHOWN:
        values["history_state"] = HistoryState.IMPORTING.value
        if links.get(conn, account.id).history_state != HistoryState.IMPORTING:
            values["history_percent"] = None
    links.change(conn, account.id, now, **values)


def history(conn: Connection, account: Account, event: HistoryReceived, now: datetime) -> None:
    """Import one batch; messages that are here already stay as they are, and names that are known, too."""
    by_party: dict[Party, list[MessageReceived]] = defaultdict(list)
    wa_ids = forgotten_messages.without(conn, account.id, tuple(message.wa_id for message in event.messages))
    for message in event.messages:
        if message.wa_id in wa_ids and not is_ourselves(account, message.origin.party):
            by_party[message.origin.party].append(message)
    new = 0
    for party, found in by_party.items():
        new += _chat(conn, account, party, sorted(found, key=lambda m: m.origin.at), now)
    for party, name in event.names:
        known = contacts.find(conn, account.id, party.address)
        if known is not None:
            contacts.set_first_name(conn, known, name)
    if new:
        count = links.get(conn, account.id).history_messages + new
        links.change(conn, account.id, now, history_messages=count, history_at=now)


def imported(conn: Connection, account_id: int, part: HistoryPart, now: datetime) -> None:
    """All of a part is in: note how far the phone says it is."""
    history_parts.forget_data(conn, part.id)
    link = links.get(conn, account_id)
    values: dict[str, object] = {"history_at": now}
    if part.kind in COUNTED and part.progress is not None:
        # parts may overtake each other
        percent = max(link.history_percent or 0, min(part.progress, 100))
        values["history_percent"] = percent
        if percent == 100 and not history_parts.has_messages_waiting(conn, account_id):
            values["history_state"] = HistoryState.DONE.value
    links.change(conn, account_id, now, **values)


def settle(conn: Connection, account_id: int, now: datetime) -> None:
    """An import in which nothing more comes is over, whether or not the phone had finished."""
    link = links.get(conn, account_id)
    if link.history_state != HistoryState.IMPORTING or not is_silent(link.history_at, now):
        return
    if not history_parts.has_messages_waiting(conn, account_id):
        state = state_in_silence(link.history_percent)
        links.change(conn, account_id, now, history_state=state.value)


def next_part(conn: Connection, account_id: int, now: datetime) -> HistoryPart | None:
    """The part to import now; names come last, because they name only those who are here."""
    link = links.get(conn, account_id)
    names = link.history_state == HistoryState.DONE or is_silent(link.history_at, now)
    return history_parts.next_part(conn, account_id, names)


def _chat(
    conn: Connection, account: Account, party: Party, oldest_first: list[MessageReceived], now: datetime
) -> int:
    """Import messages of one chat; gives how many were new."""
    contact_id = contact_identity.resolve(conn, account.id, party, now, is_old=True)
    here = conversations.current(conn, contact_id)
    conversation_id = here.conversation_id if here else None
    new, name = 0, ""
    for message in oldest_first:
        at = believable(message.origin.at, clock.on_whatsapps(conn, account.id, now))
        if conversation_id is None:
            conversation_id = conversations.start(conn, account.id, contact_id, party.kind, at)
        place = {"contact_id": contact_id, "conversation_id": conversation_id, "sent_at": at}
        message_id = messages.add(conn, values_of(account.id, message, now) | place)
        if message_id is None:
            # what could not be read when it came may be in the history
            known = messages.find(conn, contact_id, message.origin.from_me, message.wa_id)
            if known is not None:
                fill(conn, account, known, message, now)
            continue
        new += 1
        conversations.touch(conn, conversation_id, message_id, at)
        if message.push_name and not message.origin.from_me:
            name = message.push_name
    if name:
        # what he calls himself in what comes live is newer
        contacts.set_first_name(conn, contact_id, name)
    if new:
        events.append(conn, account.id, EventKind.CONVERSATION_CHANGED, now, conversation_id)
    return new
