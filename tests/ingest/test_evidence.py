"""What counts as a sighting of the phone, at which time, and what the worker makes of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from daemon.desk import primary_phone
from daemon.domain.ids import Address
from daemon.domain.links import LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
    Event,
    HistoryReceived,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Nothing,
    Origin,
    Reacted,
    ReceiptKind,
    ReceiptReceived,
    TypingChanged,
)
from daemon.domain.primary_phone import PhoneLimits, PhoneStep, Sighting, SightingKind
from daemon.ingest.commit import Ingest
from daemon.store import accounts, events, evidence, links
from daemon.store.engine import Database
from daemon.store.links import Link
from daemon.store.tables.core import account, contact
from daemon.whatsapp.translate import translate_message, translate_receipt
from tests.support.books import Books, dump
from tests.support.builders import BUDI, NOON, OURSELVES, day
from tests.whatsapp.test_translate import event as arrived
from tests.whatsapp.test_translate import source
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.protos import e2e, neonize

LIMITS = PhoneLimits()


def by(device: int, at: datetime = NOON, *, from_me: bool = True, party: object = BUDI) -> Origin:
    return Origin(party, from_me, device, at)  # type: ignore[arg-type]


def text(wa_id: str, origin: Origin, **more: bool) -> MessageReceived:
    return MessageReceived(wa_id, origin, MessageKind.TEXT, "halo", **more)


class Diary:
    """A linked shop with a phone, whose events and worker come at the test's times."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.account_id = Books(database).account_id
        with database.write() as conn:
            accounts.set_identity(conn, self.account_id, "62800", "999", 3, NOON)
        self._ingest = Ingest(database, self.account_id)

    def apply(self, event: Event, now: datetime) -> None:
        self._ingest.commit(event, now)

    def close(self) -> None:
        self._ingest._conn.close()

    def link(self) -> Link:
        with self.database.read() as conn:
            return links.get(conn, self.account_id)

    def becomes(self, *states: LinkState, now: datetime) -> None:
        with self.database.write() as conn:
            for state in states:
                assert links.set_state(conn, self.account_id, state, now)

    def online(self, now: datetime) -> None:
        self.becomes(LinkState.CONNECTING, LinkState.ONLINE, now=now)

    def look(self, now: datetime) -> PhoneStep:
        with self.database.write() as conn:
            primary_phone.tend(conn, self.account_id, LIMITS, now)
        return self.link().phone_step

    def seen(self) -> list[Sighting]:
        with self.database.read() as conn:
            return [one for one in evidence.every(conn, self.account_id) if one.kind != SightingKind.LINKED]

    def announced(self) -> int:
        with self.database.read() as conn:
            return events.last_seq(conn)

    def question(self, now: datetime) -> Address | None:
        with self.database.write() as conn:
            return primary_phone.take_ping(conn, self.account_id, now)


@pytest.fixture
def diary(database: Database) -> Iterator[Diary]:
    found = Diary(database)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (text("A", by(0, day(1))), SightingKind.MESSAGE),
        (text("A", by(0, day(1), party=OURSELVES)), SightingKind.MESSAGE),
        (MessageReceived("A", by(0, day(1)), MessageKind.UNREADABLE, None), SightingKind.MESSAGE),
        (MessageEdited("A", by(0, day(1)), "baru"), SightingKind.MESSAGE),
        (MessageRevoked("A", by(0, day(1))), SightingKind.MESSAGE),
        (Reacted("A", by(0, day(1)), "👍", False), SightingKind.MESSAGE),
        (ReceiptReceived(("A",), by(0, day(1)), ReceiptKind.SENDER), SightingKind.RECEIPT),
        (ReceiptReceived(("A",), by(0, day(1)), ReceiptKind.RETRY), SightingKind.RECEIPT),
        (ReceiptReceived(("A",), by(0, day(1)), ReceiptKind.READ_SELF), SightingKind.READ),
        (Nothing("between our own devices", Sighting(SightingKind.PEER, day(1))), SightingKind.PEER),
        (HistoryReceived((text("A", by(0, day(0.5))), text("B", by(0, day(1))))), SightingKind.HISTORY),
    ],
)
def test_what_the_phone_does_is_a_sighting_at_its_own_time(diary: Diary, event: Event, kind: SightingKind) -> None:
    # it comes two weeks late: we were off
    diary.apply(event, day(15))
    assert diary.seen() == [Sighting(kind, day(1))]
    before = dump(diary.database)["evidence"]
    diary.apply(event, day(16))
    assert dump(diary.database)["evidence"] == before


