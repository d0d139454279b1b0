"""What leaves, a reply or a change of an earlier message: taken out of its queue, and what becomes of it."""

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from daemon.desk import groups, message_changes, other_devices, outgoing
from daemon.domain.forwarding import times_of
from daemon.domain.groups import LEFT_GROUP
from daemon.domain.ids import Address, ChatKind, parse_address
from daemon.domain.message_changes import ChangeKind
from daemon.domain.messages import Delivery, OutboxState, Quoted
from daemon.domain.outgoing_cards import CARDS
from daemon.store import accounts, contacts, events, messages, outbox, outgoing_files, send_queue
from daemon.store import disappearing as store_disappearing
from daemon.store import groups as store_groups
from daemon.store import message_changes as store_changes
from daemon.store.conversations import lead
from daemon.store.events import EventKind
from daemon.store.message_changes import OutgoingChange
from daemon.store.send_queue import Outgoing
from daemon.whatsapp import compose, compose_cards, disappearing, forwarded, mentions
from daemon.whatsapp.send import SendFailed, Sent


class Departure(Protocol):
    """One thing that is under way; each method writes one outcome in the caller's transaction."""

    to: Address
    # a waE2E.Message
    message: Any
    # the turn that it answers, if a person wrote it
    answers: int | None

    def note_id(self, conn: Connection, wa_id: str) -> bool:
        """Its id, before the frame leaves; False if it must not leave any more."""
        ...

    def sent(self, conn: Connection, sent: Sent, now: datetime) -> None:
        """The server has it."""
        ...

    def uncertain(self, conn: Connection, now: datetime) -> None:
        """The frame may have left."""
        ...

    def put_back(self, conn: Connection, now: datetime) -> None:
        """It was the link: as soon as that is back it is the next again."""
        ...

    def failed(self, conn: Connection, error: SendFailed, now: datetime) -> None:
        """It did not leave, for a reason of its own."""
        ...


def is_due(conn: Connection, account_id: int, now: datetime) -> bool:
    """Whether anything is to leave (asked after every commit of anybody)."""
    return send_queue.has_queued(conn, account_id, now) or store_changes.has_queued(conn, account_id, now)


def next_due(conn: Connection, account_id: int, now: datetime) -> datetime | None:
    """When something that did not leave at first is to be tried again; None if nothing waits for that."""
    times = send_queue.next_due(conn, account_id, now), store_changes.next_due(conn, account_id, now)
    return min((at for at in times if at is not None), default=None)


def take(conn: Connection, account_id: int, now: datetime) -> tuple[Departure | None, bool]:
    """What leaves next, replies first, and whether there may be more though nothing leaves."""
    # the mark is read again, with the door shut
    if (reply := send_queue.take_next(conn, account_id, now)) is not None:
        return (
            (None, True)
            if outgoing.stop(conn, account_id, reply, now)
            else (_Reply(conn, account_id, reply, now), True)
        )
    if (change := store_changes.take_next(conn, account_id, now)) is not None:
        stopped = message_changes.stop(conn, account_id, change, now)
        return (None, True) if stopped else (_Change(conn, account_id, change, now), True)
    return None, False


def settle_interrupted(conn: Connection, account_id: int, now: datetime) -> None:
    """Settle what an earlier session left in the middle: without an id it never left, with one nobody knows."""
    for journey in outbox.under_way(conn, account_id):
        if journey.wa_id is None:
            # it may be this reply that ends each session
            outgoing.try_later(conn, account_id, journey.id, now)
            continue
        outbox.settle(conn, journey.id, OutboxState.UNCERTAIN, now)
        messages.set_delivery(conn, journey.message_id, Delivery.UNCERTAIN)
        events.append(
            conn, account_id, EventKind.MESSAGE_CHANGED, now, journey.conversation_id, journey.message_id
        )
    for change, has_id in store_changes.under_way(conn, account_id):
        if has_id:
            message_changes.uncertain(conn, account_id, change, now)
        else:
            message_changes.try_later(conn, account_id, change, now)


