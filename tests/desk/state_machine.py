"""A state machine over the real desk, ingest and sender: hypothesis arranges what people and machines do."""

import shutil
import sys
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from daemon.desk import assignment, conversations, other_devices
from daemon.desk.outgoing import Decision
from daemon.desk.worker import DeskWorker
from daemon.domain.desk import CLAIM_LASTS
from daemon.domain.ids import Address, Party
from daemon.domain.messages import (
    MessageEdited,
    MessageRevoked,
    Origin,
    Reacted,
    ReceiptKind,
    ReceiptReceived,
)
from daemon.store import messages, turns
from daemon.store.engine import Database
from tests.desk.day import (
    LAPTOP,
    PHONE,
    ZONE,
    Admin,
    addresses,
    later,
    leaving,
    open_shop,
    overtaken,
    undecided,
    wanted_of_bot,
)
from tests.desk.invariants import broken
from tests.desk.session_part import SessionPart
from tests.desk.wire import Fate
from tests.support.books import Books
from tests.support.builders import NOON

# a disk in memory, where there is one: each step commits a few times
_MEMORY = Path("/dev/shm")
CUSTOMERS = st.sampled_from([1, 1, 2])
FORMS = st.sampled_from([0, 0, 0, 1, 2])
ADMINS = st.sampled_from([0, 0, 1, 2])
TABS = st.sampled_from(["a", "b"])
# seconds that a message was on its way to us
LAGS = st.sampled_from([0, 0, 0, 3, 20])
WORDS = st.sampled_from(["halo", "harga?", "jam berapa", "ok"])
OFTEN = st.sampled_from([True, True, True, False])
DEVICES = st.sampled_from([PHONE, PHONE, LAPTOP])
HOW = st.sampled_from(["assign", "transfer", "back"])
FATES = st.sampled_from([*[Fate.SENT] * 5, *Fate])
MEANWHILE = st.sampled_from(["nothing", "the phone", "the phone", "the customer", "an admin", "a receipt"])
RARELY = st.sampled_from([False, False, False, True])
MINUTES, DAY = 300, 86_400
# seconds that the shop's clock is ahead of WhatsApp's
LEADS = st.sampled_from([0, 0, -DAY, -MINUTES, -60, 60, MINUTES, DAY])
FACTS = st.sampled_from(["delivered", "read", "retry", "reaction", "edit", "deletion", "quote", "stranger"])


WHAT_HAPPENS: dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]] = {
    "customer_writes": (6, {"customer": CUSTOMERS, "form": FORMS, "words": WORDS, "lag": LAGS}),
    "own_device_writes": (2, {"customer": CUSTOMERS, "form": FORMS, "device": DEVICES, "lag": LAGS}),
    "looks": (2, {"admin": ADMINS, "customer": CUSTOMERS}),
    "answers": (
        6,
        {
            "admin": ADMINS,
            "customer": CUSTOMERS,
            "form": FORMS,
            "fresh": OFTEN,
            "follow_up": RARELY,
            "take_over": OFTEN,
        },
    ),
    "types": (3, {"admin": ADMINS, "tab": TABS, "customer": CUSTOMERS, "take_over": RARELY}),
    "stops_typing": (1, {"admin": ADMINS, "tab": TABS, "customer": CUSTOMERS}),
    "closes_tab": (1, {"admin": ADMINS, "which": st.integers(0, 1)}),
    "says_that_no_answer_is_needed": (
        2,
        {"admin": ADMINS, "customer": CUSTOMERS, "fresh": OFTEN, "unmark": st.booleans()},
    ),
    "decides": (2, {"admin": ADMINS, "which": st.integers(0, 3), "decision": st.sampled_from(Decision)}),
    "hands_over": (1, {"admin": ADMINS, "to": ADMINS, "customer": CUSTOMERS, "how": HOW}),
    "resolves": (1, {"admin": ADMINS, "customer": CUSTOMERS, "fresh": OFTEN}),
    "takes_up_again": (1, {"admin": ADMINS, "customer": CUSTOMERS}),
    "sends": (6, {"fate": FATES, "what": MEANWHILE, "customer": CUSTOMERS, "admin": ADMINS}),
    "receipts_come": (1, {}),
    "a_fact_comes_late": (3, {"fact": FACTS, "which": st.integers(0, 5)}),
    "own_device_takes_back": (1, {"which": st.integers(0, 3)}),
    "is_linked_anew": (1, {}),
    "sets_the_clock": (1, {"lead": LEADS, "is_noticed": OFTEN}),
    "clerk_looks": (4, {}),
    "time_passes": (2, {"seconds": st.sampled_from([1, 6, 6, 6, 31, 120, 7200])}),
}
STEPS = st.sampled_from([name for name, (weight, _) in WHAT_HAPPENS.items() for _ in range(weight)]).flatmap(
    lambda name: st.fixed_dictionaries(WHAT_HAPPENS[name][1]).map(lambda arguments: (name, arguments))
)


