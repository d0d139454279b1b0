"""What WhatsApp tells the state machine's desk: what customers and own devices do, in time or late."""

from datetime import timedelta

from hypothesis import strategies as st

from daemon.domain.ids import Address, Party
from daemon.domain.message_kinds import PLACEHOLDERS, MessageKind
from daemon.domain.messages import (
    DELIVERY_ORDER,
    Delivery,
    MessageEdited,
    MessageRevoked,
    Origin,
    Reacted,
    ReceiptKind,
    ReceiptReceived,
)
from tests.desk.day import LAPTOP, PHONE, addresses
from tests.desk.state_machine_base import AWAY, CUSTOMERS, FORMS, GREETING, RARELY, DeskAtWork, Happenings

# seconds that a message was on its way to us
LAGS = st.sampled_from([0, 0, 0, 3, 20])
WORDS = st.sampled_from(["halo", "harga?", "jam berapa", "ok"])
DEVICES = st.sampled_from([PHONE, PHONE, LAPTOP])
OWN_WORDS = st.sampled_from(["dari HP", "dari HP", "dari HP", GREETING])
WRITERS = st.sampled_from(["the customer", "the phone", "the phone", "the laptop"])
KINDS = st.sampled_from(sorted(PLACEHOLDERS))
WHICH = st.integers(0, 5)
# receipts that say something about our message, with the least that it is then; and those that don't
TICKING = {
    "sender": Delivery.SENT,
    "retry": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "inactive": Delivery.DELIVERED,
    "read": Delivery.READ,
    "played": Delivery.PLAYED,
}
SILENT = ["read_self", "played_self", "server_error", "other"]
FACTS = st.sampled_from([*TICKING, *SILENT, "reaction", "edit", "deletion", "quote", "stranger"])
AFTERWARDS = st.sampled_from(
    ["delivered", "retry", "content", "content", "history", "deletion", "edit", "reaction"]
)

TOLD: Happenings = {
    "customer_writes": (6, {"customer": CUSTOMERS, "form": FORMS, "words": WORDS, "lag": LAGS}),
    "own_device_writes": (
        2,
        {"customer": CUSTOMERS, "form": FORMS, "device": DEVICES, "lag": LAGS, "words": OWN_WORDS},
    ),
    "the_phone_is_away": (1, {}),
    "nobody_can_read_it": (
        2,
        {"customer": CUSTOMERS, "form": FORMS, "writer": WRITERS, "kind": KINDS, "lag": LAGS},
    ),
    "it_can_be_read_at_last": (
        3,
        {"which": st.integers(0, 2), "words": WORDS, "is_greeting": st.booleans(), "is_history": RARELY},
    ),
    "receipts_come": (1, {}),
    "a_fact_comes_late": (4, {"fact": FACTS, "which": WHICH, "device": st.sampled_from([0, 0, 3])}),
    "own_device_takes_back": (2, {"which": st.integers(0, 3)}),
    "customer_takes_back": (1, {"which": st.integers(0, 3)}),
    "own_device_reads": (1, {"which": st.integers(0, 3), "device": DEVICES}),
    "somebody_forgotten_is_told_of": (1, {"fact": AFTERWARDS, "which": WHICH}),
}


