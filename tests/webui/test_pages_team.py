"""The team's page: who is here and how much he has; limits, invitations and accounts are the owner's."""

import re
from typing import Any

from auth_store import admins
from daemon.desk import replies
from daemon.desk.settings import MOST_CONVERSATIONS
from daemon.domain.desk import Action, Status
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import audit, presence
from daemon.store.conversation_list import Summary, summary
from tests.support.staffed_books import PASSWORD, StaffedBooks
from tests.webui.conftest import Visitor


def member(page: str, admin_id: int) -> str:
    """The part of the page about one colleague, without tags."""
    found = re.search(rf'data-admin="{admin_id}" data-state="(\w+)">(.*?)</dl>', page, re.DOTALL)
    assert found
    return found[1] + " " + " ".join(re.sub(r"<[^>]+>", " ", found[2]).split())


def answered_by(shop: StaffedBooks, admin_id: int, name: str) -> int:
    conversation_id = shop.new_customer(name, "halo")
    closer = Closer(Author.ADMIN, admin_id)
    shop.write(lambda conn: replies.answer(conn, conversation_id, closer, "Halo juga", utc_now()))
    return conversation_id


def about(shop: StaffedBooks, conversation_id: int) -> Summary:
    with shop.database.read() as conn:
        found = summary(conn, conversation_id)
    assert found
    return found


def changes(shop: StaffedBooks) -> list[Any]:
    with shop.database.read() as conn:
        found = audit.search(conn, shop.account_id, actions=[Action.ADMIN_CHANGED])
    return [(entry.detail["what"], entry.subject_name) for entry in found]


def test_the_page_shows_who_is_here_and_what_everybody_has(sari: Visitor, shop: StaffedBooks) -> None:
    first = answered_by(shop, shop.budi.id, "Ibu Ratna")
    answered_by(shop, shop.budi.id, "Pak Joko")
    shop.new_customer("Dewi", "halo")
    shop.customer_writes(first, "dan ini?")
    shop.write(lambda conn: presence.join(conn, "tab", shop.budi.id, utc_now()))
    page = sari.get("/team").text
    assert member(page, shop.budi.id) == "here Budi Here @budi Chats 2 / 10 Waiting 1"
    assert member(page, shop.sari.id) == "offline Sari You Owner Not here @sari Chats 0 / 10 Waiting 0"
    assert "1 chat is taken by nobody yet." in page


def test_an_admin_goes_away_and_comes_back(budi: Visitor, shop: StaffedBooks) -> None:
    assert budi.post("/team/away", {"away": "1"}).status_code == 303
    page = budi.get("/team").text
    assert member(page, shop.budi.id).startswith("away")
    assert 'data-action="back-again"' in page
    budi.post("/team/away", {"away": "0"})
    assert member(budi.get("/team").text, shop.budi.id).startswith("offline")
    with shop.database.read() as conn:
        found = audit.search(conn, shop.account_id, actions=[Action.AWAY, Action.BACK])
    assert [(entry.action, entry.admin_id) for entry in found] == [
        (Action.BACK, shop.budi.id),
        (Action.AWAY, shop.budi.id),
    ]


def test_the_owner_sets_how_much_a_colleague_takes(sari: Visitor, shop: StaffedBooks) -> None:
    path, field = f"/team/{shop.budi.id}/most", f"most{shop.budi.id}"
    assert sari.post(path, {field: "3"}).status_code == 303
    assert "/ 3 Waiting" in member(sari.get("/team").text, shop.budi.id)
    answer = sari.post(path, {field: "many"})
    assert answer.status_code == 422
    assert re.search(rf'name="{field}"[^>]*value="many"[^>]*aria-invalid="true"', answer.text)
    sari.post(path, {field: ""})
    assert "/ 10 Waiting" in member(sari.get("/team").text, shop.budi.id)
    assert sari.post("/team/999/most", {"most999": "3"}).status_code == 404


def test_form_and_desk_agree_on_how_much_a_colleague_can_take(sari: Visitor, shop: StaffedBooks) -> None:
    path, field = f"/team/{shop.budi.id}/most", f"most{shop.budi.id}"
    assert re.search(rf'name="{field}"[^>]*max="{MOST_CONVERSATIONS}"', sari.get("/team").text)
    assert sari.post(path, {field: str(MOST_CONVERSATIONS)}).status_code == 303
    assert sari.post(path, {field: str(MOST_CONVERSATIONS + 1)}).status_code == 422
    usual = sari.get("/settings/desk").text
    assert re.search(rf'name="most_conversations"[^>]*max="{MOST_CONVERSATIONS}"', usual)


def test_an_invitation_is_shown_once_and_makes_an_admin(
    sari: Visitor, stranger: Visitor, shop: StaffedBooks
) -> None:
    assert sari.post("/team/invite").status_code == 303
    assert "/setup/" not in sari.get("/team", **{"X-Peek": "1"}).text
    found = re.search(r'value="http[^"]*(/setup/[^"]+)"', sari.get("/team").text)
    assert found
    assert "/setup/" not in sari.get("/team").text
    fields = {"username": "maya", "name": "Maya", "password": "satu kalimat pendek"}
    assert stranger.post(found[1], fields).location == "/"
    assert "Maya" in sari.get("/team").text
    assert changes(shop) == [("created", "Maya"), ("invited", None)]


def test_a_colleague_gets_a_link_for_a_new_password(sari: Visitor, stranger: Visitor, shop: StaffedBooks) -> None:
    sari.post(f"/team/{shop.budi.id}/link")
    page = sari.get("/team").text
    assert "Send this link to Budi." in page
    found = re.search(r'value="http[^"]*(/setup/[^"]+)"', page)
    assert found
    stranger.post(found[1], {"password": "kalimat yang baru"})
    assert stranger.log_in("budi", "kalimat yang baru").status_code == 303
    assert changes(shop) == [("password", "Budi"), ("link", "Budi")]


def test_closing_an_account_ends_its_logins_links_and_conversations(
    sari: Visitor, budi: Visitor, stranger: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = answered_by(shop, shop.budi.id, "Ibu Ratna")
    token = shop.write(lambda conn: admins.new_setup_link(conn, shop.budi.role, utc_now(), shop.budi.id))
    assert sari.post(f"/team/{shop.budi.id}/disable").status_code == 303
    assert budi.get("/").status_code == 302
    assert stranger.log_in("budi").status_code == 401
    assert stranger.get(f"/setup/{token}").status_code == 404
    assert about(shop, conversation_id).status == Status.UNASSIGNED
    assert sari.post(f"/team/{shop.budi.id}/disable").status_code == 404
    assert sari.post(f"/team/{shop.budi.id}/enable").status_code == 303
    assert stranger.log_in("budi", PASSWORD).status_code == 303
    # the old cookie stays worthless
    assert budi.get("/").status_code == 302
    assert changes(shop) == [("enabled", "Budi"), ("disabled", "Budi")]


def test_nobody_closes_his_own_account(sari: Visitor, shop: StaffedBooks) -> None:
    assert sari.post(f"/team/{shop.sari.id}/disable").status_code == 403
    assert sari.get("/team").status_code == 200


def test_accounts_and_limits_are_the_owners(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    for path in ("invite", f"{shop.sari.id}/disable", f"{shop.sari.id}/link", f"{shop.budi.id}/most", "9/enable"):
        assert budi.post(f"/team/{path}", {f"most{shop.budi.id}": "500"}).status_code == 403, path
    assert "Invite" not in budi.get("/team").text
    assert changes(shop) == []
    for path in ("disable", "link", "enable"):
        assert sari.post(f"/team/999/{path}").status_code == 404
