"""People who are there while it happens: one who decides about what waits, one who looks at pages."""

import http.client
import random
import threading
import time
from collections import Counter
from typing import Any

from sqlalchemy import text

from daemon.desk.outgoing import Decision
from tests.bench.browser_admin import BrowserAdmin
from tests.bench.traffic import Traffic
from tests.support.shop import Shop

# seconds between two decisions, and between two pages
DECIDES_EVERY, LOOKS_EVERY = 1.0, 0.3


class _Person:
    """A thread that does something again and again."""

    every = 1.0

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._failure: BaseException | None = None

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while not self._stop.wait(self.every):
                self._act()
        except BaseException as error:
            self._failure = error

    def _act(self) -> None:
        raise NotImplementedError


class Decider(_Person):
    """Decides about one reply that waits for a person, as somebody would who knows what the customer has."""

    every = DECIDES_EVERY

    def __init__(self, shop: Shop, traffic: Traffic, admin: BrowserAdmin) -> None:
        super().__init__()
        self._shop, self._traffic, self._admin = shop, traffic, admin
        self._dice = random.Random(3)
        self.decisions: Counter[str] = Counter()
        # messages that were sent by such a decision, and their texts
        self.meant: set[int] = set()
        self.meant_texts: set[str] = set()

    def _act(self) -> None:
        with self._shop.database.read() as conn:
            rows = conn.execute(
                text(
                    "SELECT outbox.message_id, outbox.state, message.conversation_id, message.text,"
                    " (SELECT max(id) FROM message newest"
                    " WHERE newest.conversation_id = message.conversation_id) AS shown FROM outbox"
                    " JOIN message ON message.id = outbox.message_id WHERE outbox.state IN ('held', 'uncertain')"
                )
            ).all()
        if not rows:
            return
        row = self._dice.choice(rows)
        has_it = any(m.text == row.text for customer in self._traffic.customers for m in customer.received)
        if row.state == "held":
            decision = self._dice.choice([Decision.SEND_ANYWAY, Decision.DISCARD])
        else:
            decision = Decision.ARRIVED if has_it else Decision.SEND_AGAIN
        if decision in (Decision.SEND_ANYWAY, Decision.SEND_AGAIN):
            self.meant.add(row.message_id)
            self.meant_texts.add(row.text)
        try:
            code = self._admin.decide(row.conversation_id, row.message_id, decision.value, row.shown)
        except (OSError, http.client.HTTPException):
            return
        self.decisions[f"{decision.value}: {code}"] += 1


class Visitor(_Person):
    """Opens the list and threads, and counts what is no page."""

    every = LOOKS_EVERY

    def __init__(self, shop: Shop, admin: BrowserAdmin) -> None:
        super().__init__()
        self._shop, self._admin = shop, admin
        self._dice = random.Random(4)
        self.codes: Counter[int] = Counter()
        self._worst_s = 0.0

    @property
    def failed(self) -> int:
        """Pages that were answered with an error of ours."""
        return sum(n for code, n in self.codes.items() if code >= 500)

    def _act(self) -> None:
        with self._shop.database.read() as conn:
            ids = conn.execute(text("SELECT id FROM conversation ORDER BY last_at DESC LIMIT 40")).scalars().all()
        path = self._dice.choice(["/", "/", "/link", *(f"/c/{n}" for n in ids)])
        begun = time.monotonic()
        try:
            code = self._admin.look(path)
        except (OSError, http.client.HTTPException):
            return  # the inbox is being killed just now
        self._worst_s = max(self._worst_s, time.monotonic() - begun)
        self.codes[code] += 1

    def figures(self) -> dict[str, Any]:
        """How many pages were opened, and how."""
        return {
            "pages": sum(self.codes.values()),
            "pages_failed": self.failed,
            "page_codes": {str(code): n for code, n in sorted(self.codes.items())},
            "slowest_page_s": round(self._worst_s, 2),
        }