class FactsCome(DeskAtWork):
    """Messages, receipts, edits, deletions and reactions come in."""

    def the_phone_is_away(self) -> None:
        """Three customers write, and each is told at once that the shop is closed."""
        for customer in (1, 2, 3):
            self.customer_writes(customer, 0, "halo", 0)
            self.own_device_writes(customer, 0, PHONE, 0, AWAY)

    def nobody_can_read_it(self, customer: int, form: int, writer: str, kind: MessageKind, lag: int) -> None:
        """What comes is a placeholder: it could not be decrypted, or was lost in a crash."""
        sent_at, device = self.now - timedelta(seconds=lag), LAPTOP if writer == "the laptop" else PHONE
        from_me = writer != "the customer"
        self.session.receives(addresses(customer)[form], None, sent_at, from_me, device, kind=kind)

    def it_can_be_read_at_last(self, which: int, words: str, is_greeting: bool, is_history: bool) -> None:
        """A placeholder's content comes; the phone's may be a greeting that it had sent by itself."""
        newest_first = self.session.unread[::-1]
        if not newest_first:
            return
        wa_id, origin = newest_first[which % len(newest_first)]
        text = GREETING if is_greeting and origin.from_me else self.text(words)
        self.session.can_read(wa_id, origin, text, is_history)
        with self.database.read() as conn:
            kinds = conn.exec_driver_sql("SELECT kind FROM message WHERE wa_id = ?", (wa_id,)).scalars().all()
        if any(kind in PLACEHOLDERS for kind in kinds):
            self.wrong.append(f"still a placeholder although its content has come: {wa_id}")

    def receipts_come(self) -> None:
        """What customers have got is confirmed, also what we were not sure of."""
        for wa_id, party in self.arrived("outbox.state IN ('uncertain', 'sending', 'sent')"):
            self.session.gets_receipt(party, wa_id)

    def a_fact_comes_late(self, fact: str, which: int, device: int) -> None:
        """Something that only a reply that the customer has can bring, whatever became of it here."""
        known = self.arrived("outbox.id IS NOT NULL")
        if not known:
            return
        wa_id, party = known[which % len(known)]
        before, at = self.state_of(wa_id), self.now.replace(microsecond=0)
        theirs, ours = Origin(party, False, device, at), Origin(party, True, PHONE, at)
        stranger = Origin(Party(Address("999999", "lid")), False, 0, at)
        match fact:
            case "quote":
                self.session.receives(party, self.text("yang ini?"), self.now, quoted=wa_id)
            case "deletion":
                self.session.learns(MessageRevoked(wa_id, ours))
            case "edit":
                self.session.learns(MessageEdited(wa_id, ours, self.text("balasan, lebih baik")))
            case "reaction":
                self.session.learns(Reacted(wa_id, theirs, "👍", True))
            case "stranger":
                self.session.learns(ReceiptReceived((wa_id,), stranger, ReceiptKind.READ))
            case "sender":
                # our other device confirms that it has its copy
                self.session.learns(ReceiptReceived((wa_id,), Origin(party, True, LAPTOP, at), ReceiptKind.SENDER))
            case kind:
                self.session.learns(ReceiptReceived((wa_id,), theirs, ReceiptKind(kind)))
        after = self.state_of(wa_id)
        if fact in ("stranger", *SILENT):
            if after != before:
                self.wrong.append(f"a {fact} receipt moved a reply from {before} to {after}: {wa_id}")
        elif after[0] != "sent" or DELIVERY_ORDER[after[1]] < DELIVERY_ORDER[TICKING.get(fact, Delivery.SENT)]:
            self.wrong.append(f"a {fact} that came late left a reply {after}: {wa_id}")

    def state_of(self, wa_id: str) -> tuple[str, Delivery]:
        with self.database.read() as conn:
            row = conn.exec_driver_sql(
                "SELECT outbox.state, message.delivery FROM outbox JOIN message ON message.id = message_id"
                " WHERE outbox.wa_id = ?",
                (wa_id,),
            ).one()
        return row[0], Delivery(row[1])

    def own_device_takes_back(self, which: int) -> None:
        """An answer from the phone is deleted for everyone: it was not meant for this customer."""
        self.is_deleted("author IN ('phone', 'companion')", which, from_me=True)

    def customer_takes_back(self, which: int) -> None:
        """A customer deletes what he has said for everyone."""
        self.is_deleted("author = 'customer'", which, from_me=False)

    def is_deleted(self, of_whom: str, which: int, from_me: bool) -> None:
        found = self.on_the_wire(of_whom)
        if found:
            wa_id, party = found[which % len(found)]
            origin = Origin(party, from_me, PHONE, self.now.replace(microsecond=0))
            self.session.learns(MessageRevoked(wa_id, origin))

    def own_device_reads(self, which: int, device: int) -> None:
        """The customer's words are looked at on the phone, which is no answer."""
        found = self.on_the_wire("author = 'customer'")
        if found:
            wa_id, party = found[which % len(found)]
            origin = Origin(party, True, device, self.now.replace(microsecond=0))
            self.session.learns(ReceiptReceived((wa_id,), origin, ReceiptKind.READ_SELF))

    def somebody_forgotten_is_told_of(self, fact: str, which: int) -> None:
        """What was still under way when a customer was forgotten brings nothing of him back."""
        if not self.forgotten:
            return
        wa_id, party = list(self.forgotten.items())[which % len(self.forgotten)]
        theirs, ours = (Origin(party, from_me, 0, self.now.replace(microsecond=0)) for from_me in (False, True))
        match fact:
            case "content" | "history":
                unread = dict(self.session.unread).get(wa_id, theirs)
                self.session.can_read(wa_id, unread, self.text("rahasia"), fact == "history")
            case "deletion":
                self.session.learns(MessageRevoked(wa_id, ours))
            case "edit":
                self.session.learns(MessageEdited(wa_id, ours, self.text("rahasia")))
            case "reaction":
                self.session.learns(Reacted(wa_id, theirs, "👍", True))
            case kind:
                self.session.learns(ReceiptReceived((wa_id,), theirs, ReceiptKind(kind)))
