"""Receipts: the ticks of what we sent, uncertain sends settled, and what was read on another device."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import contact_identity, message_changes, other_devices
from daemon.desk import groups as desk_groups
from daemon.desk import receipts as desk_receipts
from daemon.domain.ids import ChatKind
from daemon.domain.messages import TICKS, ReceiptKind, ReceiptReceived
from daemon.ingest.messages import is_ourselves
from daemon.store import clock, contacts, forgotten_messages, messages, receipts
from daemon.store.accounts import Account, own_author


def receive_receipt(conn: Connection, account: Account, event: ReceiptReceived, now: datetime) -> None:
    """Keep a receipt and move the ticks; one that is known already does nothing."""
    origin = event.origin
    if origin.party.kind == ChatKind.GROUP and not desk_groups.is_kept(conn, account.id, origin.party):
        return
    who = receipts.OURSELVES if origin.from_me else origin.participant or str(origin.party.address)
    wa_ids = forgotten_messages.without(conn, account.id, event.wa_ids)
    if not receipts.record(conn, account.id, wa_ids, who, origin.device, event.kind.value, origin.at):
        return
    if origin.from_me and event.kind in (ReceiptKind.READ, ReceiptKind.READ_SELF):
        _seen_on_another_device(conn, account, event, now)
        return
    if event.kind not in TICKS:
        return
    places = messages.find_own(conn, account.id, event.wa_ids)
    if len(places) < len(event.wa_ids):
        message_changes.arrived(conn, account.id, event.wa_ids, origin.party, origin.at, now)
    for place in places:
        if not origin.from_me and not contacts.may_be(conn, account.id, place.contact_id, origin.party):
            continue  # nobody confirms what was said to somebody else
        desk_receipts.apply(conn, account.id, place, event.kind, now)


def _seen_on_another_device(conn: Connection, account: Account, event: ReceiptReceived, now: datetime) -> None:
    if is_ourselves(account, event.origin.party):
        return  # our own notes and pings are no customer's messages
    contact_id = contact_identity.find(conn, account.id, event.origin.party, now)
    if contact_id is None:
        return
    for wa_id in event.wa_ids:
        place = messages.find(conn, contact_id, False, wa_id)
        if place:
            by = own_author(event.origin.device)
            at = clock.on_ours(conn, account.id, event.origin.at, now)
            other_devices.seen(conn, account.id, place.conversation_id, place.id, by, at, now)
