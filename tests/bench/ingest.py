"""How many messages per second reach the database, each committed before the callback returns.

Three clients take the same load from the simulated WhatsApp in turn: neonize with a handler that does
nothing and its default database settings, the same in WAL, and the whole running daemon. All messages
are encrypted and encoded before a clock starts.
"""

import argparse
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon.desk.replies import answer
from daemon.domain.desk import Box
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import conversation_list
from tests.support.shop import ROOT, Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server import WhatsAppServer

CUSTOMERS = 20
WARM_UP = 200
WAL = "?_journal_mode=WAL&_busy_timeout=10000&_synchronous=FULL&_foreign_keys=on&z="


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--messages` a run, `--rounds` of all three clients."""
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Medians over the rounds, and the worst round."""
    count = max(CUSTOMERS, options.messages // CUSTOMERS * CUSTOMERS)
    ours, raw, raw_wal = [], [], []
    for i in range(1, options.rounds + 1):
        raw.append(_measure_raw(count, ""))
        raw_wal.append(_measure_raw(count, WAL))
        ours.append(_measure_ours(count))
        print(
            f"round {i} of {options.rounds}: ours {ours[-1]:.0f}/s, raw {raw[-1]:.0f}/s, "
            f"raw in WAL {raw_wal[-1]:.0f}/s",
            file=sys.stderr,
        )
    middle = statistics.median
    return {
        "bench": "ingest",
        "messages": count,
        "rounds": options.rounds,
        "messages_per_second": round(middle(ours)),
        "raw_per_second": round(middle(raw)),
        "raw_wal_per_second": round(middle(raw_wal)),
        "ratio": round(middle(ours) / middle(raw), 2),
        "of_limit": round(middle(ours) / middle(raw_wal), 2),
        "worst_messages_per_second": round(min(ours)),
        "worst_ratio": round(min(ours) / max(raw), 2),
        "worst_of_limit": round(min(ours) / max(raw_wal), 2),
        "all_ours": [round(x) for x in ours],
        "all_raw": [round(x) for x in raw],
        "all_raw_wal": [round(x) for x in raw_wal],
        "cores": os.cpu_count(),
    }


def _load(wa: WhatsAppServer, count: int, seen: Callable[[], int], greet: Callable[[], None]) -> float:
    """Warm the client up, then push `count` prepared messages; returns seconds until all are there.

    Each customer has been answered once before: their messages are ordinary ratchet messages.
    """
    customers = [wa.add_customer(f"Pelanggan {n}") for n in range(CUSTOMERS)]
    for customer in customers:
        customer.send_text("halo")
    wait_until(lambda: seen() >= CUSTOMERS, 60, "the first messages")
    greet()
    for customer in customers:
        customer.wait_for_text("ok", 60)
    warm = [c.prepare_texts([f"pemanasan {n}" for n in range(WARM_UP // CUSTOMERS)]) for c in customers]
    load = [
        c.prepare_texts([f"halo kak, pesanan nomor {n}?" for n in range(count // CUSTOMERS)]) for c in customers
    ]
    ready = CUSTOMERS + WARM_UP
    wa.release(*warm)
    wait_until(lambda: seen() >= ready, 60, "the warm-up")
    start = time.monotonic()
    wa.release(*load)
    wait_until(lambda: seen() >= ready + count, 300, "all messages")
    return time.monotonic() - start


def _measure_ours(count: int) -> float:
    with WhatsAppServer() as wa, tempfile.TemporaryDirectory() as folder:
        shop = Shop(wa, Path(folder) / "shop", {"BALAS_LOG_LEVEL": "WARNING"})
        shop.start()
        try:
            shop.pair()

            seen = _Counter(shop)
            before = shop.cpu_seconds()
            rate = count / _load(wa, count, seen, lambda: _greet(shop))
            for role, seconds in shop.cpu_seconds().items():
                micros = (seconds - before.get(role, 0.0)) / count * 1e6
                print(f"  {role}: {micros:.0f} µs of CPU a message", file=sys.stderr)
            return rate
        finally:
            shop.stop()


def _greet(shop: Shop) -> None:
    with shop.database.write() as conn:
        for row in conversation_list.listing(conn, shop.account_id, Box.ALL, 0):
            answer(conn, row.id, Closer(Author.BOT), "ok", utc_now())


def _measure_raw(count: int, sqlite_options: str) -> float:
    with WhatsAppServer() as wa, tempfile.TemporaryDirectory() as folder:
        path = f"{wa.environment['PYTHONPATH']}{os.pathsep}{ROOT}"
        client = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.raw_client", f"{folder}/raw.db{sqlite_options}"],
            env={**os.environ, **wa.environment, "PYTHONPATH": path, "NEONIZE_BOT_TAG": "off"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=folder,
        )
        try:
            assert client.stdout is not None
            reader = _Reader(client.stdout)
            wa.phone.scan(wait_until(lambda: reader.qr, 30, "a code"))
            wait_until(lambda: reader.online, 30, "the login")
            return count / _load(wa, count, lambda: reader.seen, lambda: None)
        finally:
            client.send_signal(signal.SIGKILL)
            client.wait()


class _Counter:
    """Counts customers' messages that are committed, cheaply enough not to disturb the measurement."""

    def __init__(self, shop: Shop) -> None:
        self._connection = sqlite3.connect(shop.database.path)
        self._upto = self._count = 0

    def __call__(self) -> int:
        rows = self._connection.execute(
            "SELECT max(id), count(*) FILTER (WHERE author = 'customer') FROM message WHERE id > ?", (self._upto,)
        ).fetchone()
        self._upto = rows[0] or self._upto
        self._count += rows[1]
        return self._count


class _Reader:
    """Follows the raw client's output on a thread of its own."""

    def __init__(self, lines: Any) -> None:
        self.qr = ""
        self.online = False
        self.seen = 0
        threading.Thread(target=self._run, args=(lines,), daemon=True).start()

    def _run(self, lines: Any) -> None:
        for line in lines:
            words = line.split()
            if words[:1] == ["qr"] and not self.qr:
                self.qr = words[1]
            elif words == ["online"]:
                self.online = True
            elif words[:1] == ["seen"]:
                self.seen = int(words[1])
