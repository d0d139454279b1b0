"""Two admins at one message at once, a locked database, forms made by hand: nothing happens twice or unseen."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from daemon.config import Config
from daemon.domain.message_changes import ChangeKind
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.store import accounts
from daemon.store import message_changes as store
from daemon.store.engine import Database
from tests.support.lock import write_lock
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from webui.app import create_app


@pytest.fixture
def chat(shop: StaffedBooks) -> int:
    return shop.new_customer("Ibu Ratna", "masih ada kue?")


@pytest.fixture
def reply(shop: StaffedBooks, chat: int) -> int:
    """Budi's, which WhatsApp has."""
    sent = {"admin_id": shop.budi.id, "delivery": Delivery.SENT.value}
    return shop.shop_wrote(chat, "masih, Bu", Author.ADMIN, **sent)


def pending(shop: StaffedBooks, message_id: int) -> list[tuple[ChangeKind, str | None]]:
    with shop.database.read() as conn:
        return [(one.kind, one.text) for one in store.pending(conn, [message_id]).get(message_id, [])]


def at_once(*doing: Callable[[], Any]) -> list[int]:
    """All of them at the same moment; gives their status codes."""
    line = Barrier(len(doing))

    def do(one: Callable[[], Any]) -> int:
        line.wait(10)
        return int(one().status_code)

    with ThreadPoolExecutor(len(doing)) as threads:
        return list(threads.map(do, doing))


def test_two_who_edit_at_once_leave_one_edit(
    sari: Visitor, budi: Visitor, shop: StaffedBooks, chat: int, reply: int
) -> None:
    path = f"/c/{chat}/messages/{reply}/edit"
    codes = at_once(lambda: sari.post(path, {"text": "dua"}), lambda: budi.post(path, {"text": "tiga"}))
    assert codes == [303, 303]
    (left,) = pending(shop, reply)
    assert left in [(ChangeKind.EDIT, "dua"), (ChangeKind.EDIT, "tiga")]


def test_who_deletes_while_another_edits_wins(
    sari: Visitor, budi: Visitor, shop: StaffedBooks, chat: int, reply: int
) -> None:
    path = f"/c/{chat}/messages/{reply}"
    at_once(lambda: budi.post(f"{path}/edit", {"text": "dua"}), lambda: sari.post(f"{path}/delete"))
    assert (ChangeKind.REVOKE, None) in pending(shop, reply)


def test_a_locked_database_loses_no_words(
    config: Config, app: Flask, shop: StaffedBooks, chat: int, reply: int
) -> None:
    # as long as a page waits, not as long as the lock is held
    impatient = Database(config.database_url, patience_ms=200)
    visitor = Visitor(create_app(config, impatient).test_client())
    assert visitor.log_in("budi").status_code == 303
    path = f"/c/{chat}/messages/{reply}/edit"
    token = visitor.token()
    with write_lock(shop.database):
        for _ in range(2):
            answer = visitor.post(path, {"text": "kata baru", "csrf_token": token}, Accept="application/json")
            assert answer.status_code == 503
    assert pending(shop, reply) == []
    assert visitor.post(path, {"text": "kata baru"}).status_code == 303
    assert pending(shop, reply) == [(ChangeKind.EDIT, "kata baru")]
    impatient.close()


def test_a_form_made_by_hand_changes_nobody_elses_message(
    sari: Visitor, budi: Visitor, shop: StaffedBooks, chat: int, reply: int
) -> None:
    saris = shop.shop_wrote(chat, "dari Sari", Author.ADMIN, admin_id=shop.sari.id, delivery=Delivery.SENT.value)
    lost = shop.customer_writes(chat, None, kind=MessageKind.LOST_CHANGE.value)
    with shop.database.write() as conn:
        other_account = accounts.ensure(conn, "second", utc_now()).id
    first = shop.account_id
    shop.account_id = other_account
    elsewhere = shop.new_customer("Pak Anton", "halo")
    theirs = shop.shop_wrote(elsewhere, "di nomor lain", Author.ADMIN, admin_id=shop.budi.id)
    shop.account_id = first
    before = shop.sizes()[:2]
    for message_id, path, fields in (
        (saris, f"/c/{chat}/messages/{saris}/edit", {"text": "x"}),
        (saris, f"/c/{chat}/messages/{saris}/delete", {}),
        (theirs, f"/c/{chat}/messages/{theirs}/edit", {"text": "x"}),
        (theirs, f"/c/{chat}/messages/{theirs}/react", {"emoji": "👍"}),
        (lost, f"/c/{chat}/messages/{lost}/react", {"emoji": "👍"}),
        (lost, f"/c/{chat}/messages/{lost}/delete", {}),
        (reply, f"/c/{chat}/messages/{reply}/react", {"emoji": "jempol"}),
        (reply, f"/c/{elsewhere}/messages/{reply}/edit", {"text": "x"}),
    ):
        assert budi.post(path, fields).status_code in (404, 422), path
        assert pending(shop, message_id) == []
    assert shop.sizes()[:2] == before
    # the owner may
    assert sari.post(f"/c/{chat}/messages/{reply}/edit", {"text": "diperbaiki"}).status_code == 303
