"""Wishes about a link: who may end it or try it again, and when."""

from datetime import timedelta
from typing import Any

import pytest

from daemon.desk import pairing
from daemon.domain.links import LinkState
from daemon.store import accounts, links
from daemon.store.links import WISH_RECONNECT, WISH_UNLINK
from tests.support.books import Books, dump
from tests.support.builders import NOON, at


def put(books: Books, state: LinkState, **values: Any) -> None:
    """A link in a state, however it came there."""
    with books.database.write() as conn:
        links.change(conn, books.account_id, NOON, state=state.value, **values)


def wish(books: Books, what: str) -> bool:
    """Whether the wish was granted."""
    wished = pairing.wish_unlink if what == WISH_UNLINK else pairing.wish_reconnect
    with books.database.write() as conn:
        return wished(conn, books.account_id, at(1))


@pytest.mark.parametrize(
    "state",
    [LinkState.ONLINE, LinkState.CATCHING_UP, LinkState.OFFLINE, LinkState.REPLACED, LinkState.BANNED],
)
def test_a_link_is_ended_when_somebody_wishes_it_once(books: Books, state: LinkState) -> None:
    put(books, state)
    assert wish(books, WISH_UNLINK)
    assert books.link_row().wish == WISH_UNLINK
    before = dump(books.database)
    assert not wish(books, WISH_UNLINK)
    assert dump(books.database) == before


@pytest.mark.parametrize("what", [WISH_UNLINK, WISH_RECONNECT])
@pytest.mark.parametrize("state", [LinkState.UNLINKED, LinkState.PAIRING, LinkState.LINKING, LinkState.LOGGED_OUT])
def test_where_nothing_is_linked_nothing_is_ended_or_tried_again(
    books: Books, state: LinkState, what: str
) -> None:
    put(books, state)
    before = dump(books.database)
    assert not wish(books, what)
    assert dump(books.database) == before


@pytest.mark.parametrize(
    ("state", "helps"),
    [
        (LinkState.OFFLINE, True),
        (LinkState.REPLACED, True),
        (LinkState.OUTDATED, True),
        (LinkState.REFUSED, True),
        (LinkState.ONLINE, False),
        (LinkState.CONNECTING, False),
        # WhatsApp has set a date
        (LinkState.BANNED, False),
    ],
)
def test_a_connection_is_wished_for_where_that_helps(books: Books, state: LinkState, helps: bool) -> None:
    put(books, state)
    assert wish(books, WISH_RECONNECT) == helps
    assert books.link_row().wish == (WISH_RECONNECT if helps else "")


def test_the_end_wins_over_a_new_attempt(books: Books) -> None:
    put(books, LinkState.OFFLINE)
    assert wish(books, WISH_RECONNECT)
    assert not wish(books, WISH_RECONNECT)
    assert wish(books, WISH_UNLINK)
    assert not wish(books, WISH_RECONNECT)
    assert books.link_row().wish == WISH_UNLINK


@pytest.mark.parametrize("state", list(LinkState))
def test_an_account_without_a_device_is_never_linked(books: Books, state: LinkState) -> None:
    put(books, state)
    with books.database.read() as conn:
        account = accounts.get(conn, books.account_id)
    assert not pairing.is_linked(account, books.link_row())


def test_an_account_that_was_logged_out_may_be_linked_again(books: Books) -> None:
    with books.database.write() as conn:
        accounts.set_identity(conn, books.account_id, "6281234567890", "999", 3, NOON)
        account = accounts.get(conn, books.account_id)
    put(books, LinkState.OFFLINE)
    assert pairing.is_linked(account, books.link_row())
    put(books, LinkState.LOGGED_OUT)
    assert not pairing.is_linked(account, books.link_row())


def test_codes_keep_coming_as_long_as_somebody_looks(books: Books) -> None:
    with books.database.write() as conn:
        assert pairing.keep_codes_coming(conn, books.account_id, NOON)
    until = NOON + pairing.LEASE
    assert books.link_row().pair_until == until
    assert pairing.is_awaited(books.link_row(), until - timedelta(seconds=1))
    assert not pairing.is_awaited(books.link_row(), until)
    with books.database.write() as conn:
        pairing.stop(conn, books.account_id, at(30))
    assert not pairing.is_awaited(books.link_row(), at(30))


def test_a_look_is_written_down_once_a_minute(books: Books) -> None:
    with books.database.write() as conn:
        pairing.keep_codes_coming(conn, books.account_id, NOON)
    before = dump(books.database)
    with books.database.write() as conn:
        assert not pairing.keep_codes_coming(conn, books.account_id, at(60))
    assert dump(books.database) == before
    with books.database.write() as conn:
        assert pairing.keep_codes_coming(conn, books.account_id, at(61))
    assert books.link_row().pair_until == at(61) + pairing.LEASE


def test_a_linked_account_wants_no_codes_whoever_looks(books: Books) -> None:
    with books.database.write() as conn:
        accounts.set_identity(conn, books.account_id, "6281234567890", "999", 3, NOON)
    put(books, LinkState.ONLINE)
    before = dump(books.database)
    with books.database.write() as conn:
        assert not pairing.keep_codes_coming(conn, books.account_id, at(1))
        assert not pairing.ask_for_code(conn, books.account_id, "6281234567890", at(1))
        assert not pairing.use_qr(conn, books.account_id, at(1))
    assert dump(books.database) == before


def test_asking_again_for_the_same_phone_keeps_its_code(books: Books) -> None:
    with books.database.write() as conn:
        assert pairing.ask_for_code(conn, books.account_id, "6281234567890", NOON)
    put(books, LinkState.PAIRING, pair_code="ABCD1234")
    with books.database.write() as conn:
        assert pairing.ask_for_code(conn, books.account_id, "6281234567890", at(5))
    found = books.link_row()
    assert (found.pair_phone, found.pair_code) == ("6281234567890", "ABCD1234")
    with books.database.write() as conn:
        assert pairing.ask_for_code(conn, books.account_id, "6281299999999", at(10))
    found = books.link_row()
    assert (found.pair_phone, found.pair_code) == ("6281299999999", None)


def test_going_back_to_the_picture_forgets_the_phone_and_its_code(books: Books) -> None:
    with books.database.write() as conn:
        pairing.ask_for_code(conn, books.account_id, "6281234567890", NOON)
    put(books, LinkState.PAIRING, pair_code="ABCD1234")
    with books.database.write() as conn:
        assert pairing.use_qr(conn, books.account_id, at(5))
    found = books.link_row()
    assert (found.pair_phone, found.pair_code, found.pair_until) == (None, None, at(5) + pairing.LEASE)
