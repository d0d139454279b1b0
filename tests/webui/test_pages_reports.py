"""The page of the report: of a span of days, drawn by the server, everybody's only for the owner."""

import re
from datetime import timedelta

from daemon.desk import replies
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from webui.pages.reports import span_in_words

TODAY = "/report?span=today"


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def answered(shop: StaffedBooks, closer: Closer, name: str) -> None:
    conversation_id = shop.new_customer(name, "halo")
    shop.write(lambda conn: replies.answer(conn, conversation_id, closer, "Halo juga", utc_now()))


def test_an_empty_shop_has_an_empty_report_and_says_so(sari: Visitor) -> None:
    page = sari.get(TODAY)
    assert page.status_code == 200
    assert "No customer wrote in this time." in page.text
    assert "First answer after –" in words(page.text)


def test_the_bar_shows_who_answered(sari: Visitor, shop: StaffedBooks) -> None:
    answered(shop, Closer(Author.ADMIN, shop.budi.id), "Ibu Ratna")
    answered(shop, Closer(Author.BOT), "Pak Joko")
    shop.shop_wrote(shop.new_customer("Dewi", "halo"), "dari HP", Author.PHONE)
    shop.new_customer("Yuni", "halo")
    page = sari.get(TODAY).text
    assert re.findall(r'<rect class="part-(\w+)" x="([\d.]+)" y="0" width="([\d.]+)"', page) == [
        ("team", "0.0", "25.0"),
        ("phone", "25.0", "25.0"),
        ("bot", "50.0", "25.0"),
        ("open", "75.0", "25.0"),
    ]
    assert " style=" not in page
    for label in ("By the team 1", "On the phone 1", "By the bot 1", "Still waiting 1", "Needed no reply 0"):
        assert label in words(page)


def test_an_admin_sees_the_team_and_himself(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    answered(shop, Closer(Author.ADMIN, shop.sari.id), "Ibu Ratna")
    owners, his = (words(visitor.get(TODAY).text) for visitor in (sari, budi))
    assert "Sari You 1 1" in owners
    assert "Budi 0 0" in owners
    assert "By the team 1" in his
    assert "Budi You 0 0" in his
    assert "Sari" not in his.partition("Each admin")[2]


def test_days_are_chosen_by_name_or_typed(sari: Visitor, shop: StaffedBooks) -> None:
    shop.new_customer("Ibu Ratna", "halo")
    day = utc_now().date()
    for query in ("", "?span=7", "?span=30", f"?from={day - timedelta(days=2)}&to={day + timedelta(days=1)}"):
        assert "Still waiting 1" in words(sari.get(f"/report{query}").text), query
    long_ago = sari.get("/report?from=2020-02-01&to=2020-02-29").text
    assert "1 February 2020 – 29 February 2020" in long_ago
    assert "No customer wrote in this time." in long_ago
    assert sari.get("/report?span=forever").status_code == 200


def test_unusable_days_are_said_beside_their_fields(sari: Visitor) -> None:
    for query, said in (
        ("from=2026-02-30&to=2026-03-01", "Choose both days."),
        ("from=2026-03-01", "Choose both days."),
        ("from=2026-03-02&to=2026-03-01", "The last day comes before the first."),
        ("from=2020-01-01&to=2026-03-01", "Choose one year at most."),
        ("from=0001-01-01&to=9999-12-31", "Choose both days."),
    ):
        answer = sari.get(f"/report?{query}")
        assert answer.status_code == 422, query
        assert said in answer.text


def test_waiting_times_are_said_in_their_own_unit(sari: Visitor) -> None:
    with sari.client.application.test_request_context(headers={"Accept-Language": "en"}):
        assert [span_in_words(timedelta(seconds=n)) for n in (0, 99, 100, 5999, 6000, 40 * 3600, 60 * 3600)] == [
            "0 sec",
            "99 sec",
            "2 min",
            "1 hr 40 min",
            "1 hr 40 min",
            "40 hr 0 min",
            "2 days",
        ]
        assert span_in_words(None) == "–"
