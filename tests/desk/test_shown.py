"""Who decides says what he saw: what the customer wrote after the last message that his page showed stays open."""

import pytest

from daemon.desk import conversations, no_reply_needed, replies
from daemon.desk import shown as pages
from daemon.domain.desk import Actor, Status
from daemon.domain.messages import Author
from daemon.domain.turns import AlreadyAnswered, Closer, MoreCame
from daemon.store import conversation_list, turns
from tests.support.books import Books, dump
from tests.support.builders import at, lid

HUGE = 2**63 - 1


class Table:
    """Sari's page shows a customer's question; two more come that it does not show."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari, self.budi = books.admin("Sari"), books.admin("Budi")
        self.actor = Actor(Author.ADMIN, self.sari)
        self.conversation, self.turn = books.waiting(lid("1"), "ada lapis?")
        self.shown = self.newest()
        self.two = books.message(self.conversation, "yang besar", turn_id=self.turn, sent_at=at(20))
        self.three = books.message(self.conversation, "berapa?", turn_id=self.turn, sent_at=at(30))

    def newest(self) -> int:
        with self.books.database.read() as conn:
            found: int = conn.exec_driver_sql("SELECT max(id) FROM message").scalar_one()
        return found

    def answer(self, shown: int, admin: int | None = None, turn_id: int | None = None, **more: bool) -> int:
        closer = Closer(Author.ADMIN, admin or self.sari)
        with self.books.database.write() as conn:
            found = replies.answer(
                conn, self.conversation, closer, "ada", at(60), turn_id=turn_id, shown=shown, **more
            )
        return found

    def mark(self, shown: int) -> bool:
        with self.books.database.write() as conn:
            return no_reply_needed.mark(conn, self.conversation, self.turn, self.actor, at(60), shown)

    def resolve(self, shown: int) -> bool:
        with self.books.database.write() as conn:
            return conversations.resolve(conn, self.conversation, self.actor, at(60), shown)

    def waiting(self) -> tuple[int | None, list[str | None]]:
        """The open turn and what the customer says in it."""
        turn_id = self.books.open_turn(self.conversation)
        with self.books.database.read() as conn:
            rows = conn.exec_driver_sql(
                "SELECT text FROM message WHERE turn_id = ? AND author = 'customer' ORDER BY id", (turn_id,)
            )
            return turn_id, list(rows.scalars())


@pytest.fixture
def table(books: Books) -> Table:
    return Table(books)


def refused(table: Table, count: int, act: str, shown: int) -> None:
    """It is said how many came, and no table has changed."""
    before = dump(table.books.database)
    with pytest.raises(MoreCame) as error:
        getattr(table, act)(shown)
    assert error.value.count == count
    assert dump(table.books.database) == before


def test_an_answer_closes_what_was_shown_and_the_rest_waits_since_it_came(table: Table, books: Books) -> None:
    message_id = table.answer(table.shown, turn_id=table.turn)
    assert books.mark(table.turn).message_id == message_id
    new, said = table.waiting()
    assert new != table.turn
    assert said == ["yang besar", "berapa?"]
    about = books.summary(table.conversation)
    assert (about.waiting_since, about.unread, about.assignee_id) == (at(20), 2, table.sari)
    with books.database.read() as conn:
        assert pages.still_waiting(conn, table.conversation, table.shown) == 2


def test_an_answer_to_all_that_was_shown_leaves_nothing_open(table: Table, books: Books) -> None:
    table.answer(table.three, turn_id=table.turn)
    assert table.waiting() == (None, [])
    assert books.summary(table.conversation).unread == 0
    with books.database.read() as conn:
        assert pages.still_waiting(conn, table.conversation, table.three) == 0


def test_what_the_bot_had_dealt_with_stays_so_in_the_turn_that_waits_on(table: Table, books: Books) -> None:
    with books.database.write() as conn:
        turns.acknowledge(conn, table.turn, at(40))
        conn.exec_driver_sql("UPDATE turn SET bot_message_id = ?", (table.two,))
    table.answer(table.shown, turn_id=table.turn)
    with books.database.read() as conn:
        row = conn.exec_driver_sql("SELECT bot_message_id FROM turn WHERE closed_at IS NULL").one()
        about = conversation_list.summary(conn, table.conversation)
    assert row == (table.two,)
    assert about is not None
    assert about.acknowledged_at == at(40)


def test_no_reply_needed_is_said_of_what_was_shown(table: Table, books: Books) -> None:
    assert table.mark(table.two)
    assert books.mark(table.turn).message_id is None
    assert table.waiting()[1] == ["berapa?"]
    assert books.summary(table.conversation).unread == 1


def test_a_conversation_with_unseen_words_is_not_resolved(table: Table, books: Books) -> None:
    refused(table, 2, "resolve", table.shown)
    refused(table, 1, "resolve", table.two)
    assert table.resolve(table.three)
    about = books.summary(table.conversation)
    assert (about.status, about.unread) == (Status.RESOLVED, 0)


def test_unseen_words_that_a_colleague_has_answered_are_looked_at_before_resolving_too(table: Table) -> None:
    table.answer(table.three, admin=table.budi, turn_id=table.turn)
    refused(table, 2, "resolve", table.shown)
    assert table.resolve(table.newest())


@pytest.mark.parametrize("shown", ["nothing", "foreign", "future", "huge"])
def test_whoever_was_shown_nothing_of_it_decides_nothing(table: Table, books: Books, shown: str) -> None:
    other, _ = books.waiting(lid("2"))
    with books.database.read() as conn:
        ids = conn.exec_driver_sql("SELECT id FROM message WHERE conversation_id = ?", (other,)).scalars().all()
    told = {"nothing": 0, "foreign": ids[0], "future": ids[0] + 1, "huge": HUGE}[shown]
    for act in ("answer", "mark", "resolve"):
        refused(table, 3, act, told)


def test_an_answer_to_what_stood_before_leaves_a_new_question_alone(table: Table, books: Books) -> None:
    shown = table.answer(table.three, turn_id=table.turn)
    asked = books.turn(table.conversation, at(70))
    books.message(table.conversation, "satu lagi", turn_id=asked, sent_at=at(70))
    for turn_id in (None, asked):
        reply = table.answer(shown, turn_id=turn_id)
        with books.database.read() as conn:
            assert turns.closed_by_message(conn, reply) == []
        assert table.waiting() == (asked, ["satu lagi"])
    # after somebody else's answer it has to be meant, as always
    with pytest.raises(AlreadyAnswered) as error:
        table.answer(shown, admin=table.budi, turn_id=asked)
    assert error.value.mark.turn_id == table.turn
    table.answer(shown, admin=table.budi, turn_id=asked, follow_up=True)
    assert table.waiting() == (asked, ["satu lagi"])


def test_a_follow_up_closes_only_what_was_shown(table: Table, books: Books) -> None:
    table.answer(table.shown, admin=table.budi, turn_id=table.turn)
    with pytest.raises(AlreadyAnswered):
        table.answer(table.two, turn_id=table.turn)
    table.answer(table.two, turn_id=table.turn, follow_up=True)
    assert table.waiting()[1] == ["berapa?"]


def test_history_notes_and_own_words_that_come_later_stop_nobody(table: Table, books: Books) -> None:
    books.message(table.conversation, "dulu", is_history=True, sent_at=at(-100))
    books.message(table.conversation, "catatan", from_me=True, kind="note", author="admin")
    books.message(table.conversation, "dari HP", from_me=True)
    assert table.resolve(table.three)


def test_the_bot_and_whoever_has_no_page_close_the_whole_turn(table: Table, books: Books) -> None:
    with books.database.write() as conn:
        replies.answer(conn, table.conversation, Closer(Author.BOT), "ada", at(60), turn_id=table.turn)
    assert table.waiting() == (None, [])
