"""List, thread and reply, as pages without scripts."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask

from daemon.domain.links import LinkReason, LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.store import conversations, messages
from tests.support.lock import write_lock
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from webui.base import context

JSON = {"Accept": "application/json"}


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


def reply(page: str, text: str) -> dict[str, str]:
    return {"text": text, **{name: field(page, name) for name in ("turn_id", "request_key", "shown")}}


def test_an_empty_inbox_says_what_to_do(sari: Visitor) -> None:
    page = sari.get("/").text
    assert "No chats yet" in page
    assert "Link it now" in page


def test_the_list_shows_name_or_number_text_and_how_many_are_new(sari: Visitor, shop: StaffedBooks) -> None:
    shop.new_customer("Ibu Ratna", "halo", "masih ada kue?", phone="6281234567890")
    shop.new_customer(None, "pagi", phone="6285711223344")
    shop.new_customer(None, "anonim")
    page = sari.get("/").text
    for words in ("Ibu Ratna", "masih ada kue?", "+62 857-1122-3344", "Customer 3", "2 new messages"):
        assert words in page


def test_pages_are_shown_while_nobody_can_write(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "masih ada kue?")
    shop.link(LinkState.UNLINKED)
    with write_lock(shop.database):
        for path in ("/", f"/c/{conversation_id}", "/link"):
            assert sari.get(path).status_code == 200, path
        assert sari.post(f"/c/{conversation_id}/seen", {"message_id": "1"}).status_code == 204
    assert "1 new message" in sari.get("/").text
    sari.get(f"/c/{conversation_id}")
    assert "1 new message" not in sari.get("/").text


def test_what_cannot_be_written_is_said_in_a_sentence(
    sari: Visitor, app: Flask, shop: StaffedBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "masih ada kue?")
    form = reply(sari.get(f"/c/{conversation_id}").text, "masih, Bu")
    # fifteen seconds would be as true, and longer
    monkeypatch.setattr(app.extensions["balas"].database, "write", context.of(app).brief.write)
    with write_lock(shop.database):
        page = sari.post(f"/c/{conversation_id}/answer", form)
    assert (page.status_code, "Balas is busy with something long." in page.text) == (503, True)
    assert sari.post(f"/c/{conversation_id}/answer", form).status_code == 303


def test_boxes_count_and_separate(sari: Visitor, shop: StaffedBooks) -> None:
    mine, free = shop.new_customer("Mine", "a"), shop.new_customer("Free", "b")
    shop.write(lambda conn: conversations.assign(conn, mine, shop.sari.id, utc_now()))
    page = sari.get("/?box=mine").text
    assert f'data-conversation="{mine}"' in page
    assert f'data-conversation="{free}"' not in page
    assert re.findall(r'data-count="\w+">(\d+)', page) == ["1", "1", "2"]


def test_text_of_customers_is_never_markup(sari: Visitor, shop: StaffedBooks) -> None:
    evil = '<script>alert(1)</script> https://a.example/?x="><img src=x onerror=alert(1)>'
    conversation_id = shop.new_customer("<b>Evil</b>", evil)
    shop.customer_writes(
        conversation_id, None, kind="document", media={"name": '"><script>', "mime": "text/html", "file": "x"}
    )
    for path in ("/", f"/c/{conversation_id}"):
        page = sari.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>Evil" not in page


def test_opening_a_thread_marks_it_as_seen_for_everyone(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo", "halo?")
    assert "2 new messages" in budi.get("/").text
    sari.get(f"/c/{conversation_id}")
    assert "new messages" not in budi.get("/").text


def test_a_reload_in_the_background_marks_nothing_as_seen(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo", "halo?")
    sari.get(f"/c/{conversation_id}", **{"X-Peek": "1"})
    assert "2 new messages" in sari.get("/").text


def test_a_thread_shows_who_wrote_and_how_far_it_came(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    for author, delivery in (
        (Author.PHONE, Delivery.READ),
        (Author.COMPANION, Delivery.DELIVERED),
        (Author.BOT, Delivery.SENT),
        (Author.ADMIN, Delivery.FAILED),
        (Author.ADMIN, Delivery.UNCERTAIN),
    ):
        admin_id = shop.budi.id if author == Author.ADMIN else None
        shop.shop_wrote(conversation_id, "balasan", author, delivery=delivery.value, admin_id=admin_id)
    page = sari.get(f"/c/{conversation_id}").text
    for words in (
        "From the phone",
        "From a linked device",
        "Bot",
        "Budi",
        "Not sent. The customer",
        "We don&#39;t know",
    ):
        assert words in page
    assert re.findall(r'own[^>]*data-delivery="(\w+)"', page) == [
        "read",
        "delivered",
        "sent",
        "failed",
        "uncertain",
    ]


def test_what_cannot_be_shown_says_where_to_look(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.customer_writes(conversation_id, None, kind=MessageKind.UNREADABLE.value)
    shop.customer_writes(conversation_id, None, kind=MessageKind.LOST.value)
    shop.customer_writes(conversation_id, None, kind=MessageKind.UNKNOWN.value)
    shop.customer_writes(
        conversation_id, "peta", kind=MessageKind.LOCATION.value, media={"lat": -6.2, "lng": 106.8}
    )
    deleted = shop.customer_writes(conversation_id, "salah")
    shop.changed(conversation_id, deleted, lambda conn: messages.revoke(conn, deleted, utc_now()))
    page = sari.get(f"/c/{conversation_id}").text
    for words in (
        "Waiting for this message",
        "arrived while Balas was down",
        "show this kind",
        "-6.200000,106.800000",
        "The customer deleted",
    ):
        assert words in page


def test_every_kind_of_message_says_what_it_is_even_without_words(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna")
    kinds = [kind for kind in MessageKind if kind != MessageKind.TEXT]
    for kind in kinds:
        shop.customer_writes(conversation_id, None, kind=kind.value)
        row = unescape(sari.get("/").text)
        assert re.search(rf'<svg.*?<span class="row-text" dir="auto">{kind.info.label}</span>', row), kind
    page = unescape(sari.get(f"/c/{conversation_id}").text)
    bubbles = re.findall(r'data-kind="(\w+)".*?<article class="bubble">(.*?)</article>', page, re.DOTALL)
    assert [kind for kind, _ in bubbles] == kinds
    for kind, bubble in bubbles:
        assert re.search('<svg class="icon', bubble), kind
        assert re.search('class="(file-name|card-title|placeholder|note-label)"', bubble), kind


def test_every_kind_of_message_has_an_icon_that_is_drawn(sari: Visitor) -> None:
    templates = sari.client.application.jinja_env
    (icons,) = templates.list_templates(filter_func=lambda name: name.endswith("icons.html"))
    drawn = set(templates.get_template(icons).module.paths)  # type: ignore[attr-defined]
    assert {kind.info.icon for kind in MessageKind if kind != MessageKind.TEXT} <= drawn


def test_older_messages_come_page_by_page(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna")
    for n in range(130):
        shop.customer_writes(conversation_id, f"pesan-{n:03d}.", at=utc_now() + timedelta(seconds=n))
    seen: list[str] = []
    path: str | None = f"/c/{conversation_id}"
    while path:
        page = sari.get(path).text
        seen = re.findall(r"pesan-(\d+)\.</div>", page) + seen
        older = re.search(r'data-action="older" href="([^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else None
    assert seen == [f"{n:03d}" for n in range(130)]


def test_a_reply_is_queued_closes_the_turn_and_takes_the_conversation(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    page = sari.get(f"/c/{conversation_id}").text
    assert field(page, "turn_id") == str(shop.open_turn(conversation_id))
    answer = sari.post(f"/c/{conversation_id}/answer", reply(page, "Halo, Bu!"))
    assert answer.status_code == 303
    assert shop.open_turn(conversation_id) is None
    page = sari.get(answer.location).text
    assert "Halo, Bu!" in page
    assert "With Sari" in page
    assert 'data-delivery="queued"' in page


def test_the_same_form_sent_twice_is_one_reply(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    form = reply(sari.get(f"/c/{conversation_id}").text, "Halo, Bu!")
    first = sari.post(f"/c/{conversation_id}/answer", form, **JSON)
    before = shop.sizes()
    second = sari.post(f"/c/{conversation_id}/answer", form, **JSON)
    assert first.status_code == second.status_code == 201
    assert first.json["id"] == second.json["id"]  # type: ignore[index]
    assert shop.sizes() == before


def test_the_slower_admin_is_told_who_answered_and_keeps_his_text(
    sari: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    fast, slow = sari.get(f"/c/{conversation_id}").text, budi.get(f"/c/{conversation_id}").text
    sari.post(f"/c/{conversation_id}/answer", reply(fast, "Sudah saya jawab"))
    before = shop.sizes()
    answer = budi.post(f"/c/{conversation_id}/answer", reply(slow, "Jawaban kedua"))
    assert answer.status_code == 409
    assert "Sari was faster" in answer.text
    assert answer.text.count("Sudah saya jawab") >= 2
    assert ">Jawaban kedua</textarea>" in answer.text
    assert shop.sizes() == before
    script = budi.post(f"/c/{conversation_id}/answer", reply(slow, "Jawaban kedua"), **JSON)
    assert script.status_code == 409
    assert "Sudah saya jawab" in script.json["notice"]  # type: ignore[index]
    anyway = budi.post(f"/c/{conversation_id}/answer", reply(slow, "Jawaban kedua") | {"follow_up": "1"})
    assert anyway.status_code == 303
    assert shop.sizes()[1] == before[1] + 1


@pytest.mark.parametrize("text", ["", "   \n\t ", "\x00\x01\x02\x7f", "x" * 70_000, "😀" * 65_537])
def test_an_unusable_reply_changes_nothing_and_is_kept(sari: Visitor, shop: StaffedBooks, text: str) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    form = reply(sari.get(f"/c/{conversation_id}").text, text)
    before = shop.sizes()
    answer = sari.post(f"/c/{conversation_id}/answer", form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert text[:10].strip() in answer.text
    script = sari.post(f"/c/{conversation_id}/answer", form, **JSON)
    assert script.status_code == 422
    assert script.json["error"]  # type: ignore[index]
    assert shop.sizes() == before


@pytest.mark.parametrize(
    "broken",
    [
        {"turn_id": "x"},
        {"turn_id": "-1"},
        {"turn_id": "1" * 40},
        {"request_key": "a b"},
        {"request_key": "k" * 65},
    ],
)
def test_forged_fields_are_refused(sari: Visitor, shop: StaffedBooks, broken: dict[str, str]) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    before = shop.sizes()
    answer = sari.post(f"/c/{conversation_id}/answer", {"text": "halo", **broken})
    assert answer.status_code == 400
    assert shop.sizes() == before


def test_a_gigantic_form_is_refused(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    before = shop.sizes()
    assert sari.post(f"/c/{conversation_id}/answer", {"text": "x" * 3_000_000}).status_code == 413
    assert shop.sizes() == before


def test_an_unknown_conversation_is_a_sentence(sari: Visitor, shop: StaffedBooks) -> None:
    before = shop.sizes()
    assert sari.get("/c/4711").status_code == 404
    assert sari.get("/c/99999999999999999999999").status_code == 404
    assert sari.post("/c/4711/answer", {"text": "halo"}).status_code == 404
    assert sari.post("/c/4711/answer", {"text": "halo"}, **JSON).status_code == 404
    assert sari.post("/c/4711/seen", {"message_id": "1"}).status_code == 404
    assert shop.sizes() == before


def test_the_composer_says_that_a_reply_waits_while_the_link_is_down(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.online()
    assert re.search(r"data-offline-note hidden", sari.get(f"/c/{conversation_id}").text)
    shop.link(LinkState.OFFLINE, LinkReason.NETWORK)
    page = sari.get(f"/c/{conversation_id}").text
    assert not re.search(r"data-offline-note hidden", page)
    assert 'data-banner data-state="offline"' in page


def test_media_is_handed_out_harmlessly(sari: Visitor, stranger: Visitor, shop: StaffedBooks) -> None:
    from webui.base import context

    folder = context.of(sari.client.application).config.data / "media"
    folder.mkdir()
    (folder / "a.bin").write_bytes(b"<script>alert(1)</script>")
    (folder.parent / "secret").write_bytes(b"secret")
    conversation_id = shop.new_customer("Ibu Ratna", "halo")

    def sent(**media: str) -> int:
        return shop.customer_writes(conversation_id, None, kind=MessageKind.DOCUMENT.value, media=media)

    (folder / "b.bin").write_bytes(b"\x89PNG\r\n\x1a\n")
    image = sari.get(f"/media/{sent(file='b.bin', mime='image/png', name='foto.png')}")
    assert image.mimetype == "image/png"
    assert image.headers["X-Content-Type-Options"] == "nosniff"
    page = sari.get(f"/media/{sent(file='a.bin', mime='text/html', name='../x.html')}")
    assert page.mimetype == "application/octet-stream"
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert sari.get(f"/media/{sent(file='../secret', mime='image/png')}").status_code == 404
    assert sari.get(f"/media/{sent(mime='image/png')}").status_code == 404
    assert sari.get("/media/4711").status_code == 404
    image.close()
    page.close()


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"size": 70_000_000}, "too large for Balas"),
        ({"gone": "large"}, "too large for Balas"),
        ({"gone": "deadly"}, "can&#39;t be fetched safely"),
        ({"gone": "expired"}, "WhatsApp no longer has it"),
        ({"gone": "damaged"}, "it is damaged"),
        ({"gone": "failed"}, "could not be fetched"),
        ({"waits": 1}, "no room for it on Balas&#39;s computer"),
        ({"gone": 1}, "open the phone to see it"),
        ({}, "open the phone to see it"),
    ],
)
def test_a_file_that_is_not_here_says_why(
    sari: Visitor, shop: StaffedBooks, about: dict[str, int | str], words: str
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.customer_writes(conversation_id, None, kind=MessageKind.DOCUMENT.value, media={"name": "a.pdf"} | about)
    page = sari.get(f"/c/{conversation_id}", headers={"Accept-Language": "en"}).text
    assert words in page
    assert "open the phone to see it" in page


def test_every_page_carries_the_headers_that_keep_it_safe(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    for path in ("/", f"/c/{conversation_id}", "/link", "/c/4711", "/nowhere"):
        answer = sari.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", answer.text)


def test_an_error_is_a_sentence_and_its_log_line_names_nobody(
    sari: Visitor, shop: StaffedBooks, caplog: pytest.LogCaptureFixture
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "rahasia besar", phone="6281234567890")

    # the error that this brings quotes the row
    spoil = "UPDATE message SET kind = 'rahasia besar 6281234567890'"
    shop.write(lambda conn: conn.exec_driver_sql(spoil))
    answer = sari.get(f"/c/{conversation_id}")
    assert answer.status_code == 500
    assert "Something went wrong on our side." in answer.text
    assert "rahasia" not in answer.text + caplog.text
    assert "6281234567890" not in caplog.text
    assert "ValueError" in caplog.text
