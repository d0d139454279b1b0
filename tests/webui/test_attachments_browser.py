"""Files in the reply field of real browsers: chosen, dropped, pasted; brought, removed, kept, sent once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from daemon.config import Config
from daemon.desk.file_storage import keep
from daemon.domain.message_kinds import MessageKind
from daemon.store import quick_replies, threads
from daemon.store.threads import Bubble
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import desk_of, open_thread

pytestmark = pytest.mark.browser

ITEMS = "[data-attachments] li"


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser."""
    with desk_of(chromium, server, "sari") as page:
        yield page


@pytest.fixture
def chat(shop: StaffedBooks) -> int:
    return shop.new_customer("Ibu Ratna", "ada fotonya?")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "kue lapis.jpg"
    Image.new("RGB", (640, 480), "orange").save(path)
    return path


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "harga.pdf"
    path.write_bytes(b"%PDF-1.7 daftar harga")
    return path


def own(shop: StaffedBooks, chat: int) -> list[Bubble]:
    with shop.database.read() as conn:
        return [b for b in threads.of_conversation(conn, chat) if b.from_me]


def brought(page: Page, count: int) -> None:
    """All that was chosen is at Balas."""
    expect(page.locator(ITEMS)).to_have_count(count)
    expect(page.locator(f"{ITEMS}[data-bringing]")).to_have_count(0)
    expect(page.locator(f"{ITEMS} [name=files]:not([value=''])")).to_have_count(count)


def test_several_files_leave_with_the_words_as_one_answer(
    page: Page, shop: StaffedBooks, chat: int, photo: Path, pdf: Path
) -> None:
    open_thread(page, chat)
    page.set_input_files("[data-upload]", [photo, pdf])
    brought(page, 2)
    expect(page.locator(f"{ITEMS} img").first).to_be_visible()
    page.fill("#reply", "ini kak")
    page.press("#reply", "Enter")
    expect(page.locator("#messages .own")).to_have_count(2)
    expect(page.locator("#messages .own img")).to_be_visible()
    expect(page.locator("#messages .own [data-text]")).to_have_text("ini kak")
    expect(page.locator(ITEMS)).to_have_count(0)
    assert [(b.kind, b.text) for b in own(shop, chat)] == [
        (MessageKind.IMAGE, "ini kak"),
        (MessageKind.DOCUMENT, None),
    ]
    assert shop.open_turn(chat) is None


def test_what_is_removed_does_not_leave_and_what_stays_survives_another_chat(
    page: Page, shop: StaffedBooks, chat: int, photo: Path, pdf: Path
) -> None:
    open_thread(page, chat)
    page.set_input_files("[data-upload]", [photo, pdf])
    brought(page, 2)
    page.get_by_role("button", name="Remove kue lapis.jpg").click()
    expect(page.locator("#reply")).to_be_focused()
    brought(page, 1)
    open_thread(page, shop.new_customer("Pak Joko", "pagi"))
    expect(page.locator(ITEMS)).to_have_count(0)
    open_thread(page, chat)
    brought(page, 1)
    # without a word beside it
    page.press("#reply", "Enter")
    expect(page.locator("#messages .own .file-name")).to_have_text("harga.pdf")
    assert [b.kind for b in own(shop, chat)] == [MessageKind.DOCUMENT]


def test_a_file_can_be_dropped_or_pasted_and_a_note_has_none(page: Page, chat: int) -> None:
    open_thread(page, chat)
    page.evaluate(
        """() => {
          const files = new DataTransfer();
          files.items.add(new File(["isi"], "jatuh.txt", {type: "text/plain"}));
          for (const kind of ["dragover", "drop"])
            document.querySelector("#messages").dispatchEvent(
              new DragEvent(kind, {dataTransfer: files, bubbles: true, cancelable: true}));
          const pasted = new DataTransfer();
          pasted.items.add(new File(["isi lain"], "tempel.txt", {type: "text/plain"}));
          document.querySelector("#reply").dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: pasted, bubbles: true, cancelable: true}));
        }"""
    )
    brought(page, 2)
    expect(page.locator(f"{ITEMS} [data-name]")).to_have_text(["jatuh.txt", "tempel.txt"])
    page.check("[name=mode][value=note]", force=True)
    expect(page.locator("[data-attachments]")).to_be_hidden()
    page.fill("#reply", "catatan")
    page.press("#reply", "Enter")
    expect(page.locator("#messages .note [data-text]")).to_have_text("catatan")
    page.check("[name=mode][value=reply]", force=True)
    brought(page, 2)


def test_a_file_that_is_refused_says_why_and_is_not_sent(
    page: Page, shop: StaffedBooks, chat: int, tmp_path: Path
) -> None:
    open_thread(page, chat)
    (tmp_path / "kosong.pdf").touch()
    page.set_input_files("[data-upload]", tmp_path / "kosong.pdf")
    expect(page.locator(f"{ITEMS} [data-file-error]")).to_have_text("This file is empty.")
    page.fill("#reply", "halo")
    page.press("#reply", "Enter")
    expect(page.locator("#messages .own [data-text]")).to_have_text("halo")
    assert [b.kind for b in own(shop, chat)] == [MessageKind.TEXT]


def test_a_file_that_did_not_get_through_is_brought_again(
    page: Page, server: Server, chat: int, pdf: Path
) -> None:
    open_thread(page, chat)
    page.context.set_offline(True)
    page.set_input_files("[data-upload]", pdf)
    again = page.locator(f"{ITEMS} [data-action=bring-again]")
    expect(again).to_be_visible()
    page.context.set_offline(False)
    again.click()
    brought(page, 1)
    expect(page.locator(f"{ITEMS} [data-file-error]")).to_have_text("")


def test_a_quick_reply_attaches_its_file_with_its_words(
    page: Page, shop: StaffedBooks, chat: int, config: Config, photo: Path
) -> None:
    with photo.open("rb") as source:
        file = keep(config.data, shop.account_id, source, "qris.jpg", "image/jpeg")
    with shop.database.write() as conn:
        quick_replies.add(conn, shop.account_id, None, "qris", "Halo {nama}, silakan", file)
    open_thread(page, chat)
    for _ in range(2):
        page.locator("#reply").press_sequentially("/qr")
        expect(page.locator("[data-suggestions] [role=option]")).to_contain_text(["qris.jpg"])
        page.keyboard.press("Enter")
        expect(page.locator("#reply")).to_have_value("Halo Ibu Ratna, silakan")
        # chosen twice it is there once
        expect(page.locator(ITEMS)).to_have_count(1)
        expect(page.locator(f"{ITEMS} img")).to_have_js_property("naturalWidth", 640)
        page.fill("#reply", "")
    page.get_by_role("button", name="Remove qris.jpg").click()
    expect(page.locator(ITEMS)).to_have_count(0)
    page.locator("#reply").press_sequentially("/qr")
    page.keyboard.press("Enter")
    expect(page.locator(ITEMS)).to_have_count(1)
    page.click("[data-action=send]")
    expect(page.locator(ITEMS)).to_have_count(0)
    expect(page.locator(".message.own")).to_have_count(1)
    (answer,) = own(shop, chat)
    assert (answer.kind, answer.text) == (MessageKind.IMAGE, "Halo Ibu Ratna, silakan")
