"""Files in the threads of real browsers: no jumps, grids of pictures, the gallery, recordings played in place."""

import base64
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from daemon.config import Config
from daemon.domain.attachments import small_of
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.store import messages, threads
from daemon.store.tables.core import message as sql_message
from tests.support.pictures import drawn, small_jpeg
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import desk_of, open_thread
from tests.webui.test_thread_end_browser import ALL_LOADED, until
from tests.whatsapp_server.demo_media import voice_note

pytestmark = pytest.mark.browser

TILES = "#messages .tile:not(.tile-beyond)"
GALLERY = "dialog.gallery"
SIDEWAYS = "document.querySelector('#scroller').scrollWidth > document.querySelector('#scroller').clientWidth"
PLAYING = "[...document.querySelectorAll('audio, video')].filter((one) => !one.paused).length"


class Sender:
    """Ibu Ratna, who sends files; `began` is when her pictures were taken."""

    def __init__(self, shop: StaffedBooks, config: Config) -> None:
        self.shop = shop
        self.folder = config.data / "media" / "1"
        self.folder.mkdir(parents=True)
        self.chat = shop.new_customer("Ibu Ratna", "ini kak")
        self.at: datetime = utc_now()

    def keep(self, name: str, content: bytes, small: bytes | None = None) -> dict[str, str | int]:
        (self.folder / name).write_bytes(content)
        if small is not None:
            (self.folder / small_of(name)).write_bytes(small)
        return {"file": f"1/{name}"} | ({"small": 1} if small is not None else {})

    def picture(self, text: str | None = None, own: bool = False, **media: Any) -> int:
        file = self.keep("a.jpg", drawn(600, 450), drawn(300, 225, "sienna"))
        about = {"mime": "image/jpeg", "width": 600, "height": 450} | file | media
        return self.send(MessageKind.IMAGE, about, text, own)

    def voice(self, seconds: int = 20) -> int:
        about = {"mime": "audio/ogg; codecs=opus", "seconds": seconds, "waveform": bytes(range(64)).hex()}
        return self.send(MessageKind.VOICE, about | self.keep(f"v{seconds}.ogg", voice_note(seconds)))

    def send(self, kind: MessageKind, media: dict[str, Any], text: str | None = None, own: bool = False) -> int:
        self.at += timedelta(seconds=1)
        values: dict[str, Any] = {"kind": kind.value, "media": media, "at": self.at}
        if not own:
            return self.shop.customer_writes(self.chat, text, **values)
        sari = {"admin_id": self.shop.sari.id, "delivery": Delivery.SENT.value}
        return self.shop.shop_wrote(self.chat, text or "", Author.ADMIN, **values, **sari)


