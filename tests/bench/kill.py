"""SIGKILL at random moments under traffic in both directions: what is lost, what is doubled, how long it takes.

Customers write on the wire at a steady rate; admins answer over HTTP whatever waits, and repeat a request
that died with the inbox, as the page's script does. Each round kills one of the processes and waits until the
shop works again. A supervisor is started again as systemd would: once everything of its service has ended.
At the end the customers' own devices are compared with our books.
"""

import argparse
import contextlib
import http.client
import itertools
import random
import secrets
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import text

from daemon.domain.links import LinkState
from daemon.domain.messages import PLACEHOLDERS
from tests.bench.browser_admin import BrowserAdmin
from tests.shop import PASSWORD, Shop, open_shop, wait_until
from tests.whatsapp_server.actors.customer import Customer

ROLES = ("session", "supervisor", "inbox")
TEAM = ("Sari", "Budi")
# systemd's RestartSec when nothing is said
RESTART_PAUSE = 0.1
# seconds in which a shop must work again; a round that takes longer ends the measurement
LONGEST_RECOVERY = 120.0
# seconds of traffic between a recovery and the next kill
CALM = (0.3, 2.0)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--rounds` kills under `--rate` messages a second from customers and `--replies` a second to them."""
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--replies", type=float, default=50.0, help="as many as the sender lets out")
    parser.add_argument("--customers", type=int, default=20)
    parser.add_argument("--roles", default=",".join(ROLES))
    parser.add_argument("--seed", type=int, default=1)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Counts over all rounds; recovery in seconds from the kill to an online link and an answering inbox."""
    with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder), {"BALAS_LOG_LEVEL": "WARNING"}) as shop:
        admins = [BrowserAdmin(shop.config.url, shop.add_admin(name), PASSWORD) for name in TEAM]
        traffic = Traffic(shop, admins, options)
        dice = random.Random(options.seed)
        recoveries: dict[str, list[float]] = defaultdict(list)
        started = time.monotonic()
        with traffic:
            for number, role in zip(
                range(1, options.rounds + 1), _roles(dice, options.roles.split(",")), strict=False
            ):
                time.sleep(dice.uniform(*CALM))
                took = _round(shop, role)
                recoveries[role].append(took)
                print(
                    f"round {number} of {options.rounds}: {role} back after {took:.2f} s; "
                    f"{len(traffic.written)} messages in, {len(traffic.accepted)} replies",
                    file=sys.stderr,
                )
        seconds = time.monotonic() - started
        traffic.come_to_rest()
        return _figures(shop, traffic, recoveries, seconds)


def _roles(dice: random.Random, roles: list[str]) -> "itertools.chain[str]":
    """Each role equally often, in random order."""
    return itertools.chain.from_iterable(dice.sample(roles, len(roles)) for _ in itertools.count())


def _round(shop: Shop, role: str) -> float:
    """Kill one process and wait until replies leave and the inbox answers again; seconds that it took."""
    before = shop.link().online_at
    old = shop.processes()
    started = time.monotonic()
    old[role].kill()
    if role == "supervisor":
        _restart(shop, old)
    if role != "inbox":
        wait_until(
            lambda: (link := shop.link()).state == LinkState.ONLINE and link.online_at != before,
            LONGEST_RECOVERY,
            "the link",
        )
    else:
        wait_until(lambda: shop.pid("inbox") not in (None, old["inbox"].pid), LONGEST_RECOVERY, "the inbox")
    wait_until(lambda: _inbox_answers(shop), LONGEST_RECOVERY, "the inbox")
    return time.monotonic() - started


def _restart(shop: Shop, old: dict[str, psutil.Process]) -> None:
    """What systemd does: wait for the rest of the service, kill what stays, pause, start."""
    assert shop.process is not None
    shop.process.wait()
    rest = [process for name, process in old.items() if name != "supervisor"]
    for process in rest:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    for process in psutil.wait_procs(rest, timeout=30)[1]:
        process.kill()
    time.sleep(RESTART_PAUSE)
    shop.start()


def _inbox_answers(shop: Shop) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", shop.config.port, timeout=5)
    try:
        line.request("GET", "/login")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


class Traffic:
    """Customers who write and admins who answer, on threads of their own, while the shop falls and rises."""

    def __init__(self, shop: Shop, team: list[BrowserAdmin], options: argparse.Namespace) -> None:
        self.shop = shop
        self.customers: list[Customer] = [shop.wa.add_customer(f"Pelanggan {n}") for n in range(options.customers)]
        # WhatsApp's id → text
        self.written: dict[str, str] = {}
        self.accepted: set[str] = set()
        self.codes: Counter[int] = Counter()
        self.repeated = 0
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._guard, args=(self._write, options.rate, options.seed))]
        self._threads += [
            threading.Thread(target=self._guard, args=(self._answer, admin, options.replies / len(team), n))
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

    def _guard(self, work: Any, *arguments: Any) -> None:
        try:
            work(*arguments)
        except BaseException as error:
            self._failures.append(error)

    def _write(self, rate: float, seed: int) -> None:
        dice = random.Random(seed + 1)
        for number in _beats(rate, self._stop):
            words = f"pesan {number}"
            self.written[dice.choice(self.customers).send_text(words)] = words

    def _answer(self, admin: BrowserAdmin, rate: float, share: int) -> None:
        """Answer what waits, each admin his share of the customers."""
        waiting: list[tuple[int, int]] = []
        for number in _beats(rate, self._stop):
            if not waiting:
                waiting = self._open_turns(share)
            if not waiting:
                continue
            conversation_id, turn_id = waiting.pop()
            words = f"balasan {number} dari {admin.username}"
            self._send(admin, conversation_id, turn_id, words)

    def _send(self, admin: BrowserAdmin, conversation_id: int, turn_id: int, words: str) -> None:
        key = secrets.token_urlsafe(16)
        while True:
            try:
                code = admin.answer(conversation_id, turn_id, words, key)
                break
            except (OSError, http.client.HTTPException):
                # the inbox died in the middle: the same form again, as the page does
                self.repeated += 1
                time.sleep(0.1)
        self.codes[code] += 1
        if code == 201:
            self.accepted.add(words)

    def _open_turns(self, share: int) -> list[tuple[int, int]]:
        with self.shop.database.read() as conn:
            rows = conn.execute(
                text(
                    "SELECT conversation_id, id FROM turn"
                    " WHERE closed_at IS NULL AND conversation_id % :team = :share ORDER BY opened_at DESC"
                ),
                {"team": len(TEAM), "share": share},
            )
            return [(conversation_id, turn_id) for conversation_id, turn_id in rows]

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


def _beats(rate: float, stop: threading.Event) -> "itertools.count[int]":
    """Numbers at a steady rate until `stop`; what was missed is caught up with, within a second."""
    next_at = time.monotonic()
    for number in itertools.count():
        next_at = max(next_at + 1 / rate, time.monotonic() - 1.0)
        if stop.wait(max(0.0, next_at - time.monotonic())):
            return
        yield number


def _figures(shop: Shop, traffic: Traffic, recoveries: dict[str, list[float]], seconds: float) -> dict[str, Any]:
    with shop.database.read() as conn:
        incoming = conn.execute(text("SELECT wa_id, kind, text FROM message WHERE NOT from_me")).all()
        outgoing = conn.execute(
            text(
                "SELECT message.text, message.wa_id, message.delivery, outbox.state FROM outbox"
                " JOIN message ON message.id = outbox.message_id"
            )
        ).all()
    times_kept = Counter(row.wa_id for row in incoming)
    same_text = Counter(row.text for row in incoming if row.text is not None)
    shown = [row.wa_id for row in incoming if row.kind in PLACEHOLDERS]
    lost = [wa_id for wa_id in traffic.written if wa_id not in times_kept]
    got = Counter(message.text for customer in traffic.customers for message in customer.received)
    states = Counter(row.state for row in outgoing)
    in_books = Counter(row.text for row in outgoing)
    twice = [words for words in traffic.accepted if got[words] > 1]
    missing = [row for row in outgoing if row.state == "sent" and not got[row.text]]
    for name, found in (("lost", lost), ("received twice", twice), ("sent but not received", missing)):
        if found:
            print(f"{name}: {found[:20]}", file=sys.stderr)
    everything = [took for all_of_role in recoveries.values() for took in all_of_role]
    return {
        "bench": "kill",
        "rounds": len(everything),
        "silently_lost": len(lost),
        "lost_but_shown": len(shown),
        "shown_for_nothing": len(set(shown) - traffic.written.keys()),
        "duplicated": sum(n - 1 for n in [*times_kept.values(), *same_text.values()]) + len(twice),
        "replies_kept_twice": sum(n - 1 for n in in_books.values()),
        "replies_forgotten": len(traffic.accepted - in_books.keys()),
        "sent_but_not_received": len(missing),
        "unreadable_for_customers": sum(len(customer.undecryptable) for customer in traffic.customers),
        "uncertain": states["uncertain"],
        "uncertain_but_received": sum(row.state == "uncertain" and got[row.text] > 0 for row in outgoing),
        "failed": states["failed"],
        "messages_in": len(traffic.written),
        "replies": len(traffic.accepted),
        "messages_per_second": round(len(traffic.written) / seconds, 1),
        "replies_per_second": round(len(traffic.accepted) / seconds, 1),
        "requests_repeated": traffic.repeated,
        "responses": {str(code): n for code, n in sorted(traffic.codes.items())},
        "recovery_p95_s": _p95(everything),
        "recovery_worst_s": round(max(everything), 2),
        "recovery": {
            role: {"rounds": len(all_of_role), "p95_s": _p95(all_of_role), "worst_s": round(max(all_of_role), 2)}
            for role, all_of_role in sorted(recoveries.items())
        },
        "seconds": round(seconds, 1),
    }


def _p95(values: list[float]) -> float:
    return round(sorted(values)[int(len(values) * 0.95)], 2)
