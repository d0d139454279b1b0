"""The owner's choices about alerts: kept, and written down without secrets."""

from typing import Any

import pytest

from daemon.desk import alert_settings
from daemon.desk.alert_settings import MOST_CHANNELS, TooManyChannels
from daemon.domain.alerts import AlertChoices, AlertKind
from daemon.domain.desk import Action, Actor
from daemon.domain.messages import Author
from daemon.store import alerts, audit
from daemon.store.alerts import KnownAlready
from tests.support.books import Books, dump
from tests.support.builders import NOON, at


@pytest.fixture
def ibu(books: Books) -> Actor:
    return Actor(Author.ADMIN, books.admin("Ibu"), "192.0.2.1")


def log(books: Books) -> list[dict[str, Any]]:
    """What was changed, newest first."""
    with books.database.read() as conn:
        found = audit.search(conn, books.account_id, actions=[Action.SETTING_CHANGED])
    assert {entry.admin_name for entry in found} <= {"Ibu"}
    return [entry.detail for entry in found]


def add(books: Books, ibu: Actor, i: int) -> int:
    """One more address, with a secret in it."""
    url, shown = f"json://toko:s3kr1t@host/{i}", f"json://toko:****@host/{i}"
    with books.database.write() as conn:
        return alert_settings.add_channel(conn, books.account_id, url, "JSON", shown, ibu, NOON)


def test_what_alerts_are_about_is_kept_and_each_change_is_a_line(books: Books, ibu: Actor) -> None:
    chosen = AlertChoices(25, None, frozenset({AlertKind.DISK}))
    with books.database.write() as conn:
        changed = alert_settings.choose(conn, books.account_id, chosen, ibu, NOON)
        assert alert_settings.choose(conn, books.account_id, chosen, ibu, at(1)) == []
        assert alerts.choices(conn) == chosen
    assert changed == ["down_after", "waiting_after", "unwanted"]
    usual = AlertChoices()
    assert log(books) == [
        {"name": "alert_unwanted", "before": None, "after": None},
        {"name": "alert_waiting_after", "before": usual.waiting_after, "after": None},
        {"name": "alert_down_after", "before": usual.down_after, "after": 25},
    ]


def test_an_address_is_written_down_without_its_secret(books: Books, ibu: Actor) -> None:
    channel_id = add(books, ibu, 1)
    with books.database.write() as conn:
        assert alert_settings.remove_channel(conn, books.account_id, channel_id, ibu, at(1))
        assert not alert_settings.remove_channel(conn, books.account_id, channel_id, ibu, at(2))
        assert alerts.channels(conn) == []
    assert log(books) == [
        {"name": "alert_channel", "before": "json://toko:****@host/1", "after": ""},
        {"name": "alert_channel", "before": "", "after": "json://toko:****@host/1"},
    ]


def test_the_same_address_twice_and_one_too_many_are_refused(books: Books, ibu: Actor) -> None:
    for i in range(MOST_CHANNELS - 1):
        add(books, ibu, i)
    with pytest.raises(KnownAlready):
        add(books, ibu, 0)
    add(books, ibu, MOST_CHANNELS)
    before = dump(books.database)
    with pytest.raises(TooManyChannels):
        add(books, ibu, MOST_CHANNELS + 1)
    assert dump(books.database) == before
