"""All conversations of a customer are one thread: loading upwards leads into the earlier ones."""

import re
import time
from datetime import timedelta

import pytest
from sqlalchemy import insert

from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.store import contact_merge, messages, ratings, threads
from daemon.store.message_changes import pending
from daemon.store.tables.core import message
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from tests.webui.earlier import comes_back, contact_of, end, quotes, say, three_conversations

JSON = {"Accept": "application/json"}


def lines(page: str) -> list[str]:
    """Messages and the ends of earlier conversations, in the order of the page."""
    pattern = r'data-text[^>]*>([^<]*)</div>|class="conversation-end"[^>]*>\s*<p>.*?<span dir="auto">(.*?)</p>'
    found = re.findall(pattern, page, re.DOTALL)
    return [text or " ".join(re.sub(r"<[^>]+>", " ", said).split()) for text, said in found]


def older(page: str) -> str | None:
    found = re.search(r'data-action="older" href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else None


def test_earlier_conversations_stand_above_with_a_line_where_each_ended(sari: Visitor, shop: StaffedBooks) -> None:
    first, second, third = three_conversations(shop)
    ask = (shop.account_id, second, contact_of(shop, second), shop.sari.id, utc_now(), utc_now())
    shop.write(lambda conn: ratings.ask(conn, *ask))
    shop.write(lambda conn: ratings.score(conn, second, 4))
    page = sari.get(f"/c/{third}").text
    found = [re.sub(r", .* at \d\d:\d\d", ", THEN", line) for line in lines(page)]
    assert found == [
        *[f"pertama-{n}." for n in range(3)],
        "Resolved by Sari, THEN",
        *[f"kedua-{n}." for n in range(3)],
        "Resolved by Sari, THEN Rating: 4 of 5",
        *[f"ketiga-{n}." for n in range(3)],
    ]
    assert "Older messages are on the phone." in page
    assert older(page) is None
    # the line says it once
    assert "resolved this" not in page
    # the page answers for the conversation that is open, whatever else it shows
    with shop.database.read() as conn:
        assert f'data-shown="{messages.newest_id(conn, third)}"' in page
    assert 'id="composer"' in page
    # whoever opens an earlier one reads it to its own end
    assert lines(sari.get(f"/c/{second}").text)[-1] == "kedua-2."
    assert lines(sari.get(f"/c/{first}").text) == [f"pertama-{n}." for n in range(3)]


def test_loading_upwards_shows_everything_once_and_in_order(sari: Visitor, shop: StaffedBooks) -> None:
    three = three_conversations(shop, lines=50)
    seen: list[str] = []
    path: str | None = f"/c/{three[-1]}"
    parts = 0
    while path:
        page = sari.get(path).text
        seen = lines(page) + seen
        path, parts = older(page), parts + 1
        assert ("Older messages are on the phone." in page) == (path is None)
    assert parts == 3
    assert [line for line in seen if not line.startswith("Resolved")] == [
        f"{name}-{n}." for name in ("pertama", "kedua", "ketiga") for n in range(50)
    ]
    assert [n for n, line in enumerate(seen) if line.startswith("Resolved")] == [50, 101]


def test_nothing_of_another_customer_or_account_is_reached(sari: Visitor, shop: StaffedBooks) -> None:
    mine = three_conversations(shop)[-1]
    other = three_conversations(shop, "Pak Joko")
    stranger = shop.write(lambda conn: threads.of_conversation(conn, other[0])[0].id)
    for name in ("before", "at"):
        assert sari.get(f"/c/{mine}?{name}={stranger}").status_code == 404
    page = sari.get(f"/c/{mine}?quote={stranger}").text
    assert 'name="quoted" value=""' in page
    assert sari.post(f"/c/{mine}/messages/{stranger}/react", {"emoji": "👍"}, **JSON).status_code == 422


def test_a_merged_customers_conversations_are_in_order_of_time(sari: Visitor, shop: StaffedBooks) -> None:
    one = shop.new_customer("Ibu Ratna")
    say(shop, one, "satu.", days_ago=9)
    end(shop, one, 8)
    two = shop.new_customer("Ibu R.")
    say(shop, two, "dua.", days_ago=7)
    end(shop, two, 6)
    three = comes_back(shop, one)
    say(shop, three, "tiga.", days_ago=5)
    four = comes_back(shop, two)
    say(shop, four, "empat.", days_ago=4)
    survivor, gone = contact_of(shop, one), contact_of(shop, two)
    shop.write(lambda conn: contact_merge.merge(conn, shop.account_id, survivor, gone, utc_now()))
    found = lines(sari.get(f"/c/{three}").text)
    assert [line for line in found if not line.startswith("Resolved")] == ["satu.", "dua.", "tiga.", "empat."]
    assert len(found) == 6


def test_what_is_done_with_a_message_of_an_earlier_conversation_goes_to_the_open_one(
    sari: Visitor, shop: StaffedBooks
) -> None:
    first, _second, third = three_conversations(shop)
    question = shop.write(lambda conn: threads.of_conversation(conn, first)[0].id)
    page = sari.get(f"/c/{third}?quote={question}").text
    assert f'name="quoted" value="{question}"' in page
    assert "pertama-0." in page.partition("data-draft-about-text")[2][:200]
    # without scripts its menu opens in the thread that is open
    assert f'href="/c/{third}?message={question}#message-{question}"' in page
    assert sari.post(f"/c/{third}/messages/{question}/react", {"emoji": "👍"}, **JSON).status_code == 204
    with shop.database.read() as conn:
        assert [one.text for one in pending(conn, [question])[question]] == ["👍"]
    # it is too late to change words of eleven days ago, and that is said
    ours = shop.shop_wrote(third, "dari HP", Author.PHONE, at=utc_now() - timedelta(days=12))
    refused = sari.post(f"/c/{third}/messages/{ours}/edit", {"text": "lain"}, **JSON)
    assert refused.status_code == 422
    assert "too late" in refused.json["error"]  # type: ignore[index]


def test_a_quotation_leads_to_an_earlier_part_without_scripts(sari: Visitor, shop: StaffedBooks) -> None:
    first, _second, third = three_conversations(shop, lines=60)
    with shop.database.read() as conn:
        quoted = threads.of_conversation(conn, first)[5].id
        newest = messages.newest_id(conn, third)
    quotes(shop, newest, quoted)
    page = sari.get(f"/c/{third}").text
    link = f"/c/{third}?at={quoted}#message-{quoted}"
    assert f'href="{link}"' in page
    part = sari.get(link).text
    assert f'id="message-{quoted}"' in part
    assert "To the newest messages" in part
    assert lines(part)[0] == "pertama-0."


@pytest.mark.parametrize("shown", ["the newest part", "the oldest part"])
def test_a_hundred_thousand_messages_of_one_customer_stay_fast(
    sari: Visitor, shop: StaffedBooks, shown: str
) -> None:
    first, _second, third = three_conversations(shop)
    contact_id, start = contact_of(shop, first), utc_now() - timedelta(days=9)
    rows = [
        {
            "account_id": shop.account_id,
            "conversation_id": first,
            "contact_id": contact_id,
            "wa_id": f"M{n}",
            "from_me": False,
            "author": Author.CUSTOMER.value,
            "kind": "text",
            "text": f"lama {n}",
            "sent_at": start + timedelta(seconds=n),
            "arrived_at": start,
        }
        for n in range(100_000)
    ]
    shop.write(lambda conn: conn.execute(insert(message), rows))
    path = f"/c/{third}" if shown == "the newest part" else f"/c/{third}?at=1"
    sari.get(path)
    begun = time.process_time()
    page = sari.get(path).text
    assert time.process_time() - begun < 0.5
    assert ("pertama-0." in page) == (shown == "the oldest part")
