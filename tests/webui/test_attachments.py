"""Files in the reply field without scripts, and what nobody may do with them."""

import io

import pytest
from flask import Flask

from daemon.config import Config
from daemon.desk import settings
from daemon.desk.media_budget import MediaBudget
from daemon.domain.desk import Actor
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.store import messages, outgoing_files, threads
from daemon.store.engine import Database
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor

PDF = b"%PDF-1.7 daftar harga"
NO_ROOM = "There is no room for this file on Balas's computer."


@pytest.fixture
def chat(shop: StaffedBooks) -> int:
    return shop.new_customer("Ibu Ratna", "ada daftar harga?")


def bring(
    visitor: Visitor, chat: int, content: bytes = PDF, name: str = "harga.pdf", **more: str
) -> dict[str, str]:
    """As the page's script does it; gives what the server says."""
    headers = visitor.headers | {
        "X-CSRFToken": visitor.token(),
        "X-File-Name": name,
        "Accept": "application/json",
        **more,
    }
    found = visitor.client.post(f"/c/{chat}/files", data=content, headers=headers, content_type="application/pdf")
    answer: dict[str, str] = found.get_json() or {}
    return answer | {"status": str(found.status_code)}


def sent(database: Database, chat: int) -> list[tuple[MessageKind, str | None, str]]:
    with database.read() as conn:
        thread = threads.of_conversation(conn, chat)
    return [(b.kind, b.text, (b.media or {}).get("name", "")) for b in thread if b.from_me]


def test_a_form_without_scripts_brings_its_files_with_the_words(
    sari: Visitor, shop: StaffedBooks, database: Database, chat: int
) -> None:
    fields = {"text": "ini kak", "upload": [(io.BytesIO(PDF), "harga.pdf"), (io.BytesIO(b"x"), "b.txt")]}
    answer = sari.post(f"/c/{chat}/answer", fields)
    assert answer.status_code == 303
    assert sent(database, chat) == [
        (MessageKind.DOCUMENT, "ini kak", "harga.pdf"),
        (MessageKind.DOCUMENT, None, "b.txt"),
    ]
    assert shop.open_turn(chat) is None
    page = sari.get(f"/c/{chat}").text
    assert "harga.pdf" in page


def test_a_file_that_was_brought_is_named_by_the_reply_and_served_to_the_team(
    sari: Visitor, budi: Visitor, database: Database, chat: int
) -> None:
    brought = bring(sari, chat)
    assert (brought["status"], brought["name"], brought["kind"]) == ("201", "harga.pdf", "document")
    assert sari.post(f"/c/{chat}/answer", {"text": "", "files": brought["word"]}).status_code == 303
    [(kind, text, name)] = sent(database, chat)
    assert (kind, text, name) == (MessageKind.DOCUMENT, None, "harga.pdf")
    with database.read() as conn:
        message_id = threads.of_conversation(conn, chat)[-1].id
    served = budi.get(f"/media/{message_id}")
    assert (served.data, served.mimetype) == (PDF, "application/octet-stream")
    assert "attachment" in served.headers["Content-Disposition"]
    served.close()


def test_what_is_refused_keeps_its_words_and_files(sari: Visitor, database: Database, chat: int) -> None:
    word = bring(sari, chat)["word"]
    refused = sari.post(f"/c/{chat}/answer", {"text": "x" * 70_000, "files": word})
    assert refused.status_code == 422
    assert f'value="{word}" checked' in refused.text
    assert sent(database, chat) == []


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    sari: Visitor, database: Database, shop: StaffedBooks, chat: int
) -> None:
    with database.write() as conn:
        settings.save(conn, shop.account_id, {"largest_upload": 1}, Actor(Author.ADMIN, shop.sari.id), utc_now())
    refused = bring(sari, chat, b"x" * 1_000_001)
    assert (refused["status"], refused["error"]) == ("413", "This file is too large: 1.0 MB at most.")
    fields = {"text": "ini", "upload": (io.BytesIO(b"x" * 1_000_001), "besar.pdf")}
    answer = sari.post(f"/c/{chat}/answer", fields)
    assert answer.status_code == 422
    assert "This file is too large" in answer.text
    answer.request.environ["wsgi.input"].close()
    assert sent(database, chat) == []


def test_an_empty_file_is_refused_with_a_sentence(sari: Visitor, chat: int) -> None:
    refused = bring(sari, chat, b"")
    assert (refused["status"], refused["error"]) == ("422", "This file is empty.")


