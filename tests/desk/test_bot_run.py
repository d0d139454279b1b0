"""The bot at work: it looks at what is committed, speaks through the one door, and does so once a message."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from daemon.desk import no_reply_needed, replies, settings
from daemon.desk.bot import rules, run
from daemon.desk.bot.run import due
from daemon.domain.desk import Actor
from daemon.domain.links import LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.turns import Closer
from daemon.store import claims, contacts, links, messages, outbox, presence, threads, turns
from daemon.store.portions import MOST_ROWS
from tests.support.books import Books, dump
from tests.support.builders import at, group_chat, lid
from tests.support.old_rows import spoil

JAKARTA = ZoneInfo("Asia/Jakarta")


class Bench:
    """A shop whose bot is on, with one admin at the desk; times are seconds after noon."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.database, self.account_id = books.database, books.account_id
        self.sari = Actor(Author.ADMIN, books.admin("Sari"))
        self.link(LinkState.CONNECTING, LinkState.ONLINE, now=at(-3600))
        with self.database.write() as conn:
            presence.join(conn, "tab", self.sari.admin_id or 0, at(0))
        self.choose(bot=True, greeting="Halo {name}, selamat datang di {shop}", grace=20)

    def choose(self, **changes: Any) -> None:
        with self.database.write() as conn:
            settings.save(conn, self.account_id, changes, self.sari, at(0))

    def rule(self, words: str, answer: str, closes: bool = False) -> str:
        with self.database.write() as conn:
            rule_id = rules.save(conn, self.account_id, None, words, answer, closes, True, self.sari, at(0))
        return f"rule:{rule_id}"

    def link(self, *states: LinkState, now: datetime) -> None:
        with self.database.write() as conn:
            for state in states:
                links.set_state(conn, self.account_id, state, now)

    def chosen(self) -> settings.DeskSettings:
        with self.database.read() as conn:
            return settings.load(conn, self.account_id)

    def look(self, seconds: float) -> bool:
        """Let the worker look; gives whether the bot had anything to do."""
        with self.database.write() as conn:
            presence.renew(conn, ["tab"], at(seconds))
            chosen = settings.load(conn, self.account_id)
            busy = bool(due(conn, self.account_id, chosen, at(seconds)))
            while run.tend(conn, self.account_id, chosen, at(seconds), JAKARTA, "Toko Kita"):
                pass
        return busy

    def writes(self, conversation: int, text: str | None, seconds: float, **values: Any) -> int:
        """The customer writes into his open turn (opening one if there is none)."""
        with self.database.write() as conn:
            turn = turns.current(conn, conversation)
            turn = turn or turns.open_turn(conn, self.account_id, conversation, at(seconds))
        moment = {"sent_at": at(seconds), "arrived_at": at(seconds)}
        return self.books.message(conversation, text, turn_id=turn, **(moment | values))

    def customer(self, text: str | None = "halo", seconds: float = 0, user: str = "1", **values: Any) -> int:
        """A customer writes for the first time; gives the conversation."""
        conversation = self.books.conversation(lid(user))
        self.writes(conversation, text, seconds, **values)
        return conversation

    def answers(self, conversation: int, seconds: float, text: str = "siap kak") -> int:
        with self.database.write() as conn:
            closer = Closer(Author.ADMIN, self.sari.admin_id)
            return replies.answer(conn, conversation, closer, text, at(seconds), follow_up=True)

    def said(self, conversation: int) -> list[str | None]:
        """What the bot has said, in its order."""
        with self.database.read() as conn:
            found = threads.of_conversation(conn, conversation)
        return [bubble.text for bubble in found if bubble.author == Author.BOT]

    def is_open(self, conversation: int) -> bool:
        with self.database.read() as conn:
            return turns.current(conn, conversation) is not None

    def settle(self, conversation: int, state: OutboxState, seconds: float) -> None:
        """What is queued in the conversation leaves, or does not."""
        with self.database.write() as conn:
            for journey, _ in outbox.queued_for(conn, conversation):
                outbox.settle(conn, journey.id, state, at(seconds))
                messages.set_delivery(conn, journey.message_id, Delivery(state.value))


@pytest.fixture
def bench(books: Books) -> Bench:
    return Bench(books)


