"""Editing, deleting and reacting: who may, until when, what the message is meanwhile, and what it becomes."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from daemon.desk import message_changes, replies
from daemon.desk.outgoing import MOST_ATTEMPTS
from daemon.domain.desk import Action, Actor
from daemon.domain.message_changes import EDIT_WINDOW, REVOKE_WINDOW, ChangeKind, ChangeRefused
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.turns import Closer
from daemon.store import audit, messages, outbox, send_queue
from daemon.store import message_changes as store
from tests.support.books import Books
from tests.support.builders import at, lid


class Shop:
    """A customer who asked, and Sari's answer to him at second 1."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari = Actor(Author.ADMIN, books.admin("Sari"))
        self.budi = Actor(Author.ADMIN, books.admin("Budi"))
        self.chat, self.turn = books.waiting(lid("1"), "ada kue?")
        closer = Closer(Author.ADMIN, self.sari.admin_id)
        self.reply = books.write(lambda c: replies.answer(c, self.chat, closer, "ada", at(1), turn_id=self.turn))

    def leaves(self) -> None:
        """The answer is with WhatsApp."""

        def send(conn: Connection) -> None:
            row = send_queue.take_next(conn, self.books.account_id, at(1))
            assert row is not None
            outbox.record_wa_id(conn, row.id, "R1")
            outbox.settle(conn, row.id, OutboxState.SENT, at(1))
            messages.set_delivery(conn, self.reply, Delivery.SENT)

        self.books.write(send)

    def edits(
        self, text: str, who: Actor | None = None, owner: bool = False, after: timedelta | None = None
    ) -> None:
        now = at(2) if after is None else at(1) + after
        self.books.write(
            lambda c: message_changes.edit(c, self.chat, self.reply, text, who or self.sari, owner, now)
        )

    def deletes(self, after: timedelta = timedelta(seconds=1)) -> None:
        now = at(1) + after
        self.books.write(lambda c: message_changes.revoke(c, self.chat, self.reply, self.sari, False, now))

    def reacts(self, message_id: int, emoji: str) -> None:
        self.books.write(lambda c: message_changes.react(c, self.chat, message_id, emoji, self.sari, at(2)))

    def pending(self, message_id: int | None = None) -> list[tuple[ChangeKind, str | None, OutboxState]]:
        message_id = message_id or self.reply
        with self.books.database.read() as conn:
            found = store.pending(conn, [message_id]).get(message_id, [])
        return [(one.kind, one.text, one.state) for one in found]

    def next_leaves(self, wa_id: str = "C1", seconds: float = 3) -> store.OutgoingChange | None:
        """What the session does with the next change, up to WhatsApp's answer."""

        def send(conn: Connection) -> store.OutgoingChange | None:
            change = store.take_next(conn, self.books.account_id, at(seconds))
            if change is None or message_changes.stop(conn, self.books.account_id, change, at(seconds)):
                return None
            assert store.note_wa_id(conn, change.id, wa_id)
            return change

        return self.books.write(send)  # type: ignore[no-any-return]

    def arrives(self, change: store.OutgoingChange) -> None:
        self.books.write(lambda c: message_changes.sent(c, self.books.account_id, change, at(4), at(4)))


@pytest.fixture
def shop(books: Books) -> Shop:
    return Shop(books)


def test_what_has_not_left_is_edited_where_it_lies(shop: Shop) -> None:
    shop.edits("ada, Bu")
    assert (shop.books.bubble(shop.reply).text, shop.pending()) == ("ada, Bu", [])
    assert not shop.books.bubble(shop.reply).edited


def test_what_has_not_left_never_leaves_once_it_is_deleted_and_the_customer_waits(shop: Shop) -> None:
    shop.deletes()
    assert shop.books.bubble(shop.reply).delivery == Delivery.DISCARDED
    assert shop.books.open_turn(shop.chat) == shop.turn
    with shop.books.database.read() as conn:
        assert not send_queue.has_queued(conn, shop.books.account_id, at(5))


