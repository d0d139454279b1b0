"""Tags in their colours: on rows, in the head of a thread, in the panel, on their page; readable in both modes."""

import re
from pathlib import Path

from daemon.domain.tag_colours import TagColour
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor

JSON = {"Accept": "application/json"}
CSS = Path(__file__).parents[2] / "webui/static/tags.css"


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_is_readable_in_light_and_in_dark() -> None:
    light, _, dark = CSS.read_text().partition("@media")
    for mode in (light, dark):
        found = dict(re.findall(r"--tag-([a-z-]+): (#[0-9a-f]{6})", mode))
        assert set(found) == {name for c in TagColour for name in (c.value, f"{c.value}-wash")}
        for colour in TagColour:
            words, ground = (luminance(found[name]) for name in (colour.value, f"{colour.value}-wash"))
            low, high = sorted((words, ground))
            assert (high + 0.05) / (low + 0.05) >= 4.5, colour
            assert f'[data-colour="{colour.value}"]' in CSS.read_text()


def test_a_tag_is_made_coloured_put_on_a_customer_and_deleted(
    sari: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    chat = shop.new_customer("Ibu Ratna", "halo", phone="6281234567890")
    assert sari.post("/settings/tags", {"tag": "VIP", "colour": "purple"}).status_code == 303
    assert budi.post("/settings/tags", {"tag": "x", "colour": "red"}).status_code == 403
    refused = sari.post("/settings/tags", {"tag": "vip", "colour": "red"})
    assert refused.status_code == 422
    assert "There is a tag of this name already." in refused.text
    # anybody may put it on a customer
    assert budi.post(f"/c/{chat}/contact/tag", {"contact_tag": "vip"}).status_code == 303
    assert budi.post(f"/c/{chat}/contact/tag", {"contact_tag": ""}, **JSON).json == {
        "errors": {"contact_tag": "Write a tag first."}
    }
    page = budi.get(f"/c/{chat}?details=1").text
    # in the filter, the row, the head and the panel, with words and not by colour alone
    assert len(re.findall(r'data-colour="purple"[^>]*>(?:<svg.*?</svg>)?(?:<span dir="auto">)?VIP', page)) == 4
    every = sari.get("/settings/tags").text
    assert "1 customer · 0 chats" in every
    tag_id = re.search(r"/settings/tags/(\d+)#form", every)
    assert tag_id
    assert 'value="VIP"' in sari.get(f"/settings/tags/{tag_id[1]}").text
    sari.post(f"/settings/tags/{tag_id[1]}", {"tag": "Langganan", "colour": "green"})
    assert 'data-colour="green"' in budi.get(f"/?tag={tag_id[1]}").text
    assert "Ibu Ratna" in budi.get(f"/?tag={tag_id[1]}").text
    assert sari.post(f"/settings/tags/{tag_id[1]}/delete").status_code == 303
    assert sari.post(f"/settings/tags/{tag_id[1]}/delete").status_code == 404
    assert "Langganan" not in budi.get("/").text


def test_the_shops_own_name_is_shown_everywhere(sari: Visitor, shop: StaffedBooks) -> None:
    chat = shop.new_customer("~ratna~92", "halo", phone="6281234567890")
    sari.post("/settings/quick-replies", {"shortcut": "halo", "text": "Halo {name}!", "whose": "team"})
    saved = sari.post(f"/c/{chat}/contact", {"shop_name": "Ibu Ratna"})
    assert saved.status_code == 303
    page = sari.get(f"/c/{chat}?details=1").text
    assert page.count("~ratna~92") == 2  # below the field, and as what stands there otherwise
    assert "On WhatsApp: ~ratna~92" in page
    assert '<h1 dir="auto">Ibu Ratna</h1>' in page
    assert "Halo Ibu Ratna!" in sari.get(f"/quick-replies.json?c={chat}").text
    refused = sari.post(f"/c/{chat}/contact", {"shop_name": "a" * 81}, **JSON)
    assert refused.json == {"errors": {"shop_name": "Use 80 characters at most."}}
    # without a name of the shop's, his own is back
    sari.post(f"/c/{chat}/contact", {"shop_name": ""})
    assert '<h1 dir="auto">~ratna~92</h1>' in sari.get(f"/c/{chat}").text
