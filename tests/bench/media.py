"""Pictures in and out over a slow line, beside words in both directions: what the words notice of it.

First words alone, on the line of a small shop (`--uplink` kbit/s upwards); then the same with pictures of
`--size` MB: customers send `--incoming` of them, and admins `--outgoing`, all queued at once, as when a catalogue
is sent. When half of those have left, the session is killed `--kills` times; latencies are those before the first
kill. A message's latency is from WhatsApp's frame to our books, a reply's from the books to WhatsApp's
acknowledgement.
"""

import argparse
import io
import itertools
import random
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter
from sqlalchemy import text

from daemon.domain.links import LinkState
from tests.bench import slow_line
from tests.bench.browser_admin import BrowserAdmin
from tests.bench.footprint import Footprint
from tests.bench.traffic import Traffic, p95
from tests.support.shop import PASSWORD, Shop, open_shop, peak_of
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

TEAM = ("Sari", "Budi")
# seconds: of words at first, which do not count; from a kill to the next; for all pictures to arrive
WARM_UP, PAUSE, PATIENCE = 15.0, 20.0, 3600.0
# with pictures, words may take so many times as long as without
ALLOWED = 2.0
NEVER = (
    "silently_lost",
    "duplicated",
    "turns_answered_twice",
    "replies_kept_twice",
    "replies_forgotten",
    "sent_but_not_received",
    "pictures_in_missing",
    "pictures_out_missing",
    "pictures_out_twice",
    "failed",
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many pictures of which size, over which line, beside how many words a second."""
    parser.add_argument("--incoming", type=int, default=200, help="pictures that customers send")
    parser.add_argument("--outgoing", type=int, default=100, help="pictures that admins send")
    parser.add_argument("--size", type=float, default=2.0, help="MB of each as the camera made it")
    parser.add_argument("--uplink", type=int, default=400, help="kbit/s")
    parser.add_argument("--rate", type=float, default=10.0, help="words a second from customers")
    parser.add_argument("--replies", type=float, default=2.0, help="words a second to them")
    parser.add_argument("--calm", type=float, default=180.0, help="seconds of words alone")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Latencies in milliseconds of both directions without and with pictures, memory in MB, and what was lost."""
    try:
        slow_line.enter()
    except OSError as error:
        sys.exit(str(error))
    pictures = _photos(options.size, options.seed)
    with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder), {"BALAS_LOG_LEVEL": "WARNING"}) as shop:
        slow_line.narrow(shop.wa.endpoint.port, options.uplink)
        return _Measurement(shop, options, pictures).run()


def _photos(size: float, seed: int) -> list[bytes]:
    """A few photos of `size` MB each: soft shapes with a camera's grain, which decides how large they are."""
    dice, found = random.Random(seed), []
    for _ in range(4):
        small = Image.frombytes("RGB", (40, 30), dice.randbytes(3600))
        soft = small.resize((3200, 2400), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(8))
        grain = Image.effect_noise((3200, 2400), 24).convert("RGB")
        photo = Image.blend(soft, grain, 0.2)
        tries = (_jpeg(photo, quality) for quality in range(98, 30, -2))
        found.append(next(one for one in tries if len(one) <= size * 1e6))
    return found


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


