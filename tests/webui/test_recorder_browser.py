"""Voice messages recorded in the reply field of real browsers, with Chromium's microphone that beeps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from daemon.config import Config
from daemon.desk import replies
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import claims, threads
from daemon.store.threads import Bubble
from tests.media_process.test_preparation import make
from tests.support import films
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import desk_of, open_thread

pytestmark = pytest.mark.browser

RECORD, STOP = "Record a voice message", "Stop recording"


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser, which may use the microphone."""
    with desk_of(chromium, server, "sari", permissions=["microphone"]) as page:
        yield page


@pytest.fixture
def chat(shop: StaffedBooks) -> int:
    return shop.new_customer("Ibu Ratna", "bisa dijelaskan?")


def own(shop: StaffedBooks, chat: int) -> list[Bubble]:
    with shop.database.read() as conn:
        return [b for b in threads.of_conversation(conn, chat) if b.from_me]


def record(page: Page) -> None:
    """At least a second."""
    page.get_by_role("button", name=RECORD).click()
    expect(page.locator("[data-recorder-state=recording]")).to_be_visible()
    expect(page.locator("[data-record-time]")).to_have_text("0:01")


def is_ready(page: Page) -> None:
    expect(page.locator("[data-recorder-state=ready]")).to_be_visible()


def drawn(page: Page) -> int:
    """How many points of the wave are drawn."""
    return int(
        page.evaluate(
            """() => {
              const canvas = document.querySelector("[data-record-wave]");
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              return data.filter((value, place) => place % 4 === 3 && value > 0).length;
            }"""
        )
    )


def test_a_voice_is_recorded_heard_and_sent_beside_the_words_that_stay(
    page: Page, shop: StaffedBooks, chat: int, config: Config, tmp_path: Path
) -> None:
    open_thread(page, chat)
    page.fill("#reply", "nanti saya tulis")
    record(page)
    # whoever speaks answers, as whoever types does
    with shop.database.read() as conn:
        [claim] = claims.held(conn, shop.account_id, utc_now())
    assert (claim.conversation_id, claim.admin_id) == (chat, shop.sari.id)
    assert drawn(page) > 50
    expect(page.locator("[data-record-status]")).to_have_text("Recording. Press again to stop.")
    # the focus stays on the button, which stops now
    expect(page.get_by_role("button", name=STOP)).to_be_focused()
    page.keyboard.press("Enter")
    is_ready(page)
    expect(page.locator("[data-record-status]")).to_contain_text("Recorded: 0:0")
    expect(page.get_by_role("button", name="Listen to it")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Listen to it")).to_be_visible()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#messages .own")).to_have_count(1)
    expect(page.locator("[data-recorder-state='']")).to_be_visible()
    expect(page.locator("#reply")).to_have_value("nanti saya tulis")
    expect(page.locator("#reply")).to_be_focused()
    [sent] = own(shop, chat)
    assert (sent.kind, sent.text) == (MessageKind.VOICE, None)
    assert shop.open_turn(chat) is None
    path = tmp_path / "recorded"
    path.write_bytes((config.data / "media" / (sent.media or {})["file"]).read_bytes())
    # what Chromium has recorded is only packed anew
    made = make(path, MessageKind.VOICE)
    assert made.prepared is not None
    assert made.prepared.mime == "audio/ogg; codecs=opus"
    assert ", mono," in films.about(made.content)
    seconds = len(films.samples(made.content)) / 16_000
    assert (0.8 < seconds < 60, made.about["seconds"]) == (True, max(1, round(seconds)))
    # it beeps, and is silent between
    wave = bytes.fromhex(str(made.about["waveform"]))
    assert (max(wave), min(wave) < 10) == (100, True)