@pytest.fixture
def ratna(shop: StaffedBooks, config: Config) -> Sender:
    return Sender(shop, config)


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser."""
    with desk_of(chromium, server, "sari", viewport={"width": 820, "height": 1180}) as page:
        yield page


def message(page: Page, message_id: int) -> Any:
    return page.locator(f'[data-message="{message_id}"]')


def test_nothing_moves_when_pictures_come_whatever_their_senders_say_of_them(page: Page, ratna: Sender) -> None:
    # the truth, a joke, and a file that is not what it was measured as
    ratna.picture("satu")
    ratna.picture("dua", width=20_000, height=1)
    ratna.picture("tiga", width=300, height=900)
    film = {"mime": "video/mp4", "width": 640, "height": 360, "seconds": 7}
    small = base64.b64encode(small_jpeg()).decode()
    ratna.send(MessageKind.VIDEO, film | {"thumbnail": small} | ratna.keep("f.mp4", b"\0\0\0\x18ftypmp42"))
    about = {"mime": "image/jpeg", "width": 1200, "height": 900, "thumbnail": small}
    coming = ratna.send(MessageKind.IMAGE, about)
    last = ratna.shop.customer_writes(ratna.chat, "sudah semua", at=ratna.at + timedelta(seconds=1))
    held: list[Route] = []
    page.route("**/media/**", lambda route: held.append(route))
    open_thread(page, ratna.chat)
    expect(page.locator(".media img")).to_have_count(5)
    expect(message(page, coming)).to_contain_text("open the phone to see it")
    page.locator("#scroller").evaluate("place => place.scrollTop = 0")
    where = f"document.querySelector('#message-{last}').offsetTop"
    before = page.evaluate(where)
    page.unroute_all(behavior="default")
    # those that are far below are loaded when they are looked at
    page.locator("#scroller").evaluate("place => place.scrollTop = place.scrollHeight")
    until(page, ALL_LOADED)
    assert page.evaluate(where) == before
    # now it is here
    media = about | ratna.keep("b.jpg", drawn(1200, 900), drawn(900, 675)) | {"mime": "image/jpeg"}
    here = sql_message.update().where(sql_message.c.id == coming).values(media=media)
    ratna.shop.changed(ratna.chat, coming, lambda conn: conn.execute(here))
    expect(message(page, coming).locator("[data-action=gallery]")).to_be_visible()
    assert page.evaluate(where) == before
    for width, height in ((360, 740), (820, 1180), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        assert not page.evaluate(SIDEWAYS)


def test_several_pictures_are_a_grid_that_grows_while_one_looks(page: Page, ratna: Sender) -> None:
    own = [ratna.picture(own=True) for _ in range(2)]
    # beside one another, and each can be pressed
    open_thread(page, ratna.chat)
    expect(page.locator(TILES)).to_have_count(2)
    boxes = [message(page, one).locator(".bubble").bounding_box() for one in own]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] < boxes[1]["x"]
    for number, one in enumerate(own, 1):
        message(page, one).locator(".picture").click()
        expect(page.locator("[data-gallery-count]")).to_have_text(f"{number} of 2")
        page.keyboard.press("Escape")
        expect(page.locator(GALLERY)).to_have_count(0)
    first = ratna.picture("yang mana?")
    expect(message(page, first)).to_be_visible()
    # words stand by themselves
    expect(page.locator(TILES)).to_have_count(2)
    more = [ratna.picture() for _ in range(3)]
    expect(message(page, more[2])).to_have_class(re.compile("tile-wide"))
    more += [ratna.picture() for _ in range(2)]
    expect(page.locator(".tile-beyond")).to_have_count(1)
    expect(message(page, more[3]).locator(".picture")).to_have_attribute("data-more", "+2")
    for width, height in ((360, 740), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        assert not page.evaluate(SIDEWAYS)
        corner, other = (message(page, one).locator(".bubble").bounding_box() for one in (more[0], more[3]))
        assert corner["y"] + corner["height"] <= other["y"]
        assert other["x"] + other["width"] <= width
    # whoever needs to see something of one sees it
    shop = ratna.shop
    shop.changed(ratna.chat, more[4], lambda conn: messages.react(conn, more[4], True, "👍", utc_now()))
    expect(message(page, more[4]).locator(".reactions")).to_be_visible()
    expect(page.locator(".tile-beyond")).to_have_count(0)
    shop.changed(ratna.chat, more[0], lambda conn: messages.revoke(conn, more[0], utc_now()))
    expect(message(page, more[0]).locator(".mark")).to_be_visible()
    expect(message(page, more[3])).to_have_class(re.compile("tile-wide"))


def test_the_gallery_leads_through_all_pictures_and_films(
    chromium: Browser, server: Server, shop: StaffedBooks, ratna: Sender
) -> None:
    first = ratna.picture("kue lapis")
    ratna.picture("nastar")
    film = {"mime": "video/mp4", "width": 640, "height": 360, "seconds": 7}
    ratna.send(MessageKind.VIDEO, film | ratna.keep("f.mp4", b"\0\0\0\x18ftypmp42"), "caranya")
    with desk_of(
        chromium, server, "sari", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    ) as page:
        open_thread(page, ratna.chat)
        opener = message(page, first).locator("[data-action=gallery]")
        opener.focus()
        page.keyboard.press("Enter")
        count, words = page.locator("[data-gallery-count]"), page.locator("[data-gallery-text]")
        expect(count).to_have_text("1 of 3")
        expect(words).to_have_text("kue lapis")
        picture = page.locator(f"{GALLERY} img")
        # the whole file, not the small one
        expect(picture).to_have_attribute("src", f"{server.url}/media/{first}")
        expect(page.locator("[data-gallery-get]")).to_have_attribute("href", f"{server.url}/media/{first}")
        page.keyboard.press("+")
        expect(picture).to_have_attribute("style", "transform: translate(0px, 0px) scale(1.5);")
        page.keyboard.press("0")
        expect(picture).to_have_attribute("style", "transform: translate(0px, 0px) scale(1);")
        page.mouse.move(180, 400)
        page.mouse.wheel(0, -300)
        expect(page.locator("[data-zoomed]")).to_have_count(1)
        page.keyboard.press("ArrowRight")
        expect(words).to_have_text("nastar")
        # zoomed was the other one
        expect(page.locator("[data-zoomed]")).to_have_count(0)
        session = page.context.new_cdp_session(page)

        def touch(*points: tuple[str, list[tuple[int, int]]]) -> None:
            for kind, fingers in points:
                at = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(fingers)]
                session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

        # two fingers apart
        start, apart = [(150, 400), (210, 400)], [(90, 400), (270, 400)]
        touch(("touchStart", start), ("touchMove", apart), ("touchEnd", []))
        expect(page.locator("[data-zoomed]")).to_have_count(1)
        page.keyboard.press("0")
        for zoomed in (1, 0):
            # twice, quickly
            for _ in range(2):
                touch(("touchStart", [(180, 400)]), ("touchEnd", []))
            expect(page.locator("[data-zoomed]")).to_have_count(zoomed)
        swipe = [(300, 400)], [(200, 400)], [(120, 402)]
        touch(("touchStart", swipe[0]), ("touchMove", swipe[1]), ("touchMove", swipe[2]), ("touchEnd", []))
        expect(words).to_have_text("caranya")
        expect(page.locator(f"{GALLERY} video")).to_be_visible()
        expect(page.get_by_role("button", name="The next one")).to_have_count(0)
        page.get_by_role("button", name="The one before").click()
        page.keyboard.press("ArrowLeft")
        expect(count).to_have_text("1 of 3")
        # it is drawn anew behind the gallery
        shop.changed(ratna.chat, first, lambda conn: messages.raise_delivery(conn, first, Delivery.READ))
        page.keyboard.press("Escape")
        expect(page.locator(GALLERY)).to_have_count(0)
        expect(opener).to_be_focused()
        opener.click()
        page.get_by_role("button", name="Reply", exact=True).last.click()
        expect(page.locator("[data-draft-about]")).to_contain_text("kue lapis")


def test_a_mouse_zooms_by_a_double_click_and_the_film_opens_without_a_small_picture(
    page: Page, ratna: Sender
) -> None:
    ratna.picture("kue lapis")
    film = {"mime": "video/mp4", "seconds": 7, "gif": 1}
    gif = ratna.send(MessageKind.VIDEO, film | ratna.keep("f.mp4", b"\0\0\0\x18ftypmp42"))
    open_thread(page, ratna.chat)
    page.locator("[data-action=gallery]").first.click()
    for zoomed in (1, 0):
        page.mouse.dblclick(410, 600)
        expect(page.locator("[data-zoomed]")).to_have_count(zoomed)
    page.keyboard.press("Escape")
    message(page, gif).locator("[data-action=gallery]").click()
    assert page.locator(f"{GALLERY} video").evaluate("film => film.loop")
    page.get_by_role("button", name="Close").click()
    expect(message(page, gif).locator("[data-action=gallery]")).to_be_focused()


def test_recordings_play_in_place_one_at_a_time_as_fast_as_one_likes(page: Page, ratna: Sender) -> None:
    first, second = ratna.voice(20), ratna.voice(30)
    open_thread(page, ratna.chat)
    one, other = (message(page, i) for i in (first, second))
    expect(one.locator(".wave rect")).to_have_count(64)
    expect(one.locator("[data-voice-time]")).to_have_text("0:20")
    one.get_by_role("button", name="Play").click()
    until(page, f"{PLAYING} === 1")
    # whatever else becomes of the message
    shop = ratna.shop
    shop.changed(ratna.chat, first, lambda conn: messages.react(conn, first, True, "👍", utc_now()))
    expect(one.locator(".reactions")).to_have_text("👍")
    expect(one.get_by_role("button", name="Pause")).to_be_visible()
    assert page.evaluate(PLAYING) == 1
    other.get_by_role("button", name="Play").click()
    expect(one.get_by_role("button", name="Play")).to_be_visible()
    until(page, f"{PLAYING} === 1")
    other.get_by_role("button", name="Pause").click()
    slider = one.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "0:05 / 0:20")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 5)
    expect(slider).to_have_attribute("aria-valuenow", "10")
    speed = one.locator("[data-voice-speed]")
    speed.click()
    expect(speed).to_have_text("1.5×")
    speed.click()
    expect(other.locator("[data-voice-speed]")).to_have_text("2×")
    third = ratna.voice(9)
    expect(message(page, third).locator("[data-voice-speed]")).to_have_text("2×")
    assert message(page, third).locator("audio").evaluate("one => one.playbackRate") == 2


def test_a_file_that_did_not_come_is_asked_for_with_one_press(page: Page, ratna: Sender) -> None:
    small = base64.b64encode(small_jpeg()).decode()
    about = {"gone": "expired", "width": 600, "height": 450, "thumbnail": small}
    lost = ratna.send(MessageKind.IMAGE, about)
    open_thread(page, ratna.chat)
    page.fill("#reply", "Baik, Bu.")
    asked = message(page, lost).get_by_role("link", name="Ask the customer to send it again")
    asked.click()
    asked.click()
    expect(page.locator("[data-draft-about]")).to_contain_text("Photo")
    words = page.locator("#reply").input_value()
    assert words.startswith("Baik, Bu.\nMaaf Kak")
    assert words.count("Maaf Kak") == 1
    page.press("#reply", "Enter")
    expect(page.locator("#messages .own [data-text]")).to_have_text(words)
    with ratna.shop.database.read() as conn:
        reply = threads.of_conversation(conn, ratna.chat)[-1]
    assert reply.quoted_message_id == lost
