"""Whatever a browser sends: a clear refusal, and every table as it was."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from auth_store.tables import admin
from daemon.desk import conversations as desk_conversations
from daemon.domain.desk import Actor
from daemon.domain.ids import Address, ChatKind, Party
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.store import accounts, contacts
from daemon.store import conversations as store_conversations
from tests.support.books import dump
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor

POSTS: list[tuple[str, dict[str, Any]]] = [
    ("answer", {"text": "halo"}),
    ("note", {"text": "catatan"}),
    ("seen", {"message_id": "1"}),
    ("assign", {}),
    ("transfer", {"admin_id": "1"}),
    ("return", {}),
    ("resolve", {}),
    ("reopen", {}),
    ("priority", {"priority": "high"}),
    ("turns/1/handled", {}),
    ("turns/1/unhandled", {}),
    ("replies/1/discard", {}),
]


@pytest.fixture
def waiting(shop: StaffedBooks) -> int:
    return shop.new_customer("Ibu Ratna", "masih ada?")


@pytest.fixture
def foreign(shop: StaffedBooks) -> int:
    """A conversation of another linked account of the same shop."""
    now = utc_now()
    with shop.database.write() as conn:
        account = accounts.ensure(conn, "second", now).id
        contact = contacts.resolve(conn, account, Party(Address("999", "lid")), now)
        return store_conversations.start(conn, account, contact, ChatKind.PERSON, now)


@pytest.fixture
def unchanged(shop: StaffedBooks) -> Any:
    """Call it at the end: no row anywhere is different."""
    before: dict[str, Any] = {}

    def check() -> None:
        assert dump(shop.database) == before["rows"]

    def start() -> Callable[[], None]:
        before["rows"] = dump(shop.database)
        return check

    return start


@pytest.mark.parametrize("text", ["", "   \n ", "\x00\x01\x7f", "a" * 70_000])
@pytest.mark.parametrize("script", [True, False])
def test_a_reply_that_can_not_be_sent_is_refused_and_kept_in_the_field(
    budi: Visitor, waiting: int, unchanged: Any, text: str, script: bool
) -> None:
    check = unchanged()
    headers = {"Accept": "application/json"} if script else {}
    answer = budi.post(f"/c/{waiting}/answer", {"text": text}, **headers)
    assert answer.status_code == 422
    told = answer.json["error"] if script else answer.text
    assert ("Write something first." if len(text) < 100 else "longer than WhatsApp allows") in told
    if len(text) > 100 and not script:
        assert text in answer.text
    check()


@pytest.mark.parametrize(
    "fields",
    [
        {"turn_id": "x"},
        {"turn_id": "1" * 40},
        {"turn_id": "-1"},
        {"turn_id": "1 OR 1=1"},
        {"request_key": "ü" * 5},
        {"request_key": "k" * 65},
    ],
)
def test_a_forged_form_is_refused(budi: Visitor, waiting: int, unchanged: Any, fields: dict[str, str]) -> None:
    check = unchanged()
    assert budi.post(f"/c/{waiting}/answer", {"text": "halo", **fields}).status_code == 400
    check()


@pytest.mark.parametrize("turn_id", ["999", "0"])
def test_a_turn_of_nowhere_is_refused(budi: Visitor, waiting: int, unchanged: Any, turn_id: str) -> None:
    check = unchanged()
    assert budi.post(f"/c/{waiting}/answer", {"text": "halo", "turn_id": turn_id}).status_code == 422
    check()


def test_a_message_of_another_account_is_not_found_in_a_conversation(
    budi: Visitor, shop: StaffedBooks, waiting: int, foreign: int, unchanged: Any
) -> None:
    message_id = shop.customer_writes(waiting, "halo")
    check = unchanged()
    assert budi.post(f"/c/{foreign}/replies/{message_id}/discard").status_code == 404
    check()


@pytest.mark.parametrize("conversation_id", [4711, 2**63 - 1, 2**63, 10**30])
def test_an_unknown_conversation_is_not_found(
    budi: Visitor, waiting: int, unchanged: Any, conversation_id: int
) -> None:
    check = unchanged()
    for path, fields in POSTS:
        assert budi.post(f"/c/{conversation_id}/{path}", fields).status_code == 404, path
    check()


def test_a_resolved_conversation_takes_nothing_more(
    budi: Visitor, shop: StaffedBooks, waiting: int, unchanged: Any
) -> None:
    actor = Actor(Author.ADMIN, shop.sari.id)
    shop.write(lambda conn: desk_conversations.resolve(conn, waiting, actor, utc_now()))
    check = unchanged()
    for path, fields in POSTS:
        if path not in ("seen", "reopen", "note"):  # these are still of use
            assert 400 <= budi.post(f"/c/{waiting}/{path}", fields).status_code < 500, path
    check()


@pytest.mark.parametrize("path", ["assign", "transfer"])
@pytest.mark.parametrize("whose", ["disabled", "unknown"])
def test_nobody_is_given_to_an_admin_who_is_gone(
    sari: Visitor, shop: StaffedBooks, waiting: int, unchanged: Any, path: str, whose: str
) -> None:
    shop.write(
        lambda conn: conn.execute(update(admin).where(admin.c.id == shop.budi.id).values(disabled_at=utc_now()))
    )
    check = unchanged()
    wish = {"admin_id": str(shop.budi.id) if whose == "disabled" else "4711", "note": "tolong"}
    assert 400 <= sari.post(f"/c/{waiting}/{path}", wish).status_code < 500
    check()


def test_an_admin_who_is_gone_does_nothing_more(
    budi: Visitor, shop: StaffedBooks, waiting: int, unchanged: Any
) -> None:
    fields = {"csrf_token": budi.token(), "text": "halo"}
    shop.write(
        lambda conn: conn.execute(update(admin).where(admin.c.id == shop.budi.id).values(disabled_at=utc_now()))
    )
    check = unchanged()
    headers = {**budi.headers, "Accept": "application/json"}
    answer = budi.client.post(f"/c/{waiting}/answer", data=fields, headers=headers)
    assert (answer.status_code, answer.json) == (
        401,
        {"error": "You are logged out. Log in again; what you wrote is still here."},
    )
    check()
    assert budi.get("/").status_code == 302
