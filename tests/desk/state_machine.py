"""A state machine over the real desk, ingest and sender: hypothesis arranges what people and machines do."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from daemon.desk import other_devices
from daemon.domain.desk import CLAIM_LASTS
from tests.desk.day import PHONE, later
from tests.desk.invariants import broken
from tests.desk.state_machine_base import ADMINS, CUSTOMERS, LEADS, OFTEN, Happenings
from tests.desk.state_machine_facts import TOLD, WHICH, FactsCome
from tests.desk.state_machine_people import PEOPLE, PeopleAct
from tests.desk.wire import Fate

FATES = st.sampled_from([*[Fate.SENT] * 5, *Fate])
MEANWHILE = st.sampled_from(
    ["nothing", "the phone", "the phone", "the customer", "an admin", "a receipt", "he is forgotten"]
)
MACHINES: Happenings = {
    "sends": (7, {"fate": FATES, "what": MEANWHILE, "customer": CUSTOMERS, "admin": ADMINS}),
    "a_device_asks_in_vain": (1, {"which": WHICH}),
    "is_linked_anew": (1, {}),
    "sets_the_clock": (1, {"lead": LEADS, "is_noticed": OFTEN}),
    "clerk_looks": (4, {}),
    "time_passes": (2, {"seconds": st.sampled_from([1, 6, 6, 6, 31, 120, 7200])}),
}
WHAT_HAPPENS: Happenings = PEOPLE | TOLD | MACHINES
STEPS = st.sampled_from([name for name, (weight, _) in WHAT_HAPPENS.items() for _ in range(weight)]).flatmap(
    lambda name: st.fixed_dictionaries(WHAT_HAPPENS[name][1]).map(lambda arguments: (name, arguments))
)


class SharedDesk(PeopleAct, FactsCome):
    """All of it together, and after each step the books are right."""

    @rule(step=STEPS)
    def happens(self, step: tuple[str, dict[str, Any]]) -> None:
        """One rule for all: with many, each day would know only a few of them."""
        name, arguments = step
        note(f"{name} {arguments}")
        getattr(self, name)(**arguments)

    # --- the machines ---

    def sends(self, fate: Fate, what: str, customer: int, admin: int) -> None:
        """A reply leaves (or not), and something else happens while it is under way."""
        meanwhile = {
            "the phone": lambda: self.own_device_writes(customer, 0, PHONE, 0, "dari HP"),
            "the customer": lambda: self.customer_writes(customer, 0, "halo", 0),
            "an admin": lambda: self.answers(admin, customer, 0, True, True, True),
            "a receipt": self.receipts_come,
            "he is forgotten": lambda: self.forgets(admin, customer, 0),
        }.get(what, lambda: None)
        self.session.sends(fate, meanwhile)

    def a_device_asks_in_vain(self, which: int) -> None:
        """A customer's device can't read a reply, and nothing follows."""
        self.a_fact_comes_late("retry", which, 0)
        self.time_passes(31)
        self.clerk_looks()

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

    @invariant()
    @precondition(lambda self: hasattr(self, "session"))
    def the_books_are_right(self) -> None:
        with self.database.read() as conn:
            here = self.now + self.lead
            saw = {moment: shown for who in self.admins for moment, shown in who.saw.items()}
            self.was_unreadable |= set(
                conn.exec_driver_sql("SELECT id FROM message WHERE unreadable_at IS NOT NULL").scalars()
            )
            found = broken(conn, self.account, here, self.decided.keys() | self.was_unreadable, saw)
            queued = set(conn.exec_driver_sql("SELECT message_id FROM outbox").scalars())
            now, latest = (round(moment.timestamp() * 1000) for moment in (here, here + CLAIM_LASTS))
            holding = conn.exec_driver_sql(
                "SELECT tab FROM claim WHERE expires_at > ? AND expires_at <= ?", (now, latest)
            ).scalars()
            gone = set(holding) - {tab for who in self.admins for tab in who.tabs}
            known = set(conn.exec_driver_sql("SELECT wa_id FROM message WHERE wa_id IS NOT NULL").scalars())
        found += [f"a lost reply: {message_id}" for message_id in self.accepted if message_id not in queued]
        found += [f"a claim of a tab that is gone: {tab}" for tab in gone]
        found += [f"a message of somebody forgotten: {wa_id}" for wa_id in self.forgotten.keys() & known]
        found += self.wrong
        arrived = Counter(text for _, text in self.session.wire.arrived if text.startswith("balasan"))
        twice = {text for text, count in arrived.items() if count > 1} - self.sent_again
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
