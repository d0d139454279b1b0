"""The owner's page of alerts: addresses checked and masked, results as sentences, a banner on other pages."""

import re

import pytest
from sqlalchemy import select

from daemon.alerts.delivery import AlertDelivery
from daemon.config import Config
from daemon.domain.alerts import About, Alert, AlertChoices, AlertKind
from daemon.domain.time import utc_now
from daemon.store import alerts
from daemon.store.engine import Database
from daemon.store.tables.alerts import alert_channel
from tests.support.alert_receiver import receiver
from tests.support.shop import free_port
from tests.support.staffed_books import StaffedBooks
from tests.support.waiting import wait_until
from tests.webui.conftest import Visitor

PAGE = "/settings/alerts"


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def add(owner: Visitor, url: str) -> int:
    assert owner.post(f"{PAGE}/channels", {"url": url}).status_code == 303
    return max(map(int, re.findall(r'data-channel="(\d+)"', owner.get(PAGE).text)))


def deliver(database: Database) -> None:
    """What the daemon does with what is due."""
    delivery = AlertDelivery(database)
    delivery.go(utc_now())

    def is_done() -> bool:
        delivery.go(utc_now())
        return not delivery.is_busy

    wait_until(is_done)


def test_only_the_owner_sees_and_changes_alerts(budi: Visitor, stranger: Visitor) -> None:
    assert stranger.get(PAGE).status_code == 302
    assert budi.get(PAGE).status_code == 403
    for path in ("", "/channels", "/channels/1/test", "/channels/1/delete"):
        assert budi.post(PAGE + path, {"url": "json://127.0.0.1/", "down_after": "5"}).status_code == 403


def test_an_address_is_kept_and_shown_without_its_secret_and_a_test_says_how_it_went(
    sari: Visitor, budi: Visitor, database: Database
) -> None:
    with receiver() as outside:
        channel_id = add(sari, f"  {outside.url} ")
        page = sari.get(PAGE)
        assert f"json://toko:****@127.0.0.1:{outside.server.server_port}/alerts" in page.text
        assert "Nothing was sent there yet." in page.text
        assert sari.post(f"{PAGE}/channels/{channel_id}/test").status_code == 303
        # twice in a row is one test
        sari.post(f"{PAGE}/channels/{channel_id}/test")
        assert "data-awaited" in sari.get(PAGE).text
        deliver(database)
        page = sari.get(PAGE)
        assert ("data-awaited" in page.text, "Last delivered:" in page.text) == (False, True)
        assert [message["title"] for message in outside.messages] == ["Toko Sari: Uji coba"]
        assert "data-alerts-fail" not in sari.get("/settings/desk").text
        outside.status = 403
        sari.post(f"{PAGE}/channels/{channel_id}/test")
        deliver(database)
    page = sari.get(PAGE)
    assert "The service refused the password or key in the address." in page.text
    assert "data-alerts-fail" in sari.get("/settings/desk").text
    assert "data-alerts-fail" in sari.client.get("/", follow_redirects=True).text
    assert "data-alerts-fail" not in budi.client.get("/", follow_redirects=True).text
    for path in (PAGE, "/settings/log"):
        shown = sari.get(path).text
        assert "s3kr1t" not in shown
        assert "json://toko:****@" in shown
    assert sari.post(f"{PAGE}/channels/{channel_id}/delete").status_code == 303
    assert "data-channel" not in sari.get(PAGE).text
    assert sari.post(f"{PAGE}/channels/{channel_id}/delete").status_code == 404
    assert sari.post(f"{PAGE}/channels/{channel_id}/test").status_code == 404


def test_a_service_that_is_not_there_is_said_on_the_page(sari: Visitor, database: Database) -> None:
    channel_id = add(sari, f"json://127.0.0.1:{free_port()}/")
    sari.post(f"{PAGE}/channels/{channel_id}/test")
    deliver(database)
    said = words(sari.get(PAGE).text)
    assert "Not delivered:" in said
    assert "The service could not be reached." in said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Write something first."),
        ("halo", "Balas does not know this service."),
        ("tgram://", "Something is missing in this address"),
        ("syslog://", "That would show alerts on the computer that runs Balas"),
        ("json://" + "x" * 3000, "This is too long for an address."),
    ],
)
def test_what_is_wrong_with_an_address_is_said_beside_it_and_it_stays(
    sari: Visitor, database: Database, typed: str, said: str
) -> None:
    answer = sari.post(f"{PAGE}/channels", {"url": typed})
    assert answer.status_code == 422
    assert re.search(r'id="error-url">([^<]+)', answer.text)[1].startswith(said)  # type: ignore[index]
    assert f'value="{typed}"' in answer.text
    # the other form still shows what is kept
    assert re.search(r'name="down_after"[^>]+value="10"', answer.text)
    with database.read() as conn:
        assert conn.execute(select(alert_channel)).all() == []


def test_the_same_address_twice_is_one_too_many(sari: Visitor) -> None:
    add(sari, "json://127.0.0.1/a")
    again = sari.post(f"{PAGE}/channels", {"url": "json://127.0.0.1/a"})
    assert (again.status_code, "Alerts go to this address already." in again.text) == (422, True)


def test_what_alerts_are_about_is_the_owners_choice(sari: Visitor, database: Database) -> None:
    page = sari.get(PAGE).text
    assert page.count('type="checkbox" value="1" checked') == len(AlertKind)
    form = {kind.value: "1" for kind in AlertKind if kind != AlertKind.DISK}
    assert sari.post(PAGE, {**form, "down_after": "25", "waiting_after": ""}).status_code == 303
    with database.read() as conn:
        assert alerts.choices(conn) == AlertChoices(25, None, frozenset({AlertKind.DISK}))
    page = sari.get(PAGE).text
    assert page.count('type="checkbox" value="1" checked') == len(AlertKind) - 1
    assert "Changed “Connection is gone for”: 10 → 25" in sari.get("/settings/log").text
    wrong = sari.post(PAGE, {**form, "down_after": "0", "waiting_after": "banyak"})
    assert wrong.status_code == 422
    assert wrong.text.count("Write a whole number from 1 to 1440.") == 2
    assert 'value="banyak"' in wrong.text
    with database.read() as conn:
        assert alerts.choices(conn).down_after == 25


def test_what_is_wrong_now_is_listed_in_the_owners_language(
    sari: Visitor, shop: StaffedBooks, database: Database
) -> None:
    assert "Everything is as it should be." in sari.get(PAGE).text
    now = utc_now()
    with database.write() as conn:
        alerts.keep(conn, None, None, Alert(About.DISK, "low", {"free": 300}, now, now, raised_at=now))
        pending = Alert(About.LINK, "down", {"state": "offline", "reason": "network"}, now, now)
        alerts.keep(conn, shop.account_id, None, pending)
    assert "nearly full: 300 MB are left." in sari.get(PAGE).text
    assert "sisa 300 MB." in sari.get(PAGE, **{"Accept-Language": "id"}).text
    assert "can't reach WhatsApp" not in sari.get(PAGE).text


def test_what_was_to_go_to_a_deleted_address_goes_nowhere(
    sari: Visitor, database: Database, config: Config
) -> None:
    channel_id = add(sari, f"json://127.0.0.1:{free_port()}/")
    sari.post(f"{PAGE}/channels/{channel_id}/test")
    sari.post(f"{PAGE}/channels/{channel_id}/delete")
    with database.read() as conn:
        assert alerts.waiting(conn) == []
