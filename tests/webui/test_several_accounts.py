"""Several accounts in one inbox: the switcher, addresses that carry their account, adding, naming and removing."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from daemon import heartbeat
from daemon.config import Config
from daemon.desk import settings
from daemon.domain.desk import Actor
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.heartbeat import Vitals
from daemon.store import accounts, conversation_list, events, links, mentions, presence
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from webui.live.changes import Audience, read
from webui.live.updates import Updates

# what a tab of one account is told, with the conversation that it has open
Ear = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def second(shop: StaffedBooks) -> StaffedBooks:
    """Another account of the same shop."""
    account_id = shop.write(lambda conn: accounts.add(conn, "Toko Dua", utc_now()).id)
    other = StaffedBooks(shop.database, _count=500)
    other.account_id = account_id
    return other


def switcher(page: str) -> dict[str, tuple[str, str, bool]]:
    """Tone, waiting customers, and whether it is the one that is shown, by name."""
    found = re.findall(r'<a [^>]*data-number="\d+" data-tone="(\w+)"([^>]*)>(.*?)</a>', page)
    return {
        re.findall(r'number-name" dir="auto">([^<]*)', inside)[0]: (
            tone,
            re.findall(r"data-number-waiting [^>]*>(\d+)", inside)[0],
            "aria-current" in more,
        )
        for tone, more, inside in found
    }


def test_with_one_account_there_is_no_switcher_and_addresses_stay_short(sari: Visitor, shop: StaffedBooks) -> None:
    shop.new_customer("Ibu Ratna", "halo")
    page = sari.get("/").text
    assert switcher(page) == {}
    assert "?account=" not in page
    assert "&amp;account=" not in page


def test_the_switcher_names_every_account_with_its_link_and_who_waits(
    budi: Visitor, shop: StaffedBooks, second: StaffedBooks
) -> None:
    shop.new_customer("Ibu Ratna", "halo")
    second.new_customer("Pak Joko", "halo")
    second.new_customer("Bu Tini", "halo", "masih ada?")
    second.online()
    page = budi.get("/?account=1").text
    assert switcher(page) == {"main": ("wait", "1", True), "Toko Dua": ("good", "2", False)}
    assert "Ibu Ratna" in page
    assert "Pak Joko" not in page


def test_the_choice_belongs_to_the_address_and_every_address_of_a_page_carries_it(
    budi: Visitor, shop: StaffedBooks, second: StaffedBooks
) -> None:
    theirs = second.new_customer("Pak Joko", "halo")
    page = budi.get(f"/?account={second.account_id}").text
    assert "Pak Joko" in page
    assert f'data-account="{second.account_id}"' in page
    links = [link for link in re.findall(r'(?:href|action)="(/[^"#]*)"', page) if not link.startswith("/static")]
    without = [link for link in links if f"account={second.account_id}" not in link]
    assert without
    # rows speak for themselves, the login belongs to no account, and the switcher leads to the other one
    assert all(re.match(rf"/c/{theirs}\b|/log|/lang|/\?account=1$", link) for link in without)


def test_an_address_without_an_account_leads_to_the_one_looked_at_last(
    budi: Visitor, shop: StaffedBooks, second: StaffedBooks
) -> None:
    assert budi.get("/report?span=30").location == "/report?span=30&account=1"
    budi.get(f"/?account={second.account_id}")
    assert budi.get("/").location == f"/?account={second.account_id}"
    # a tab that reads itself again is nobody looking
    budi.get("/?account=1", **{"X-Peek": "1"})
    assert budi.get("/").location == f"/?account={second.account_id}"


@pytest.mark.parametrize("wish", ["99", "x", "", "01", "-1"])
def test_an_unknown_account_is_not_found(
    budi: Visitor, shop: StaffedBooks, second: StaffedBooks, wish: str
) -> None:
    assert budi.get(f"/?account={wish}").status_code == 404
    assert budi.get(f"/report?account={wish}").status_code == 404


def test_a_conversation_opens_in_its_own_account_whatever_the_address_says(
    budi: Visitor, shop: StaffedBooks, second: StaffedBooks
) -> None:
    ours, theirs = shop.new_customer("Ibu Ratna", "halo"), second.new_customer("Pak Joko", "halo")
    page = budi.get(f"/c/{theirs}?account=1").text
    assert f'data-account="{second.account_id}"' in page
    assert f'data-conversation="{ours}"' not in page
    assert budi.post(f"/c/{theirs}/answer", {"text": "siap"}).status_code == 303
    assert shop.sizes()[1] == 1


def test_a_form_of_the_time_with_one_account_is_about_that_one(
    sari: Visitor, shop: StaffedBooks, second: StaffedBooks
) -> None:
    sari.get(f"/?account={second.account_id}")
    sari.post("/settings/quick-replies", {"shortcut": "jam", "text": "Buka 9-17", "whose": "team"})
    assert "Buka 9-17" in sari.get("/settings/quick-replies?account=1").text
    assert "Buka 9-17" not in sari.get(f"/settings/quick-replies?account={second.account_id}").text


def test_settings_are_kept_for_the_account_of_their_page(
    sari: Visitor, shop: StaffedBooks, second: StaffedBooks
) -> None:
    path = f"/settings/quick-replies?account={second.account_id}"
    answer = sari.post(path, {"shortcut": "jam", "text": "Buka 9-17", "whose": "team"})
    assert answer.location == path
    assert "Buka 9-17" in sari.get(path).text
    assert "Buka 9-17" not in sari.get("/settings/quick-replies?account=1").text


class TestTheWebsocket:
    """What tabs of two accounts are told of the same run of events."""

    @pytest.fixture
    def told(self, app: Flask, shop: StaffedBooks, second: StaffedBooks) -> Ear:
        start = shop.cursor()

        def tell(account_id: int, opened: int | None = None) -> list[dict[str, Any]]:
            tab = Audience(shop.budi.id, False, "en", account_id, opened, "all")
            now = utc_now()
            with shop.database.read() as conn:
                happened = events.read_since(conn, start)
                facts = read(conn, happened, {account_id: {opened} if opened else set()}, now)[account_id]
            assert facts is not None
            return [json.loads(piece) for piece in Updates(app, facts, now).for_tab(tab)]

        return tell

    def test_a_tab_hears_only_of_its_own_account(
        self, told: Ear, shop: StaffedBooks, second: StaffedBooks
    ) -> None:
        ours, theirs = shop.new_customer("Ibu Ratna", "halo"), second.new_customer("Pak Joko", "pagi")
        shop.link(LinkState.CONNECTING)
        ear = told(second.account_id, theirs)
        kinds = {piece["type"] for piece in ear}
        assert {"row", "bubble", "thread", "counts", "numbers"} <= kinds
        assert "banner" not in kinds
        assert {piece["id"] for piece in ear if piece["type"] == "row"} == {theirs}
        assert next(piece for piece in ear if piece["type"] == "counts")["all"] == 1
        assert "Ratna" not in json.dumps(ear)
        # nor is a conversation of another account shown to a tab that claims to have it open
        assert {piece["type"] for piece in told(shop.account_id, theirs)} == {
            "row",
            "counts",
            "numbers",
            "banner",
        }
        assert ours != theirs

    def test_the_switcher_is_told_of_all(self, told: Ear, shop: StaffedBooks, second: StaffedBooks) -> None:
        second.new_customer("Pak Joko", "pagi")
        second.online()
        (found,) = [one for one in told(shop.account_id) if one["type"] == "numbers"]
        about = {one["name"]: (one["tone"], one["waiting"]) for one in found["numbers"]}
        assert about == {"main": ("wait", 0), "Toko Dua": ("good", 1)}

    def test_who_is_here_and_who_is_named_is_told_everywhere(
        self, told: Ear, shop: StaffedBooks, second: StaffedBooks
    ) -> None:
        theirs = second.new_customer("Pak Joko", "pagi")
        note = second.customer_writes(theirs, "catatan")
        shop.write(lambda conn: mentions.add(conn, note, [shop.budi.id]))
        now = utc_now()
        shop.write(lambda conn: presence.join(conn, "tab", shop.sari.id, now))
        shop.write(lambda conn: events.append(conn, second.account_id, events.EventKind.PRESENCE_CHANGED, now))
        ear = {one["type"]: one for one in told(shop.account_id)}
        assert ear["mentions"]["conversations"] == [theirs]
        assert "Sari" in str(ear["presence"]["html"])

    def test_the_link_panels_forms_carry_their_account(
        self, app: Flask, told: Ear, shop: StaffedBooks, second: StaffedBooks
    ) -> None:
        second.link(LinkState.PAIRING, qr="https://wa.me/x")
        with shop.database.read() as conn:
            now = utc_now()
            found = read(conn, events.read_since(conn, 0), {second.account_id: set()}, now)[second.account_id]
        assert found is not None
        tab = Audience(shop.sari.id, True, "en", second.account_id, page="link")
        pieces = [json.loads(piece) for piece in Updates(app, found, now).for_tab(tab)]
        (panel,) = [one["html"] for one in pieces if one["type"] == "link"]
        assert f'action="/link/code?account={second.account_id}"' in panel


class TestNaming:
    """The owner adds, names and removes accounts on the link page."""

    def test_an_account_is_added_and_its_page_shows_codes(self, sari: Visitor, shop: StaffedBooks) -> None:
        answer = sari.post("/link/add", {"new_name": "  Toko   Dua "})
        assert answer.location == "/link?account=2"
        with shop.database.read() as conn:
            assert [one.name for one in accounts.every(conn)] == ["main", "Toko Dua"]
            until = links.get(conn, 2).pair_until
        assert until is not None
        assert until > utc_now() + timedelta(minutes=1)
        assert switcher(sari.get(answer.location).text)["Toko Dua"][2]

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ("", "Write a name"),
            ("   ", "Write a name"),
            ("MAIN", "Another number has this name"),
            ("a" * 41, "40 characters"),
            ("0812 3456 7890", "at least one letter"),
            ("Toko\u202eDua", "signs only"),
        ],
    )
    def test_a_name_that_will_not_do_is_kept_in_its_field_with_a_sentence(
        self, sari: Visitor, shop: StaffedBooks, typed: str, sentence: str
    ) -> None:
        answer = sari.post("/link/add", {"new_name": typed})
        assert answer.status_code == 422
        assert re.search(rf'id="error-new_name"[^>]*>[^<]*{sentence}', answer.text)
        assert f'value="{typed}"' in answer.text
        with shop.database.read() as conn:
            assert len(accounts.every(conn)) == 1

    def test_an_account_is_renamed_but_not_like_another(
        self, sari: Visitor, shop: StaffedBooks, second: StaffedBooks
    ) -> None:
        path = f"/link/name?account={second.account_id}"
        before = shop.cursor()
        assert sari.post(path, {"own_name": "Cabang Bandung"}).status_code == 303
        assert shop.cursor() > before
        assert "Cabang Bandung" in switcher(sari.get("/?account=1").text)
        answer = sari.post(path, {"own_name": "Main"})
        assert answer.status_code == 422
        assert re.search(r'id="error-own_name"[^>]*>Another number', answer.text)
        # its own name in other letters is no other account's
        assert sari.post(path, {"own_name": "CABANG bandung"}).status_code == 303

    def test_only_an_account_that_was_never_linked_can_be_removed(
        self, sari: Visitor, shop: StaffedBooks, second: StaffedBooks
    ) -> None:
        actor = Actor(Author.ADMIN, shop.sari.id)
        shop.write(lambda conn: settings.save(conn, second.account_id, {"strict": True}, actor, utc_now()))
        shop.write(lambda conn: accounts.set_identity(conn, 1, "62811", "9", 4, utc_now()))
        assert sari.post("/link/remove?account=1").status_code == 409
        assert 'data-action="remove-number"' not in sari.get("/link?account=1").text
        before = shop.cursor()
        assert sari.post(f"/link/remove?account={second.account_id}").location == "/link"
        with shop.database.read() as conn:
            assert [one.id for one in accounts.every(conn)] == [1]
            # no gap in the log: open tabs go on
            assert events.read_since(conn, before)
            assert len(events.read_since(conn, 0)) == shop.cursor()
        assert sari.post("/link/remove").status_code == 409

    @pytest.mark.parametrize("path", ["/link/add", "/link/name", "/link/remove"])
    def test_only_the_owner_may(self, budi: Visitor, shop: StaffedBooks, second: StaffedBooks, path: str) -> None:
        assert budi.post(f"{path}?account=2", {"new_name": "x", "own_name": "x"}).status_code == 403
        assert "Several numbers" not in budi.get("/link?account=1").text


def test_a_colleague_who_leaves_gives_back_what_he_has_in_every_account(
    sari: Visitor, shop: StaffedBooks, second: StaffedBooks
) -> None:
    places = [shop.new_customer("Ibu Ratna", "halo"), second.new_customer("Pak Joko", "halo")]
    for place in places:
        sari.post(f"/c/{place}/assign", {"admin_id": str(shop.budi.id)})
    sari.post(f"/team/{shop.budi.id}/disable?account=1")
    with shop.database.read() as conn:
        assert [getattr(conversation_list.summary(conn, place), "assignee_id", 0) for place in places] == [
            None,
            None,
        ]


class TestReadiness:
    """Machines are told the truth about every account."""

    @pytest.fixture
    def program(self, app: Flask, shop: StaffedBooks) -> FlaskClient:
        return app.test_client()

    def link(self, shop: StaffedBooks, device: int) -> None:
        shop.write(
            lambda conn: accounts.set_identity(conn, shop.account_id, f"6281{device}", None, device, utc_now())
        )
        shop.online()

    def test_ready_means_that_every_linked_account_can_send(
        self, program: FlaskClient, shop: StaffedBooks, second: StaffedBooks, config: Config
    ) -> None:
        for name in (
            heartbeat.SUPERVISOR,
            heartbeat.session(shop.account_id),
            heartbeat.session(second.account_id),
        ):
            Vitals(config.data, name).beat()
        self.link(shop, 1)
        # an account that waits for its first code is no trouble
        assert program.get("/readyz").text == "ready\n"
        self.link(second, 2)
        assert program.get("/readyz").text == "ready\n"
        second.link(LinkState.OFFLINE, LinkReason.NETWORK)
        answer = program.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "not ready: account 2: offline (network)\n")
        # what the owner has unlinked here is meant to be silent
        second.link(LinkState.UNLINKED, LinkReason.UNLINKED_HERE)
        assert program.get("/readyz").status_code == 200
        shop.link(LinkState.UNLINKED, LinkReason.UNLINKED_HERE)
        assert program.get("/readyz").status_code == 503

    def test_gauges_name_their_account(
        self, program: FlaskClient, shop: StaffedBooks, second: StaffedBooks
    ) -> None:
        second.new_customer("Pak Joko", "halo")
        page = program.get("/metrics").text
        assert 'balas_turns_open{account="1"} 0' in page
        assert 'balas_turns_open{account="2"} 1' in page


def test_a_phone_belongs_to_one_account_only(shop: StaffedBooks, second: StaffedBooks) -> None:
    now = utc_now()

    def take(account_id: int, phone: str, lid: str | None = None) -> bool:
        taken: bool = shop.write(lambda conn: accounts.take_identity(conn, account_id, phone, lid, 7, now))
        return taken

    assert take(1, "62811", "900")
    assert not take(2, "62811")
    assert not take(2, "62822", "900")
    assert take(2, "62822")
    # and again after the first account has let it go
    shop.write(lambda conn: accounts.forget_identity(conn, 1))
    assert take(2, "62811")
    assert not take(1, "62811")