def test_a_new_customer_is_greeted_after_the_grace_time_and_still_waits(bench: Bench) -> None:
    conversation = bench.customer()
    ani = bench.books.contact(lid("1"))
    with bench.database.write() as conn:
        contacts.set_name(conn, ani, "Ani")
    assert not bench.look(14)
    assert bench.said(conversation) == []
    assert bench.look(26)
    assert bench.said(conversation) == ["Halo Ani, selamat datang di Toko Kita"]
    assert bench.is_open(conversation)
    assert bench.books.summary(conversation).waiting_since is not None


def test_every_further_look_finds_nothing_and_writes_nothing(bench: Bench) -> None:
    conversation = bench.customer()
    bench.look(26)
    before = {name: rows for name, rows in dump(bench.database).items() if name != "presence"}
    assert not bench.look(27)
    assert not bench.look(9999)
    assert {name: rows for name, rows in dump(bench.database).items() if name != "presence"} == before
    assert len(bench.said(conversation)) == 1


def test_a_bot_that_is_off_does_nothing_at_all(bench: Bench) -> None:
    bench.choose(bot=False)
    bench.customer()
    before = dump(bench.database)["turn"]
    assert not bench.look(60)
    assert dump(bench.database)["turn"] == before


def test_the_grace_time_begins_anew_with_each_message(bench: Bench) -> None:
    conversation = bench.customer()
    bench.writes(conversation, "ada orang?", 14)
    assert not bench.look(28)
    bench.look(40)
    assert len(bench.said(conversation)) == 1


def test_a_rule_that_closes_answers_and_one_that_does_not_leaves_the_turn_open(bench: Bench) -> None:
    closing = bench.rule("ongkir", "9 ribu", closes=True)
    bench.rule("harga", "cek katalog")
    first, second = bench.customer("ongkir?"), bench.customer("harga?", user="2")
    bench.look(30)
    assert (bench.said(first), bench.is_open(first)) == (["9 ribu"], False)
    assert (bench.said(second), bench.is_open(second)) == (["cek katalog"], True)
    with bench.database.read() as conn:
        mark = turns.last_closed(conn, first)
    assert mark is not None
    assert mark.closer == Closer(Author.BOT)
    assert closing in str(dump(bench.database)["message"])


def test_a_keyword_in_a_later_message_of_a_greeted_turn_is_answered_but_nobody_is_greeted_twice(
    bench: Bench,
) -> None:
    bench.rule("ongkir", "9 ribu")
    conversation = bench.customer()
    bench.look(30)
    bench.writes(conversation, "ada?", 40)
    bench.look(70)
    bench.writes(conversation, "ongkir?", 80)
    bench.look(110)
    bench.writes(conversation, "ongkir dong", 120)
    bench.look(150)
    assert bench.said(conversation) == ["Halo, selamat datang di Toko Kita", "9 ribu"]
    assert bench.is_open(conversation)


def test_nothing_is_said_while_somebody_is_answering_and_something_if_he_gives_up(bench: Bench) -> None:
    conversation = bench.customer()
    with bench.database.write() as conn:
        claims.put(conn, bench.account_id, conversation, bench.sari.admin_id or 0, "tab", at(10))
    assert not bench.look(39)
    assert bench.said(conversation) == []
    bench.look(41)
    assert len(bench.said(conversation)) == 1


def test_an_answered_turn_and_one_that_needs_no_answer_are_left_alone(bench: Bench) -> None:
    answered, done = bench.customer(), bench.customer(user="2")
    bench.answers(answered, 5)
    with bench.database.write() as conn:
        turn = turns.current(conn, done)
        assert turn is not None
        assert no_reply_needed.mark(conn, done, turn, bench.sari, at(5))
    assert not bench.look(60)
    assert bench.said(answered) == bench.said(done) == []


@pytest.mark.parametrize("state", [LinkState.OFFLINE, LinkState.CATCHING_UP, LinkState.CONNECTING])
def test_nothing_is_decided_while_whatsapp_is_out_of_reach(bench: Bench, state: LinkState) -> None:
    conversation = bench.customer()
    path = (LinkState.OFFLINE, LinkState.CONNECTING) if state == LinkState.CONNECTING else (state,)
    bench.link(*path, now=at(1))
    before = dump(bench.database)["turn"]
    assert not bench.look(60)
    assert dump(bench.database)["turn"] == before
    bench.link(LinkState.CONNECTING, LinkState.ONLINE, now=at(61))
    assert not bench.look(75)
    bench.look(87)
    assert len(bench.said(conversation)) == 1