class SharedDesk(RuleBasedStateMachine):
    """Two customers, three admins, the bot, the phone and WhatsApp Web on one real database file."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        # WhatsApp's, and how far the shop's clock is ahead of it
        self.now: datetime = NOON
        self.lead = timedelta(0)
        self.count = 0
        self.accepted: list[int] = []
        # message: what a person could see when he decided to send it
        self.decided: dict[int, int] = {}
        # what no row tells afterwards
        self.wrong: list[str] = []
        self.folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))

    @initialize(lead=LEADS)
    def open(self, lead: int) -> None:
        path = shutil.copy(self.template, self.folder / "balas.db")
        self.database = Database(f"sqlite:///{path}")
        books = Books(self.database)
        self.account = books.account_id
        self.admins = [
            Admin(self.database, self.account, books.admin(name), self.clock) for name in ("Sari", "Budi", "Dewi")
        ]
        open_shop(self.database, self.account, self.now)
        self.worker = DeskWorker(self.database, ZONE, "Toko Kita", self.clock)
        self.session = SessionPart(self.database, self.account, self.clock, self.leaves, lambda: self.now)
        self.sets_the_clock(lead, True)

    @rule(step=STEPS)
    def happens(self, step: tuple[str, dict[str, Any]]) -> None:
        """One rule for all: with many, each day would know only a few of them."""
        name, arguments = step
        note(f"{name} {arguments}")
        getattr(self, name)(**arguments)

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            self.database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def clock(self) -> datetime:
        """The shop's. Time never stands still."""
        self.now += timedelta(milliseconds=10)
        return self.now + self.lead

    def sets_the_clock(self, lead: int, is_noticed: bool) -> None:
        """Somebody sets the shop's clock; the session may not have looked yet when the next thing happens."""
        self.lead = timedelta(seconds=lead)
        if is_noticed:
            self.session.notes_clock()

    def text(self, words: str) -> str:
        self.count += 1
        return f"{words} {self.count}"

    def leaves(self, text: str) -> None:
        """A reply is about to leave: nobody else's answer may have come in by now."""
        with self.database.read() as conn:
            message_id, newest = leaving(conn)
            if overtaken(conn, message_id, self.decided.get(message_id, 0), newest):
                self.wrong.append(f"left after another answer had come in: {text}")
            if not wanted_of_bot(conn, message_id, self.now + self.lead):
                self.wrong.append(f"the bot speaks where a person has answered, or is about to: {text}")

    # --- customers and own devices ---

    def customer_writes(self, customer: int, form: int, words: str, lag: int) -> None:
        self.session.receives(addresses(customer)[form], self.text(words), later(self.now, -lag))

    def own_device_writes(self, customer: int, form: int, device: int, lag: int) -> None:
        party, sent_at = addresses(customer)[form], later(self.now, -lag)
        self.session.receives(party, self.text("dari HP"), sent_at, True, device)

    # --- admins ---

    def looks(self, admin: int, customer: int) -> None:
        self.admins[admin].looks(addresses(customer)[0])

    def answers(self, admin: int, customer: int, form: int, fresh: bool, follow_up: bool, take_over: bool) -> None:
        who = self.admins[admin]
        view = self.view(admin, customer, fresh, form)
        if view is None:
            return
        message_id = who.answers(view, self.text("balasan"), follow_up=follow_up, take_over=take_over)
        if message_id is None:
            return
        self.accepted.append(message_id)
        with self.database.read() as conn:
            seen = view.turn_id
            mark = turns.mark(conn, seen) if seen is not None else turns.last_closed(conn, view.conversation_id)
        if not follow_up and mark is not None and mark.closer.admin_id != who.id and mark.message_id is not None:
            self.wrong.append(f"a second answer that nobody meant: {message_id}")

    def types(self, admin: int, tab: str, customer: int, take_over: bool) -> None:
        who, name = self.admins[admin], f"{admin}{tab}"
        view = self.view(admin, customer, True)
        if view is not None:
            who.opens_tab(name)
            who.types(view, name, take_over)

    def stops_typing(self, admin: int, tab: str, customer: int) -> None:
        view = self.view(admin, customer, False)
        if view is not None:
            self.admins[admin].stops_typing(view, f"{admin}{tab}")

    def closes_tab(self, admin: int, which: int) -> None:
        tabs = sorted(self.admins[admin].tabs)
        if tabs:
            self.admins[admin].closes_tab(tabs[which % len(tabs)])

    def says_that_no_answer_is_needed(self, admin: int, customer: int, fresh: bool, unmark: bool) -> None:
        view = self.view(admin, customer, fresh)
        if view is not None:
            _ = self.admins[admin].unmarks(view) if unmark else self.admins[admin].marks(view)

    def decides(self, admin: int, which: int, decision: Decision) -> None:
        with self.database.read() as conn:
            waiting = undecided(conn, "held", "uncertain")
        if not waiting:
            return
        message = waiting[which % len(waiting)]
        newest = self.admins[admin].decides(message, decision)
        if newest is not None:
            self.decided[message.id] = newest

    def hands_over(self, admin: int, to: int, customer: int, how: str) -> None:
        who, view = self.admins[admin], self.view(admin, customer, True)
        if view is None:
            return
        match how:
            case "assign":
                who.does(assignment.assign, view, self.admins[to].id)
            case "transfer":
                who.does(assignment.transfer, view, self.admins[to].id, "tolong")
            case "back":
                who.does(assignment.give_back, view)

    def resolves(self, admin: int, customer: int, fresh: bool) -> None:
        view = self.view(admin, customer, fresh)
        if view is not None:
            self.admins[admin].resolves(view)

    def takes_up_again(self, admin: int, customer: int) -> None:
        view = self.view(admin, customer, False)
        if view is not None:
            self.admins[admin].does(conversations.reopen, view)

    # --- the machines ---

    def sends(self, fate: Fate, what: str, customer: int, admin: int) -> None:
        """A reply leaves (or not), and something else happens while it is under way."""
        meanwhile = {
            "the phone": lambda: self.own_device_writes(customer, 0, PHONE, 0),
            "the customer": lambda: self.customer_writes(customer, 0, "halo", 0),
            "an admin": lambda: self.answers(admin, customer, 0, True, True, True),
            "a receipt": self.receipts_come,
        }.get(what, lambda: None)
        self.session.sends(fate, meanwhile)

    def receipts_come(self) -> None:
        """What customers have got is confirmed, also what we were not sure of."""
        with self.database.read() as conn:
            rows = conn.exec_driver_sql(
                "SELECT outbox.wa_id, contact_alias.user FROM outbox"
                " JOIN message ON message.id = outbox.message_id"
                " JOIN contact_alias ON contact_alias.contact_id = message.contact_id"
                " WHERE outbox.state IN ('uncertain', 'sending', 'sent') AND contact_alias.server = 'lid'"
            ).all()
        arrived = {wa_id for wa_id, _ in self.session.wire.arrived}
        for wa_id, user in rows:
            if wa_id in arrived:
                self.session.gets_receipt(addresses(int(user[2:]))[0], wa_id)

    def a_fact_comes_late(self, fact: str, which: int) -> None:
        """Something that only a reply that the customer has can bring, whatever became of it here."""
        with self.database.read() as conn:
            rows = conn.exec_driver_sql(
                "SELECT outbox.wa_id, contact_alias.user FROM outbox"
                " JOIN message ON message.id = outbox.message_id"
                " JOIN contact_alias ON contact_alias.contact_id = message.contact_id"
                " WHERE outbox.wa_id IS NOT NULL AND contact_alias.server = 'lid' ORDER BY outbox.id DESC"
            ).all()
        arrived = {wa_id for wa_id, _ in self.session.wire.arrived}
        known = [(wa_id, user) for wa_id, user in rows if wa_id in arrived]
        if not known:
            return
        wa_id, user = known[which % len(known)]
        party, at = addresses(int(user[2:]))[0], self.now.replace(microsecond=0)
        theirs, ours = Origin(party, False, 0, at), Origin(party, True, PHONE, at)
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
                before = self.state_of(wa_id)
                self.session.learns(ReceiptReceived((wa_id,), stranger, ReceiptKind.READ))
                if self.state_of(wa_id) != before:
                    self.wrong.append(f"a stranger's receipt moved a reply: {wa_id}")
                return
            case kind:
                self.session.learns(ReceiptReceived((wa_id,), theirs, ReceiptKind(kind)))
        if self.state_of(wa_id)[0] != "sent":
            self.wrong.append(f"a {fact} that came late left a reply {self.state_of(wa_id)[0]}: {wa_id}")

    def state_of(self, wa_id: str) -> tuple[str, str]:
        with self.database.read() as conn:
            row = conn.exec_driver_sql(
                "SELECT outbox.state, message.delivery FROM outbox JOIN message ON message.id = message_id"
                " WHERE outbox.wa_id = ?",
                (wa_id,),
            ).one()
        return row[0], row[1]

    def own_device_takes_back(self, which: int) -> None:
        """An answer from the phone is deleted for everyone: it was not meant for this customer."""
        with self.database.read() as conn:
            rows = conn.exec_driver_sql(
                "SELECT message.wa_id, contact_alias.user FROM message"
                " JOIN contact_alias ON contact_alias.contact_id = message.contact_id"
                " WHERE author IN ('phone', 'companion') AND contact_alias.server = 'lid' ORDER BY message.id DESC"
            ).all()
        if rows:
            wa_id, user = rows[which % len(rows)]
            origin = Origin(addresses(int(user[2:]))[0], True, PHONE, self.now.replace(microsecond=0))
            self.session.learns(MessageRevoked(wa_id, origin))

    def is_linked_anew(self) -> None:
        """The phone has linked us as another device."""
        with self.database.write() as conn:
            other_devices.device_changed(conn, self.account, self.clock())
            left = conn.exec_driver_sql("SELECT count(*) FROM outbox WHERE state = 'queued'").scalar_one()
        if left:
            self.wrong.append("something is still queued although the device has changed")

    def clerk_looks(self) -> None:
        self.worker.look()
        assert not self.worker._guarded.failed

    def time_passes(self, seconds: int) -> None:
        self.now = later(self.now, seconds)

    # --- what must be so ---

    def view(self, admin: int, customer: int, fresh: bool, form: int = 0) -> Any:
        """What an admin sees: as it is, or as it was when he last looked."""
        who, party = self.admins[admin], addresses(customer)[form]
        return who.looks(party) if fresh else who.views.get(party.address.user)

    @invariant()
    @precondition(lambda self: hasattr(self, "session"))
    def the_books_are_right(self) -> None:
        with self.database.read() as conn:
            here = self.now + self.lead
            saw = {moment: shown for who in self.admins for moment, shown in who.saw.items()}
            found = broken(conn, self.account, here, self.decided, saw)
            queued = set(conn.exec_driver_sql("SELECT message_id FROM outbox").scalars())
            now, latest = (round(moment.timestamp() * 1000) for moment in (here, here + CLAIM_LASTS))
            holding = conn.exec_driver_sql(
                "SELECT tab FROM claim WHERE expires_at > ? AND expires_at <= ?", (now, latest)
            ).scalars()
            gone = set(holding) - {tab for who in self.admins for tab in who.tabs}
            decided = {bubble.text for message_id in self.decided if (bubble := messages.bubble(conn, message_id))}
        found += [f"a lost reply: {message_id}" for message_id in self.accepted if message_id not in queued]
        found += [f"a claim of a tab that is gone: {tab}" for tab in gone]
        found += self.wrong
        arrived = Counter(text for _, text in self.session.wire.arrived if text.startswith("balasan"))
        twice = {text for text, count in arrived.items() if count > 1} - decided
        found += [f"a reply that the customer got twice: {text}" for text in twice]
        assert not found, "\n".join(found)


def main() -> None:
    """`python -m tests.desk.state_machine EMPTY_DATABASE [EXAMPLES] [STEPS] [random]`: look for a bad order.

    A process of its own, because the real sender loads the Go library. Without `random` the search is the same
    each time.
    """
    template, examples, steps, *random = [*sys.argv[1:], *("80", "60")[len(sys.argv) - 2 :]]
    SharedDesk.template = Path(template)
    run_state_machine_as_test(
        SharedDesk,
        settings=settings(
            max_examples=int(examples),
            stateful_step_count=int(steps),
            deadline=None,
            derandomize=not random,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )


if __name__ == "__main__":
    main()
