"""The customers' pages without scripts: list, search, one of them, merging, files in and out."""

import io
import json
import re
from html import unescape

import pytest

from daemon.desk import contacts, tags
from daemon.domain.time import utc_now
from daemon.store import blocked, contact_list
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from tests.webui.desk import by
from tests.webui.earlier import contact_of


def listed(page: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'class="contact-name" dir="auto">([^<]*)<', page)]


def upload(visitor: Visitor, data: bytes, name: str = "contacts.csv") -> str:
    answer = visitor.post("/contacts/import", {"file": (io.BytesIO(data), name)})
    return answer.text


def counts(page: str) -> dict[str, int]:
    return {name: int(count) for name, count in re.findall(r'data-count="(\w+)">(\d+)<', page)}


def take_in(visitor: Visitor, page: str) -> str:
    rows = re.search(r'name="rows" value="([^"]*)"', page)
    assert rows
    answer = visitor.post("/contacts/import/carry-out", {"rows": unescape(rows[1])})
    assert answer.status_code == 303
    return visitor.get(answer.location).text


def test_customers_are_found_by_name_by_number_in_any_form_and_by_tag(
    sari: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    ratna = shop.new_customer("Ibu Rátna", "halo", phone="6281234567890")
    shop.new_customer("Agus", "pagi", phone="6285711223344")
    shop.new_customer(None, "siang", phone="6281900001111")
    shop.new_customer("100%_asli", "sore")
    shop.write(
        lambda conn: tags.put_on(conn, contacts.of_conversation(conn, ratna), "VIP", by(shop.sari), utc_now())
    )
    assert listed(budi.get("/contacts").text) == ["100%_asli", "Agus", "Ibu Rátna", "+62 819-0000-1111"]
    for typed, found in {
        "ratna": ["Ibu Rátna"],
        "RATNA  ibu": ["Ibu Rátna"],
        "0812-3456": ["Ibu Rátna"],
        "+62 812 3456 7890": ["Ibu Rátna"],
        "00628190000": ["+62 819-0000-1111"],
        "3344": ["Agus"],
        "%": ["100%_asli"],
        "_": ["100%_asli"],
        "nobody": [],
        "'; DROP TABLE contact": [],
    }.items():
        page = budi.client.get("/contacts", query_string={"q": typed}, headers=budi.headers).text
        assert listed(page) == found, typed
    tag_id = shop.write(lambda conn: contact_list.tags.every(conn, shop.account_id))[0].id
    assert listed(budi.get(f"/contacts?tag={tag_id}").text) == ["Ibu Rátna"]
    # the files are the owner's
    assert "All as CSV" not in budi.get("/contacts").text
    for path in ("/contacts/export.csv", "/contacts/import"):
        assert budi.get(path).status_code == 403
    assert sari.get("/contacts/export.exe").status_code == 404


def test_a_long_list_comes_in_parts_each_customer_once(sari: Visitor, shop: StaffedBooks) -> None:
    for n in range(60):
        shop.new_customer(f"Pelanggan {n:02}" if n % 3 else None, phone=f"62811{n:06}")
    seen: list[str] = []
    path: str | None = "/contacts"
    parts = 0
    while path:
        page = sari.get(path).text
        seen += re.findall(r'data-contact="(\d+)"', page)
        more = re.search(r'href="([^"]+)">More customers', page)
        path, parts = (unescape(more[1]) if more else None), parts + 1
    assert (parts, len(seen), len(set(seen))) == (2, 60, 60)


def test_a_customers_own_page_says_and_changes_what_is_known(budi: Visitor, shop: StaffedBooks) -> None:
    chat = shop.new_customer("~ratna~", "halo", phone="6281234567890")
    contact_id = contact_of(shop, chat)
    path = f"/contacts/{contact_id}"
    for where, fields in (
        (path, {"shop_name": "Ibu Ratna"}),
        (path, {"note": "suka warna biru"}),
        (path, {"name": "Ukuran", "value": "XL"}),
        (f"{path}/tag", {"contact_tag": "VIP"}),
    ):
        assert budi.post(where, fields).status_code == 303
    page = budi.get(path).text
    for words in (
        "Ibu Ratna",
        "On WhatsApp: ~ratna~",
        "suka warna biru",
        'value="XL"',
        "VIP",
        f'href="/c/{chat}"',
    ):
        assert words in page, words
    refused = budi.post(path, {"shop_name": "a" * 81})
    assert refused.status_code == 422
    assert "Use 80 characters at most." in refused.text
    assert "Ibu Ratna" in budi.get(f"/c/{chat}").text
    assert budi.get("/contacts/999").status_code == 404
    # forgetting is the owner's
    assert budi.get(f"{path}/forget").status_code == 403


def test_merging_shows_both_asks_and_leads_to_the_one_that_stays(budi: Visitor, shop: StaffedBooks) -> None:
    one, two = shop.new_customer("Ibu Ratna", "satu"), shop.new_customer("Bu R.", "dua", phone="6281234567890")
    kept, gone = contact_of(shop, one), contact_of(shop, two)
    assert listed(budi.get(f"/contacts/{kept}/merge?q=bu").text) == ["Bu R."]
    page = budi.get(f"/contacts/{kept}/merge?with={gone}").text
    assert listed(page) == ["Ibu Ratna", "Bu R."]
    assert "This cannot be undone." in page
    for wrong in (f"/contacts/{kept}/merge?with={kept}", f"/contacts/{kept}/merge?with=999"):
        assert budi.get(wrong).status_code == 404
    done = budi.post(f"/contacts/{kept}/merge", {"with": gone})
    assert done.status_code == 303
    assert "The two are one customer now." in budi.get(done.location).text
    moved = budi.get(f"/contacts/{gone}")
    assert moved.headers["Location"] == f"/contacts/{kept}"
    thread = budi.get(f"/c/{one}").text
    assert thread.index("satu</div>") < thread.index("dua</div>")
    assert listed(budi.get("/contacts").text) == ["Ibu Ratna"]
    assert budi.post(f"/contacts/{kept}/merge", {"with": gone}).status_code == 404


def test_a_file_is_shown_before_it_is_taken_in_and_taken_in_once(sari: Visitor, shop: StaffedBooks) -> None:
    chat = shop.new_customer("~ratna~", "halo", phone="6281234567890")
    before = shop.sizes()
    data = "Name,Phone\nIbu Ratna,0812-3456-7890\n=cmd(),62811222333\nJosé,+62 813 1111 2222\nX,abc\n,0811\n"
    page = upload(sari, data.encode("cp1252"))
    assert counts(page) == {"new": 2, "changed": 1, "known": 0, "wrong": 2}
    assert "Line 5" in page
    assert "until now: ~ratna~" in page
    # nothing is kept, and nothing was sent or asked
    assert listed(sari.get("/contacts").text) == ["~ratna~"]
    assert "Taken in: 2 new customers, 1 with another name." in take_in(sari, page)
    assert listed(sari.get("/contacts").text) == ["=cmd()", "Ibu Ratna", "José"]
    assert counts(upload(sari, data.encode())) == {"new": 0, "changed": 0, "known": 3, "wrong": 2}
    take_in(sari, page)
    assert shop.sizes()[:2] == before[:2]
    assert '<h1 dir="auto">Ibu Ratna</h1>' in sari.get(f"/c/{chat}").text
    # whoever is only named has no chat, and breaks no list
    assert sari.get("/").text.count('class="row') >= 1
    assert "Ibu Ratna" in sari.get("/").text
    assert sari.get("/metrics").status_code in (200, 404)
    found = sari.get("/contacts?q=José").text
    contact_id = re.search(r'data-contact="(\d+)"', found)
    assert contact_id
    assert "There is no chat yet." in sari.get(f"/contacts/{contact_id[1]}").text
    # once he writes, it is he
    assert sari.post(f"/contacts/{contact_id[1]}/forget").status_code == 303
    assert listed(sari.get("/contacts").text) == ["=cmd()", "Ibu Ratna"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "There is nothing in this file."),
        (b"x" * 500_001, "This file is too large"),
        (b"a,b\nc,d\n", "No column of this file holds phone numbers."),
    ],
)
def test_a_file_that_cannot_be_taken_in_says_why(
    sari: Visitor, shop: StaffedBooks, data: bytes, words: str
) -> None:
    assert words in upload(sari, data)
    assert "Choose a file first." in sari.post("/contacts/import", {}).text
    for rows in ("", "{", "[1]", '[["a"]]', json.dumps([["", "abc"], ["x", "62811222333x"]])):
        assert sari.post("/contacts/import/carry-out", {"rows": rows}).status_code in (303, 400)
    assert listed(sari.get("/contacts").text) == []


