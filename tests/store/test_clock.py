"""Where a time of WhatsApp's meets one of ours it is translated, by how far both clocks are known to be apart."""

import pytest

from daemon.store import clock
from tests.support.books import Books
from tests.support.builders import at


def test_two_clocks_that_may_well_agree_are_not_corrected(books: Books) -> None:
    for seconds in (0, 3, -4):
        books.write(lambda conn, seconds=seconds: clock.note(conn, books.account_id, seconds, at(0)))
        with books.database.read() as conn:
            assert clock.on_ours(conn, books.account_id, at(10), at(60)) == at(10)
            assert clock.on_whatsapps(conn, books.account_id, at(60)) == at(60)


@pytest.mark.parametrize("lead", [-86_400, -300, 300, 86_400])
def test_a_moment_of_whatsapps_is_found_on_our_clock_and_back(books: Books, lead: int) -> None:
    books.write(lambda conn: clock.note(conn, books.account_id, lead, at(0)))
    with books.database.read() as conn:
        assert clock.on_ours(conn, books.account_id, at(10), at(60 + lead)) == at(10 + lead)
        assert clock.on_whatsapps(conn, books.account_id, at(60 + lead)) == at(60)
        # what has not happened yet on our clock happens now
        assert clock.on_ours(conn, books.account_id, at(100), at(60 + lead)) == at(60 + lead)


def test_pages_hear_of_it_only_when_people_are_to_be_told_or_no_longer(books: Books) -> None:
    for seconds, is_news in ((0, False), (20, False), (90, True), (120, False), (2, True)):
        before = books.cursor()
        books.write(lambda conn, seconds=seconds: clock.note(conn, books.account_id, seconds, at(0)))
        assert (books.cursor() > before) == is_news