def test_an_unstable_link_still_says_what_is_missing_from_the_backlog(bench: Bench) -> None:
    conversation = bench.customer()
    bench.link(LinkState.CATCHING_UP, now=at(1))
    with bench.database.write() as conn:
        links.change(conn, bench.account_id, at(1), backlog_total=200)
    bench.link(LinkState.UNSTABLE, now=at(2))
    assert not bench.look(60)
    assert bench.said(conversation) == []


def test_what_waited_too_long_is_left_to_people_for_good(bench: Bench) -> None:
    conversation = bench.customer(seconds=0, sent_at=at(-3600), arrived_at=at(0))
    assert bench.look(30)
    assert not bench.look(31)
    assert bench.said(conversation) == []


def test_history_opens_no_mouth(bench: Bench) -> None:
    conversation = bench.books.conversation(lid("1"))
    bench.books.message(conversation, "ongkir?", is_history=True)
    assert not bench.look(60)
    bench.writes(conversation, "halo lagi", 70)
    bench.look(100)
    # he wrote before the shop came here: no greeting for him
    assert bench.said(conversation) == []


def test_groups_are_left_alone(bench: Bench) -> None:
    conversation = bench.books.conversation(group_chat())
    bench.writes(conversation, "halo", 0)
    assert not bench.look(60)


def test_a_second_conversation_is_no_new_contact(bench: Bench) -> None:
    first = bench.customer()
    bench.answers(first, 5)
    bench.books.resolve(first)
    second = bench.customer(seconds=60)
    bench.look(90)
    assert bench.said(second) == []


def test_outside_hours_and_with_nobody_there(bench: Bench) -> None:
    bench.choose(busy="Sebentar ya", greeting="")
    with bench.database.write() as conn:
        presence.set_away(conn, bench.sari.admin_id or 0, at(0))
    conversation = bench.customer()
    bench.look(30)
    assert bench.said(conversation) == ["Sebentar ya"]


def test_each_text_once_in_the_time_the_shop_sets_counts_only_what_was_said(bench: Bench) -> None:
    bench.choose(greeting="", busy="Sebentar ya", again_after=1)
    with bench.database.write() as conn:
        presence.set_away(conn, bench.sari.admin_id or 0, at(0))
    conversation = bench.customer()
    bench.look(30)
    bench.settle(conversation, OutboxState.CANCELLED, 31)
    bench.answers(conversation, 40)
    bench.writes(conversation, "lagi", 60)
    bench.look(90)  # the first one never left
    bench.answers(conversation, 100)
    bench.writes(conversation, "lagi", 120)
    bench.look(150)
    bench.answers(conversation, 160)
    bench.writes(conversation, "lagi", 3600 + 91)
    bench.look(3600 + 121)
    assert bench.said(conversation) == ["Sebentar ya"] * 3
    with bench.database.read() as conn:
        thread = [b for b in threads.of_conversation(conn, conversation) if b.author == Author.BOT]
    assert [b.delivery for b in thread] == [Delivery.CANCELLED, Delivery.QUEUED, Delivery.QUEUED]
    assert [b.sent_at for b in thread] == [at(30), at(90), at(3600 + 121)]


def test_two_of_its_messages_never_stand_next_to_each_other(bench: Bench) -> None:
    bench.rule("ongkir", "9 ribu")
    conversation = bench.customer("halo", 0)
    bench.look(30)
    # written before the bot spoke, arrived after
    bench.writes(conversation, "ongkir", 20, arrived_at=at(35))
    bench.look(70)
    assert len(bench.said(conversation)) == 1


def test_an_automatic_greeting_of_the_phone_is_greeting_enough(bench: Bench) -> None:
    conversation = bench.customer()
    bench.books.message(
        conversation, "Terima kasih sudah menghubungi kami", from_me=True, is_automatic=True, sent_at=at(2)
    )
    bench.look(60)
    assert bench.said(conversation) == []


def test_an_internal_note_is_nothing_that_was_said(bench: Bench) -> None:
    conversation = bench.customer()
    bench.books.message(
        conversation,
        "pelanggan lama",
        from_me=True,
        kind=MessageKind.NOTE.value,
        author=Author.ADMIN.value,
        delivery=None,
        wa_id=None,
        sent_at=at(3),
    )
    bench.look(60)
    assert len(bench.said(conversation)) == 1


def test_what_the_customer_took_back_is_not_answered(bench: Bench) -> None:
    bench.rule("ongkir", "9 ribu")
    conversation = bench.customer("halo")
    bench.writes(conversation, "ongkir?", 1, revoked_at=at(5))
    bench.look(60)
    assert bench.said(conversation) == ["Halo, selamat datang di Toko Kita"]


