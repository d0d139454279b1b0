"""What happens at the edge: each in a few seconds, lifted again by itself, seen from outside."""

import random
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from auth_store.files import session_file
from daemon.domain.links import LinkState
from tests.bench.browser_admin import BrowserAdmin
from tests.bench.traffic import Traffic
from tests.support.moved_shop import DAY, MovedShop
from tests.support.slow_disk import slow_disk
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.server.media_host import Manner
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.media import MediaKind

# seconds that the shop's clock is ahead of WhatsApp's
LEADS = (0, -60, 60, -300, 300, -DAY, DAY)
# seconds in which the shop must work again
PATIENCE = 120.0
# bytes of an attachment that says it has a thousand, and of a text
LIE, LONG_TEXT = 80_000_000, 3_000_000
# seconds that another program keeps the database, and that acknowledgements stay away
LOCKED, ACKS_AWAY = 20.0, 17.0
# a keys' file that the next life makes anew is looked for so often
SLOW_FOR = 5.0


class EdgeStage:
    """What an edge may touch: the shop, its WhatsApp, its customers."""

    def __init__(self, shop: MovedShop, traffic: Traffic, owner: BrowserAdmin, seed: int) -> None:
        self.shop, self.traffic, self.owner, self.wa = shop, traffic, owner, shop.wa
        self.dice = random.Random(seed)
        self.hostile = traffic.add_other("Musuh")
        self.liar = traffic.add_other("Bohong")

    def wait_until_it_works(self) -> None:
        """Wait until replies may leave and the inbox answers."""
        self.shop.wait_for(LinkState.ONLINE, PATIENCE)
        wait_until(self._page_opens, PATIENCE, "a page")

    def _page_opens(self) -> bool:
        try:
            return self.owner.look("/link") == 200
        except OSError:
            return False

    def comes_to_peace(self) -> None:
        """Lift whatever is left."""
        self.shop.sets_only_its_clock(0)
        self.wa.faults.release_acks()
        self.wa.phone.go_online()
        self.wait_until_it_works()

    def waiting(self) -> list[Customer]:
        """Customers whose turn is open."""
        words = "SELECT contact.lid FROM turn JOIN conversation ON conversation.id = turn.conversation_id"
        words += " JOIN contact ON contact.id = conversation.contact_id WHERE turn.closed_at IS NULL"
        with self.shop.database.read() as conn:
            lids = set(conn.execute(text(words)).scalars())
        return [customer for customer in self.traffic.customers if customer.lid in lids]

    @contextmanager
    def slow_keys(self) -> Iterator[None]:
        """Each write to the session's keys waits for a lock, also to those of the next life."""
        over = threading.Event()

        def hold() -> None:
            while not over.is_set():
                with suppress(sqlite3.Error), slow_disk(self._keys()):
                    over.wait(SLOW_FOR)
                over.wait(0.1)

        thread = threading.Thread(target=hold, name="slow keys")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _keys(self) -> Path:
        return session_file(self.shop.config.data, self.shop.account_id)


@dataclass(frozen=True, slots=True)
class Edge:
    """One thing that happens."""

    name: str
    do: Callable[[EdgeStage], object]


def _burst(stage: EdgeStage) -> None:
    for customer in stage.dice.sample(stage.traffic.customers, 8):
        words = [f"deras {secrets.token_hex(4)}" for _ in range(10)]
        for wa_id, said in zip(customer.release(customer.prepare_texts(words)), words, strict=True):
            stage.traffic.written[wa_id] = said


def _clock(stage: EdgeStage) -> None:
    stage.shop.sets_only_its_clock(stage.dice.choice(LEADS))
    time.sleep(2)


def _phone_answers(stage: EdgeStage) -> None:
    for customer in stage.waiting()[:5]:
        stage.wa.phone.send_text(customer, f"dari HP {secrets.token_hex(3)}")


def _phone_takes_back(stage: EdgeStage) -> None:
    for customer in stage.waiting()[:2]:
        wa_id = stage.wa.phone.send_text(customer, f"salah kirim {secrets.token_hex(3)}")
        time.sleep(0.5)
        stage.wa.phone.revoke(customer, wa_id)


def _phone_answers_while_offline(stage: EdgeStage) -> None:
    stage.wa.faults.refuse_logins()
    stage.wa.faults.drop_connection()
    wait_until(lambda: stage.shop.link().state == LinkState.OFFLINE, PATIENCE)
    _phone_answers(stage)
    time.sleep(2)
    stage.wa.faults.accept_logins()


