"""Groups after a crash: a stanza in two parts is handed over in two steps, and what is lost has its writer."""

from pathlib import Path

import pytest

from daemon.domain.groups import GroupMode
from daemon.domain.message_kinds import MessageKind
from daemon.session.crash_recovery import place_unhandled, recover
from daemon.store import accounts
from daemon.whatsapp.arrival_journal import ArrivalJournal
from tests.support.books import Books
from tests.support.builders import NOON, at, group_chat

HEAD = (
    b'<message addressing_mode="lid" from="120363@g.us" id="%s" notify="Siti" participant="551:3@lid"'
    b' t="1795323605"'
)
KEY = b'<enc type="pkmsg" v="2"><!-- 300 bytes --></enc>'
WORDS = b'<enc type="skmsg" v="2"><!-- 194 bytes --></enc></message>'


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "session.db"


@pytest.fixture
def linked(books: Books) -> Books:
    with books.database.write() as conn:
        accounts.set_identity(conn, books.account_id, "62899", "118", 1, NOON)
    return books


def test_the_key_alone_settles_nothing(linked: Books, keys: Path) -> None:
    linked.switch_group(group_chat(), GroupMode.ALWAYS)
    journal = ArrivalJournal(keys)
    journal.note(HEAD % b"A" + b">" + KEY + WORDS)
    journal.note(HEAD % b"B" + b">" + WORDS)
    # what `WhatsApp` does: the first event is the key, and tells nobody anything
    assert journal.has_more("A")
    assert not journal.has_more("A")
    assert not journal.has_more("B")
    assert recover(linked.database, linked.account_id, ArrivalJournal(keys), lambda: at(60)) == 2
    first = linked.bubble(1)
    assert (first.kind, first.participant) == (MessageKind.LOST, "551@lid")
    assert linked.summary(1).waiting_since is not None
    assert first.in_group is not None
    assert first.in_group.writer is not None
    assert first.in_group.writer.name == "Siti"


def test_what_the_library_never_hands_over_has_a_place_only_in_a_group_that_is_on(
    linked: Books, keys: Path
) -> None:
    journal = ArrivalJournal(keys)
    linked.contact(group_chat())
    journal.note(HEAD % b"A" + b">" + WORDS)
    ours = linked.database, linked.account_id, journal, lambda: at(60)
    place_unhandled(*ours, 0.0)
    assert linked.rows("message") == 0
    linked.switch_group(group_chat(), GroupMode.MENTIONED)
    journal.note(HEAD % b"B" + b">" + WORDS)
    place_unhandled(*ours, 0.0)
    assert (linked.bubble(1).kind, linked.summary(1).waiting_since) == (MessageKind.UNREADABLE, None)
