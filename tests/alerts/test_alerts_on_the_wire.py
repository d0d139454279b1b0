"""Alerts from a real shop: the phone unlinks the account, one message goes out, and one when it is back."""

from datetime import timedelta
from pathlib import Path

import pytest

from daemon.alerts import channels
from daemon.domain.links import LinkState
from daemon.domain.time import utc_now
from daemon.store import alerts, links
from tests.support.alert_receiver import receiver
from tests.support.shop import last_json, open_shop
from tests.support.waiting import wait_until

pytestmark = pytest.mark.wire


def test_the_phone_unlinks_and_one_alert_leaves_and_one_all_clear_when_it_is_linked_again(tmp_path: Path) -> None:
    with receiver() as outside, open_shop(tmp_path, {"BALAS_LOG_LEVEL": "DEBUG"}) as shop:
        with shop.database.write() as conn:
            alerts.add_channel(conn, outside.url, "JSON", channels.parse(outside.url).shown, utc_now())
        shop.wa.phone.unlink()
        shop.wait_for(LinkState.LOGGED_OUT)
        wait_until(lambda: outside.titles, 15, "the alert")
        with shop.database.write() as conn:
            links.change(conn, shop.account_id, utc_now(), pair_until=utc_now() + timedelta(minutes=5))
        tried = shop.command("alert", "--test", "--json")
        said = last_json(tried.stdout)
        assert [one["kind"] for one in said["open"]] == ["unlinked"]
        assert (tried.returncode, said["channels"][0]["ok"]) == (0, True)
        shop.pair()
        wait_until(lambda: len(outside.titles) > 2, 15, "the all-clear")
        assert [title.removeprefix("Toko Kita: ") for title in outside.titles] == [
            "The number is no longer linked",
            "Test",
            "All clear",
        ]
        assert "s3kr1t" not in shop.log() + tried.stdout
