"""The owner's log: logins with their addresses, and everything else, found by person, kind and day."""

import html
from datetime import timedelta
from pathlib import Path

from auth_store import admins
from auth_store.admins import Role
from daemon.desk import settings, team
from daemon.domain.desk import COMMAND_LINE, THE_DESK, Action, Actor, Assign, Priority
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.store import audit
from daemon.store.audit import AuditEntry
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from webui.pages import audit_sentences

LOG = "/settings/log"


def logins(shop: StaffedBooks) -> list[AuditEntry]:
    kinds = [Action.LOGIN, Action.LOGIN_FAILED, Action.LOGOUT]
    with shop.database.read() as conn:
        return audit.search(conn, shop.account_id, actions=kinds)


def test_logins_are_written_down_with_their_address(stranger: Visitor, shop: StaffedBooks) -> None:
    stranger.log_in("budi")
    stranger.post("/logout")
    out, into = logins(shop)
    assert (into.action, into.admin_id, into.address) == (Action.LOGIN, shop.budi.id, "127.0.0.1")
    assert (out.action, out.admin_id) == (Action.LOGOUT, shop.budi.id)


def test_a_wrong_password_is_written_down_without_what_was_typed(stranger: Visitor, shop: StaffedBooks) -> None:
    stranger.log_in("budi", "not the password")
    stranger.log_in("my secret by mistake", "not the password")
    unknown, known = logins(shop)
    assert (known.action, known.admin_id, known.detail) == (Action.LOGIN_FAILED, shop.budi.id, {})
    assert (unknown.action, unknown.admin_id, unknown.detail) == (Action.LOGIN_FAILED, None, {})


def test_a_new_account_and_a_new_password_are_written_down(stranger: Visitor, shop: StaffedBooks) -> None:
    token = shop.write(lambda conn: admins.new_setup_link(conn, Role.ADMIN, utc_now()))
    fields = {"username": "maya", "name": "Maya", "password": "satu kalimat pendek"}
    stranger.post(f"/setup/{token}", fields)
    with shop.database.read() as conn:
        login, made = audit.search(conn, shop.account_id)
    assert (login.action, login.admin_name) == (Action.LOGIN, "Maya")
    assert (made.action, made.subject_name, made.detail) == (Action.ADMIN_CHANGED, "Maya", {"what": "created"})


def test_the_log_says_who_did_what_where(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    actor = Actor(Author.ADMIN, shop.budi.id, "10.0.0.9")

    def lines(conn: object) -> None:
        for action, subject, detail in (
            (Action.TRANSFERRED, shop.sari.id, None),
            (Action.PRIORITY_CHANGED, None, {"before": "normal", "after": Priority.URGENT.value}),
            (Action.TAGGED, None, {"tag": "grosir"}),
        ):
            audit.record(conn, shop.account_id, action, actor, utc_now(), conversation_id, subject, detail)  # type: ignore[arg-type]
        audit.record(conn, shop.account_id, Action.ALARM, THE_DESK, utc_now(), conversation_id)  # type: ignore[arg-type]

    shop.write(lines)
    page = sari.get(LOG).text
    for said in ("Passed the chat on to Sari", "Changed the priority: Urgent", "Added a tag: grosir"):
        assert said in page
    assert "By itself" in page
    assert "10.0.0.9" in page
    assert f'href="/c/{conversation_id}"' in page


def test_what_the_command_line_did_to_accounts_is_said_as_such(sari: Visitor, shop: StaffedBooks) -> None:
    password = "satu kalimat pendek"
    shop.write(lambda conn: team.add(conn, "maya", "Maya", password, Role.OWNER, COMMAND_LINE, utc_now()))
    shop.write(lambda conn: team.invite(conn, Role.OWNER, COMMAND_LINE, utc_now()))
    page = html.unescape(sari.get(LOG).text)
    assert page.count("The command line") == 2
    assert "Added the account of Maya, an owner" in page
    assert "Made a link for a new owner" in page
    # a stranger who guesses names has an address
    sari.post("/logout")
    sari.log_in("nobody", "a guess")
    sari.log_in("sari")
    page = html.unescape(sari.get(LOG).text)
    assert (page.count("The command line"), "Unknown name" in page) == (2, True)


def test_the_log_is_filtered_by_person_kind_and_day(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    long_ago = utc_now() - timedelta(days=40)
    actor = Actor(Author.ADMIN, shop.budi.id)
    shop.write(lambda conn: audit.record(conn, shop.account_id, Action.AWAY, actor, long_ago))
    sari.post("/settings/rating", {"rating_within": "60"})
    assert "Budi is away" in sari.get(LOG).text
    assert "Budi is away" in sari.get(f"{LOG}?who={shop.budi.id}").text
    assert "Budi is away" not in sari.get(f"{LOG}?who={shop.sari.id}").text
    changes = sari.get(f"{LOG}?what=settings").text
    assert "Changed “A number counts as the rating for”: 1440 → 60" in changes
    assert "Logged in" not in changes
    first, last = ((long_ago + timedelta(days=n)).date() for n in (-1, 1))
    found = sari.get(f"{LOG}?from={first}&to={last}")
    assert "Budi is away" in found.text
    assert "Logged in" not in found.text


def test_only_a_choice_is_said_in_the_words_of_its_options(sari: Visitor, shop: StaffedBooks) -> None:
    actor = Actor(Author.ADMIN, shop.sari.id)
    changes = {"assign": Assign.ROUND_ROBIN, "greeting": "off"}
    shop.write(lambda conn: settings.save(conn, shop.account_id, changes, actor, utc_now()))
    page = sari.get(LOG).text
    assert "Changed “Handing out chats”: Not by themselves → In turn" in page
    assert "Changed “Greeting”: empty → “off”" in page


def test_older_lines_are_on_further_pages(sari: Visitor, shop: StaffedBooks) -> None:
    actor = Actor(Author.ADMIN, shop.budi.id)

    def many(conn: object) -> None:
        for i in range(150):
            detail = {"tag": f"label-{i:03d}"}
            audit.record(conn, shop.account_id, Action.TAGGED, actor, utc_now(), detail=detail)  # type: ignore[arg-type]

    shop.write(many)
    first = sari.get(f"{LOG}?what=chats").text
    assert "label-149" in first
    assert "label-049" not in first
    before = first.partition("before=")[2].partition('"')[0].partition("&")[0]
    second = sari.get(f"{LOG}?what=chats&before={before}").text
    assert "label-049" in second
    assert "label-050" not in second
    assert "Older lines" not in second


def test_nonsense_in_the_address_is_as_if_it_were_not_there(sari: Visitor) -> None:
    for query in (
        "who=me",
        "who=" + "9" * 40,
        "what=all",
        "from=2026-13-40",
        "to=tomorrow",
        "before=-1",
        "to=9999-12-31",
    ):
        assert sari.get(f"{LOG}?{query}").status_code == 200, query


def test_every_action_has_a_sentence_and_a_kind() -> None:
    assert set(audit_sentences.SENTENCES) == set(Action)
    found = [action for _label, actions in audit_sentences.KINDS.values() for action in actions]
    assert sorted(found) == sorted(Action)


def test_what_is_written_into_the_log_is_written_by_the_desk() -> None:
    pages = Path(audit_sentences.__file__).parent.rglob("*.py")
    assert [page.name for page in pages if "audit.record(" in page.read_text()] == []
