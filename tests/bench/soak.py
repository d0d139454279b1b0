"""A shop for many minutes under steady traffic, with a fault every ten seconds: what grows, sticks or gets lost?

Customers write texts and attachments, admins answer, browsers follow; meanwhile the faults of faults.py come, in
an order that the seed decides. They come in stretches: first those that a session must survive, so that it lives
long enough to be measured, then those that end it. Each fault has the states that the link must pass through, and
the seconds in which a customer's message must arrive again. At the end the customers' own devices are compared
with the books, the log is read, and what each process holds is fitted over time.

Ends with status 1 when a promise is broken. Left out: faults that unlink the account (nothing to come back to
without a person at the phone) and SIGKILL to supervisor and inbox (`kill` does that; here they must live to be
measured).
"""

import argparse
import contextlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from daemon.domain.links import LinkState
from daemon.domain.sentences.link import SENTENCES
from tests.bench import verdict
from tests.bench.browser_admin import BrowserAdmin
from tests.bench.faults import DISK_FULL, GENTLE, HARD, Fault
from tests.bench.footprint import Footprint, from_life_to_life
from tests.bench.passages import Passages, Passed
from tests.bench.stage import Stage
from tests.bench.strangers import Strangers
from tests.bench.traffic import Traffic
from tests.bench.verdict import Outcome
from tests.support.shop import PASSWORD, Shop, open_shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.demo_media import transfer_slip, voice_note