class _Reply:
    def __init__(self, conn: Connection, account_id: int, reply: Outgoing, now: datetime) -> None:
        self._account_id, self._reply = account_id, reply
        self.to = contacts.address_of(conn, reply.contact_id)
        # in a chat whose messages disappear, ours do
        after = store_disappearing.seconds_of(conn, reply.contact_id)
        self.message = disappearing.expiring(self._composed(conn, now), after)
        self.answers = reply.turn_id if reply.bot_key is None else None
        messages.set_delivery(conn, reply.message_id, Delivery.SENDING)

    def _composed(self, conn: Connection, now: datetime) -> Any:
        reply, quoted = self._reply, self._quoted(conn)
        if reply.kind in CARDS:
            return compose_cards.card(reply.kind, reply.media, quoted)
        lies = outgoing_files.uploaded_of(conn, reply.message_id)
        if lies is None:
            message = compose.text(reply.text, quoted)
        else:
            message = compose.file(reply.kind, *lies, reply.media, reply.text, quoted, now)
        if self.to.kind == ChatKind.GROUP:
            named = store_groups.named_in(conn, reply.contact_id, reply.text)
            mentions.put(message, [member.address for member in named.values()])
        times = times_of(reply.media)
        return forwarded.mark(message, times) if times else message

    def note_id(self, conn: Connection, wa_id: str) -> bool:
        return outbox.note_wa_id(conn, self._reply.id, wa_id)

    def sent(self, conn: Connection, sent: Sent, now: datetime) -> None:
        # WhatsApp's own time decides the place in the thread
        outbox.record_wa_id(conn, self._reply.id, sent.wa_id)
        messages.set_sent_at(conn, self._reply.message_id, sent.at)
        lead(conn, self._reply.conversation_id)
        if not outbox.settle(conn, self._reply.id, OutboxState.SENT, now):
            return  # a receipt was faster
        messages.raise_delivery(conn, self._reply.message_id, Delivery.SENT)
        self._announce(conn, now)

    def uncertain(self, conn: Connection, now: datetime) -> None:
        if not outbox.settle(conn, self._reply.id, OutboxState.UNCERTAIN, now):
            return  # a receipt was faster
        messages.set_delivery(conn, self._reply.message_id, Delivery.UNCERTAIN)
        self._announce(conn, now)

    def put_back(self, conn: Connection, now: datetime) -> None:
        outbox.forget_attempt(conn, self._reply.id)
        other_devices.put_back(conn, self._account_id, self._reply.id, now, "not connected")

    def failed(self, conn: Connection, error: SendFailed, now: datetime) -> None:
        if error.reason == LEFT_GROUP:
            groups.left(conn, self._account_id, self._reply.contact_id, now)
        end = outgoing.fail if error.permanent else outgoing.try_later
        end(conn, self._account_id, self._reply.id, now, error.reason)

    def _quoted(self, conn: Connection) -> tuple[Quoted, Address] | None:
        quoted = self._reply.quoted
        if quoted is None:
            return None
        ours = accounts.get(conn, self._account_id)
        by_phone = self.to.kind == ChatKind.GROUP and store_groups.uses_phone_numbers(conn, self._reply.contact_id)
        return quoted, quoted.author(self.to, ours.phone, None if by_phone else ours.lid)

    def _announce(self, conn: Connection, now: datetime) -> None:
        kind, reply = EventKind.MESSAGE_CHANGED, self._reply
        events.append(conn, self._account_id, kind, now, reply.conversation_id, reply.message_id)


class _Change:
    def __init__(self, conn: Connection, account_id: int, change: OutgoingChange, now: datetime) -> None:
        self._account_id, self._change = account_id, change
        self.answers: int | None = None
        self.to = contacts.address_of(conn, change.contact_id)
        self.message = self._composed(now)
        if change.kind == ChangeKind.EDIT and self.to.kind == ChatKind.GROUP:
            named = store_groups.named_in(conn, change.contact_id, change.text)
            mentions.put_in_edit(self.message, [member.address for member in named.values()])

    def _composed(self, now: datetime) -> Any:
        change, wa_id = self._change, self._change.target_wa_id or ""
        match change.kind:
            case ChangeKind.EDIT:
                return compose.edit(self.to, wa_id, change.text or "", now)
            case ChangeKind.REVOKE:
                return compose.revoke(self.to, wa_id)
            case ChangeKind.REACTION:
                participant = parse_address(change.target_participant) if change.target_participant else self.to
                author = None if change.target_from_me else participant
                return compose.reaction(self.to, wa_id, author, change.text or "", now)

    def note_id(self, conn: Connection, wa_id: str) -> bool:
        return store_changes.note_wa_id(conn, self._change.id, wa_id)

    def sent(self, conn: Connection, sent: Sent, now: datetime) -> None:
        message_changes.sent(conn, self._account_id, self._change, sent.at, now)

    def uncertain(self, conn: Connection, now: datetime) -> None:
        message_changes.uncertain(conn, self._account_id, self._change, now)

    def put_back(self, conn: Connection, now: datetime) -> None:
        store_changes.put_back(conn, self._change.id)

    def failed(self, conn: Connection, error: SendFailed, now: datetime) -> None:
        if error.permanent:
            message_changes.fail(conn, self._account_id, self._change, now, error.reason)
        else:
            message_changes.try_later(conn, self._account_id, self._change, now, error.reason)
