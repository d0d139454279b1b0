"""A call that nobody took waits for an answer, one that the phone took does not; in whatever order it is told."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations

import pytest

from daemon.desk import forget
from daemon.desk.replies import answer
from daemon.domain.calls import RINGS_FOR, CallStep
from daemon.domain.desk import THE_DESK
from daemon.domain.groups import GroupMode
from daemon.domain.ids import Address, Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, CallChanged, Origin
from daemon.domain.turns import Closer
from daemon.ingest.commit import Ingest
from daemon.session.call_watch import LONGEST_WAIT, CallWatch
from daemon.store import calls, conversation_list, read_marks, threads
from daemon.store.tables.calls import phone_call
from daemon.store.threads import Bubble
from daemon.whatsapp.calls import parse_call
from tests.support.books import Books, dump
from tests.support.builders import BUDI, NOON, OURSELVES, answered, arrives, at, group_chat, lid

OFFERED, ANSWERED, ENDED = CallStep
MISSED, TAKEN = MessageKind.CALL, MessageKind.ANSWERED_CALL


@pytest.fixture
def ingest(books: Books) -> Iterator[Ingest]:
    with books.database.write() as conn:
        conn.exec_driver_sql("UPDATE account SET lid = '999', phone = '62800'")
    found = Ingest(books.database, books.account_id)
    yield found
    found._conn.close()


def rings(
    step: CallStep = OFFERED,
    seconds: float = 0,
    *,
    party: Party = BUDI,
    is_video: bool = False,
    call_id: str = "CALL1",
) -> CallChanged:
    participant = "551@lid" if party.address.server == "g.us" else None
    origin = Origin(party, False, 0, at(seconds), participant)
    return CallChanged(call_id, origin, step, is_video, Address("551", "lid"))


def thread(books: Books, party: Party = BUDI) -> list[Bubble]:
    with books.database.read() as conn:
        found = conn.exec_driver_sql(
            "SELECT id FROM conversation WHERE status <> 'resolved' ORDER BY id"
        ).scalars()
        return [bubble for one in found.all() for bubble in threads.of_conversation(conn, one)]


def waits(books: Books) -> bool:
    return any(row[0] for row in dump(books.database)["turn"] if row[4] is None)


@pytest.mark.parametrize("steps", [[OFFERED, ENDED], [ENDED], [OFFERED, ENDED, OFFERED, ENDED], [ENDED, OFFERED]])
def test_a_call_that_nobody_took_is_one_line_that_waits(
    books: Books, ingest: Ingest, steps: list[CallStep]
) -> None:
    for second, step in enumerate(steps):
        ingest.commit(rings(step, second, is_video=True), at(100 + second))
    [line] = thread(books)
    assert (line.kind, line.text, line.media, line.sent_at) == (MISSED, None, {"video": True}, at(0))
    assert waits(books)
    about = books.summary(line.conversation_id)
    assert (about.unread, about.waiting_since, about.last_kind) == (1, at(0), MISSED)


@pytest.mark.parametrize("steps", sorted(set(permutations([OFFERED, ANSWERED, ENDED])), key=str))
def test_a_call_that_the_phone_took_waits_for_nobody_however_it_is_told(
    books: Books, ingest: Ingest, steps: tuple[CallStep, ...]
) -> None:
    ingest.commit(arrives("A", "halo", 0), at(0))
    sari = Closer(Author.ADMIN, books.admin("Sari"))
    books.write(lambda conn: answer(conn, 1, sari, "ada", at(1)))
    for step in steps:
        ingest.commit(rings(step, 10), at(20))
    ingest.commit(rings(steps[0], 10), at(21))
    [_question, _reply, line] = thread(books)
    assert (line.kind, line.turn_id, waits(books)) == (TAKEN, None, False)
    assert books.rows("phone_call") == 1


def test_taking_a_call_closes_no_turn_and_begins_no_conversation(books: Books, ingest: Ingest) -> None:
    ingest.commit(rings(ANSWERED), at(0))
    assert books.rows("conversation") == books.rows("contact") == 0
    ingest.commit(arrives("A", "sudah sampai mana?", 5), at(5))
    taken = rings(ANSWERED, 9)
    ingest.commit(CallChanged("CALL2", taken.origin, ANSWERED), at(9))
    assert [line.kind for line in thread(books)] == [MessageKind.TEXT, TAKEN]
    assert waits(books)


def test_a_call_joins_what_the_customer_waits_for(books: Books, ingest: Ingest) -> None:
    ingest.commit(arrives("A", "halo", 0), at(0))
    ingest.commit(rings(ENDED, 5), at(5))
    [question, line] = thread(books)
    assert question.turn_id == line.turn_id
    # told late that it was taken: what he has written waits on
    ingest.commit(rings(ANSWERED, 6), at(9))
    assert waits(books)
    assert thread(books)[1].kind == TAKEN


def test_a_call_that_was_taken_after_all_opens_nothing_that_others_have_not_answered(
    books: Books, ingest: Ingest
) -> None:
    ingest.commit(rings(ENDED, 5), at(5))
    sari = Closer(Author.ADMIN, books.admin("Sari"))
    reply = books.write(lambda conn: answer(conn, 1, sari, "tadi telepon?", at(6)))
    ingest.commit(rings(ANSWERED, 7), at(9))
    assert [line.id for line in thread(books)] == [1, reply]
    assert books.mark(1).message_id == reply


def test_what_the_phone_wrote_since_has_answered_a_call_that_is_told_late(books: Books, ingest: Ingest) -> None:
    ingest.commit(rings(OFFERED, 5), at(5))
    ingest.commit(answered("P", "nanti ditelepon ya", 30), at(30))
    ingest.commit(rings(ENDED, 60), at(300))
    assert [line.kind for line in thread(books)] == [MISSED, MessageKind.TEXT]
    assert not waits(books)
    ingest.commit(CallChanged("CALL2", rings(ENDED, 61).origin, ENDED), at(301))
    assert waits(books)


def test_our_own_calls_are_nobodys(books: Books, ingest: Ingest) -> None:
    ingest.commit(rings(ENDED, party=OURSELVES), at(0))
    for creator in (Address("999", "lid"), Address("62800", "s.whatsapp.net")):
        ingest.commit(CallChanged("C", rings().origin, ENDED, creator=creator), at(0))
    assert books.rows("message") == books.rows("phone_call") == 0


@pytest.mark.parametrize("mode", [GroupMode.MENTIONED, GroupMode.ALWAYS])
def test_a_groups_call_is_a_line_there_and_waits_only_where_everything_does(
    books: Books, ingest: Ingest, mode: GroupMode
) -> None:
    ingest.commit(rings(ENDED, party=group_chat()), at(0))
    # of a group that is off nothing is kept
    assert dump(books.database)["message"] == []
    group = books.switch_group(group_chat(), mode)
    ingest.commit(rings(ENDED, 1, party=group_chat(), call_id="CALL2"), at(1))
    with books.database.read() as conn:
        [line] = threads.of_contact(conn, group, 10)
    assert (line.kind, waits(books)) == (MISSED, mode == GroupMode.ALWAYS)


def test_a_call_without_an_end_is_missed_once_it_has_rung_for_long(books: Books, ingest: Ingest) -> None:
    clock = [at(0)]
    ingest.commit(rings(), at(0))
    watch = CallWatch(books.database, books.account_id, lambda: clock[0])
    for seconds, is_ready in ((0, True), (89, True), (89, False), (LONGEST_WAIT.total_seconds() - 1, False)):
        clock[0] = at(seconds)
        watch.look(True, is_ready)
    assert thread(books) == []
    clock[0] = at(0) + RINGS_FOR
    watch.look(True, True)
    assert [line.kind for line in thread(books)] == [MISSED]
    watch.look(True, True)
    assert len(thread(books)) == 1


@pytest.mark.parametrize(("jump", "is_ready"), [(LONGEST_WAIT, False), (-timedelta(days=1), True)])
def test_neither_a_lost_link_nor_a_clock_that_is_set_lets_a_call_ring_for_ever(
    books: Books, ingest: Ingest, jump: timedelta, is_ready: bool
) -> None:
    ingest.commit(rings(), at(0))
    CallWatch(books.database, books.account_id, lambda: at(0) + jump).look(True, is_ready)
    assert [line.kind for line in thread(books)] == [MISSED]


def test_nothing_of_a_forgotten_customers_calls_stays_or_comes_back(books: Books, ingest: Ingest) -> None:
    ingest.commit(rings(ENDED), at(0))
    ringing = CallChanged("CALL2", rings(OFFERED, 5).origin, OFFERED)
    ingest.commit(ringing, at(5))
    with books.database.write() as conn:
        forget.forget(conn, books.account_id, 1, THE_DESK, at(9))
    assert books.rows("phone_call") == 0
    for event in (rings(ENDED), ringing, CallChanged("CALL2", ringing.origin, ENDED)):
        ingest.commit(event, at(20))
    assert books.rows("phone_call") == 0
    assert thread(books) == []


def test_a_line_about_a_call_is_no_message_to_mark_or_to_quote(books: Books, ingest: Ingest) -> None:
    ingest.commit(rings(ENDED), at(0))
    ingest.commit(arrives("A", "tadi telepon", 5), at(5))
    [line, _words] = thread(books)
    with books.database.read() as conn:
        assert read_marks.of_turn(conn, line.turn_id or 0) == {None: ["A"]}
        assert threads.quotable(conn, 1, line.id) is None
        assert conversation_list.summary(conn, line.conversation_id) is not None


def test_old_calls_are_forgotten_with_time(books: Books, ingest: Ingest) -> None:
    ingest.commit(rings(ENDED), at(0))
    later = at(0) + calls.KEPT + timedelta(days=1)
    ingest.commit(CallChanged("CALL2", Origin(lid("552"), False, 0, later), OFFERED), later)
    with books.database.read() as conn:
        assert [row.call_id for row in conn.execute(phone_call.select())] == ["CALL2"]


STANZA = (
    b'<call from="551:4@lid" id="1" platform="android" t="1795323605" version="2">'
    b'<%s call-creator="551@lid" call-id="CALL1" caller_pn="62811@s.whatsapp.net"%s>%s</%s></call>'
)


@pytest.mark.parametrize(
    ("tag", "more", "body", "step", "is_video"),
    [
        (b"offer", b"", b'<audio enc="opus"/>', OFFERED, False),
        (b"offer", b"", b'<audio/><video enc="vp8"/>', OFFERED, True),
        (b"offer_notice", b' media="video" type="group"', b"", OFFERED, True),
        (b"accept", b"", b"<audio/>", ANSWERED, False),
        (b"terminate", b' reason="accepted_elsewhere"', b"", ANSWERED, False),
        (b"terminate", b' reason="timeout"', b"", ENDED, False),
        (b"terminate", b"", b"", ENDED, False),
    ],
)
def test_a_stanza_in_the_log_says_what_its_event_says(
    tag: bytes, more: bytes, body: bytes, step: CallStep, is_video: bool
) -> None:
    found = parse_call(STANZA % (tag, more, body, tag))
    assert found is not None
    assert (found.call_id, found.step, found.is_video) == ("CALL1", step, is_video)
    assert (found.origin.party, found.origin.at) == (BUDI, NOON + timedelta(seconds=5))


@pytest.mark.parametrize(
    "line",
    [
        STANZA % (b"relaylatency", b"", b"", b"relaylatency"),
        b'<call from="120@newsletter" t="5"><offer call-creator="x@broadcast" call-id="A"/></call>',
        b'<call from="551@lid" t="5"><offer call-creator="551@lid"/></call>',
        b'<call from="551@lid',
        b"<call >",
    ],
)
def test_what_is_no_call_of_a_person_or_torn_is_nothing(line: bytes) -> None:
    assert parse_call(line) is None
