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
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import psutil

from daemon.domain.links import LinkState
from tests.bench.browser_admin import BrowserAdmin
from tests.bench.traffic import Traffic, p95
from tests.support.shop import PASSWORD, Shop, open_shop
from tests.support.waiting import wait_until

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
    parser.add_argument("--replies", type=float, default=50.0, help="the sender lets out 20 at most")
    parser.add_argument("--customers", type=int, default=20)
    parser.add_argument("--roles", default=",".join(ROLES))
    parser.add_argument("--seed", type=int, default=1)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Counts over all rounds; recovery in seconds from the kill to an online link and an answering inbox."""
    with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder), {"BALAS_LOG_LEVEL": "WARNING"}) as shop:
        admins = [BrowserAdmin(shop.config.url, shop.add_admin(name), PASSWORD) for name in TEAM]
        traffic = Traffic(shop, admins, options.customers, options.rate, options.replies, options.seed)
        dice = random.Random(options.seed)
        recoveries: dict[str, list[float]] = defaultdict(list)
        started = time.monotonic()
        with traffic:
            for i, role in zip(range(1, options.rounds + 1), _roles(dice, options.roles.split(",")), strict=False):
                time.sleep(dice.uniform(*CALM))
                took = _round(shop, role)
                recoveries[role].append(took)
                print(
                    f"round {i} of {options.rounds}: {role} back after {took:.2f} s; "
                    f"{len(traffic.written)} messages in, {len(traffic.accepted)} replies",
                    file=sys.stderr,
                )
        seconds = time.monotonic() - started
        traffic.come_to_rest()
        return _figures(traffic, recoveries, seconds)


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
    try:
        wait_until(lambda: all(map(_has_ended, rest)), 30, "the end of the service")
    except TimeoutError:
        for process in rest:
            with contextlib.suppress(psutil.Error):
                process.kill()
    time.sleep(RESTART_PAUSE)
    shop.start()


def _has_ended(process: psutil.Process) -> bool:
    """Whether it runs no more: systemd collects the dead at once, this machine's init maybe once a second."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _inbox_answers(shop: Shop) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", shop.config.port, timeout=5)
    try:
        line.request("GET", "/login")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _figures(traffic: Traffic, recoveries: dict[str, list[float]], seconds: float) -> dict[str, Any]:
    everything = [took for all_of_role in recoveries.values() for took in all_of_role]
    return {
        "bench": "kill",
        "rounds": len(everything),
        **traffic.books(),
        "messages_per_second": round(len(traffic.written) / seconds, 1),
        "replies_per_second": round(len(traffic.accepted) / seconds, 1),
        "requests_repeated": traffic.repeated,
        "responses": {str(code): n for code, n in sorted(traffic.codes.items())},
        "recovery_p95_s": p95(everything),
        "recovery_worst_s": round(max(everything), 2),
        "recovery": {
            role: {"rounds": len(all_of_role), "p95_s": p95(all_of_role), "worst_s": round(max(all_of_role), 2)}
            for role, all_of_role in sorted(recoveries.items())
        },
        "seconds": round(seconds, 1),
    }