def test_a_picture_without_words_is_greeted_all_the_same(bench: Bench) -> None:
    conversation = bench.customer(None, kind=MessageKind.IMAGE.value)
    bench.look(60)
    assert len(bench.said(conversation)) == 1


def test_a_missed_call_is_greeted_as_any_message_is_and_no_rule_answers_it(bench: Bench) -> None:
    bench.rule("telepon, call, missed", "telepon kami di jam kerja", closes=True)
    conversation = bench.customer(None, kind=MessageKind.CALL.value, media={"video": True})
    bench.look(26)
    assert bench.said(conversation) == ["Halo, selamat datang di Toko Kita"]
    assert bench.is_open(conversation)
    # that the phone took another one says nothing to the bot
    taken = MessageKind.ANSWERED_CALL.value
    bench.books.message(conversation, None, kind=taken, sent_at=at(60), arrived_at=at(60))
    bench.look(120)
    assert len(bench.said(conversation)) == 1


def test_a_bots_answer_that_failed_is_not_tried_again(bench: Bench) -> None:
    bench.rule("ongkir", "9 ribu", closes=True)
    conversation = bench.customer("ongkir?")
    bench.look(30)
    bench.settle(conversation, OutboxState.FAILED, 31)
    with bench.database.write() as conn:
        mark = turns.last_closed(conn, conversation)
        assert mark is not None
        assert turns.reopen(conn, mark.turn_id)
    assert not bench.look(60)
    assert bench.is_open(conversation)
    assert bench.said(conversation) == ["9 ribu"]


def test_a_turn_whose_admins_reply_failed_is_his(bench: Bench) -> None:
    conversation = bench.customer()
    bench.answers(conversation, 5)
    bench.settle(conversation, OutboxState.FAILED, 6)
    with bench.database.write() as conn:
        mark = turns.last_closed(conn, conversation)
        assert mark is not None
        assert turns.reopen(conn, mark.turn_id)
    bench.look(60)
    assert bench.said(conversation) == []


def test_a_text_that_grew_too_long_is_not_sent_and_the_customer_waits_for_a_person(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.rule("ongkir", "{shop}" + "x" * 65_530, closes=True)
    conversation = bench.customer("ongkir?")
    bench.look(60)
    assert (bench.said(conversation), bench.is_open(conversation)) == ([], True)
    assert "ongkir" not in caplog.text
    assert not bench.look(61)


def test_many_turns_are_dealt_with_a_portion_at_a_time(bench: Bench) -> None:
    conversations = [bench.customer(user=str(n)) for n in range(MOST_ROWS + 10)]
    chosen = bench.chosen()
    with bench.database.write() as conn:
        assert run.tend(conn, bench.account_id, chosen, at(60), JAKARTA, "Toko Kita")
    assert 0 < sum(len(bench.said(c)) for c in conversations) <= MOST_ROWS
    bench.look(61)
    assert all(len(bench.said(c)) == 1 for c in conversations)
    assert not bench.look(62)


def test_the_bots_look_goes_by_the_open_turns_alone(bench: Bench) -> None:
    seen: list[str] = []
    bench.customer()
    with bench.database.read() as conn:
        event.listen(conn, "before_cursor_execute", lambda c, cur, sql, args, ctx, many: seen.append(sql))
        due(conn, bench.account_id, settings.load(conn, bench.account_id), at(0))
        statement = next(sql for sql in seen if "bot_message_id" in sql)
        values = (1,) * statement.count("?")
        plan = [row[3] for row in conn.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)]
    assert any("ix_turn_open" in step for step in plan)
    assert not [step for step in plan if step.startswith("SCAN")]


def test_one_customers_bytes_from_an_older_version_silence_the_bot_for_nobody(bench: Bench) -> None:
    old, other = bench.customer(user="1"), bench.customer(user="2")
    bench.rule("halo", "ada kak")
    spoil(bench.database, 1, b"halo \xff\xfe")
    assert bench.look(40)
    assert bench.said(other)
    assert bench.said(old)


def test_a_turn_that_the_bot_fails_at_is_left_to_people(bench: Bench) -> None:
    bench.customer(user="1")
    other = bench.customer(user="2")
    with bench.database.write() as conn:
        # no time that a message could have
        conn.exec_driver_sql("UPDATE message SET sent_at = 9000000000000000 WHERE id = 1")
    assert bench.look(40)
    assert bench.said(other)
    assert bench.is_open(1)
    assert not bench.look(60)
