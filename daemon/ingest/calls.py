"""Calls: one that nobody took leaves a line and waits for an answer; one that the phone took leaves a line only.

Taking a call closes no turn: what was said is not known here, and whoever wrote before may still wait. A person
who knows better says "no reply needed".
"""

from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.calls import CallState, CallStep, wa_id_of
from daemon.domain.ids import Address
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import CallChanged, MessageReceived, Origin
from daemon.domain.time import believable
from daemon.ingest.group_messages import receive
from daemon.ingest.lines import place_line
from daemon.ingest.messages import is_ourselves
from daemon.store import calls, clock, contacts, events, forgotten_messages, messages, other_answers, turns
from daemon.store.accounts import Account
from daemon.store.calls import Call
from daemon.store.events import EventKind


def receive_call(conn: Connection, account: Account, event: CallChanged, now: datetime) -> None:
    """Note what happened to a call; the same again, in whatever order, changes nothing."""
    origin = event.origin
    if is_ourselves(account, origin.party) or _is_own(account, event.creator):
        return  # we rang
    if forgotten_messages.has(conn, account.id, wa_id_of(event.call_id)):
        return
    known = calls.find(conn, account.id, event.call_id)
    if known is None:
        at = believable(origin.at, clock.on_whatsapps(conn, account.id, now))
        state = CallState.RINGING
        known = Call(event.call_id, origin.party, origin.participant, event.is_video, state, at)
        calls.add(conn, account.id, known, now)
    if event.step == CallStep.ANSWERED:
        _conclude(conn, account, known, CallState.ANSWERED, now)
    elif event.step == CallStep.ENDED and known.state == CallState.RINGING:
        _conclude(conn, account, known, CallState.MISSED, now)


def end_unanswered(conn: Connection, account: Account, until: datetime, now: datetime) -> None:
    """Of calls that were heard of by then nothing more will be told: nobody took them."""
    for call in calls.ringing(conn, account.id, until):
        _conclude(conn, account, call, CallState.MISSED, now)


def _conclude(conn: Connection, account: Account, call: Call, state: CallState, now: datetime) -> None:
    if not calls.settle(conn, account.id, call.call_id, state):
        return
    if state == CallState.ANSWERED and call.state == CallState.MISSED:
        _was_answered(conn, account, call, now)
        return
    kind = MessageKind.CALL if state == CallState.MISSED else MessageKind.ANSWERED_CALL
    origin = Origin(call.party, False, 0, call.at, call.participant)
    media = {"video": True} if call.is_video else {}
    line = MessageReceived(wa_id_of(call.call_id), origin, kind, None, media=media)
    if state == CallState.ANSWERED:
        place_line(conn, account, line, now, is_read=True)
        return
    contact_id = contacts.find_party(conn, account.id, call.party)
    answer = other_answers.newest_elsewhere(conn, contact_id) if contact_id is not None else None
    if answer is not None and answer.sent_at > call.at:
        # told of late: the phone has written to him since
        place_line(conn, account, line, now, is_read=True)
    else:
        receive(conn, account, line, now)


def _was_answered(conn: Connection, account: Account, call: Call, now: datetime) -> None:
    """It is told late that the phone took a call that counted as missed: nobody waits for that alone."""
    contact_id = contacts.find_party(conn, account.id, call.party)
    place = messages.find(conn, contact_id, False, wa_id_of(call.call_id)) if contact_id is not None else None
    if place is None:
        return
    messages.set_kind(conn, place.id, MessageKind.ANSWERED_CALL)
    turns.withdraw(conn, place.id)
    for kind in (EventKind.MESSAGE_CHANGED, EventKind.CONVERSATION_CHANGED):
        events.append(conn, account.id, kind, now, place.conversation_id, place.id)


def _is_own(account: Account, address: Address | None) -> bool:
    return address is not None and address.user == (account.lid if address.is_lid else account.phone)
