"""A group in a browser: it appears by itself, names each writer once, and fits every screen."""

from playwright.sync_api import Browser, expect

from tests.support.staffed_books import StaffedBooks
from tests.webui.circle import JOKO, SITI, US, Circle
from tests.webui.conftest import Server
from tests.webui.desk import desk_of, open_thread, row

LONG = "kata" * 40


def test_a_group_is_read_and_answered_at_every_width(
    chromium: Browser, server: Server, shop: StaffedBooks
) -> None:
    circle = Circle(shop, name=f"Reseller {LONG}")
    first = circle.writes(SITI, f"stok baru {LONG}")
    with desk_of(chromium, server, "budi") as page:
        page.click('[data-box-link="groups"]')
        expect(page.locator(row(page, circle.conversation_id))).to_contain_text("Siti Aminah: stok baru")
        open_thread(page, circle.conversation_id)
        circle.writes(SITI, "tiga warna")
        circle.writes(JOKO, f"@999 {LONG}", US, quoted=first)
        expect(page.locator(".message.theirs")).to_have_count(3)
        expect(page.locator(".writer:visible")).to_have_count(2)
        expect(page.locator(".quoted-by")).to_have_text("Siti Aminah")
        expect(page.locator(".message .mention")).to_have_text("@Toko Sari")
        for width in (360, 820, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert page.evaluate("document.querySelector('#pane').scrollWidth <= innerWidth")
        page.type("#reply", "masih ada kak @si")
        expect(page.locator("[data-suggestions] [role=option]")).to_have_text("@Siti Aminah")
        page.press("#reply", "Enter")
        expect(page.locator("#reply")).to_have_value("masih ada kak @Siti Aminah ")
        page.press("#reply", "Enter")
        expect(page.locator(".message.own .mention")).to_have_text("@Siti Aminah")
        # nobody has it now: it is everybody's
        expect(page.locator(f"{row(page, circle.conversation_id)} .assignee")).to_have_count(0)
        circle.told(name="Reseller", is_left=True)
        page.reload()
        expect(page.locator(".head-group")).to_have_text("This number is no longer in the group")
        page.evaluate("window.same = true")
