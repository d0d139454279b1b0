"""Blocking from the details: nothing changes before WhatsApp has confirmed it; the blocked get no replies."""

import threading

import pytest
from sqlalchemy import func, select

from daemon.desk import block_request, settings
from daemon.desk import questions as desk_questions
from daemon.domain.desk import COMMAND_LINE, Action
from daemon.domain.questions import Question, Unanswered
from daemon.domain.time import utc_now
from daemon.store import (
    audit,
    blocked,
    contact_merge,
    conversation_list,
    conversations,
    questions,
    turns,
)
from daemon.store.conversation_list import Summary
from daemon.store.tables.questions import question
from tests.support.staffed_books import StaffedBooks
from tests.support.waiting import wait_until
from tests.webui.conftest import Visitor
from webui.base import questions as waiting


@pytest.fixture(autouse=True)
def online(shop: StaffedBooks) -> StaffedBooks:
    shop.online()
    return shop


def about(shop: StaffedBooks, conversation_id: int) -> Summary:
    with shop.database.read() as conn:
        found = conversation_list.summary(conn, conversation_id)
    assert found
    return found


def whatsapp_confirms(shop: StaffedBooks, error: Unanswered | None = None) -> None:
    """The session's part, as soon as there is something to answer."""
    wishes = question.c.kind.in_(("block", "unblock")), question.c.answered_at.is_(None)

    def newest() -> Question | None:
        with shop.database.read() as conn:
            found = conn.execute(select(func.max(question.c.id)).where(*wishes)).scalar()
            return questions.get(conn, found) if found else None

    asked = wait_until(newest, what="the question")
    with shop.database.write() as conn:
        if error is None:
            desk_questions.answered(conn, asked, {}, utc_now())
        else:
            desk_questions.unanswered(conn, asked, error, utc_now())


def press(shop: StaffedBooks, who: Visitor, path: str, shown: int, error: Unanswered | None = None) -> int:
    session = threading.Thread(target=whatsapp_confirms, args=(shop, error))
    session.start()
    code = who.post(path, {"shown": str(shown)}).status_code
    session.join()
    return code


def test_blocking_closes_what_was_shown_and_refuses_replies(
    budi: Visitor, sari: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Usil")
    shown = shop.customer_writes(conversation_id, "beli pulsa?")
    page = budi.get(f"/c/{conversation_id}?details=1").text
    assert "Block this customer" in page
    assert press(shop, budi, f"/c/{conversation_id}/block", shown) == 303
    assert about(shop, conversation_id).is_blocked
    with shop.database.read() as conn:
        assert turns.current(conn, conversation_id) is None
        (line,) = audit.search(conn, shop.account_id, actions=[Action.BLOCKED])
    assert (line.admin_id, line.conversation_id) == (shop.budi.id, conversation_id)
    page = sari.get(f"/c/{conversation_id}?details=1").text
    assert "Budi blocked this customer" in page
    assert "Unblock" in page
    refused = sari.post(f"/c/{conversation_id}/answer", {"text": "halo"})
    assert refused.status_code == 422
    assert "blocked on WhatsApp" in refused.text
    assert press(shop, sari, f"/c/{conversation_id}/unblock", shown) == 303
    assert not about(shop, conversation_id).is_blocked
    assert sari.post(f"/c/{conversation_id}/answer", {"text": "halo", "follow_up": "1"}).status_code == 303
    assert "Unblocked the customer" in sari.get("/settings/log").text


def test_what_the_page_had_not_shown_stays_open(budi: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Usil")
    shown = shop.customer_writes(conversation_id, "satu")
    shop.customer_writes(conversation_id, "dua")
    assert press(shop, budi, f"/c/{conversation_id}/block", shown) == 303
    with shop.database.read() as conn:
        assert turns.current(conn, conversation_id)


def test_nothing_changes_without_whatsapps_word(
    budi: Visitor, shop: StaffedBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id = shop.new_customer("Usil")
    shown = shop.customer_writes(conversation_id, "halo")
    assert press(shop, budi, f"/c/{conversation_id}/block", shown, Unanswered.REFUSED) == 422
    monkeypatch.setattr(waiting, "LONGEST_WAIT", 0.1)
    page = budi.post(f"/c/{conversation_id}/block", {"shown": str(shown)})
    assert page.status_code == 422
    assert "has not confirmed this" in page.text
    assert not about(shop, conversation_id).is_blocked
    # it comes late, and counts
    whatsapp_confirms(shop)
    assert about(shop, conversation_id).is_blocked
    with shop.database.read() as conn:
        assert turns.current(conn, conversation_id)
    assert budi.post(f"/c/{conversation_id}/block", {"shown": "x"}).status_code == 400
    assert budi.post("/c/999/block", {"shown": "0"}).status_code == 404


def test_in_strict_mode_only_the_assignee_and_the_owner_may(
    budi: Visitor, sari: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Usil")
    shown = shop.customer_writes(conversation_id, "halo")
    with shop.database.write() as conn:
        conversations.assign(conn, conversation_id, shop.sari.id, utc_now())
        settings.save(conn, shop.account_id, {"strict": True}, COMMAND_LINE, utc_now())
    page = budi.post(f"/c/{conversation_id}/block", {"shown": str(shown)})
    assert page.status_code == 422
    assert "Only Sari may do this." in page.text
    with shop.database.write() as conn:
        conversations.give(conn, conversation_id, shop.budi.id, utc_now())
    assert press(shop, sari, f"/c/{conversation_id}/block", shown) == 303


def test_two_that_are_one_stay_blocked(shop: StaffedBooks) -> None:
    one, other = (about(shop, shop.new_customer(name, "halo")).contact_id for name in ("Ada", "Ida"))
    with shop.database.write() as conn:
        assert blocked.mark(conn, one, utc_now())
        assert not blocked.mark(conn, one, utc_now())
        contact_merge.merge(conn, shop.account_id, survivor=other, gone=one, now=utc_now())
        assert blocked.is_blocked(conn, other)


def test_a_group_can_not_be_blocked(shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Usil", "halo")
    with shop.database.write() as conn:
        conn.exec_driver_sql("UPDATE contact SET lid = NULL, phone = NULL")
        conn.exec_driver_sql("UPDATE contact_alias SET server = 'g.us'")
        with pytest.raises(LookupError):
            block_request.ask(conn, about(shop, conversation_id), True, COMMAND_LINE, utc_now())