def test_a_message_stays_as_the_customer_has_it_until_its_edit_is_with_whatsapp(shop: Shop) -> None:
    shop.leaves()
    shop.edits("ada, Bu")
    assert shop.books.bubble(shop.reply).text == "ada"
    assert shop.pending() == [(ChangeKind.EDIT, "ada, Bu", OutboxState.QUEUED)]
    change = shop.next_leaves()
    assert change is not None
    assert change.target_wa_id == "R1"
    shop.arrives(change)
    bubble = shop.books.bubble(shop.reply)
    assert (bubble.text, bubble.edited, shop.pending()) == ("ada, Bu", True, [])
    with shop.books.database.read() as conn:
        assert store.versions(conn, [shop.reply]) == {shop.reply: ["ada"]}
        assert audit.newest(conn, shop.chat, Action.REPLY_EDITED)
    # it has answered nobody a second time
    assert shop.books.mark(shop.turn).message_id == shop.reply


def test_the_last_edit_is_the_one_that_leaves(shop: Shop) -> None:
    shop.leaves()
    shop.edits("ada, Pak")
    shop.edits("ada, Bu")
    assert shop.pending() == [(ChangeKind.EDIT, "ada, Bu", OutboxState.QUEUED)]
    change = shop.next_leaves()
    assert change is not None
    assert change.text == "ada, Bu"
    assert shop.next_leaves() is None


@pytest.mark.parametrize(
    ("who", "owner", "after", "reason"),
    [
        ("budi", False, timedelta(seconds=5), "not_yours"),
        ("sari", False, EDIT_WINDOW + timedelta(seconds=1), "too_late"),
        ("budi", True, EDIT_WINDOW + timedelta(seconds=1), "too_late"),
    ],
)
def test_an_edit_is_refused(shop: Shop, who: str, owner: bool, after: timedelta, reason: str) -> None:
    shop.leaves()
    with pytest.raises(ChangeRefused) as refused:
        shop.edits("lain", getattr(shop, who), owner, after)
    assert (refused.value.reason, shop.pending()) == (reason, [])


def test_the_owner_edits_what_others_wrote(shop: Shop) -> None:
    shop.leaves()
    shop.edits("ada, Bu", shop.budi, owner=True)
    assert len(shop.pending()) == 1


@pytest.mark.parametrize(("text", "reason"), [("  ", "empty"), ("x" * 65_537, "too_long")])
def test_an_edit_needs_words(shop: Shop, text: str, reason: str) -> None:
    shop.leaves()
    with pytest.raises(ChangeRefused) as refused:
        shop.edits(text)
    assert refused.value.reason == reason


def test_an_edit_that_waited_too_long_fails_and_is_let_be(shop: Shop) -> None:
    shop.leaves()
    shop.edits("ada, Bu")
    assert shop.next_leaves(seconds=1300) is None
    assert shop.pending() == [(ChangeKind.EDIT, "ada, Bu", OutboxState.FAILED)]
    with shop.books.database.read() as conn:
        [pending] = store.pending(conn, [shop.reply])[shop.reply]
    decide = message_changes.decide
    with pytest.raises(ChangeRefused):
        shop.books.write(lambda c: decide(c, shop.chat, pending.id, True, shop.sari, False, at(1301)))
    assert shop.books.write(lambda c: decide(c, shop.chat, pending.id, False, shop.sari, False, at(1301)))
    assert (shop.pending(), shop.books.bubble(shop.reply).text) == ([], "ada")


def test_a_deleted_answer_lets_its_customer_wait_again_once_it_is_gone_there(shop: Shop) -> None:
    shop.leaves()
    shop.edits("ada, Bu")
    shop.deletes()
    # nobody edits what goes away
    assert [kind for kind, *_ in shop.pending()] == [ChangeKind.REVOKE]
    assert shop.books.open_turn(shop.chat) is None
    change = shop.next_leaves()
    assert change is not None
    shop.arrives(change)
    assert shop.books.bubble(shop.reply).revoked
    assert shop.books.open_turn(shop.chat) == shop.turn
    with pytest.raises(ChangeRefused):
        shop.edits("lagi")


