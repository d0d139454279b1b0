"""Traffic in both directions that goes on while the shop falls and rises, and the books compared with it.

Customers write on the wire at a steady rate; admins answer over HTTP whatever waits, and repeat a request that
died with the inbox, as the page's script does.
"""

import http.client
import itertools
import random
import secrets
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import text

from daemon.domain.message_kinds import PLACEHOLDERS
from tests.bench.browser_admin import BrowserAdmin
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

# what a customer writes as his n-th message: gives its id and its text or caption
Compose = Callable[[Customer, int], tuple[str, str]]


def only_texts(customer: Customer, i: int) -> tuple[str, str]:
    """The plainest traffic."""
    words = f"pesan {i}"
    return customer.send_text(words), words


class Traffic:
    """Customers who write and admins who answer, on threads of their own, while the shop falls and rises.

    `rate` messages a second come in, at most `replies` a second go out.
    """

    def __init__(
        self,
        shop: Shop,
        team: list[BrowserAdmin],
        customers: int,
        rate: float,
        replies: float,
        seed: int,
        compose: Compose = only_texts,
    ) -> None:
        self.shop = shop
        self.customers: list[Customer] = [shop.wa.add_customer(f"Pelanggan {n}") for n in range(customers)]
        # they write only when they are told to
        self.others: list[Customer] = []
        # WhatsApp's id → text
        self.written: dict[str, str] = {}
        self.accepted: set[str] = set()
        # what was accepted as the answer to a turn
        self.answers: dict[int, list[str]] = defaultdict(list)
        self.codes: Counter[int] = Counter()
        self.repeated = 0
        self._team = team
        self._compose = compose
        self._stop = threading.Event()
        self._may_write = threading.Event()
        self._may_write.set()
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._guard, args=(self._write, rate, seed))]
        self._threads += [
            threading.Thread(target=self._guard, args=(self._answer, admin, replies / len(team), n))
            for n, admin in enumerate(team)
        ]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """No customer writes meanwhile."""
        self._may_write.clear()
        try:
            yield
        finally:
            self._may_write.set()

    def add_other(self, name: str) -> Customer:
        """One more customer, whose messages are made elsewhere and noted in `written`."""
        self.others.append(self.shop.wa.add_customer(name))
        return self.others[-1]

    def _guard(self, work: Any, *arguments: Any) -> None:
        try:
            work(*arguments)
        except BaseException as error:
            self._failures.append(error)

    def _write(self, rate: float, seed: int) -> None:
        dice = random.Random(seed + 1)
        for i in _beats(rate, self._stop):
            if not self._may_write.wait(120):
                raise TimeoutError("customers may not write")
            with suppress(ConnectionError):  # he has just gone offline
                wa_id, words = self._compose(dice.choice(self.customers), i)
                self.written[wa_id] = words

    def _answer(self, admin: BrowserAdmin, rate: float, share: int) -> None:
        """Answer what waits, each admin his share of the customers."""
        waiting: list[tuple[int, int, int]] = []
        for i in _beats(rate, self._stop):
            if not waiting:
                waiting = self._open_turns(share)
            if not waiting:
                continue
            words = f"balasan {i} dari {admin.username}"
            self._send(admin, *waiting.pop(), words)

    def _send(self, admin: BrowserAdmin, conversation_id: int, turn_id: int, shown: int, words: str) -> None:
        key = secrets.token_urlsafe(16)
        while True:
            try:
                code = admin.answer(conversation_id, turn_id, shown, words, key)
                break
            except (OSError, http.client.HTTPException):
                # the inbox died in the middle: the same form again, as the page does
                self.repeated += 1
                time.sleep(0.1)
        self.codes[code] += 1
        if code == 201:
            self.accepted.add(words)
            self.answers[turn_id].append(words)

    def _open_turns(self, share: int) -> list[tuple[int, int, int]]:
        """Conversation, turn and newest message of his customers who wait."""
        with self.shop.database.read() as conn:
            rows = conn.execute(
                text(
                    "SELECT conversation_id, id, (SELECT max(message.id) FROM message"
                    " WHERE message.conversation_id = turn.conversation_id) FROM turn"
                    " WHERE closed_at IS NULL AND conversation_id % :team = :share ORDER BY opened_at DESC"
                ),
                {"team": len(self._team), "share": share},
            )
            return [(conversation_id, turn_id, shown) for conversation_id, turn_id, shown in rows]

    def come_to_rest(self) -> None:
        """Wait until WhatsApp has handed over everything and the outbox is empty."""
        wait_until(lambda: self.shop.wa.waiting() == 0, 120, "the last message's acknowledgement")
        wait_until(lambda: not self._under_way(), 600, "the last reply")
        # the session's callbacks behind its acknowledgements: stopping hands them all over
        self.shop.stop()

    def _under_way(self) -> int:
        with self.shop.database.read() as conn:
            states = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')"
            return int(conn.execute(text(states)).scalar_one())

    def books(self, meant: Collection[str] = ()) -> dict[str, int]:
        """What the shop's books say, next to what the customers' own devices have written and received.

        `meant` are texts that a person has chosen to send although the turn had another answer.
        Only `lost_but_shown`, `unreadable_for_customers`, `unreadable_and_shown`, `uncertain…` and `failed` may be
        above zero. A reply in `sent_but_not_received` whose delivery is "delivered" was dropped by the customer's
        device as a duplicate: it came with a message counter that was used before.
        """
        with self.shop.database.read() as conn:
            incoming = conn.execute(text("SELECT wa_id, kind, text FROM message WHERE NOT from_me")).all()
            outgoing = conn.execute(
                text(
                    "SELECT message.text, outbox.state, message.wa_id, message.delivery, message.contact_id,"
                    " outbox.sending_at, outbox.sent_at, unreadable_at IS NOT NULL AS is_unreadable FROM outbox"
                    " JOIN message ON message.id = outbox.message_id"
                )
            ).all()
        times_kept = Counter(row.wa_id for row in incoming)
        same_text = Counter(row.text for row in incoming if row.text is not None)
        shown = [row.wa_id for row in incoming if row.kind in PLACEHOLDERS]
        lost = [wa_id for wa_id in self.written if wa_id not in times_kept]
        people = [*self.customers, *self.others]
        got = Counter(message.text for customer in people for message in customer.received)
        states = Counter(row.state for row in outgoing)
        in_books = Counter(row.text for row in outgoing)
        twice = [words for words in self.accepted if got[words] > 1 and words not in meant]
        # a reply that failed opens its turn again; then one of two has reached the customer
        unmeant = ([one for one in words if one not in meant] for words in self.answers.values())
        both = [words for words in unmeant if sum(got[one] > 0 for one in words) > 1]
        missing = [row for row in outgoing if row.state == "sent" and not got[row.text]]
        # these wait for a person, who is told
        told = [row for row in missing if row.is_unreadable]
        missing = [row for row in missing if not row.is_unreadable]
        for name, found in (
            ("lost", lost),
            ("received twice", twice),
            ("sent but not received", missing),
            ("turn answered twice", both),
        ):
            if found:
                print(f"{name}: {found[:20]}", file=sys.stderr)
        return {
            "silently_lost": len(lost),
            "lost_but_shown": len(shown),
            "shown_for_nothing": len(set(shown) - self.written.keys()),
            "duplicated": sum(n - 1 for n in [*times_kept.values(), *same_text.values()]) + len(twice),
            "turns_answered_twice": len(both),
            "replies_kept_twice": sum(n - 1 for n in in_books.values()),
            "replies_forgotten": len(self.accepted - in_books.keys()),
            "sent_but_not_received": len(missing),
            "unreadable_for_customers": sum(len(customer.undecryptable) for customer in people),
            "unreadable_and_shown": len(told),
            "uncertain": states["uncertain"],
            "uncertain_but_received": sum(row.state == "uncertain" and got[row.text] > 0 for row in outgoing),
            "failed": states["failed"],
            "messages_in": len(self.written),
            "replies": len(self.accepted),
        }


def _beats(rate: float, stop: threading.Event) -> "itertools.count[int]":
    """Numbers at a steady rate until `stop`; what was missed is caught up with, within a second."""
    next_at = time.monotonic()
    for i in itertools.count():
        next_at = max(next_at + 1 / rate, time.monotonic() - 1.0)
        if stop.wait(max(0.0, next_at - time.monotonic())):
            return
        yield i


def p95(values: list[float]) -> float:
    """The value below which 95 % lie, to hundredths."""
    return round(sorted(values)[int(len(values) * 0.95)], 2)