@pytest.mark.parametrize(
    "event",
    [
        text("A", by(7, day(1))),
        text("A", by(0, day(1), from_me=False)),
        text("A", by(0, day(1)), is_history=True),
        ReceiptReceived(("A",), by(7, day(1)), ReceiptKind.SENDER),
        ReceiptReceived(("A",), by(0, day(1), from_me=False), ReceiptKind.DELIVERED),
        TypingChanged(by(0, day(1), from_me=False), True),
        HistoryReceived(()),
        Nothing("protocol message"),
    ],
)
def test_what_others_do_is_none(diary: Diary, event: Event) -> None:
    diary.apply(event, day(2))
    assert diary.seen() == []


def test_a_time_in_the_future_is_the_arrivals(diary: Diary) -> None:
    diary.apply(text("A", by(0, day(300))), day(2))
    assert diary.seen() == [Sighting(SightingKind.MESSAGE, day(2))]


def test_an_older_sighting_that_comes_later_changes_nothing(diary: Diary) -> None:
    diary.apply(text("A", by(0, day(3))), day(3))
    diary.apply(text("B", by(0, day(1))), day(4))
    diary.apply(ReceiptReceived(("C",), by(0, day(2)), ReceiptKind.SENDER), day(4))
    assert diary.seen() == [Sighting(SightingKind.MESSAGE, day(3)), Sighting(SightingKind.RECEIPT, day(2))]


def test_our_own_question_read_on_the_phone_makes_nobody_a_customer(diary: Diary) -> None:
    for kind in (ReceiptKind.SENDER, ReceiptKind.READ_SELF, ReceiptKind.READ):
        diary.apply(ReceiptReceived(("PING",), by(0, day(11), party=OURSELVES), kind), day(11))
    with diary.database.read() as conn:
        assert conn.execute(select(contact.c.id)).all() == []
    assert {one.kind for one in diary.seen()} == {SightingKind.RECEIPT, SightingKind.READ}


def test_messages_between_own_devices_and_stories_show_the_phone(diary: Diary) -> None:
    own = "999@lid"
    peer = arrived(e2e.Message(), source(own, own, from_me=True), category="peer")
    assert translate_message(peer) == Nothing("between our own devices", Sighting(SightingKind.PEER, NOON))
    story = arrived(payload.text("promo"), source("status@broadcast", own, from_me=True))
    assert translate_message(story) == Nothing("not a person's chat", Sighting(SightingKind.MESSAGE, NOON))
    laptop = arrived(payload.text("promo"), source("status@broadcast", own, from_me=True, device=7))
    assert translate_message(laptop) == Nothing("not a person's chat")
    theirs = arrived(payload.text("promo"), source("status@broadcast", "551@lid"))
    assert translate_message(theirs) == Nothing("not a person's chat")


def test_a_story_watched_on_the_phone_shows_it_too() -> None:
    watched = neonize.Receipt(
        MessageSource=source("status@broadcast", "999@lid", from_me=True),
        MessageIDs=["A"],
        Timestamp=int(NOON.timestamp()),
        Type=neonize.Receipt.ReceiptType.READ_SELF,
    )
    assert translate_receipt(watched) == Nothing("a receipt outside chats", Sighting(SightingKind.READ, NOON))


def test_connecting_again_is_no_sighting_and_linking_is(diary: Diary) -> None:
    def linked_at() -> datetime | None:
        with diary.database.read() as conn:
            found: datetime | None = conn.execute(select(account.c.linked_at)).scalar_one()
            return found

    with diary.database.write() as conn:
        accounts.set_identity(conn, diary.account_id, "62800", "999", 3, day(5))
    assert linked_at() == NOON
    with diary.database.write() as conn:
        accounts.forget_identity(conn, diary.account_id)
        accounts.set_identity(conn, diary.account_id, "62800", "999", 3, day(20))
    assert linked_at() == day(20)
    diary.online(day(20))
    assert diary.look(day(26)) == PhoneStep.FINE


