"""What the books themselves write down while it happens: replies that left again, and answers that crossed."""

import threading
from collections import Counter
from collections.abc import Collection
from typing import Any

import psutil
from sqlalchemy import text

from tests.bench.traffic import Traffic
from tests.support.shop import Shop

# noted in the transaction that puts a reply's new id on disk, before its frame leaves
_MAKE = (
    "CREATE TABLE bench_left (id INTEGER PRIMARY KEY, message_id INTEGER, had_receipt BOOLEAN)",
    "CREATE TRIGGER bench_note_left AFTER UPDATE OF wa_id ON outbox WHEN NEW.state = 'sending' BEGIN"
    " INSERT INTO bench_left (message_id, had_receipt) VALUES (NEW.message_id, OLD.wa_id IS NOT NULL"
    " AND OLD.wa_id <> NEW.wa_id AND EXISTS (SELECT 1 FROM receipt WHERE receipt.wa_id = OLD.wa_id)); END",
)
# replies that were taken out although the phone's answer to the same words was in the books by then
_CROSSED = (
    "SELECT DISTINCT ours.id, ours.text FROM message ours JOIN outbox ON outbox.message_id = ours.id"
    " JOIN message theirs ON theirs.contact_id = ours.contact_id"
    " WHERE theirs.author IN ('phone', 'companion') AND theirs.revoked_at IS NULL AND NOT theirs.is_automatic"
    " AND NOT theirs.is_history AND theirs.id > ours.id AND theirs.id <= outbox.newest_message_id"
    " AND theirs.sent_at >= (SELECT min(said.sent_at) FROM message said"
    " WHERE said.turn_id = ours.turn_id AND said.author = 'customer')"
)
LOOK = 0.5


class Witness:
    """Looks at the session's memory, and at the books when all is over."""

    def __init__(self, shop: Shop, traffic: Traffic) -> None:
        self._shop, self._traffic = shop, traffic
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        # MB, by role
        self.peaks: dict[str, float] = {}
        with shop.database.write() as conn:
            for words in _MAKE:
                conn.execute(text(words))

    def __enter__(self) -> "Witness":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(LOOK):
            for role, process in self._shop.processes().items():
                try:
                    held = process.memory_info().rss / 1e6
                except psutil.Error:
                    continue
                self.peaks[role] = max(self.peaks.get(role, 0.0), round(held, 1))

    def figures(self, meant: Collection[int]) -> dict[str, Any]:
        """`meant` are messages that a person has chosen to send although something spoke against it."""
        got = Counter(message.text for customer in self._people() for message in customer.received)
        with self._shop.database.read() as conn:
            crossed = [row for row in conn.execute(text(_CROSSED)) if row.id not in meant and got[row.text]]
            left = conn.execute(text("SELECT count(*) FROM bench_left WHERE had_receipt")).scalar_one()
            unreadable = conn.execute(
                text("SELECT count(*) FROM message WHERE unreadable_at IS NOT NULL")
            ).scalar_one()
        return {
            "answered_twice": len(crossed),
            "left_after_receipt": left,
            "shown_as_unreadable": unreadable,
            "peak_mb": dict(sorted(self.peaks.items())),
        }

    def _people(self) -> list[Any]:
        return [*self._traffic.customers, *self._traffic.others]