def test_after_sixty_hours_nothing_is_deleted_for_everyone(shop: Shop) -> None:
    shop.leaves()
    with pytest.raises(ChangeRefused) as refused:
        shop.deletes(after=REVOKE_WINDOW + timedelta(seconds=1))
    assert refused.value.reason == "too_late"


def test_a_reaction_is_shown_when_it_has_left_and_taken_back_by_an_empty_one(shop: Shop) -> None:
    question = shop.reply - 1
    shop.reacts(question, "👍")
    assert shop.books.bubble(question).reactions == ()
    for emoji, shown in (("👍", ("👍",)), ("", ())):
        if not emoji:
            shop.reacts(question, "")
        change = shop.next_leaves()
        assert change is not None
        assert (change.target_from_me, change.text) == (False, emoji)
        shop.books.write(
            lambda c, change=change, emoji=emoji: message_changes.sent(
                c, shop.books.account_id, change, at(4 + (not emoji)), at(5)
            )
        )
        assert shop.books.bubble(question).reactions == shown
    assert shop.books.open_turn(shop.chat) is None


def test_an_uncertain_change_is_settled_by_the_customers_receipt_and_nobody_elses(shop: Shop) -> None:
    shop.leaves()
    shop.edits("ada, Bu")
    change = shop.next_leaves("C7")
    assert change is not None
    account = shop.books.account_id
    shop.books.write(lambda c: message_changes.uncertain(c, account, change, at(4)))
    assert shop.pending() == [(ChangeKind.EDIT, "ada, Bu", OutboxState.UNCERTAIN)]
    shop.books.write(lambda c: message_changes.arrived(c, account, ("C7",), lid("99"), at(5), at(5)))
    assert shop.books.bubble(shop.reply).text == "ada"
    for _ in range(2):
        shop.books.write(lambda c: message_changes.arrived(c, account, ("C7",), lid("1"), at(5), at(5)))
        assert (shop.books.bubble(shop.reply).text, shop.pending()) == ("ada, Bu", [])
    # it is not sent again, whatever anybody presses
    assert not shop.books.write(
        lambda c: message_changes.decide(c, shop.chat, change.id, True, shop.sari, False, at(6))
    )


def test_a_change_that_does_not_leave_waits_longer_each_time_and_fails_in_the_end(shop: Shop) -> None:
    shop.leaves()
    shop.reacts(shop.reply, "🎉")
    account, seconds, tries = shop.books.account_id, 3.0, 0
    while (change := shop.next_leaves(seconds=seconds)) is not None:
        tries += 1
        shop.books.write(
            lambda c, change=change, s=seconds: message_changes.try_later(c, account, change, at(s), "no answer")
        )
        with shop.books.database.read() as conn:
            due_at = store.next_due(conn, account, at(seconds))
            assert not store.has_queued(conn, account, at(seconds))
            assert due_at is None or store.has_queued(conn, account, due_at)
        assert (due_at is None) == (tries == MOST_ATTEMPTS)
        seconds += 61
    assert tries == MOST_ATTEMPTS
    assert shop.pending() == [(ChangeKind.REACTION, "🎉", OutboxState.FAILED)]


def test_what_was_queued_before_the_number_was_linked_anew_does_not_leave_unasked(shop: Shop) -> None:
    shop.leaves()
    shop.edits("ada, Bu")
    shop.books.write(lambda c: message_changes.device_changed(c, shop.books.account_id, at(3)))
    assert shop.next_leaves() is None
    assert shop.pending() == [(ChangeKind.EDIT, "ada, Bu", OutboxState.FAILED)]