@pytest.mark.parametrize("word", ["x", "eyJmaWxlIjoiMS9vdXQtMC5wZGYifQ.AAAA", "../../balas.db"])
def test_a_word_that_is_not_ours_names_nothing(sari: Visitor, database: Database, chat: int, word: str) -> None:
    assert sari.post(f"/c/{chat}/answer", {"text": "ini", "files": word}).status_code == 400
    assert sent(database, chat) == []


def test_a_file_that_was_cleared_away_meanwhile_has_to_be_attached_again(
    sari: Visitor, database: Database, config: Config, chat: int
) -> None:
    word = bring(sari, chat)["word"]
    for path in (config.data / "media" / "1").iterdir():
        path.unlink()
    refused = sari.post(f"/c/{chat}/answer", {"text": "ini", "files": word})
    assert refused.status_code == 422
    assert "An attached file is not here any more." in refused.text
    assert sent(database, chat) == []


def test_a_stranger_brings_nothing(stranger: Visitor, chat: int) -> None:
    assert bring(stranger, chat)["status"] == "401"
    large = {"text": "x", "upload": (io.BytesIO(b"x" * 2_000_000), "a.pdf")}
    refused = stranger.post(f"/c/{chat}/answer", large)
    assert refused.status_code in (302, 303, 413)
    refused.request.environ["wsgi.input"].close()


def test_a_note_carries_no_file(sari: Visitor, database: Database, chat: int) -> None:
    word = bring(sari, chat)["word"]
    assert sari.post(f"/c/{chat}/answer", {"text": "catatan", "mode": "note", "files": word}).status_code == 303
    with database.read() as conn:
        [note] = [b for b in threads.of_conversation(conn, chat) if b.kind == MessageKind.NOTE]
    assert note.media is None


def test_what_has_no_room_is_refused_before_it_sets_out(
    sari: Visitor, app: Flask, config: Config, shop: StaffedBooks, database: Database, chat: int
) -> None:
    app.extensions["media budget"] = MediaBudget(config.data, 1000)
    assert sari.get(f"/c/{chat}/files/room?size=1000").status_code == 204
    full = sari.get(f"/c/{chat}/files/room?size=1001")
    assert (full.status_code, full.get_json()) == (422, {"error": NO_ROOM})
    assert sari.get(f"/c/{chat}/files/room?size=99000000").get_json()["error"].startswith("This file is too large")
    assert sari.get(f"/c/{chat}/files/room?size=x").status_code == 400
    assert bring(sari, chat, b"x" * 1001) == {"status": "413", "error": NO_ROOM}
    assert bring(sari, chat, b"x" * 900)["status"] == "201"
    refused = sari.post(f"/c/{chat}/answer", {"text": "ini", "upload": [(io.BytesIO(b"y" * 500), "b.txt")]})
    assert refused.status_code == 422
    assert NO_ROOM.replace("'", "&#39;") in refused.text
    assert sent(database, chat) == []


@pytest.mark.parametrize(
    ("content", "status"), [(b"\x1aE\xdf\xa3\x9f\x42\x82\x84webm" + bytes(50), "201"), (PDF, "422"), (b"", "422")]
)
def test_only_what_a_browser_records_is_a_voice_message(
    sari: Visitor, database: Database, chat: int, content: bytes, status: str
) -> None:
    brought = bring(sari, chat, content, **{"X-Voice": "1"})
    assert brought["status"] == status
    if status == "201":
        assert brought["kind"] == "voice"
        assert sari.post(f"/c/{chat}/answer", {"text": "", "files": brought["word"]}).status_code == 303
        with database.read() as conn:
            assert threads.of_conversation(conn, chat)[-1].kind == MessageKind.VOICE


def test_a_film_that_is_still_made_says_so_until_it_leaves(
    sari: Visitor, shop: StaffedBooks, database: Database, chat: int
) -> None:
    brought = bring(sari, chat, b"\0\0\0\x20ftypisom" + bytes(50), "kue.mp4")
    assert brought["kind"] == "video"
    sari.post(f"/c/{chat}/answer", {"text": "", "files": brought["word"]})
    with database.read() as conn:
        film = threads.of_conversation(conn, chat)[-1]
    words = "It is being made ready for WhatsApp"
    assert words not in sari.get(f"/c/{chat}").text
    about = (film.media or {}) | {"is_made": 1}
    shop.write(lambda conn: outgoing_files.prepared(conn, film.id, film.kind, about, b""))
    assert words in sari.get(f"/c/{chat}").text
    shop.write(lambda conn: messages.set_delivery(conn, film.id, Delivery.FAILED))
    assert words not in sari.get(f"/c/{chat}").text
