"""Questions to WhatsApp on the wire: asked once, answered or given up in time, whatever becomes of the session."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from daemon.desk import questions
from daemon.desk.questions import NotOnline
from daemon.domain.links import LinkState
from daemon.domain.questions import Question, QuestionKind, Stage, Unanswered
from daemon.domain.time import utc_now
from daemon.store import questions as store_questions
from tests.support.shop import Shop
from tests.support.waiting import wait_until

pytestmark = pytest.mark.wire


@pytest.fixture
def shop(shared_shop: Shop) -> Iterator[Shop]:
    """The module's shop; WhatsApp answers as usual afterwards."""
    yield shared_shop
    shared_shop.wa.faults.leave_unanswered()
    shared_shop.wa.faults.refuse_queries()
    shared_shop.wa.faults.name_numbers()


def ask(shop: Shop, phone: str) -> Question:
    with shop.database.write() as conn:
        kind = QuestionKind.IS_ON_WHATSAPP
        return questions.ask(conn, shop.account_id, kind, f"{phone}@s.whatsapp.net", utc_now())


def now(shop: Shop, question: Question) -> Question:
    with shop.database.read() as conn:
        found = store_questions.get(conn, question.id)
    assert found is not None
    return found


def ends(shop: Shop, question: Question, timeout: float = 25.0) -> Question:
    return wait_until(
        lambda: found if (found := now(shop, question)).answered_at else None, timeout, "an end of the question"
    )


def answer(shop: Shop, phone: str) -> dict[str, Any]:
    found = ends(shop, ask(shop, phone))
    assert found.error is None
    return found.answer or {}


def lookups(shop: Shop) -> list[str]:
    """The numbers that were looked up, as the server was asked."""
    queries = [node.child("usync") for node in shop.wa.stanzas("iq") if node.get("xmlns") == "usync"]
    lists = [found.child("list") for query in queries if query and (found := query)]
    users = [user for one in lists if one for user in one.children("user")]
    return [contact.text() for user in users if (contact := user.child("contact"))]


def test_a_number_is_there_or_not_by_whatever_name_whatsapp_gives_it(shop: Shop) -> None:
    wa = shop.wa
    for manner in ("", "lid"):
        wa.faults.name_numbers(manner)
        there = wa.add_customer(f"Ada {manner}")
        assert answer(shop, there.phone_number) == {"in": True, "lid": there.lid, "phone": None}
    wa.faults.name_numbers("phone")
    there = wa.add_customer("Nomor")
    assert answer(shop, there.phone_number) == {"in": True, "lid": None, "phone": there.phone_number}
    for manner, phone in ("", "6281399990001"), ("nameless", "6281399990002"):
        wa.faults.name_numbers(manner)
        assert answer(shop, phone) == {"in": False, "lid": None, "phone": None}
    assert "+6281399990001@c.us" in lookups(shop)


def test_the_same_question_is_asked_once(shop: Shop) -> None:
    phone = shop.wa.add_customer("Sekali").phone_number
    first, second = ask(shop, phone), ask(shop, phone)
    assert first.id == second.id
    ends(shop, first)
    assert ask(shop, phone).id == first.id
    assert lookups(shop).count(f"+{phone}@c.us") == 1


def test_what_whatsapp_refuses_or_leaves_unanswered_ends_and_holds_up_nobodys_reply(shop: Shop) -> None:
    customer = shop.wa.add_customer("Menunggu")
    customer.send_text("halo")
    shop.wait_for_text("halo")
    shop.answer("Menunggu", "sebentar")
    customer.wait_for_text("sebentar")
    shop.wa.faults.refuse_queries("usync")
    assert ends(shop, ask(shop, "6281399990003")).error == Unanswered.REFUSED
    shop.wa.faults.refuse_queries()
    shop.wa.faults.leave_unanswered("usync")
    silent = ask(shop, "6281399990004")
    wait_until(lambda: "+6281399990004@c.us" in lookups(shop), what="the question on the wire")
    shop.answer("Menunggu", "ada, kak")
    customer.wait_for_text("ada, kak")
    assert now(shop, silent).stage(utc_now()) == Stage.ASKING
    assert ends(shop, silent).error == Unanswered.TIMED_OUT


def test_a_question_that_has_expired_is_never_asked(own_shop: Shop) -> None:
    shop = own_shop
    with shop.database.write() as conn:
        long_ago, subject = utc_now() - timedelta(minutes=2), "6281399990005@s.whatsapp.net"
        late = store_questions.add(conn, shop.account_id, QuestionKind.IS_ON_WHATSAPP, subject, None, long_ago)
    answer(shop, "6281399990006")
    assert "+6281399990005@c.us" not in lookups(shop)
    with shop.database.read() as conn:
        found = store_questions.get(conn, late)
    assert found
    assert found.stage(utc_now()) == Stage.UNANSWERED
    # a session that is killed in the middle of one
    shop.wa.faults.leave_unanswered("usync")
    halfway = ask(shop, "6281399990007")
    wait_until(lambda: "+6281399990007@c.us" in lookups(shop), what="the question on the wire")
    old = shop.pid("session")
    assert old
    shop.kill("session")
    shop.wa.faults.leave_unanswered()
    shop.wait_for_successor("session", old)
    found = wait_until(
        lambda: one if (one := now(shop, halfway)).stage(utc_now()) != Stage.ASKING else None, 40, "its end"
    )
    assert found.error is None
    # one that waits for an answer holds up no farewell
    shop.wait_for(LinkState.ONLINE)
    shop.wa.faults.leave_unanswered("usync")
    ask(shop, "6281399990008")
    wait_until(lambda: "+6281399990008@c.us" in lookups(shop), what="the question on the wire")
    begun = utc_now()
    shop.stop()
    assert utc_now() - begun < timedelta(seconds=12)
    with pytest.raises(NotOnline):
        ask(shop, "6281399990009")
    assert "6281399990" not in shop.log()
