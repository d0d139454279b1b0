"""The question after resolving, and the customer's next message, which may be the answer."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from daemon.desk import conversations, ratings, resolving, settings
from daemon.domain.desk import UNDO_TAKEN, Action, Actor, Status
from daemon.domain.ids import Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery, MessageReceived, Origin, OutboxState
from daemon.ingest.commit import Ingest
from daemon.store import audit, contact_merge, contacts, messages, outbox, send_queue, threads
from tests.support.books import Books, dump
from tests.support.builders import at, both, lid, phone

CUSTOMER = lid("1")
CHOSEN = {"rating": True, "rating_question": "Gimana layanan {admin}, {name}? 1-5", "rating_thanks": "Makasih!"}


class Counter:
    """A shop that asks: one customer, one line from WhatsApp."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.sari = Actor(Author.ADMIN, books.admin("Sari"))
        self.ingest = Ingest(books.database, books.account_id)
        self.choose(**CHOSEN)

    def choose(self, **changes: object) -> None:
        with self.books.database.write() as conn:
            settings.save(conn, self.books.account_id, changes, self.sari, at(0))

    def say(
        self,
        text: str | None,
        seconds: float,
        wa_id: str | None = None,
        party: Party = CUSTOMER,
        from_me: bool = False,
        kind: MessageKind = MessageKind.TEXT,
    ) -> None:
        """A message from WhatsApp, of the customer or (with `from_me`) of the phone."""
        origin = Origin(party, from_me, 0, at(seconds))
        event = MessageReceived(wa_id or f"M{seconds}", origin, kind, text, "Budi")
        self.ingest.commit(event, at(seconds + 1))

    def served(self, seconds: float = 60) -> int:
        """A conversation that was resolved; the question has left if there is one."""
        self.say("halo", seconds - 30)
        conversation_id = self.newest()
        with self.books.database.write() as conn:
            assert conversations.resolve(conn, conversation_id, self.sari, at(seconds))
        self.sent(at(seconds) + UNDO_TAKEN)
        return conversation_id

    def sent(self, now: datetime) -> None:
        """Everything queued leaves."""
        with self.books.database.write() as conn:
            while (reply := send_queue.take_next(conn, self.books.account_id, now)) is not None:
                outbox.settle(conn, reply.id, OutboxState.SENT, now)
                messages.set_delivery(conn, reply.message_id, Delivery.SENT)

    def newest(self) -> int:
        return max(row[0] for row in dump(self.books.database)["conversation"])

    def score(self, conversation_id: int) -> int | None:
        with self.books.database.read() as conn:
            sql = "SELECT score FROM rating WHERE conversation_id = ?"
            found: int | None = conn.exec_driver_sql(sql, (conversation_id,)).scalar()
            return found


@pytest.fixture
def counter(books: Books) -> Iterator[Counter]:
    counter = Counter(books)
    yield counter
    counter.ingest._conn.close()