def test_each_step_is_announced_once_and_an_hour_writes_little(diary: Diary) -> None:
    diary.online(day(0))
    diary.look(day(0))
    shown = {}
    written = []
    for hour in range(15 * 24):
        before = diary.announced()
        for quarter in range(4):
            step = diary.look(day((hour + quarter / 4) / 24))
            shown.setdefault(step, hour / 24)
        written.append(diary.announced() - before)
    assert shown == {
        PhoneStep.FINE: 0,
        PhoneStep.QUIET: 7,
        PhoneStep.ASK: 10,
        PhoneStep.WARN: 12,
        PhoneStep.URGENT: 13,
        PhoneStep.PAST: 14,
    }
    assert max(written) <= 1


def test_the_phone_is_back_once(diary: Diary) -> None:
    diary.online(day(0))
    for i in range(13):
        diary.look(day(i))
    assert diary.link().phone_step == PhoneStep.WARN
    diary.apply(text("A", by(0, day(12.5))), day(12.5))
    assert (diary.look(day(12.6)), diary.link().phone_back_at) == (PhoneStep.FINE, day(12.6))
    assert (diary.look(day(13)), diary.link().phone_back_at) == (PhoneStep.FINE, day(12.6))
    assert (diary.link().phone_seen_at, diary.link().phone_seen_by) == (day(12.5), SightingKind.MESSAGE)


def test_a_late_receipt_of_long_ago_is_not_the_phone_coming_back(diary: Diary) -> None:
    diary.online(day(0))
    for i in range(13):
        diary.look(day(i))
    diary.apply(ReceiptReceived(("A",), by(0, day(1)), ReceiptKind.SENDER), day(12.5))
    assert (diary.look(day(12.6)), diary.link().phone_back_at) == (PhoneStep.ASK, None)


def test_nobody_is_alarmed_while_the_backlog_is_still_to_come(diary: Diary) -> None:
    diary.online(day(0))
    diary.look(day(0))
    diary.becomes(LinkState.STOPPED, now=day(0.1))
    assert diary.look(day(21)) == PhoneStep.FINE
    diary.becomes(LinkState.CONNECTING, LinkState.CATCHING_UP, now=day(21))
    assert diary.look(day(21)) == PhoneStep.FINE
    # a receipt that waited for three weeks; then the backlog ends
    diary.apply(ReceiptReceived(("A",), by(0, day(2)), ReceiptKind.SENDER), day(21))
    diary.becomes(LinkState.ONLINE, now=day(21.01))
    assert diary.look(day(21.01)) == PhoneStep.ASK
    assert diary.question(day(21.01)) == Address("999", "lid")
    assert diary.look(day(21.9)) == PhoneStep.ASK
    assert diary.look(day(22.1)) == PhoneStep.PAST


def test_a_clock_that_goes_back_alarms_nobody_and_asks_no_flood(diary: Diary) -> None:
    diary.online(day(0))
    for i in range(12):
        diary.look(day(i))
    assert diary.question(day(11)) is not None
    assert diary.question(day(11.5)) is None
    assert diary.look(day(5)) == PhoneStep.FINE
    assert diary.look(day(11.2)) in (PhoneStep.FINE, PhoneStep.ASK)
    assert diary.question(day(11.2)) is None


def test_a_question_that_could_not_leave_is_asked_soon_again(diary: Diary) -> None:
    diary.online(day(0))
    for i in range(12):
        diary.look(day(i))
    assert diary.question(day(11)) is not None
    with diary.database.write() as conn:
        primary_phone.put_ping_back(conn, diary.account_id, day(11))
    assert diary.question(day(11) + timedelta(minutes=9)) is None
    assert diary.question(day(11) + timedelta(minutes=10)) is not None


def test_an_unlinked_shop_misses_no_phone(diary: Diary) -> None:
    diary.online(day(0))
    for i in range(14):
        diary.look(day(i))
    assert diary.link().phone_step == PhoneStep.URGENT
    with diary.database.write() as conn:
        accounts.forget_identity(conn, diary.account_id)
    assert diary.look(day(13)) == PhoneStep.FINE
    assert diary.link().phone_back_at is None
    assert diary.question(day(13)) is None
