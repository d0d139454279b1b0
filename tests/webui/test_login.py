"""Who gets in, and how."""

import re
from datetime import timedelta

from sqlalchemy import update

from auth_store import admins
from auth_store.admins import Role
from auth_store.tables import admin
from daemon.domain.time import utc_now
from tests.support.staffed_books import PASSWORD, StaffedBooks
from tests.webui.conftest import Visitor

NEW_ACCOUNT = {"username": "maya", "name": "Maya", "password": "satu kalimat pendek"}


def setup_link(shop: StaffedBooks, role: Role = Role.ADMIN, **values: int) -> str:
    token: str = shop.write(lambda conn: admins.new_setup_link(conn, role, utc_now(), **values))
    return f"/setup/{token}"


def test_every_page_asks_strangers_to_log_in(stranger: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    for path in ("/", f"/c/{conversation_id}", "/link", "/link/qr.svg", "/link/unlink", "/media/1"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/login"), path


def test_a_setup_link_makes_an_account_and_logs_in(stranger: Visitor, shop: StaffedBooks) -> None:
    answer = stranger.post(setup_link(shop), NEW_ACCOUNT)
    assert answer.status_code == 303
    assert "Maya" in stranger.get("/").text


def test_a_setup_link_works_once(app_twice: tuple[Visitor, Visitor], shop: StaffedBooks) -> None:
    first, second = app_twice
    path = setup_link(shop)
    assert first.post(path, NEW_ACCOUNT).status_code == 303
    answer = second.post(path, NEW_ACCOUNT | {"username": "other"})
    assert answer.status_code == 404
    assert "no longer works" in answer.text
    assert second.get(path).status_code == 404


def test_a_setup_link_survives_a_mistake_in_its_form(stranger: Visitor, shop: StaffedBooks) -> None:
    path = setup_link(shop)
    for field, value in (("username", "budi"), ("username", "Ä!"), ("name", " "), ("password", "short")):
        answer = stranger.post(path, NEW_ACCOUNT | {field: value})
        assert answer.status_code == 422
        assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', answer.text)
        assert NEW_ACCOUNT["password"] not in answer.text
    assert stranger.post(path, NEW_ACCOUNT).status_code == 303


def test_a_setup_link_for_an_account_renews_its_password_and_ends_other_logins(
    stranger: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    path = setup_link(shop, admin_id=shop.budi.id)
    assert stranger.post(path, {"password": "kalimat yang baru"}).status_code == 303
    assert budi.get("/").status_code == 302


def test_an_expired_setup_link_is_a_sentence(stranger: Visitor, shop: StaffedBooks) -> None:
    long_ago = utc_now() - timedelta(days=2)
    token = shop.write(lambda conn: admins.new_setup_link(conn, Role.ADMIN, long_ago))
    assert stranger.get(f"/setup/{token}").status_code == 404


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(stranger: Visitor, shop: StaffedBooks) -> None:
    wrong, unknown = stranger.log_in("sari", "salah salah salah"), stranger.log_in("nobody", "salah salah")
    assert wrong.status_code == unknown.status_code == 401
    assert "That name and password don&#39;t belong together." in wrong.text
    assert "don&#39;t belong together" in unknown.text
    assert stranger.get("/").status_code == 302


def test_after_ten_wrong_passwords_the_form_asks_for_patience(stranger: Visitor, shop: StaffedBooks) -> None:
    for _ in range(10):
        assert stranger.log_in("sari", "salah salah salah").status_code == 401
    answer = stranger.log_in("sari", PASSWORD)
    assert answer.status_code == 429
    assert "Wait a few minutes" in answer.text
    assert 'name="password"' in answer.text


def test_right_passwords_are_never_counted(stranger: Visitor, shop: StaffedBooks) -> None:
    for _ in range(15):
        assert stranger.log_in("sari").status_code == 303
        assert stranger.post("/logout").status_code == 303


def test_logging_in_leads_back_to_where_one_was_but_never_elsewhere(stranger: Visitor, shop: StaffedBooks) -> None:
    wishes = {
        "/link": "/link",
        "//evil.example/": "/",
        "https://evil.example/": "/",
        "/\\evil.example": "/",
        "javascript:alert(1)": "/",
    }
    for wish, place in wishes.items():
        answer = stranger.post("/login", {"username": "sari", "password": PASSWORD, "next": wish})
        assert answer.location == place
        stranger.post("/logout")


def test_a_disabled_admin_is_out_at_once(budi: Visitor, shop: StaffedBooks) -> None:
    disable = update(admin).where(admin.c.id == shop.budi.id).values(disabled_at=utc_now())
    shop.write(lambda conn: conn.execute(disable))
    assert budi.get("/").status_code == 302


def test_the_login_cookie_is_shut_away_from_scripts_and_other_sites(stranger: Visitor, shop: StaffedBooks) -> None:
    cookie = stranger.log_in("sari").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_a_form_without_its_token_is_refused(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    before = shop.sizes()
    for path in (
        f"/c/{conversation_id}/answer",
        f"/c/{conversation_id}/seen",
        "/link/unlink",
        "/link/reconnect",
        "/logout",
    ):
        assert sari.client.post(path, data={"text": "halo", "message_id": "1"}).status_code == 400
    assert shop.sizes() == before
    assert sari.get("/").status_code == 200


def test_a_form_from_another_origin_is_refused_even_with_a_token(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    before = shop.sizes()
    answer = sari.post(f"/c/{conversation_id}/answer", {"text": "halo"}, Origin="https://evil.example")
    assert answer.status_code == 403
    assert shop.sizes() == before


def test_the_language_is_the_admins_own_choice(sari: Visitor, shop: StaffedBooks) -> None:
    assert "Choose a chat" in sari.get("/").text
    assert sari.post("/language", {"language": "id"}).status_code == 303
    assert "Pilih chat" in sari.get("/").text
    assert sari.post("/language", {"language": "xx"}).status_code == 400


def test_a_choice_of_a_language_that_is_no_more_falls_back_to_the_browsers(
    sari: Visitor, shop: StaffedBooks
) -> None:
    shop.write(lambda conn: admins.set_language(conn, shop.sari.id, "xx"))
    with sari.client.session_transaction() as cookie:
        cookie["language"] = "xx"
    assert "Choose a chat" in sari.get("/").text
    assert "Pilih chat" in sari.get("/", **{"Accept-Language": "id"}).text
    assert "Pilih chat" in sari.get("/", **{"Accept-Language": "xx"}).text


def test_strangers_are_greeted_in_their_browsers_language(stranger: Visitor, shop: StaffedBooks) -> None:
    assert "Welcome back" in stranger.get("/login").text
    stranger.headers["Accept-Language"] = "id-ID,id;q=0.9,en;q=0.5"
    assert "Selamat datang" in stranger.get("/login").text
    stranger.headers["Accept-Language"] = "de"
    assert "Selamat datang" in stranger.get("/login").text