def test_what_is_not_sent_stays_in_its_chat_or_is_deleted_by_hand(
    page: Page, shop: StaffedBooks, chat: int
) -> None:
    other = shop.new_customer("Pak Joko", "pagi")
    open_thread(page, chat)
    record(page)
    open_thread(page, other)
    expect(page.get_by_role("button", name=RECORD)).to_be_visible()
    open_thread(page, chat)
    is_ready(page)
    # a note has no voice, and sends none
    page.get_by_text("Note", exact=True).click()
    expect(page.locator("[data-recorder]")).to_be_hidden()
    expect(page.get_by_role("button", name=RECORD)).to_be_hidden()
    page.fill("#reply", "hanya untuk kita")
    page.press("#reply", "Enter")
    expect(page.locator("#messages .note")).to_have_count(1)
    page.get_by_text("Reply", exact=True).click()
    is_ready(page)
    # leaving the page asks
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.once("dialog", stay)
    page.close(run_before_unload=True)
    expect(page.locator("[data-recorder-state=ready]")).to_be_visible()
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Delete the recording").click()
    expect(page.locator("[data-recorder-state='']")).to_be_visible()
    expect(page.get_by_role("button", name=RECORD)).to_be_focused()
    assert [b.kind for b in own(shop, chat)] == [MessageKind.NOTE]


def test_a_voice_that_comes_second_is_sent_when_it_is_meant(page: Page, shop: StaffedBooks, chat: int) -> None:
    open_thread(page, chat)
    record(page)
    closer = Closer(Author.ADMIN, shop.budi.id)
    shop.write(lambda conn: replies.answer(conn, chat, closer, "sudah", utc_now(), take_over=True))
    with page.expect_response(lambda response: response.status == 409):
        page.get_by_role("button", name="Send", exact=True).click()
    # what was recorded is still there
    is_ready(page)
    page.locator("[data-answered] button[name=follow_up]").click()
    expect(page.locator("#messages .own")).to_have_count(2)
    assert [b.kind for b in own(shop, chat)] == [MessageKind.TEXT, MessageKind.VOICE]


def test_a_microphone_that_is_refused_or_not_there_is_told(
    chromium: Browser, server: Server, shop: StaffedBooks, chat: int
) -> None:
    with desk_of(chromium, server, "sari") as page:
        open_thread(page, chat)
        page.get_by_role("button", name=RECORD).click()
        expect(page.locator("[data-record-error]")).to_contain_text("keeps the microphone from Balas")
        page.evaluate(
            """() => navigator.mediaDevices.getUserMedia = () =>
               Promise.reject(new DOMException("none", "NotFoundError"))"""
        )
        page.get_by_role("button", name=RECORD).click()
        expect(page.locator("[data-record-error]")).to_have_text("No microphone was found on this device.")
        expect(page.locator("#reply")).to_be_visible()


def test_a_finger_holds_the_button_and_slides_away_to_delete(
    chromium: Browser, server: Server, shop: StaffedBooks, chat: int
) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with desk_of(chromium, server, "sari", permissions=["microphone"], **phone) as page:
        open_thread(page, chat)
        box = page.get_by_role("button", name=RECORD).bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        line = page.context.new_cdp_session(page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            places = [{"x": at_x, "y": at_y} for at_x, at_y in points]
            line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

        touch("touchStart", (x, y))
        expect(page.locator("[data-held]")).to_be_visible()
        expect(page.locator("[data-record-time]")).to_have_text("0:01")
        expect(page.get_by_text("Slide to delete")).to_be_visible()
        touch("touchMove", (x - 50, y))
        touch("touchMove", (x - 120, y))
        expect(page.locator("[data-recorder-state='']")).to_be_visible()
        touch("touchEnd")
        expect(page.locator("[data-record-status]")).to_have_text("The recording is deleted.")
        touch("touchStart", (x, y))
        expect(page.locator("[data-record-time]")).to_have_text("0:01")
        touch("touchEnd")
        is_ready(page)
        assert page.evaluate("document.documentElement.scrollWidth <= 360")
        page.get_by_role("button", name="Delete the recording").tap()
        # a tap begins, another one ends
        page.get_by_role("button", name=RECORD).tap()
        expect(page.locator("[data-record-time]")).to_have_text("0:01")
        page.get_by_role("button", name=STOP).tap()
        is_ready(page)
