"""From the frame leaving the simulated server to the bubble in the browser's DOM, with 20 websockets open.

One browser shows the customer's thread, nineteen more clients hold a websocket that shows the same thread.
After the messages all of them stay connected and the daemon's processes are watched while nothing happens.
"""

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from websockets import Origin
from websockets.sync.client import ClientConnection, connect

from tests.support.browser import chromium, log_in, wait_live
from tests.support.shop import PASSWORD, Shop, open_shop
from tests.whatsapp_server.actors.customer import Customer

# waits for bubbles and notes the moment of each text, in Unix milliseconds
WATCH = """
() => {
  window.seen = {};
  const look = (node) => {
    if (node.nodeType !== 1) return;
    const texts = node.matches('[data-text]') ? [node] : node.querySelectorAll('[data-text]');
    for (const text of texts)
      window.seen[text.textContent] ??= performance.timeOrigin + performance.now();
  };
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) look(node);
  }).observe(document.body, {childList: true, subtree: true});
}
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--messages` at `--rate` a second with `--sockets` open, then `--idle` seconds of silence."""
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--sockets", type=int, default=20)
    parser.add_argument("--idle", type=float, default=20.0)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Percentiles in milliseconds, memory in MB, idle CPU in percent of one core."""
    with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder)) as shop:
        username = shop.add_admin()
        customer = shop.wa.add_customer("Budi")
        customer.send_text("halo")
        shop.wait_for_text("halo")
        with chromium() as browser:
            page = browser.new_page()
            log_in(page, shop.config.url, username, PASSWORD)
            page.goto(f"{shop.config.url}/c/1")
            wait_live(page)
            page.evaluate(WATCH)
            cookies = "; ".join(f"{c['name']}={c['value']}" for c in page.context.cookies())
            with _Crowd(shop.config.url, cookies, options.sockets - 1):
                before = _cpu(shop)
                start = time.monotonic()
                left = _send(customer, options.messages, options.rate)
                took = time.monotonic() - start
                delays = _delays(page, left)
                busy = (_cpu(shop) - before) / took * 100
                memory = _memory(shop)
                idle = _idle(shop, options.idle)
    return {
        "bench": "latency",
        "messages": options.messages,
        "rate_per_second": options.rate,
        "sockets": options.sockets,
        "p50_ms": round(statistics.median(delays), 1),
        "p95_ms": round(delays[int(len(delays) * 0.95)], 1),
        "max_ms": round(delays[-1], 1),
        "rss_mb": round(sum(memory.values())),
        "rss_mb_by_process": {name: round(value) for name, value in memory.items()},
        "busy_cpu_percent": round(busy, 1),
        "idle_cpu_percent": round(idle, 2),
    }


def _send(customer: Customer, count: int, rate: float) -> dict[str, float]:
    """Send messages at an even pace; returns when each one's frame left, by text, in Unix milliseconds."""
    texts = [f"pesan ke-{i}" for i in range(count)]
    prepared = [customer.prepare_texts([text]) for text in texts]
    left: dict[str, float] = {}
    start = time.monotonic()
    for i, (text, one) in enumerate(zip(texts, prepared, strict=True)):
        time.sleep(max(0.0, start + i / rate - time.monotonic()))
        left[text] = time.time() * 1000
        customer.release(one)
    return left


def _delays(page: Page, left: dict[str, float]) -> list[float]:
    page.wait_for_function("n => Object.keys(window.seen).length >= n", arg=len(left), timeout=30_000)
    seen: dict[str, float] = page.evaluate("window.seen")
    return sorted(seen[text] - moment for text, moment in left.items())


def _memory(shop: Shop) -> dict[str, float]:
    return {name: process.memory_info().rss / 1e6 for name, process in shop.processes().items()}


def _cpu(shop: Shop) -> float:
    return sum(shop.cpu_seconds().values())


def _idle(shop: Shop, seconds: float) -> float:
    time.sleep(2)
    before, start = _cpu(shop), time.monotonic()
    time.sleep(seconds)
    return (_cpu(shop) - before) / (time.monotonic() - start) * 100


class _Crowd:
    """Websocket clients that show the same thread and read what they are sent."""

    def __init__(self, url: str, cookies: str, count: int) -> None:
        self._sockets = [
            connect(
                f"{url.replace('http', 'ws', 1)}/live",
                additional_headers={"Cookie": cookies},
                origin=Origin(url),
            )
            for _ in range(count)
        ]
        self._readers = [threading.Thread(target=self._read, args=(socket,)) for socket in self._sockets]

    def __enter__(self) -> "_Crowd":
        for socket, reader in zip(self._sockets, self._readers, strict=True):
            socket.send('{"open": 1, "box": "all"}')
            reader.start()
        return self

    def __exit__(self, *error: object) -> None:
        for socket in self._sockets:
            socket.close()
        for reader in self._readers:
            reader.join()

    def _read(self, socket: ClientConnection) -> None:
        for _ in socket:
            pass