def test_the_question_goes_out_when_a_conversation_is_resolved(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    assert books.thread(conversation_id) == ["halo", "Gimana layanan Sari, Budi? 1-5"]
    with books.database.read() as conn:
        question = threads.of_conversation(conn, conversation_id)[-1]
    assert (question.author, question.from_me, question.turn_id) == (Author.BOT, True, None)
    assert books.summary(conversation_id).status == Status.RESOLVED


@pytest.mark.parametrize("changes", [{"rating": False}, {"rating_question": ""}, {"rating_question": " {shop} "}])
def test_a_shop_that_asks_nothing_asks_nothing(books: Books, counter: Counter, changes: dict[str, object]) -> None:
    counter.choose(**changes)
    conversation_id = counter.served()
    assert (books.thread(conversation_id), books.rows("rating")) == (["halo"], 0)


def test_a_customer_who_never_wrote_is_not_asked(books: Books, counter: Counter) -> None:
    counter.say("Pesanan siap", 10, from_me=True)
    conversation_id = counter.newest()
    books.message(conversation_id, "dari riwayat", is_history=True)
    with books.database.write() as conn:
        conversations.resolve(conn, conversation_id, counter.sari, at(20))
    assert books.rows("rating") == 0


def test_a_conversation_is_asked_about_once(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    with books.database.write() as conn:
        assert conversations.reopen(conn, conversation_id, counter.sari, at(70))
        assert conversations.resolve(conn, conversation_id, counter.sari, at(80))
    assert (books.rows("rating"), books.rows("outbox")) == (1, 1)


def test_the_question_leaves_when_resolving_cannot_be_taken_back_any_more(books: Books, counter: Counter) -> None:
    counter.say("halo", 30)
    conversation_id = counter.newest()
    with books.database.write() as conn:
        conversations.resolve(conn, conversation_id, counter.sari, at(60))
        assert send_queue.take_next(conn, books.account_id, at(69.9)) is None
        assert send_queue.take_next(conn, books.account_id, at(70)) is not None


def test_what_was_taken_back_is_asked_when_the_conversation_really_ends(books: Books, counter: Counter) -> None:
    counter.say("halo", 30)
    conversation_id = counter.newest()
    with books.database.write() as conn:
        conversations.resolve(conn, conversation_id, counter.sari, at(60))
        # up to the last moment: the question has not left
        last = at(60) + UNDO_TAKEN - timedelta(milliseconds=1)
        assert send_queue.take_next(conn, books.account_id, last) is None
        assert resolving.undo(conn, conversation_id, counter.sari, last)
    assert (books.rows("rating"), _states(books)) == (0, ["cancelled"])
    with books.database.write() as conn:
        conversations.resolve(conn, conversation_id, counter.sari, at(90))
    counter.sent(at(90) + UNDO_TAKEN)
    assert _states(books) == ["cancelled", "sent"]
    counter.say("4", 120)
    assert counter.score(conversation_id) == 4


def test_only_whoever_resolved_can_take_it_back_and_only_for_a_moment(books: Books, counter: Counter) -> None:
    counter.say("halo", 30)
    conversation_id = counter.newest()
    budi = Actor(Author.ADMIN, books.admin("Budi"))
    with books.database.write() as conn:
        conversations.resolve(conn, conversation_id, counter.sari, at(60))
        assert not resolving.undo(conn, conversation_id, budi, at(61))
        assert not resolving.undo(conn, conversation_id, counter.sari, at(71))
    assert books.summary(conversation_id).status == Status.RESOLVED


def test_the_customers_number_is_his_rating_and_opens_nothing(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    counter.say("5", 100)
    assert counter.score(conversation_id) == 5
    assert books.thread(conversation_id) == ["halo", "Gimana layanan Sari, Budi? 1-5", "5", "Makasih!"]
    assert (books.rows("conversation"), books.rows("turn")) == (1, 1)
    about = books.summary(conversation_id)
    assert (about.status, about.waiting_since, about.unread) == (Status.RESOLVED, None, 0)
    with books.database.read() as conn:
        entry = audit.in_thread(conn, conversation_id, None, None)[-1]
    assert (entry.action, entry.actor, entry.detail) == (Action.RATED, Author.CUSTOMER, {"score": 5})
    assert entry.subject_name == "Sari"


def test_without_thanks_nothing_is_said(books: Books, counter: Counter) -> None:
    counter.choose(rating_thanks="")
    conversation_id = counter.served()
    counter.say("3", 100)
    assert books.thread(conversation_id)[-1] == "3"


def test_the_same_rating_again_changes_nothing(books: Books, counter: Counter) -> None:
    counter.served()
    counter.say("4", 100, "RATED")
    before = dump(books.database)
    counter.say("4", 100, "RATED")
    assert dump(books.database) == before


def test_only_the_first_number_counts(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    counter.say("2", 100)
    counter.say("5", 110)
    assert counter.score(conversation_id) == 2
    assert books.thread(counter.newest()) == ["5"]
    assert books.summary(counter.newest()).previous_id == conversation_id


def test_anything_else_ends_the_waiting_and_is_an_ordinary_message(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    counter.say("bagus kak", 100)
    new = counter.newest()
    assert (new > conversation_id, books.summary(new).waiting_since) == (True, at(100))
    with books.database.write() as conn:
        conversations.resolve(conn, new, Actor(Author.ADMIN), at(110))
    counter.choose(rating=False)
    counter.say("5", 120)
    assert counter.score(conversation_id) is None


def test_a_number_that_comes_too_late_is_an_ordinary_message(books: Books, counter: Counter) -> None:
    counter.choose(rating_within=10)
    conversation_id = counter.served(60)
    counter.say("5", 60 + 601)
    assert counter.score(conversation_id) is None
    assert books.summary(counter.newest()).waiting_since is not None


def test_in_time_is_by_whatsapps_clock(books: Books, counter: Counter) -> None:
    counter.choose(rating_within=10)
    conversation_id = counter.served(60)
    # written in time; we were offline for a day
    event = MessageReceived("LATE", Origin(CUSTOMER, False, 0, at(600)), MessageKind.TEXT, "5")
    counter.ingest.commit(event, at(90_000))
    assert counter.score(conversation_id) == 5


def test_a_number_written_before_the_question_answers_something_else(books: Books, counter: Counter) -> None:
    conversation_id = counter.served(60)
    counter.say("5", 50)
    assert counter.score(conversation_id) is None
    assert books.thread(counter.newest()) == ["5"]


def test_a_question_that_has_not_left_is_taken_back_when_he_writes(books: Books, counter: Counter) -> None:
    counter.say("halo", 10)
    conversation_id = counter.newest()
    with books.database.write() as conn:
        conversations.resolve(conn, conversation_id, counter.sari, at(60))
    counter.say("5", 70)
    assert counter.score(conversation_id) is None
    with books.database.read() as conn:
        assert not send_queue.has_queued(conn, books.account_id, at(90))
        assert threads.of_conversation(conn, conversation_id)[-1].delivery == Delivery.CANCELLED


def test_a_number_may_also_answer_what_the_phone_has_asked_since(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    counter.say("Mau berapa kotak?", 90, from_me=True)
    counter.say("5", 100)
    assert counter.score(conversation_id) is None
    assert books.thread(counter.newest()) == ["Mau berapa kotak?", "5"]
    assert books.summary(counter.newest()).waiting_since == at(100)


def test_a_reopened_conversation_waits_for_no_rating(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    with books.database.write() as conn:
        conversations.reopen(conn, conversation_id, counter.sari, at(70))
    counter.say("5", 100)
    assert counter.score(conversation_id) is None
    assert books.summary(conversation_id).waiting_since is not None


def test_the_busy_path_never_takes_a_rating(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    counter.say("satu lagi", 100)
    counter.say("5", 101)
    assert counter.score(conversation_id) is None
    assert books.thread(counter.newest()) == ["satu lagi", "5"]


def test_a_picture_is_no_rating(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    counter.say("5", 100, kind=MessageKind.IMAGE)
    assert counter.score(conversation_id) is None


def test_a_customer_who_turns_out_to_be_the_same_may_still_answer(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    books.contact(phone("62811"))
    books.contact(both("1", "62811"))
    counter.say("4", 100, party=phone("62811"))
    assert counter.score(conversation_id) == 4


def test_other_customers_answer_nothing(books: Books, counter: Counter) -> None:
    conversation_id = counter.served()
    counter.say("5", 100, party=lid("2"))
    assert counter.score(conversation_id) is None
    counter.say("4", 110)
    assert counter.score(conversation_id) == 4


def test_a_question_that_is_asked_twice_waits_for_the_newer(books: Books, counter: Counter) -> None:
    first = counter.served(60)
    with books.database.write() as conn:
        other = contacts.resolve(conn, books.account_id, lid("2"), at(0))
    counter.say("halo", 100, party=lid("2"))
    second = counter.newest()
    with books.database.write() as conn:
        conversations.resolve(conn, second, counter.sari, at(110))
    counter.sent(at(110) + UNDO_TAKEN)
    with books.database.write() as conn:
        contact_merge.merge(conn, books.account_id, books.summary(first).contact_id, other, at(120))
    counter.say("3", 130)
    assert (counter.score(first), counter.score(second)) == (None, 3)


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("5", 5),
        (" 4 \n", 4),
        ("3️⃣", 3),
        ("1\u20e3", 1),
        ("⭐⭐⭐⭐⭐", 5),
        ("⭐️⭐️", 2),
        ("٣", 3),
        ("0", None),
        ("6", None),
        ("5/5", None),
        ("5 bintang", None),
        ("4.5", None),
        ("55", None),
        ("⭐⭐⭐⭐⭐⭐", None),
        ("⭐ 5", None),
        ("", None),
        ("\ufe0f", None),
        ("lima", None),
        ("½", None),
        ("⑤", 5),
    ],
)
def test_a_rating_is_a_bare_number(text: str, score: int | None) -> None:
    assert ratings.read_score(text) == score


def _states(books: Books) -> list[str]:
    """Where the bot's messages stand in the outbox, oldest first."""
    with books.database.read() as conn:
        return [row.state for row in conn.exec_driver_sql("SELECT state FROM outbox ORDER BY id")]