class _Measurement:
    def __init__(self, shop: Shop, options: argparse.Namespace, photos: list[bytes]) -> None:
        self.shop, self.options, self.photos = shop, options, photos
        self.team = [BrowserAdmin(shop.config.url, shop.add_admin(name), PASSWORD) for name in TEAM]
        self.traffic = Traffic(shop, self.team, 20, options.rate, options.replies, options.seed, compose=self._say)
        self.senders = [self.traffic.add_other(f"Pengirim {n}") for n in range(4)]
        self.readers = [self.traffic.add_other(f"Pemesan {n}") for n in range(4)]
        self.footprint = Footprint(shop)
        self.left: dict[str, float] = {}
        self.captions: list[str] = []
        self.peaks: dict[str, int] = {}

    def _say(self, customer: Customer, i: int) -> tuple[str, str]:
        words, at = f"pesan {i}", time.time()
        wa_id = customer.send_text(words)
        self.left[wa_id] = at
        return wa_id, words

    def run(self) -> dict[str, Any]:
        for reader in self.readers:
            reader.send_text(f"ada katalog? {secrets.token_hex(2)}")
        wait_until(lambda: len(self.shop.bubbles()) >= len(self.readers), 60, "the readers' questions")
        with self.footprint, self.traffic:
            time.sleep(WARM_UP)
            calm = self._phase(lambda: time.sleep(self.options.calm))
            began = time.time()
            stop = threading.Event()
            helpers = [
                threading.Thread(target=self._send_pictures_in, args=(stop,)),
                threading.Thread(target=self._watch_peaks, args=(stop,)),
            ]
            for helper in helpers:
                helper.start()
            try:
                loud = self._phase(self._until_half_has_left)
                recoveries = [self._kill(n) for n in range(1, self.options.kills + 1)]
                _wait(lambda: self._pictures_out() == self.options.outgoing, PATIENCE, "the last picture out")
            finally:
                seconds = time.time() - began
                stop.set()
                for helper in helpers:
                    helper.join()
        _wait(lambda: not self._to_fetch(), 600, "the last picture in")
        held = self.footprint.figures()
        sent = slow_line.bytes_sent()
        self.traffic.come_to_rest()
        return self._figures(calm, loud, recoveries, held, seconds, sent)

    def _phase(self, wait: Callable[[], None]) -> dict[str, float]:
        """The latencies of what begins and ends while we wait."""
        begin = time.time()
        wait()
        end = time.time()
        return self._latencies(begin, end)

    def _until_half_has_left(self) -> None:
        self._queue_pictures()
        _wait(lambda: self._pictures_out() >= self.options.outgoing // 2, PATIENCE, "half of the pictures")

    def _queue_pictures(self) -> None:
        admin = self.team[0]
        conversations = [self._conversation(reader) for reader in self.readers]
        for n, conversation in zip(range(self.options.outgoing), itertools.cycle(conversations), strict=False):
            words = f"gambar {n}"
            word = admin.bring(conversation, self.photos[n % len(self.photos)] + b"\0" * n, f"IMG_{n}.JPG")
            code = admin.answer(conversation, None, self._newest(conversation), words, files=[word])
            if code != 201:
                raise RuntimeError(f"a picture was answered with {code}")
            self.captions.append(words)
            self.traffic.accepted.add(words)

    def _send_pictures_in(self, stop: threading.Event) -> None:
        # as long as the pictures out take, if the line is full
        pause = self.options.incoming and self.options.outgoing * 300_000 * 8 / (self.options.uplink * 1000)
        for n, sender in zip(range(self.options.incoming), itertools.cycle(self.senders), strict=False):
            words = f"foto {n}"
            content = self.photos[n % len(self.photos)] + b"\0" * (n + 1)
            self.traffic.written[sender.send_image(content, words)] = words
            stop.wait(pause / self.options.incoming)

    def _watch_peaks(self, stop: threading.Event) -> None:
        while not stop.wait(0.2):
            for role in ("session", "download"):
                if pid := self.shop.pid(role):
                    self.peaks[role] = max(self.peaks.get(role, 0), peak_of(pid))

    def _kill(self, n: int) -> float:
        time.sleep(PAUSE)
        before, started = self.shop.link().online_at, time.monotonic()
        self.shop.kill("session")
        wait_until(
            lambda: (link := self.shop.link()).state == LinkState.ONLINE and link.online_at != before,
            120,
            "the link",
        )
        took = time.monotonic() - started
        print(f"kill {n}: back after {took:.2f} s; {self._pictures_out()} pictures out", file=sys.stderr)
        return took

    # the books

    def _latencies(self, begin: float, end: float) -> dict[str, float]:
        with self.shop.database.read() as conn:
            came = dict(
                conn.execute(
                    text("SELECT wa_id, arrived_at FROM message WHERE kind = 'text' AND NOT from_me")
                ).all()
            )
            went = conn.execute(
                text(
                    "SELECT queued_at, outbox.sent_at FROM outbox JOIN message ON message.id = outbox.message_id"
                    " WHERE kind = 'text' AND from_me AND outbox.sent_at IS NOT NULL"
                )
            ).all()
        ways_in = [
            _seconds(came[one]) - at for one, at in self.left.items() if begin <= at < end - 5 and one in came
        ]
        ways_out = [
            _seconds(sent) - _seconds(queued) for queued, sent in went if begin <= _seconds(queued) < end - 5
        ]
        figures: dict[str, float] = {}
        for name, values in (("in", ways_in), ("out", ways_out)):
            figures[f"{name}_count"] = len(values)
            figures[f"{name}_p50_ms"] = round(statistics.median(values) * 1000, 1)
            figures[f"{name}_p95_ms"] = round(sorted(values)[int(len(values) * 0.95)] * 1000, 1)
            figures[f"{name}_worst_ms"] = round(max(values) * 1000, 1)
        return figures

    def _one(self, words: str, **values: object) -> int:
        with self.shop.database.read() as conn:
            return int(conn.execute(text(words), values).scalar_one())

    def _pictures_out(self) -> int:
        return self._one(
            "SELECT count(*) FROM outbox JOIN message ON message.id = outbox.message_id"
            " WHERE kind = 'image' AND state = 'sent'"
        )

    def _to_fetch(self) -> int:
        return self._one("SELECT count(*) FROM download")

    def _newest(self, conversation_id: int) -> int:
        return self._one("SELECT max(id) FROM message WHERE conversation_id = :id", id=conversation_id)

    def _conversation(self, customer: Customer) -> int:
        return self._one(
            "SELECT conversation.id FROM conversation JOIN contact ON contact.id = contact_id WHERE name = :name",
            name=customer.name,
        )

    def _figures(
        self,
        calm: dict[str, float],
        loud: dict[str, float],
        recoveries: list[float],
        held: dict[str, Any],
        seconds: float,
        sent: int,
    ) -> dict[str, Any]:
        got = [
            message.text for reader in self.readers for message in reader.received if message.text in self.captions
        ]
        fetched = self._one(
            "SELECT count(*) FROM message WHERE kind = 'image' AND NOT from_me"
            " AND json_extract(media, '$.file') IS NOT NULL"
        )
        figures = {
            "bench": "media",
            "pictures_in": self.options.incoming,
            "pictures_out": self.options.outgoing,
            "uplink_kbit": self.options.uplink,
            "seconds_with_pictures": round(seconds),
            "line_used": round(sent * 8 / 1000 / self.options.uplink / (seconds + self.options.calm + WARM_UP), 2),
            "without": calm,
            "with": loud,
            "in_p95_ratio": round(loud["in_p95_ms"] / calm["in_p95_ms"], 2),
            "out_p95_ratio": round(loud["out_p95_ms"] / calm["out_p95_ms"], 2),
            "pictures_in_missing": self.options.incoming - fetched,
            "pictures_out_missing": self.options.outgoing - len(set(got)),
            "pictures_out_twice": len(got) - len(set(got)),
            **self.traffic.books(),
            "kills": len(recoveries),
            "recovery_p95_s": p95(recoveries) if recoveries else None,
            "recovery_worst_s": round(max(recoveries, default=0.0), 2),
            "session_memory": held.get("session"),
            "peak_mb": {role: round(peak / 1e6) for role, peak in self.peaks.items()},
        }
        figures["promises_broken"] = [f"{name}: {figures[name]}" for name in NEVER if figures[name]] + [
            f"{name}: {figures[name]} times as long"
            for name in ("in_p95_ratio", "out_p95_ratio")
            if figures[name] > ALLOWED
        ]
        if (held.get("session") or {}).get("flat") is False:
            figures["promises_broken"].append("the session grew")
        return figures


def _wait(condition: Callable[[], bool], timeout: float, what: str) -> None:
    """As `wait_until`, a look a second: the books are asked for many minutes."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come in {timeout} s")
        time.sleep(1.0)


def _seconds(stored: int) -> float:
    """A time as the database keeps it (milliseconds), in Unix seconds."""
    return stored / 1000
