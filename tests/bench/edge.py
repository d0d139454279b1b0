"""A shop at the edge for many minutes: late, hostile, slow, wrong and killed, all at once; is one voice kept?

Customers write in bursts while replies leave, on a disk that takes 25 ms to write the keys; the shop's clock is
set to and fro; the phone answers, takes its answers back, links the number anew; processes are killed; bytes are
no UTF-8, and attachments are longer than they say. People decide about what waits for them. At the end the
customers' own devices are compared with the books.

Ends with status 1 when a promise is broken.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.browser_admin import BrowserAdmin
from tests.bench.edges import EDGES, EdgeStage
from tests.bench.people import Decider, Visitor
from tests.bench.traffic import Traffic
from tests.bench.witness import Witness
from tests.support.moved_shop import MovedShop
from tests.support.shop import PASSWORD
from tests.whatsapp_server import WhatsAppServer

TEAM = ("Sari", "Budi")
# seconds between two edges
EVERY = 6.0
# what must be zero
NEVER = (
    "sent_but_not_received",
    "answered_twice",
    "turns_answered_twice",
    "silently_lost",
    "duplicated",
    "replies_kept_twice",
    "replies_forgotten",
    "pages_failed",
    "left_after_receipt",
)
LEAST_REPLIES = 2_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--minutes` with `--rate` messages a second, in bursts, and `--replies` a second at most."""
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=4.0)
    parser.add_argument("--replies", type=float, default=4.0)
    parser.add_argument("--customers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edges", default="", help="parts of names, separated by commas")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything that was promised, as figures; `promises_broken` says in words what did not hold."""
    with tempfile.TemporaryDirectory() as folder, WhatsAppServer() as wa:
        shop = MovedShop(wa, Path(folder) / "edge", {"BALAS_LOG_LEVEL": "WARNING"})
        shop.start()
        try:
            shop.pair()
            return Edge(shop, options).run()
        finally:
            shop.stop()
            shop.database.close()


class Edge:
    """One run."""

    def __init__(self, shop: MovedShop, options: argparse.Namespace) -> None:
        self.shop, self.options = shop, options
        team = [BrowserAdmin(shop.config.url, shop.add_admin(name), PASSWORD) for name in TEAM]
        self.traffic = Traffic(shop, team, options.customers, options.rate, options.replies, options.seed)
        self.witness = Witness(shop, self.traffic)
        self.decider = Decider(shop, self.traffic, team[0])
        self.visitor = Visitor(shop, BrowserAdmin(shop.config.url, shop.add_admin("Dewi"), PASSWORD))
        self.stage = EdgeStage(shop, self.traffic, team[0], options.seed)
        self.happened: dict[str, int] = {}
        self.slowest_s = 0.0

    def run(self) -> dict[str, Any]:
        """Let it all happen, then count."""
        began = time.monotonic()
        with self.witness, self.stage.slow_keys(), self.traffic, self.decider, self.visitor:
            self._edges(began + self.options.minutes * 60)
            self.stage.comes_to_peace()
        self.traffic.come_to_rest()
        figures = {
            "bench": "edge",
            "seconds": round(time.monotonic() - began, 1),
            "edges": sum(self.happened.values()),
            "happened": dict(sorted(self.happened.items())),
            "slowest_recovery_s": round(self.slowest_s, 1),
            **self.traffic.books(self.decider.meant_texts),
            **self.witness.figures(self.decider.meant),
            **self.visitor.figures(),
            "decisions": dict(self.decider.decisions),
        }
        return figures | {"promises_broken": self._broken(figures)}

    def _edges(self, until: float) -> None:
        wanted = [part for part in self.options.edges.split(",") if part]
        edges = [edge for edge in EDGES if not wanted or any(part in edge.name for part in wanted)]
        # each is due as often as its weight says, in an order that the seed decides
        dice = random.Random(self.options.seed)
        while time.monotonic() < until:
            for edge in dice.sample(edges, len(edges)):
                if time.monotonic() >= until:
                    return
                begun = time.monotonic()
                edge.do(self.stage)
                self.stage.wait_until_it_works()
                took = time.monotonic() - begun
                self.slowest_s = max(self.slowest_s, took)
                self.happened[edge.name] = self.happened.get(edge.name, 0) + 1
                left = (until - time.monotonic()) / 60
                print(
                    f"{left:.1f} min left: {edge.name} ({took:.1f} s); {len(self.traffic.written)} messages in,"
                    f" {len(self.traffic.accepted)} replies, pages failed: {self.visitor.failed}",
                    file=sys.stderr,
                )
                time.sleep(max(0.0, begun + EVERY - time.monotonic()))

    def _broken(self, figures: dict[str, Any]) -> list[str]:
        found = [f"{name}: {figures[name]}" for name in NEVER if figures[name]]
        if self.options.minutes >= 20 and figures["replies"] < LEAST_REPLIES:
            found.append(f"only {figures['replies']} replies")
        return found