def _uncertain(stage: EdgeStage) -> None:
    """Replies leave and are not acknowledged; their receipts come with the backlog."""
    away = stage.dice.sample(stage.traffic.customers, 10)
    # who is away writes nothing
    with stage.traffic.quiet():
        stage.wa.phone.go_offline()
        for customer in away:
            customer.go_offline()
        stage.wa.faults.hold_acks()
        time.sleep(3)
        stage.wa.faults.refuse_logins()
        stage.wa.faults.drop_connection()
        wait_until(lambda: stage.shop.link().state == LinkState.OFFLINE, PATIENCE)
        time.sleep(4)
        for customer in away:
            customer.go_online()
        stage.wa.phone.go_online()
    stage.wa.faults.release_acks()
    time.sleep(1)
    stage.wa.faults.accept_logins()


def _acks_stay_away(stage: EdgeStage) -> None:
    stage.wa.faults.hold_acks()
    time.sleep(ACKS_AWAY)
    stage.wa.faults.release_acks()


def _kill(role: str) -> Callable[[EdgeStage], None]:
    def do(stage: EdgeStage) -> None:
        old = stage.shop.pid(role)
        if old is not None:
            stage.shop.kill(role)
            stage.shop.wait_for_successor(role, old, PATIENCE)

    return do


def _linked_anew(stage: EdgeStage) -> None:
    with stage.traffic.quiet():
        # what WhatsApp still has for a device that is gone, it throws away
        wait_until(lambda: stage.wa.waiting() == 0, PATIENCE, "an empty mailbox")
        time.sleep(2)
        stage.wa.phone.unlink()
        stage.shop.wait_for(LinkState.LOGGED_OUT, PATIENCE)
        _phone_answers(stage)
        stage.wa.phone.scan(wait_until(lambda: _code(stage), PATIENCE, "a code"))
        stage.shop.wait_for(LinkState.ONLINE, PATIENCE)


def _code(stage: EdgeStage) -> str | None:
    with suppress(OSError):
        stage.owner.look("/link")
    time.sleep(0.5)
    return stage.shop.link().qr


def _hostile(stage: EdgeStage) -> None:
    def conversation(data: bytes) -> bytes:
        # no two alike, or they would be counted as kept twice
        words = secrets.token_hex(4).encode() + data
        return b"\x0a" + _varint(len(words)) + words

    contents = [
        conversation(b"\xff\xfe halo \xc3\x28"),
        conversation(b"nol\x00nol"),
        conversation(b"\xed\xa0\x80 sendiri"),
        conversation(b"A" * LONG_TEXT),
        b"\xff\xff\xff\xff no message at all",
        b"",
    ]
    for content in contents:
        stage.traffic.written[stage.hostile.send_content(content)] = ""
    stage.traffic.written[stage.hostile.send_content(conversation(b"x"), encryption="msmsg2")] = ""
    promo = f"promo kawan {secrets.token_hex(4)}"
    stage.traffic.written[stage.hostile.send_by_broadcast_list(promo)] = promo
    words = f"dan ini? {secrets.token_hex(4)}"
    stage.traffic.written[stage.hostile.send_text(words)] = words


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(found + bytes([number]))


def _lied_size(stage: EdgeStage) -> None:
    media, path = stage.liar.upload(bytes(LIE), MediaKind.DOCUMENT)
    stage.wa.loop.call(stage.wa.endpoint.media.treat, path, Manner(chunked=True))
    message = payload.document(media, path, name="kuitansi.pdf", mimetype="application/pdf")
    message.documentMessage.fileLength = 1000
    stage.traffic.written[stage.liar.send_raw(message)] = ""
    time.sleep(3)


def _locked_database(stage: EdgeStage) -> None:
    with closing(sqlite3.connect(stage.shop.database.path, isolation_level=None, timeout=30)) as conn:
        conn.execute("BEGIN IMMEDIATE")
        time.sleep(LOCKED)
        conn.execute("ROLLBACK")


def _customer_forgets_keys(stage: EdgeStage) -> None:
    stage.dice.choice(stage.traffic.customers).lose_sessions()


EDGES = (
    Edge("customers write in a burst", _burst),
    Edge("another burst", _burst),
    Edge("the clock is set", _clock),
    Edge("the phone answers", _phone_answers),
    Edge("the phone answers and takes it back", _phone_takes_back),
    Edge("the phone answers while the link is down", _phone_answers_while_offline),
    Edge("replies are uncertain, and their receipts come late", _uncertain),
    Edge("acknowledgements stay away", _acks_stay_away),
    Edge("the session is killed", _kill("session")),
    Edge("the session is killed again", _kill("session")),
    Edge("the inbox is killed", _kill("worker")),
    Edge("the number is linked anew", _linked_anew),
    Edge("hostile bytes", _hostile),
    Edge("an attachment lies about its size", _lied_size),
    Edge("the database is locked for 20 s", _locked_database),
    Edge("a customer has lost his keys", _customer_forgets_keys),
)
