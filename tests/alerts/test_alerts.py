"""Alerts from the books to the services outside: decided once, delivered from rows, whatever ends in between."""

import io
import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from daemon.alerts import channels, evaluate
from daemon.alerts.channels import ChannelError
from daemon.alerts.delivery import BACK_OFF, AlertDelivery
from daemon.alerts.facts import Machine
from daemon.alerts.message import AlertWriter
from daemon.commands import alert
from daemon.config import Config
from daemon.desk import settings
from daemon.domain.alerts import RULES, About, Alert, AlertChoices, AlertKind, News
from daemon.domain.desk import THE_DESK
from daemon.domain.hours import Hours, Span
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.primary_phone import PhoneStep
from daemon.maintenance import nightly_backup
from daemon.store import accounts, alerts, links
from daemon.store.tables.alerts import alert_delivery
from tests.support.alert_receiver import Receiver, mailbox, receiver
from tests.support.books import Books
from tests.support.builders import NOON, lid
from tests.support.shop import free_port
from tests.support.waiting import wait_until

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass
class WatchedShop:
    """A shop's books, looked after at given times."""

    books: Books
    config: Config
    now: datetime = NOON
    inbox_answers: bool = True
    machine: Machine = field(init=False)
    delivery: AlertDelivery = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Another supervisor, which knows only what is in the books."""
        self.machine = Machine(self.config, self.books.database, self.now, lambda: self.inbox_answers)
        self.delivery = AlertDelivery(self.books.database)

    def link(self, state: LinkState, reason: LinkReason = LinkReason.NONE, **values: object) -> None:
        with self.books.database.write() as conn:
            if state == LinkState.ONLINE:
                accounts.set_identity(conn, self.books.account_id, "62812", "9", 4, self.now)
                links.set_state(conn, self.books.account_id, LinkState.CONNECTING, self.now)
            links.set_state(conn, self.books.account_id, state, self.now, reason, **values)

    def look(self) -> None:
        with self.books.database.read() as conn:
            found = evaluate.changes(conn, self.machine, self.now)
        if found:
            with self.books.database.write() as conn:
                evaluate.tend(conn, self.machine, AlertWriter(self.config), self.now)

    def pass_time(self, time: timedelta, every: timedelta = MINUTE) -> None:
        """Looks at everything, and sends what is due, again and again."""
        end = self.now + time
        while self.now < end:
            self.look()
            if self.waiting():
                self.deliver()
            self.now += every

    def deliver(self) -> None:
        """Send what is due now, until nothing is under way."""

        def is_done() -> bool:
            before = self.waiting()
            self.delivery.go(self.now)
            return not self.delivery.is_busy and self.waiting() == before

        wait_until(is_done)

    def waiting(self) -> list[alerts.AlertPost]:
        with self.books.database.read() as conn:
            return alerts.waiting(conn)

    def add(self, url: str) -> int:
        address = channels.parse(url)
        with self.books.database.write() as conn:
            return alerts.add_channel(conn, address.url, address.service, address.shown, self.now)

    def channel(self, channel_id: int) -> alerts.Channel:
        with self.books.database.read() as conn:
            found = alerts.channel(conn, channel_id)
        assert found is not None
        return found

    def states(self) -> list[str]:
        with self.books.database.read() as conn:
            return list(conn.execute(select(alert_delivery.c.state).order_by(alert_delivery.c.id)).scalars())


@pytest.fixture
def shop(books: Books, tmp_path: Path) -> WatchedShop:
    found = {
        "BALAS_DATA": str(tmp_path),
        "BALAS_SHOP": "Toko Kita",
        "BALAS_LANGUAGE": "en",
        "BALAS_BACKUP_KEEP": "0",
    }
    return WatchedShop(books, Config.from_env(found))


@pytest.fixture
def outside() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def test_an_unlinked_account_is_told_once_with_what_to_do_and_its_return_once(
    shop: WatchedShop, outside: Receiver
) -> None:
    shop.link(LinkState.ONLINE)
    shop.add(outside.url)
    shop.pass_time(5 * MINUTE)
    assert outside.messages == []
    shop.link(LinkState.LOGGED_OUT, LinkReason.UNLINKED_BY_PHONE)
    shop.pass_time(30 * MINUTE)
    shop.restart()
    shop.pass_time(30 * MINUTE)
    shop.link(LinkState.PAIRING)
    shop.pass_time(5 * MINUTE)
    shop.link(LinkState.ONLINE)
    shop.pass_time(5 * MINUTE)
    assert outside.titles == ["Toko Kita: The number is no longer linked", "Toko Kita: All clear"]
    assert outside.messages[0]["message"].splitlines() == [
        "Somebody removed Balas from the linked devices of the shop's phone.",
        "Conversations that are here stay here. New messages reach only the phone for now.",
        "What to do now: Link the number again: scan a new code with the shop's phone.",
        "Since: 22/11/2026 12:05.",
    ]
    assert outside.messages[1]["message"].splitlines() == [
        "The link to WhatsApp is back: messages come in and replies go out.",
        "It had begun: 22/11/2026 12:05.",
    ]


def test_a_fortnight_of_flapping_and_crashes_is_a_few_messages(shop: WatchedShop, outside: Receiver) -> None:
    shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    dice = random.Random(7)
    for day in range(14):
        # an hour in which the link comes and goes, with a crash at any moment
        for _ in range(12):
            shop.link(LinkState.OFFLINE, LinkReason.NETWORK)
            shop.pass_time(3 * MINUTE)
            if dice.random() < 0.3:
                shop.look()
                shop.restart()
            shop.link(LinkState.ONLINE)
            shop.pass_time(2 * MINUTE)
        shop.pass_time(20 * MINUTE)
        assert outside.titles == ["Toko Kita: No connection to WhatsApp", "Toko Kita: All clear"] * (day + 1)
        shop.now += DAY - 80 * MINUTE
    assert set(shop.states()) == {"sent"}


def test_an_alert_that_can_t_be_written_holds_up_no_other(shop: WatchedShop, outside: Receiver) -> None:
    shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    with shop.books.database.write() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER broken BEFORE INSERT ON alert WHEN new.about = 'phone'"
            " BEGIN SELECT RAISE(ABORT, ''); END"
        )
        links.change(conn, shop.books.account_id, shop.now, phone_step=PhoneStep.WARN.value)
    shop.link(LinkState.BANNED, retry_at=NOON + DAY)
    shop.pass_time(MINUTE)
    assert [title.removeprefix("Toko Kita: ") for title in outside.titles] == ["WhatsApp restricts the number"]


def test_each_step_of_the_phones_ladder_goes_out_and_its_return(shop: WatchedShop, outside: Receiver) -> None:
    shop.add(outside.url)
    shop.link(LinkState.ONLINE)

    def step(to: PhoneStep) -> None:
        with shop.books.database.write() as conn:
            links.change(conn, shop.books.account_id, shop.now, phone_step=to.value)

    for to, days in (
        (PhoneStep.QUIET, 3),
        (PhoneStep.ASK, 2),
        (PhoneStep.WARN, 1),
        (PhoneStep.URGENT, 1),
        (PhoneStep.PAST, 0.5),
    ):
        step(to)
        shop.pass_time(days * DAY, timedelta(hours=4))
    step(PhoneStep.FINE)
    shop.pass_time(MINUTE)
    assert [title.removeprefix("Toko Kita: ") for title in outside.titles] == [
        "Phone is quiet",
        "Still: Phone is quiet",
        "Still: Phone is quiet",
        "Asking the phone",
        "Still: Asking the phone",
        "Phone is missing",
        "Phone needed today",
        "Phone needed now",
        "All clear",
    ]
    assert "Last seen: 22/11/2026 12:00, when the number was linked." in outside.messages[0]["message"]
    assert outside.messages[-1]["message"].startswith("The shop's phone is back.")


def test_a_ban_says_until_when_and_two_accounts_are_told_apart(shop: WatchedShop, outside: Receiver) -> None:
    with shop.books.database.write() as conn:
        accounts.ensure(conn, "Cabang Bandung", NOON)
    shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    shop.link(LinkState.BANNED, retry_at=NOON + DAY)
    shop.pass_time(MINUTE)
    assert outside.titles == ["Toko Kita (main): WhatsApp restricts the number"]
    assert "Until: 23/11/2026 12:00." in outside.messages[0]["message"]


def test_customers_who_wait_are_counted_but_not_named_and_only_within_opening_hours(
    shop: WatchedShop, outside: Receiver
) -> None:
    shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    nine_to_one = tuple((Span(9 * 60, 13 * 60),) for _ in range(7))
    with shop.books.database.write() as conn:
        settings.save(conn, shop.books.account_id, {"hours": Hours(nine_to_one)}, THE_DESK, NOON)
    shop.books.waiting(lid("628111"), "rahasia sekali")
    shop.books.waiting(lid("628222"), "halo?")
    shop.pass_time(29 * MINUTE)
    assert outside.messages == []
    shop.pass_time(60 * MINUTE)
    assert outside.titles == ["Toko Kita: Customers are waiting"]
    body = outside.messages[0]["message"]
    assert body.startswith("Customers who have waited for an answer for more than 30 minutes: 2.")
    assert "628" not in body
    assert "rahasia" not in body
    # closed: neither an all-clear nor a reminder at night, but one in the morning
    shop.pass_time(19 * 60 * MINUTE, 10 * MINUTE)
    assert len(outside.messages) == 1
    shop.pass_time(5 * 60 * MINUTE, 10 * MINUTE)
    assert outside.titles[1:] == ["Toko Kita: Still: Customers are waiting"]


def test_what_the_owner_does_not_want_to_hear_of_is_not_told(shop: WatchedShop, outside: Receiver) -> None:
    shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    with shop.books.database.write() as conn:
        alerts.choose(conn, AlertChoices(3, None, frozenset({AlertKind.INBOX})))
        assert alerts.choices(conn) == AlertChoices(3, None, frozenset({AlertKind.INBOX}))
    shop.inbox_answers = False
    shop.books.waiting(lid("1"))
    shop.link(LinkState.OFFLINE, LinkReason.NETWORK)
    shop.pass_time(60 * MINUTE)
    assert outside.titles == ["Toko Kita: No connection to WhatsApp"]


def test_a_backup_that_failed_is_told_and_the_next_good_one(
    shop: WatchedShop, outside: Receiver, tmp_path: Path
) -> None:
    shop.add(outside.url)
    shop.config = Config.from_env(
        {
            "BALAS_DATA": str(tmp_path),
            "BALAS_SHOP": "Toko Kita",
            "BALAS_LANGUAGE": "id",
            "BALAS_URL": "https://toko.id",
        }
    )
    shop.restart()
    shop.link(LinkState.ONLINE)
    (tmp_path / "backups").mkdir()

    def last(reason: str | None, good_at: datetime | None) -> None:
        nightly_backup._remember(tmp_path, nightly_backup.LastBackup(shop.now, reason, None, None, good_at))

    last("disk_full", NOON - DAY)
    shop.pass_time(3 * DAY, timedelta(hours=8))
    last(None, shop.now)
    shop.pass_time(MINUTE)
    assert [title.removeprefix("Toko Kita: ") for title in outside.titles] == [
        "Pencadangan gagal",
        "Masih: Pencadangan gagal",
        "Sudah berhari-hari tanpa cadangan",
        "Sudah beres",
    ]
    # somebody outside can open this address
    assert outside.messages[0]["message"].endswith("https://toko.id")


def test_a_channel_that_fails_is_tried_again_later_and_given_up_after_a_day(
    shop: WatchedShop, outside: Receiver
) -> None:
    outside.status = 500
    channel_id = shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    shop.link(LinkState.LOGGED_OUT)
    shop.look()
    shop.deliver()
    channel = shop.channel(channel_id)
    assert (channel.failed_why, channel.failures, channel.good_at) == ("broken", 1, None)
    assert (channel.failed_at, channel.retry_at) == (shop.now, shop.now + BACK_OFF[0])
    shop.now += MINUTE / 2
    shop.deliver()
    assert shop.channel(channel_id).failures == 1
    while "due" in shop.states():
        shop.now += timedelta(minutes=31)
        shop.deliver()
        assert shop.now < NOON + 2 * DAY
    assert shop.states() == ["failed"]
    assert NOON + DAY <= shop.now < NOON + DAY + timedelta(hours=2)
    assert 8 < shop.channel(channel_id).failures < 40


def test_a_channel_that_recovers_gets_what_was_due_in_order(shop: WatchedShop, outside: Receiver) -> None:
    outside.status = 503
    channel_id = shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    shop.link(LinkState.LOGGED_OUT)
    shop.pass_time(20 * MINUTE)
    shop.link(LinkState.ONLINE)
    shop.pass_time(2 * MINUTE)
    outside.status, outside.messages[:] = 200, []
    shop.pass_time(60 * MINUTE)
    assert outside.titles == ["Toko Kita: The number is no longer linked", "Toko Kita: All clear"]
    assert (shop.channel(channel_id).failures, shop.channel(channel_id).is_failing) == (0, False)


def test_a_channel_that_hangs_holds_up_no_other(shop: WatchedShop, outside: Receiver) -> None:
    shop.delivery = AlertDelivery(shop.books.database, deadline=0.2)
    with receiver() as silent:
        silent.hangs = True
        hanging, well = shop.add(silent.url), shop.add(outside.url)
        shop.link(LinkState.ONLINE)
        shop.link(LinkState.LOGGED_OUT)
        shop.look()
        shop.deliver()
        assert (shop.channel(hanging).failed_why, shop.channel(hanging).failures) == ("timeout", 1)
        assert shop.channel(well).good_at == shop.now
        # its thread still waits: nobody is sent after it
        shop.now += DAY / 2
        shop.delivery.go(shop.now)
        assert len(silent.messages) == 1
        silent.released.set()


def test_what_a_crash_interrupted_is_sent_once_more_and_never_for_ever(
    shop: WatchedShop, outside: Receiver
) -> None:
    channel_id = shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    shop.link(LinkState.LOGGED_OUT)
    shop.look()

    def crash() -> None:
        (one,) = shop.waiting()
        with shop.books.database.write() as conn:
            assert alerts.claim(conn, one, shop.now + MINUTE)
        shop.restart()
        shop.deliver()

    crash()
    assert (shop.states(), outside.messages) == (["due"], [])
    assert shop.channel(channel_id).failed_why == "stopped"
    shop.now += 2 * MINUTE
    shop.deliver()
    assert (shop.states(), len(outside.messages)) == (["sent"], 1)
    shop.now += DAY
    shop.look()
    for _ in range(3):
        crash()
    assert (shop.states(), len(outside.messages)) == (["sent", "failed"], 1)


def test_a_clock_that_jumps_loses_no_alert(shop: WatchedShop, outside: Receiver) -> None:
    outside.status = 500
    shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    shop.link(LinkState.LOGGED_OUT)
    shop.look()
    shop.deliver()
    shop.now += 5 * DAY
    shop.deliver()
    assert shop.states() == ["due"]
    outside.status = 200
    shop.now -= 9 * DAY
    shop.deliver()
    assert shop.states() == ["sent"]


def test_a_channel_goes_with_what_was_on_its_way_to_it(shop: WatchedShop, outside: Receiver) -> None:
    channel_id = shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    shop.link(LinkState.LOGGED_OUT)
    shop.look()

    def remove(conn: Connection) -> None:
        alerts.remove_channel(conn, channel_id)

    with shop.books.database.write() as conn:
        remove(conn)
    shop.deliver()
    assert (shop.states(), outside.messages) == ([], [])
    with shop.books.database.read() as conn:
        assert [one.alert.about for one in alerts.unfinished(conn)] == [About.LINK]


def test_old_alerts_are_forgotten_and_open_ones_are_not(shop: WatchedShop, outside: Receiver) -> None:
    shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    shop.link(LinkState.LOGGED_OUT)
    shop.pass_time(MINUTE)
    shop.link(LinkState.ONLINE)
    shop.pass_time(MINUTE)
    shop.link(LinkState.LOGGED_OUT)
    shop.pass_time(MINUTE)
    with shop.books.database.write() as conn:
        assert alerts.prune(conn, NOON + DAY) == 1
    assert shop.states() == ["sent"]


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_alert_can_be_written(shop: WatchedShop, language: str) -> None:
    writer = AlertWriter(replace(shop.config, language=language))
    details: dict[str, str | int | None] = {"minutes": 30, "count": 2, "days": 4, "free": 300, "reason": ""}
    details |= {"seen_at": NOON.isoformat(), "seen_by": "read", "until": NOON.isoformat()}
    for about, step in RULES:
        for state in LinkState if about == About.LINK else [None]:
            found = Alert(about, step, details | {"state": state and state.value}, NOON, NOON)
            for news in News:
                message = writer.message(news, found, "Toko 2")
                assert message.title.startswith("Toko Kita (Toko 2): ")
                assert "%" not in message.title + message.body
                assert len(message.body.splitlines()) == (2 if news == News.CLEARED else 6)


def test_a_connection_that_is_just_being_tried_again_is_told_with_what_broke_it(
    shop: WatchedShop, outside: Receiver
) -> None:
    shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    for _ in range(6):
        shop.link(LinkState.OFFLINE, LinkReason.NETWORK)
        shop.pass_time(MINUTE)
        shop.link(LinkState.CONNECTING)
        shop.pass_time(MINUTE)
    assert outside.messages[0]["message"].startswith("This computer can't reach WhatsApp.")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        ("bukan alamat", "unknown"),
        ("nosuch://user:pass@host", "unknown"),
        ("https://example.org/", "unknown"),
        ("syslog://", "here"),
        ("tgram://", "incomplete"),
        ("mailto://", "incomplete"),
        ("json://[::1", "incomplete"),
        ("json://" + "a" * 2000, "too_long"),
    ],
)
def test_what_is_no_address_is_said_to_be_none(typed: str, reason: str) -> None:
    with pytest.raises(ChannelError) as error:
        channels.parse(typed)
    assert error.value.reason == reason


@pytest.mark.parametrize(
    ("status", "why"),
    [(200, None), (403, "denied"), (404, "unknown"), (429, "busy"), (400, "refused"), (503, "broken")],
)
def test_what_a_service_answers_is_understood(outside: Receiver, status: int, why: str | None) -> None:
    outside.status = status
    assert channels.send(outside.url, "Toko Kita: Test", "halo") == why
    assert outside.titles == ["Toko Kita: Test"]


def test_a_service_that_is_not_there_is_said_to_be_so() -> None:
    assert channels.send(f"json://127.0.0.1:{free_port()}/", "Toko Kita: Test", "halo") == "unreachable"


def test_an_alert_goes_by_mail_and_a_wrong_password_is_said_to_be_one() -> None:
    with mailbox() as mail:
        assert channels.send(mail.url, "Toko Kita: Penyimpanan penuh", "Hapus berkas.") is None
        assert message_from_bytes(mail.mails[0], policy=default)["Subject"] == "Toko Kita: Penyimpanan penuh"
        mail.is_open = False
        assert channels.send(mail.url, "Toko Kita: Test", "halo") == "denied"
    assert len(mail.mails) == 1


def test_no_password_is_shown_or_logged(outside: Receiver) -> None:
    everything = io.StringIO()
    handler, root = logging.StreamHandler(everything), logging.getLogger()
    root.addHandler(handler)
    before = root.level
    root.setLevel(logging.DEBUG)
    try:
        outside.status = 500
        address = channels.parse(f"  {outside.url}?overflow=split ")
        assert address.service == "JSON"
        assert address.shown == f"json://toko:****@127.0.0.1:{outside.server.server_port}/alerts"
        assert channels.send(address.url, "Judul", "isi") == "broken"
        telegram = channels.parse("tgram://123456789:AAGabcdefghijklmnopqrstuvwxyz012345678/12345")
        assert telegram.shown == "tgram://1...8/12345"
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
    for secret in ("s3kr1t", "AAGabc", "Judul", "/alerts"):
        assert secret not in everything.getvalue()


def test_the_command_line_says_what_is_wrong_and_what_does_not_arrive(
    shop: WatchedShop, outside: Receiver
) -> None:
    def said() -> list[str]:
        with shop.books.database.read() as conn:
            return alert.describe(conn, shop.config)

    assert said() == []
    outside.status = 403
    shop.add(outside.url)
    shop.link(LinkState.ONLINE)
    shop.link(LinkState.LOGGED_OUT)
    shop.pass_time(MINUTE)
    assert said() == [
        "Alerts: The number is no longer linked. Since: 22/11/2026 12:00.",
        f"Alerts don't arrive. json://toko:****@127.0.0.1:{outside.server.server_port}/alerts: "
        "The service refused the password or key in the address.",
    ]