TEAM = ("Sari", "Budi")
EVERY = 10.0
# each stretch holds every fault of its group so many times
REPEATS = 2
# a way of life between two faults, and what is no trouble while the link must stay
ON_THE_WAY = {LinkState.CONNECTING, LinkState.CATCHING_UP, LinkState.ONLINE, LinkState.UNSTABLE}
STAYING = {LinkState.ONLINE, LinkState.UNSTABLE}
# whatsmeow asks every 20 to 30 s and waits 10 s for the answer
PINGS, PINGS_MISSED, PINGS_BACK = "pings go unanswered", 60.0, 45.0
# how long a shop that is late is waited for before the measurement gives up
PATIENCE = 180.0
# a session's age at which successive lives are compared
SAME_AGE = (5.0, 9.0)
DISK_MB = 600


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--minutes` of `--rate` messages in and `--replies` out a second; `--faults` picks by parts of names."""
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--replies", type=float, default=4.0)
    parser.add_argument("--customers", type=int, default=20)
    parser.add_argument("--sockets", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="", help="parts of names, separated by commas")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything that was promised, as figures; `promises_broken` says in words what did not hold."""
    with tempfile.TemporaryDirectory() as folder, _small_disk(Path(folder)) as disk:
        with open_shop(disk or Path(folder)) as shop:
            return Soak(shop, options, disk).run()


@contextlib.contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """A file system of its own that can be filled; None where nobody may mount one."""
    place = folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


class Soak:
    """One run."""

    def __init__(self, shop: Shop, options: argparse.Namespace, disk: Path | None) -> None:
        self.shop, self.options, self.disk = shop, options, disk
        self.passages = Passages(shop)
        team = [BrowserAdmin(shop.config.url, shop.add_admin(name), PASSWORD) for name in TEAM]
        self.traffic = Traffic(
            shop, team, options.customers, options.rate, options.replies, options.seed, _Words().compose
        )
        self.strangers = Strangers(team[0], options.sockets)
        self._mark = 0
        self.stage = Stage(
            shop,
            self.traffic,
            team[0],
            self.strangers,
            options.seed,
            lambda state: self.passages.wait_for(state, self._mark),
            disk,
        )
        self.footprint = Footprint(shop)
        self.outcomes: list[Outcome] = []
        self.sizes: list[dict[str, float]] = []
        self._began = time.time()

    def run(self) -> dict[str, Any]:
        """Let it all happen, then count."""
        slots = max(1, round(self.options.minutes * 60 / EVERY))
        plan = schedule(random.Random(self.options.seed), slots, self._possible())
        with self.strangers, self.footprint, self.traffic:
            slot = 0
            for gentle, hard in plan:
                with self._unanswered_pings(long_enough=len(gentle) * EVERY > PINGS_MISSED + PINGS_BACK):
                    for fault in gentle:
                        slot = self._next(fault, slot)
                for fault in hard:
                    slot = self._next(fault, slot)
            self._wait_for_slot(slot)
        seconds = time.time() - self._began
        held = {
            "processes": self.footprint.figures(),
            "sessions_at_equal_age": from_life_to_life(self.footprint.samples["session"], SAME_AGE),
        }
        # what failed to download is asked for again after 10 s, 20 s, 40 s
        wait_until(lambda: not verdict.missing_attachments(self.shop), PATIENCE, "the last attachment")
        self.traffic.come_to_rest()
        figures: dict[str, Any] = {
            "bench": "soak",
            "minutes": round(seconds / 60, 1),
            "seed": self.options.seed,
            "left_out": [] if self.disk else [DISK_FULL],
            **verdict.of_outcomes(self.outcomes),
            **self.traffic.books(),
            **verdict.of_attachments(self.shop),
            **held,
            "files_mb": verdict.of_sizes(self.sizes),
            "log": verdict.of_log(self.shop, self.outcomes, self.traffic),
            "browsers": dict(self.strangers.counts),
            "requests_repeated": self.traffic.repeated,
            "responses": {str(code): n for code, n in sorted(self.traffic.codes.items())},
            "client_mistakes": len(self.shop.wa.endpoint.troubles),
        }
        broken = verdict.broken(figures)
        if broken:
            print(self.shop.log(), file=sys.stderr)
        return figures | {"promises_broken": broken}

    def _possible(self) -> list[Fault]:
        every = [fault for fault in (*GENTLE, *HARD) if self._is_wanted(fault.name)]
        return [fault for fault in every if self.disk or fault.name != DISK_FULL]

    def _is_wanted(self, name: str) -> bool:
        return any(part in name for part in self.options.faults.split(","))

    def _wait_for_slot(self, slot: int) -> None:
        time.sleep(max(0.0, self._began + (slot + 1) * EVERY - time.time()))

    def _next(self, fault: Fault, slot: int) -> int:
        self._wait_for_slot(slot)
        self.sizes.append(verdict.sizes(self.shop))
        self._mark = self.passages.newest.id
        at = time.time() - self._began
        outcome = self._judge(fault, at)
        self._tell(outcome)
        # a fault that takes longer moves what follows
        return max(slot + 1, int((time.time() - self._began) / EVERY))

    def _judge(self, fault: Fault, at: float) -> Outcome:
        trouble = None
        try:
            fault.do(self.stage)
        except TimeoutError as error:
            trouble = str(error)
        over = time.time()
        probe = self.stage.say()
        if not self._works(fault, probe, fault.within):
            trouble = trouble or f"did not work again within {fault.within:.0f} s"
            # from here on only its working counts
            if not self._works(None, probe, PATIENCE):
                print(*self.shop.log().splitlines()[-60:], self.shop.link().state, sep="\n", file=sys.stderr)
                raise RuntimeError(f"{fault.name}: the shop never came back")
        took = time.time() - over
        passed = self.passages.since(self._mark)
        return Outcome(at, fault.name, tuple(map(str, passed)), round(took, 2), trouble or _wrong(fault, passed))

    def _works(self, fault: Fault | None, probe: str, seconds: float) -> bool:
        """Wait until the link has come through all it must, and a message that was written then has arrived."""

        def there() -> bool:
            passed = self.passages.since(self._mark)
            came = {(p.state, p.reason) for p in passed}
            if fault is not None and not came >= set(fault.passes):
                return False
            return self.passages.newest.state in STAYING and self._has(probe)

        try:
            return wait_until(there, seconds)
        except TimeoutError:
            return False

    @contextlib.contextmanager
    def _unanswered_pings(self, long_enough: bool) -> Iterator[None]:
        """Beside other faults, because it takes a minute: the server's silence is shown, and taken back."""
        if not long_enough or not self._is_wanted(PINGS):
            yield
            return
        watcher = threading.Thread(target=self._miss_pings)
        watcher.start()
        try:
            yield
        finally:
            watcher.join()

    def _miss_pings(self) -> None:
        mark, at, trouble = self.passages.newest.id, time.time() - self._began, None
        over = time.time()
        try:
            self.shop.wa.faults.stop_answering_pings()
            mark = self.passages.wait_for(LinkState.UNSTABLE, mark, PINGS_MISSED).id
            self.shop.wa.faults.resume_pings()
            over = time.time()
            self.passages.wait_for(LinkState.ONLINE, mark, PINGS_BACK)
        except TimeoutError as error:
            trouble = str(error)
        finally:
            self.shop.wa.faults.resume_pings()
        passed = tuple(str(p) for p in self.passages.since(mark - 1))
        self._tell(Outcome(at, PINGS, passed, round(time.time() - over, 2), trouble))

    def _has(self, wa_id: str) -> bool:
        with self.shop.database.read() as conn:
            return conn.execute(text("SELECT 1 FROM message WHERE wa_id = :id"), {"id": wa_id}).first() is not None

    def _tell(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        print(
            f"{outcome.at:6.0f} s  {outcome.name}: {outcome.violation or 'well'} after {outcome.recovered_s:.1f} s"
            f" ({', '.join(outcome.passed) or 'stayed'}); {len(self.traffic.written)} messages in,"
            f" {len(self.traffic.accepted)} replies",
            file=sys.stderr,
        )


def schedule(dice: random.Random, slots: int, faults: Sequence[Fault]) -> list[tuple[list[Fault], list[Fault]]]:
    """Stretches of gentle and hard faults that fill so many slots, every fault about equally often."""
    gentle = [f for f in faults if f in GENTLE]
    hard = [f for f in faults if f in HARD]
    rounds = max(1, round(slots / (REPEATS * len(faults))))
    plan, left = [], slots
    for i in range(rounds):
        size = left // (rounds - i)
        left -= size
        soft = round(size * len(gentle) / len(faults))
        plan.append((_pick(dice, gentle, soft), _pick(dice, hard, size - soft)))
    return plan


def _pick(dice: random.Random, faults: list[Fault], count: int) -> list[Fault]:
    picked: list[Fault] = []
    while faults and len(picked) < count:
        picked += dice.sample(faults, len(faults))
    return picked[:count]


def _wrong(fault: Fault, passed: Sequence[Passed]) -> str | None:
    """What the link should not have passed through."""
    nameless = [p for p in passed if (p.state, p.reason) not in SENTENCES]
    if nameless:
        return f"no sentence for {nameless[0]}"
    if fault.passes:
        wrong = [p for p in passed if p.state not in ON_THE_WAY and (p.state, p.reason) not in fault.passes]
    else:
        # a hard one may make the same session log in again
        wrong = [p for p in passed if p.state not in (ON_THE_WAY if fault in HARD else STAYING)]
    return f"passed {wrong[0]}" if wrong else None


class _Words:
    """What customers send: texts, now and then a picture or a voice note."""

    def __init__(self) -> None:
        self._slip = transfer_slip("Pelanggan", "Rp150.000", "22 Nov")
        self._voice = voice_note(2)

    def compose(self, customer: Customer, i: int) -> tuple[str, str]:
        """One message; voice notes have no words."""
        words = f"pesan {i}"
        if i % 15 == 7:
            return customer.send_image(self._slip, words, "image/png"), words
        if i % 40 == 11:
            return customer.send_voice(self._voice, 2), ""
        if i % 10 == 3:
            customer.typing()
        return customer.send_text(words), words
