"""A thread in a real browser stays at its end while pictures come in, and where its reader has scrolled to."""

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from daemon.config import Config
from daemon.domain.message_kinds import MessageKind
from daemon.domain.time import utc_now
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Server
from tests.webui.desk import desk_of, open_thread

pytestmark = pytest.mark.browser

ALL_LOADED = "[...document.querySelectorAll('.media img')].every((one) => one.complete && one.naturalHeight)"
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
FROM_END = "place => place.scrollHeight - place.scrollTop - place.clientHeight"


def until(page: Page, condition: str) -> None:
    """Wait for what only the page's own script can tell (its content policy allows no other way)."""
    look = f"const look = () => ({condition}) ? done() : requestAnimationFrame(look); look();"
    page.evaluate(f"new Promise((done) => {{ {look} }})")


@pytest.fixture
def page(chromium: Browser, server: Server, shop: StaffedBooks) -> Iterator[Page]:
    """Sari's browser."""
    with desk_of(chromium, server, "sari", viewport={"width": 820, "height": 1180}) as page:
        yield page


def with_pictures(shop: StaffedBooks, config: Config) -> int:
    """A thread that ends with three pictures."""
    folder = config.data / "media"
    folder.mkdir(exist_ok=True)
    picture = io.BytesIO()
    Image.new("RGB", (600, 900), "teal").save(picture, "PNG")
    (folder / "a.png").write_bytes(picture.getvalue())
    conversation_id = shop.new_customer("Ibu Ratna")
    now = utc_now()
    for n in range(30):
        shop.customer_writes(conversation_id, f"pesan {n}", at=now + timedelta(milliseconds=n))
    for n in range(3):
        media = {"file": "a.png", "mime": "image/png"}
        at = now + timedelta(milliseconds=100 + n)
        shop.customer_writes(conversation_id, None, at=at, kind=MessageKind.IMAGE.value, media=media)
    return conversation_id


def test_the_end_stays_in_view_while_pictures_load(page: Page, shop: StaffedBooks, config: Config) -> None:
    conversation_id = with_pictures(shop, config)
    held: list[Route] = []
    page.route("**/media/*", lambda route: held.append(route))
    open_thread(page, conversation_id)
    expect(page.locator(".media img")).to_have_count(3)
    # the word that it was scrolled to the end often comes only when a picture has pushed the end away
    page.evaluate(
        """() => {
          const place = document.querySelector("#scroller");
          for (const one of document.querySelectorAll(".media img"))
            one.addEventListener("load", () => place.dispatchEvent(new Event("scroll")));
        }"""
    )
    page.unroute_all(behavior="default")
    until(page, ALL_LOADED)
    page.evaluate(TWO_FRAMES)
    assert page.locator("#scroller").evaluate(FROM_END) <= 1


def test_whoever_has_scrolled_up_is_left_there(page: Page, shop: StaffedBooks, config: Config) -> None:
    conversation_id = with_pictures(shop, config)
    open_thread(page, conversation_id)
    until(page, ALL_LOADED)
    place = page.locator("#scroller")
    place.hover()
    page.mouse.wheel(0, -900)
    until(page, f"({FROM_END})(document.querySelector('#scroller')) > 300")
    shop.customer_writes(conversation_id, "masih ada?")
    expect(page.locator("#messages [data-text]").last).to_have_text("masih ada?")
    expect(page.locator("[data-action=to-end]")).to_be_visible()
    assert place.evaluate(FROM_END) > 300
    page.click("[data-action=to-end]")
    until(page, f"({FROM_END})(document.querySelector('#scroller')) < 2")
