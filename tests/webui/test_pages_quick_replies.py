"""Quick replies: the team's are the owner's to write, one's own are one's own."""

import re

from daemon.store import quick_replies
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor

PAGE = "/settings/quick-replies"


def usable(shop: StaffedBooks, admin_id: int) -> dict[str, str]:
    with shop.database.read() as conn:
        return {one.shortcut: one.text for one in quick_replies.listing(conn, shop.account_id, admin_id)}


def reply_id(shop: StaffedBooks, admin_id: int, shortcut: str) -> int:
    with shop.database.read() as conn:
        found = quick_replies.listing(conn, shop.account_id, admin_id)
    return next(one.id for one in found if one.shortcut == shortcut)


def test_the_owner_writes_for_the_team_and_for_himself(sari: Visitor, shop: StaffedBooks) -> None:
    assert sari.post(PAGE, {"whose": "team", "shortcut": "harga", "text": "10.000"}).status_code == 303
    assert sari.post(PAGE, {"whose": "own", "shortcut": "/TK", "text": "Terima kasih"}).status_code == 303
    assert usable(shop, shop.sari.id) == {"harga": "10.000", "tk": "Terima kasih"}
    assert usable(shop, shop.budi.id) == {"harga": "10.000"}
    page = sari.get(PAGE).text
    assert "/harga" in page
    assert "/tk" in page


def test_an_admin_writes_only_his_own(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    sari.post(PAGE, {"whose": "team", "shortcut": "harga", "text": "10.000"})
    sari.post(PAGE, {"whose": "own", "shortcut": "tk", "text": "Terima kasih"})
    assert budi.post(PAGE, {"whose": "team", "shortcut": "alamat", "text": "x"}).status_code == 403
    assert budi.post(PAGE, {"whose": "own", "shortcut": "alamat", "text": "Jl. Melati"}).status_code == 303
    teams, saris = reply_id(shop, shop.sari.id, "harga"), reply_id(shop, shop.sari.id, "tk")
    for path, code in ((f"{PAGE}/{teams}", 403), (f"{PAGE}/{saris}", 404)):
        assert budi.get(path).status_code == code
        assert budi.post(path, {"shortcut": "x", "text": "x"}).status_code == code
        assert budi.post(f"{path}/delete").status_code == code
    assert usable(shop, shop.sari.id) == {"harga": "10.000", "tk": "Terima kasih"}
    assert "/tk" not in budi.get(PAGE).text


def test_a_quick_reply_is_changed_and_deleted(budi: Visitor, shop: StaffedBooks) -> None:
    budi.post(PAGE, {"whose": "own", "shortcut": "alamat", "text": "Jl. Melati"})
    path = f"{PAGE}/{reply_id(shop, shop.budi.id, 'alamat')}"
    assert "Jl. Melati" in budi.get(path).text
    assert budi.post(path, {"shortcut": "lokasi", "text": "Jl. Mawar", "whose": "team"}).status_code == 303
    assert usable(shop, shop.sari.id) == {}
    assert usable(shop, shop.budi.id) == {"lokasi": "Jl. Mawar"}
    assert budi.post(f"{path}/delete").status_code == 303
    assert usable(shop, shop.budi.id) == {}
    assert budi.post(f"{path}/delete").status_code == 404


def test_a_mistake_is_said_beside_its_field(sari: Visitor, shop: StaffedBooks) -> None:
    for field, typed in (
        ("shortcut", ""),
        ("shortcut", "two words"),
        ("shortcut", "x" * 33),
        ("shortcut", "harga"),
        ("text", " "),
        ("text", "x" * 70_000),
    ):
        sari.post(PAGE, {"whose": "team", "shortcut": "harga", "text": "10.000"})
        answer = sari.post(PAGE, {"whose": "team", "shortcut": "baru", "text": "kata-kata"} | {field: typed})
        assert answer.status_code == 422
        assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', answer.text)
        assert typed in answer.text
        assert "kata-kata" in answer.text or field == "text"
        assert usable(shop, shop.sari.id) == {"harga": "10.000"}


def test_a_quick_reply_belongs_to_the_team_or_to_somebody(sari: Visitor) -> None:
    assert sari.post(PAGE, {"whose": "mars", "shortcut": "harga", "text": "10.000"}).status_code == 400