def test_what_is_taken_out_can_be_taken_in_and_is_no_formula(sari: Visitor, shop: StaffedBooks) -> None:
    chat = shop.new_customer('=HYPERLINK("http://evil")', "halo", phone="6281234567890")
    shop.new_customer(None, "pagi", phone="6285711223344")
    long = "Toko " + "é" * 70
    third = shop.new_customer("x", "sore", phone="62811222333")
    shop.write(
        lambda conn: contacts.rename(conn, contacts.of_conversation(conn, third), long, by(shop.sari), utc_now())
    )
    shop.write(
        lambda conn: contacts.save_note(
            conn, contacts.of_conversation(conn, chat), "a;b,c\n@d", by(shop.sari), utc_now()
        )
    )
    table = sari.get("/contacts/export.csv")
    assert table.headers["Content-Disposition"] == 'attachment; filename="contacts.csv"'
    text = table.text
    assert text.startswith("\ufeffName,Phone,")
    assert "\"'=HYPERLINK(" in text
    assert counts(upload(sari, table.data)) == {"new": 0, "changed": 1, "known": 1, "wrong": 1}
    cards = sari.get("/contacts/export.vcf")
    assert all(len(line) <= 75 for line in cards.data.split(b"\r\n"))
    assert "NOTE:a\\;b\\,c\\n@d" in cards.text
    page = upload(sari, cards.data, "contacts.vcf")
    assert counts(page) == {"new": 0, "changed": 2, "known": 1, "wrong": 0}
    log = sari.get("/settings/log").text
    assert log.count("Took all customers out as a file") == 2


def test_his_own_page_says_that_a_customer_is_blocked(budi: Visitor, shop: StaffedBooks) -> None:
    agus = contact_of(shop, shop.new_customer("Agus", "halo"))
    assert "Blocked" not in budi.get(f"/contacts/{agus}").text
    shop.write(lambda conn: blocked.mark(conn, agus, utc_now()))
    assert "Blocked" in budi.get(f"/contacts/{agus}").text
