"""The link page: states in words, codes for the owner, wishes for the session."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from daemon.domain.links import LinkReason, LinkState
from daemon.domain.primary_phone import PhoneStep, SightingKind
from daemon.domain.sentences.phone import PHONE_SENTENCES
from daemon.domain.time import utc_now
from daemon.store import accounts, links
from daemon.store.links import WISH_RECONNECT, WISH_UNLINK
from tests.domain.test_phone_numbers import REFUSED, TYPED
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from webui.serve import command

QR = "https://wa.me/settings/linked_devices#2@AbCd,EfGh,IjKl,MnOp,1"


def test_the_owner_looking_at_the_page_keeps_codes_coming(sari: Visitor, shop: StaffedBooks) -> None:
    sari.get("/link")
    until = shop.link_row().pair_until
    assert until is not None
    assert timedelta(minutes=9) < until - utc_now() <= timedelta(minutes=10)
    before = shop.cursor()
    sari.get("/link")
    assert shop.cursor() == before


def test_an_admin_sees_the_state_but_no_codes_and_no_buttons(budi: Visitor, shop: StaffedBooks) -> None:
    shop.link(LinkState.PAIRING, qr=QR, qr_expires_at=utc_now() + timedelta(seconds=60))
    page = budi.get("/link").text
    assert "Waiting for the phone" in page
    assert 'class="qr"' not in page
    assert "Only the owner" in page
    assert shop.link_row().pair_until is None
    before = shop.sizes()
    for path in ("/link/code", "/link/qr", "/link/unlink", "/link/reconnect"):
        assert budi.post(path, {"phone": "6281234567890"}).status_code == 403
    assert budi.get("/link/qr.svg").status_code == 403
    assert shop.sizes() == before


@pytest.mark.parametrize("state", list(LinkState))
def test_every_state_has_a_page_in_both_languages(sari: Visitor, shop: StaffedBooks, state: LinkState) -> None:
    shop.write(lambda conn: conn.exec_driver_sql("UPDATE link SET state = ?", (state.value,)))
    english = sari.get("/link").text
    sari.post("/language", {"language": "id"})
    indonesian = sari.get("/link").text
    for page in (english, indonesian):
        assert f'data-state="{state.value}"' in page
        assert len(re.findall(r"<dd data-\w+>[^<]{10,}</dd>", page)) == 3
    assert "What happened" in english
    assert "Apa yang terjadi" in indonesian


def test_the_page_understands_a_number_as_every_door_does(sari: Visitor, shop: StaffedBooks) -> None:
    for typed, digits in TYPED:
        assert sari.post("/link/code", {"phone": typed}).status_code == 303, typed
        assert shop.link_row().pair_phone == digits, typed
    sari.post("/link/qr")
    for typed in REFUSED:
        assert sari.post("/link/code", {"phone": typed}).status_code == 422, typed
    assert shop.link_row().pair_phone is None


def test_a_code_is_asked_for_and_shown_in_two_halves(sari: Visitor, shop: StaffedBooks) -> None:
    assert sari.post("/link/code", {"phone": "0812 3456 7890"}).status_code == 303
    assert shop.link_row().pair_phone == "6281234567890"
    assert "Asking WhatsApp for a code" in sari.get("/link").text
    shop.link(LinkState.PAIRING, pair_code="ABCD1234")
    assert "ABCD-1234" in sari.get("/link").text
    assert sari.post("/link/qr").status_code == 303
    assert shop.link_row().pair_phone is None


def test_asking_twice_for_the_same_phone_keeps_its_code(sari: Visitor, shop: StaffedBooks) -> None:
    sari.post("/link/code", {"phone": "0812 3456 7890"})
    shop.link(LinkState.PAIRING, pair_code="ABCD1234")
    sari.post("/link/code", {"phone": "+62 812-3456-7890"})
    assert "ABCD-1234" in sari.get("/link").text


def test_a_number_that_is_none_gets_a_sentence_next_to_its_field(sari: Visitor, shop: StaffedBooks) -> None:
    answer = sari.post("/link/code", {"phone": "halo"})
    assert answer.status_code == 422
    assert re.search(r'id="error-phone"[^>]*>[^<]*country code', answer.text)
    assert 'value="halo"' in answer.text
    assert shop.link_row().pair_phone is None


def test_unlinking_asks_first_and_is_then_a_wish(sari: Visitor, shop: StaffedBooks) -> None:
    shop.online()
    assert "Unlink this number?" in sari.get("/link/unlink").text
    assert shop.link_row().wish == ""
    assert sari.post("/link/unlink").status_code == 303
    assert shop.link_row().wish == WISH_UNLINK
    assert "Unlinking…" in sari.get("/link").text


def test_connecting_again_is_a_wish_where_it_makes_sense(sari: Visitor, shop: StaffedBooks) -> None:
    shop.online()
    sari.post("/link/reconnect")
    assert shop.link_row().wish == ""
    shop.link(LinkState.REPLACED)
    assert 'data-action="reconnect"' in sari.get("/link").text
    sari.post("/link/reconnect")
    assert shop.link_row().wish == WISH_RECONNECT


def test_catching_up_shows_how_far_it_is(sari: Visitor, shop: StaffedBooks) -> None:
    shop.link(LinkState.CONNECTING)
    shop.link(LinkState.CATCHING_UP, backlog_total=200, backlog_done=120)
    assert "Catching up: 120 of 200" in sari.get("/link").text
    assert "120 of 200" in sari.get("/").text


def test_earlier_conversations_are_seen_coming_until_they_are_in(sari: Visitor, shop: StaffedBooks) -> None:
    shop.online()
    now = utc_now()
    coming = {"history_state": "importing", "history_messages": 312}
    shop.link(LinkState.ONLINE, **coming, history_percent=None, history_at=now)
    assert "Importing earlier conversations: 312 messages" in sari.get("/").text
    shop.link(LinkState.ONLINE, **coming, history_percent=40)
    words = "Importing earlier conversations: 40 %, 312 messages"
    assert words in sari.get("/").text
    assert re.search(rf'{words}</label>\s*<progress id="history" value="40" max="100">', sari.get("/link").text)
    # whoever was importing died long ago: no bar stays
    shop.link(LinkState.ONLINE, history_at=now - timedelta(hours=1))
    assert "Importing" not in sari.get("/").text + sari.get("/link").text
    shop.link(LinkState.ONLINE, history_state="stopped")
    assert "only up to 40 %: 312 messages" in sari.get("/link").text
    assert "312 messages" not in sari.get("/").text
    shop.link(LinkState.ONLINE, history_state="done", history_percent=100)
    assert "Earlier conversations are imported: 312 messages." in sari.get("/link").text
    shop.link(LinkState.ONLINE, history_at=now - timedelta(days=2))
    assert "312" not in sari.get("/link").text
    shop.link(LinkState.OFFLINE, LinkReason.NETWORK, **coming, history_at=now)
    assert "Importing" not in sari.get("/link").text


def test_a_restriction_says_when_it_ends(sari: Visitor, shop: StaffedBooks) -> None:
    shop.link(LinkState.CONNECTING)
    shop.link(LinkState.BANNED, LinkReason.NONE, detail="101", retry_at=utc_now() + timedelta(days=3))
    page = sari.get("/link").text
    assert re.search(r"Until \w+day, \d+ \w+ at \d\d:\d\d\.", page)
    assert "101" not in page.partition("data-link-panel")[2].partition("</dl>")[0]


def test_an_expired_code_is_not_shown(sari: Visitor, shop: StaffedBooks) -> None:
    shop.link(LinkState.PAIRING, qr=QR, qr_expires_at=utc_now() - timedelta(seconds=1))
    assert 'class="qr"' not in sari.get("/link").text


def test_gunicorn_is_told_everything_on_its_command_line(app: object, config: object) -> None:
    argv = command(config)  # type: ignore[arg-type]
    for option in ("--worker-class", "--threads", "--bind", "--graceful-timeout", "--no-control-socket"):
        assert option in argv


def phone_is(
    shop: StaffedBooks, step: PhoneStep, days: float, by: SightingKind = SightingKind.RECEIPT, **more: object
) -> None:
    """A linked account whose phone was last seen some days ago."""
    now = utc_now()
    values = {"phone_step": step.value, "phone_seen_at": now - timedelta(days=days), "phone_seen_by": by.value}

    def write(conn: Connection) -> None:
        accounts.set_identity(conn, shop.account_id, "6281234567890", "999", 3, now - timedelta(days=100))
        links.change(conn, shop.account_id, now, **(values | more))

    shop.write(write)


@pytest.mark.parametrize("step", list(PhoneStep))
def test_the_fortnight_without_the_phone_is_drawn_for_every_step(
    sari: Visitor, shop: StaffedBooks, step: PhoneStep
) -> None:
    shop.online()
    phone_is(shop, step, 10.5)
    english = sari.get("/link").text
    assert f'data-phone="{step.value}"' in english
    assert "10 of 14 days without the phone" in english
    assert re.search(r"Last seen: [^<]+, when it received a message\.", english)
    assert 'width="75.0"' in english
    sari.post("/language", {"language": "id"})
    indonesian = sari.get("/link").text
    assert "10 dari 14 hari tanpa HP" in indonesian
    assert "saat menerima pesan" in indonesian


@pytest.mark.parametrize("step", list(PhoneStep))
def test_the_banner_has_a_sentence_for_every_step_of_a_missing_phone(
    budi: Visitor, shop: StaffedBooks, step: PhoneStep
) -> None:
    shop.online()
    phone_is(shop, step, 12.5)
    page = html.unescape(budi.get("/").text)
    assert ("data-banner data-state" in page) == (step != PhoneStep.FINE)
    assert (PHONE_SENTENCES[step].happened in page) == (step != PhoneStep.FINE)
    # what needs nothing done is said in passing
    assert ("banner-small" in page) == (step == PhoneStep.QUIET)


def test_a_broken_link_is_said_before_a_missing_phone(budi: Visitor, shop: StaffedBooks) -> None:
    shop.online()
    phone_is(shop, PhoneStep.URGENT, 13.5)
    shop.link(LinkState.OFFLINE, LinkReason.NETWORK)
    page = budi.get("/").text
    assert 'data-reason="network"' in page
    assert page.count("data-banner ") == 1


def test_the_phone_being_back_is_said_for_a_while(budi: Visitor, shop: StaffedBooks) -> None:
    shop.online()
    phone_is(shop, PhoneStep.FINE, 0, phone_back_at=utc_now())
    assert "The shop&#39;s phone is back." in budi.get("/").text
    phone_is(shop, PhoneStep.FINE, 0.5, phone_back_at=utc_now() - timedelta(hours=12))
    assert "is back" not in budi.get("/").text


def test_without_a_linked_account_there_is_no_phone_to_miss(sari: Visitor) -> None:
    assert "data-phone=" not in sari.get("/link").text
