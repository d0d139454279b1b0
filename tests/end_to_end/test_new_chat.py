"""Writing to somebody first, in a real browser, with the real neonize: from the number to his reply."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import PATIENCE_MS, log_in
from tests.support.shop import PASSWORD, Shop

pytestmark = [pytest.mark.browser, pytest.mark.wire]


def test_a_number_is_checked_written_to_and_answers(own_shop: Shop, chromium: Browser) -> None:
    shop, wa = own_shop, own_shop.wa
    customer = wa.add_customer("Melati")
    context = chromium.new_context(locale="en-GB", viewport={"width": 360, "height": 740})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    log_in(page, shop.config.url, shop.add_admin("Sari"), PASSWORD)
    page.click("[data-action=new-chat]")
    page.fill("#f-number", "0813 9999 0001")
    page.click("[data-action=check-number]")
    expect(page.locator("#error-number")).to_contain_text("not on WhatsApp")
    assert shop.bubbles() == []
    page.fill("#f-number", f"0{customer.phone_number[2:]}")
    page.press("#f-number", "Enter")
    expect(page.get_by_text("is on WhatsApp")).to_be_visible()
    for width in (360, 820, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.locator("main").evaluate("(e) => e.scrollWidth - e.clientWidth") == 0
    page.fill("#f-text", "Halo kak, pesanannya siap")
    page.click("[data-action=send-first]")
    page.wait_for_url("**/c/*")
    customer.wait_for_text("Halo kak, pesanannya siap")
    expect(page.locator("li.own[data-delivery=delivered]")).to_be_visible()
    customer.send_text("terima kasih")
    expect(page.locator("#messages").get_by_text("terima kasih")).to_be_visible()
    own, reply = shop.bubbles("Melati")
    assert (own.admin_id, reply.conversation_id) == (1, own.conversation_id)
    # and he may be kept away
    page.set_viewport_size({"width": 1440, "height": 900})
    page.click("[data-action=details]")
    page.click("[data-action=ask-block]")
    page.click("[data-action=block]")
    expect(page.locator("[data-details] .blocked")).to_be_visible()
    expect(page.locator("[data-head] .blocked")).to_be_visible()
    expect(page.locator("#messages").get_by_text("Sari blocked this customer")).to_be_visible()
    page.click("[data-action=unblock]")
    expect(page.locator("[data-details] .blocked")).to_have_count(0)
    context.close()
    assert problems == []
