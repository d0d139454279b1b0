"""Real conversations that admins, the bot and the phone all answer: how often does a customer get two answers?

Customers write on the wire; admins answer through HTTP what they see open; the bot is the real one; the phone
answers at random times, unless its owner has seen an answer there. Each question is judged when everything
about it has come to rest, by what the customer's device has received.
"""

import argparse
import itertools
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from daemon.desk import settings
from daemon.desk.bot import rules
from daemon.domain.desk import THE_DESK
from daemon.domain.time import utc_now
from tests.bench.browser_admin import BrowserAdmin
from tests.support.shop import PASSWORD, Shop, open_shop
from tests.whatsapp_server.actors.customer import Customer

TEAM = ("Sari", "Budi", "Dewi", "Rina")
# the bot knows these words
FOR_THE_BOT = "jam buka?"
BOT_SHARE, SECOND_SHARE, THIRD_SHARE, PHONE_SHARE = 0.3, 0.5, 0.15, 0.2
# seconds in which people answer; the bot speaks after about one
PACE = 2.5
# The two clocks of a crossing are read before one commit and inside another: a lock's wait apart.
LOCK_WAIT_MS = 250
GIVEN_UP_AFTER = 60.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--turns` questions by `--customers` at the same time, `--seed` for another day."""
    parser.add_argument("--turns", type=int, default=1000)
    parser.add_argument("--customers", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Counts over all turns; windows in milliseconds."""
    quiet = {"BALAS_LOG_LEVEL": "WARNING"}
    with tempfile.TemporaryDirectory() as folder, open_shop(Path(folder), quiet) as shop:
        _open_the_bot(shop)
        team = [BrowserAdmin(shop.config.url, shop.add_admin(name), PASSWORD) for name in TEAM]
        started = time.monotonic()
        race = Race(shop, team, options)
        race.run()
        seconds = time.monotonic() - started
        return race.figures() | {"seconds": round(seconds, 1), "turns_per_second": round(race.judged / seconds, 1)}


def _open_the_bot(shop: Shop) -> None:
    with shop.database.write() as conn:
        now = utc_now()
        settings.save(conn, shop.account_id, {"bot": True, "grace": 1, "again_after": 0}, THE_DESK, now)
        rules.save(conn, shop.account_id, None, "jam", "Buka 9-17, {name}", True, True, THE_DESK, now)


@dataclass
class Chat:
    """One customer and what is going on about his newest question."""

    customer: Customer
    id: int
    question: int = 0
    asked_at: float = 0.0
    # messages up to this one are older than the question
    base: int = 0
    # what he had received, and what the phone had seen, before it
    received: int = 0
    seen_on_phone: int = 0
    from_phone: int = 0
    attempts: list[Future[None]] = field(default_factory=list)
    begun: bool = False
    phone_wrote_at: float | None = None


@dataclass(frozen=True)
class Crossing:
    """A customer got the phone's answer and ours; milliseconds since somebody pressed send on the phone.

    `ours_left_after` is below zero if ours left first, but had not been seen on the phone yet.
    """

    ours_left_after: float
    theirs_reached_us_after: float


@dataclass(frozen=True)
class Row:
    """One message of our account in the shop's books, since a question."""

    wa_id: str | None
    author: str
    admin_id: int | None
    state: str | None
    sending_at: int | None
    arrived_at: int


class Race:
    """Keeps all conversations going and judges each turn."""

    def __init__(self, shop: Shop, team: Sequence[BrowserAdmin], options: argparse.Namespace) -> None:
        self.shop, self.team, self.wanted = shop, team, options.turns
        self.dice = random.Random(options.seed)
        self.asked = self.judged = self._phone_read = 0
        self.counts: Counter[str] = Counter()
        self.crossings: list[Crossing] = []
        self._on_phone: Counter[str] = Counter()
        self._eyes = threading.Lock()
        people = min(options.customers, options.turns)
        self.chats = [Chat(shop.wa.add_customer(f"Pelanggan {n}"), n) for n in range(people)]
        self._by_lid = {chat.customer.lid: chat for chat in self.chats}
        # enough hands for everybody who is about to write
        self._pool = ThreadPoolExecutor(max(16, 2 * people))

    def run(self) -> None:
        """Ask until all turns are asked, and wait until the last one is at rest."""
        with self._pool:
            for chat in self.chats:
                self._ask(chat)
            for look in itertools.count(1):
                busy = [chat for chat in self.chats if chat.question]
                if not busy:
                    return
                self._look(busy)
                if look % 200 == 0:
                    print(f"{self.judged} of {self.wanted} turns: {dict(self.counts)}", file=sys.stderr)
                time.sleep(0.05)

    def _ask(self, chat: Chat) -> None:
        chat.question = 0
        if self.asked == self.wanted:
            return
        self.asked += 1
        chat.question, chat.begun, chat.phone_wrote_at, chat.attempts = self.asked, False, None, []
        with self.shop.database.read() as conn:
            chat.base = conn.execute(text("SELECT coalesce(max(id), 0) FROM message")).scalar_one()
        chat.received = len(chat.customer.received)
        self._read_phone()
        chat.seen_on_phone = self._on_phone[chat.customer.lid]
        chat.asked_at = time.monotonic()
        words = FOR_THE_BOT if self.dice.random() < BOT_SHARE else "ada stok?"
        chat.customer.send_text(f"{words} #{chat.question}")

    def _look(self, busy: list[Chat]) -> None:
        self._read_phone()
        # asked before the books are read: whoever has finished is in them
        finished = {chat.id for chat in busy if all(attempt.done() for attempt in chat.attempts)}
        with self.shop.database.read() as conn:
            waiting = self._open_turns(conn)
            rows = self._rows(conn, min(chat.base for chat in busy))
        for chat in busy:
            ours = [row for message_id, row in rows.get(chat.customer.lid, []) if message_id > chat.base]
            if chat.customer.lid in waiting:
                if chat.id in finished:
                    self._let_people_answer(chat, *waiting[chat.customer.lid])
                chat.begun = True
            elif chat.begun and chat.id in finished and self._is_at_rest(chat, ours):
                self._judge(chat, ours)
                self._ask(chat)
            elif time.monotonic() - chat.asked_at > GIVEN_UP_AFTER:
                self.counts["never_at_rest"] += 1
                self._judge(chat, ours)
                self._ask(chat)

    def _let_people_answer(self, chat: Chat, *view: int) -> None:
        """Who sees the turn open begins to write, each at his own pace; after a first round, somebody at once."""
        again = bool(chat.attempts)
        dice = self.dice
        hands = 1 + (not again) * ((dice.random() < SECOND_SHARE) + (dice.random() < THIRD_SHARE))
        for admin in dice.sample(self.team, hands):
            pause = 0.0 if again else dice.uniform(0, PACE)
            chat.attempts.append(self._pool.submit(self._admin, chat, admin, pause, *view))
        if not again and dice.random() < PHONE_SHARE:
            chat.attempts.append(self._pool.submit(self._phone, chat, dice.uniform(0, PACE)))

    def _admin(self, chat: Chat, admin: BrowserAdmin, pause: float, *view: int) -> None:
        """He writes for a while, then sends; if somebody was faster he leaves it at that."""
        time.sleep(pause)
        code = admin.answer(*view, f"dari {admin.username} #{chat.question}")
        self.counts[{201: "accepted", 409: "refused"}.get(code, f"http_{code}")] += 1

    def _phone(self, chat: Chat, pause: float) -> None:
        """Somebody answers on the phone, unless he sees there that it is done."""
        time.sleep(pause)
        self._read_phone()
        if self._on_phone[chat.customer.lid] > chat.seen_on_phone:
            return
        chat.phone_wrote_at = time.time() * 1000
        self.shop.wa.phone.send_text(chat.customer, f"dari HP #{chat.question}")
        chat.from_phone += 1

    def _read_phone(self) -> None:
        """Notice the copies of our answers that the phone has got."""
        with self._eyes:
            new = self.shop.wa.phone.received[self._phone_read :]
            self._phone_read += len(new)
            for message in new:
                user = self.shop.wa.network.user_of(message.chat) if message.from_me else None
                if user is not None:
                    self._on_phone[user.lid] += 1

    def _open_turns(self, conn: Connection) -> dict[str, tuple[int, int, int]]:
        """Conversation, turn and newest message of each customer who waits, by his LID."""
        rows = conn.execute(
            text(
                "SELECT contact.lid, turn.conversation_id, turn.id, (SELECT max(message.id) FROM message"
                " WHERE message.conversation_id = turn.conversation_id) FROM turn"
                " JOIN conversation ON conversation.id = turn.conversation_id"
                " JOIN contact ON contact.id = conversation.contact_id WHERE turn.closed_at IS NULL"
            )
        )
        return {lid: (conversation_id, turn_id, shown) for lid, conversation_id, turn_id, shown in rows}

    def _rows(self, conn: Connection, base: int) -> dict[str, list[tuple[int, Row]]]:
        """Our account's newer messages by the customer's LID, each with its id."""
        found: dict[str, list[tuple[int, Row]]] = {}
        rows = conn.execute(
            text(
                "SELECT contact.lid, message.id, message.wa_id, message.author, message.admin_id,"
                " outbox.state, outbox.sending_at, message.arrived_at FROM message"
                " JOIN contact ON contact.id = message.contact_id"
                " LEFT JOIN outbox ON outbox.message_id = message.id"
                " WHERE message.id > :base AND message.from_me"
            ),
            {"base": base},
        )
        for lid, message_id, *columns in rows:
            found.setdefault(lid, []).append((message_id, Row(*columns)))
        return found

    def _is_at_rest(self, chat: Chat, rows: list[Row]) -> bool:
        """Nothing is under way, and what has left has arrived everywhere."""
        if any(row.state in ("queued", "sending") for row in rows):
            return False
        arrived = sum(row.state in ("sent", None) for row in rows)
        phones = sum(row.author == "phone" for row in rows)
        return (
            phones == (chat.phone_wrote_at is not None) and len(chat.customer.received) - chat.received == arrived
        )

    def _judge(self, chat: Chat, rows: list[Row]) -> None:
        """Count what the customer has got for his question."""
        for attempt in chat.attempts:
            attempt.result()
        self.judged += 1
        known = {row.wa_id: row for row in rows}
        got = [known.get(message.id) for message in chat.customer.received[chat.received :]]
        self.counts["strays"] += got.count(None)
        answers = [row for row in got if row is not None]
        ours = [row for row in answers if row.author != "phone"]
        theirs = [row for row in answers if row.author == "phone"]
        for row in answers:
            self.counts[f"by_{row.author}"] += 1
        self.counts["held"] += sum(row.state == "held" for row in rows)
        self.counts["cancelled"] += sum(row.state == "cancelled" for row in rows)
        self.counts["uncertain"] += sum(row.state == "uncertain" for row in rows)
        self.counts["unanswered"] += not answers
        if len(ours) > 1:
            self._twice(chat, len(ours) - 1, ours)
        if ours and theirs:
            self._crossed(chat, ours, theirs[0])

    def _crossed(self, chat: Chat, ours: list[Row], theirs: Row) -> None:
        left = max(row.sending_at or 0 for row in ours)
        if left - theirs.arrived_at > LOCK_WAIT_MS:
            self._twice(chat, 1, [*ours, theirs])  # it was here already: ours should have waited
            return
        assert chat.phone_wrote_at is not None
        self.counts["phone_overlaps"] += 1
        reached = theirs.arrived_at - chat.phone_wrote_at
        self.crossings.append(Crossing(left - chat.phone_wrote_at, reached))

    def _twice(self, chat: Chat, count: int, rows: list[Row]) -> None:
        self.counts["duplicates"] += count
        print(f"question {chat.question} was answered twice: {rows}", file=sys.stderr)

    def figures(self) -> dict[str, Any]:
        """The result so far."""
        windows = sorted(abs(one.ours_left_after) for one in self.crossings)
        worst = max(self.crossings, key=lambda one: abs(one.ours_left_after), default=None)
        names = ("duplicates", "phone_overlaps", "unanswered", "refused", "held", "cancelled", "uncertain")
        return {
            "bench": "race",
            "turns": self.judged,
            **{name: self.counts[name] for name in names},
            "answered_by": {
                name: self.counts[f"by_{name}"] for name in ("admin", "bot", "phone") if self.counts[f"by_{name}"]
            },
            "window_ms": {
                "median": round(statistics.median(windows), 1) if windows else None,
                "p95": round(windows[int(len(windows) * 0.95)], 1) if windows else None,
                "max": round(windows[-1], 1) if windows else None,
            },
            "worst": {name: round(ms, 1) for name, ms in asdict(worst).items()} if worst else None,
            "never_at_rest": self.counts["never_at_rest"],
            "strays": self.counts["strays"],
            "other_responses": {name: n for name, n in self.counts.items() if name.startswith("http_")},
            "customers": len(self.chats),
            "admins": len(self.team),
        }
