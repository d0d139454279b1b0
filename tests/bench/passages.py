"""Every state that the link passes through, however short: written down by the database itself.

A trigger in the shop's database under test notes each change in the transaction that makes it; looking from
outside would miss what lasts a few milliseconds.
"""

from dataclasses import dataclass

from sqlalchemy import text

from daemon.domain.links import LinkReason, LinkState
from tests.support.shop import Shop
from tests.support.waiting import wait_until

_MAKE = (
    "CREATE TABLE bench_passed (id INTEGER PRIMARY KEY, at REAL, state TEXT, reason TEXT)",
    "CREATE TRIGGER bench_note AFTER UPDATE ON link WHEN OLD.state <> NEW.state OR OLD.reason <> NEW.reason BEGIN"
    " INSERT INTO bench_passed (at, state, reason)"
    " VALUES ((julianday('now') - 2440587.5) * 86400.0, NEW.state, NEW.reason); END",
)


@dataclass(frozen=True, slots=True)
class Passed:
    """The link came into a state; `at` in Unix seconds, to the millisecond."""

    id: int
    at: float
    state: LinkState
    reason: LinkReason

    def __str__(self) -> str:
        return f"{self.state.value} {self.reason.value}".strip()


class Passages:
    """The link's way through its states."""

    def __init__(self, shop: Shop) -> None:
        self._database = shop.database
        with self._database.write() as conn:
            for words in _MAKE:
                conn.execute(text(words))
            state, reason = conn.execute(text("SELECT state, reason FROM link")).one()
            conn.execute(
                text("INSERT INTO bench_passed (at, state, reason) VALUES (0, :state, :reason)"),
                {"state": state, "reason": reason},
            )

    def since(self, passed_id: int) -> list[Passed]:
        """All changes after that one."""
        words = "SELECT id, at, state, reason FROM bench_passed WHERE id > :passed_id ORDER BY id"
        with self._database.read() as conn:
            rows = conn.execute(text(words), {"passed_id": passed_id}).all()
        return [Passed(n, at, LinkState(state), LinkReason(reason)) for n, at, state, reason in rows]

    @property
    def newest(self) -> Passed:
        """Where the link is now."""
        with self._database.read() as conn:
            passed_id = conn.execute(text("SELECT max(id) FROM bench_passed")).scalar_one()
        return self.since(passed_id - 1)[0]

    def wait_for(self, state: LinkState, since: int, timeout: float = 60.0) -> Passed:
        """Wait until the link has passed through a state after that one; raises TimeoutError."""
        words = f"passing {state.value}"
        return wait_until(lambda: [p for p in self.since(since) if p.state == state], timeout, words)[0]
