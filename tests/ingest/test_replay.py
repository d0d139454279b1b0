"""Whatever order WhatsApp's events come in, and however often: the books agree with themselves."""

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from daemon.domain.messages import Event, MessageEdited, MessageRevoked, Origin, Reacted, TypingChanged
from daemon.store import accounts, contacts, messages
from daemon.store.engine import Database
from tests.ingest.line import Line
from tests.ingest.random_events import Step, days
from tests.support.books import dump
from tests.support.builders import NOON

slow = settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# commits are flushed to disk: the files of a hundred examples are better kept in memory
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@contextmanager
def shop(migrated_file: Path) -> Iterator[Database]:
    """A database of the example's own, with our phone 62800."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = Path(folder) / "balas.db"
        shutil.copy(migrated_file, path)
        database = Database(f"sqlite:///{path}")
        with database.write() as conn:
            account = accounts.ensure(conn, "main", NOON)
            accounts.set_identity(conn, account.id, "62800", "999", 3, NOON)
        yield database
        database.close()


def came_too_early(database: Database, event: Step) -> bool:
    """A mark on a message that is not there (yet): it has nothing to mark now, but may have later."""
    if not isinstance(event, MessageRevoked | Reacted) and not (
        isinstance(event, MessageEdited) and not event.text
    ):
        return False
    from_me = event.target_from_me if isinstance(event, Reacted) else event.origin.from_me
    party = event.origin.party
    with database.read() as conn:
        found = [contacts.find(conn, 1, address) for address in (party.address, party.alternative) if address]
        return not any(messages.find(conn, c, from_me, event.target_wa_id) for c in found if c is not None)


def owner_of(database: Database, event: Event) -> int | None:
    """Whose number it is, if an event tells no more of its writer, in the name of whoever he was merged into."""
    origin: Origin | None = getattr(event, "origin", None)
    if origin is None or origin.party.alternative is not None or not origin.party.address.is_phone:
        return None
    with database.read() as conn:
        owner = contacts.find(conn, 1, origin.party.address)
        while owner is not None and (next_one := merged_into(conn, owner)) is not None:
            owner = next_one
    return owner


def merged_into(conn: Connection, contact_id: int) -> int | None:
    found: int | None = conn.exec_driver_sql(
        "SELECT merged_into FROM contact WHERE id = ?", (contact_id,)
    ).scalar()
    return found


def still_his(database: Database, event: Event, owner: int | None) -> bool:
    if owner is None:
        return True
    with database.read() as conn:
        while (next_one := merged_into(conn, owner)) is not None:
            owner = next_one
    return owner == owner_of(database, event)


def check_invariants(database: Database) -> None:
    """What is true after every event, whatever came before."""
    rules = {
        "two open turns": (
            "SELECT 1 FROM turn WHERE closed_at IS NULL GROUP BY conversation_id HAVING count(*) > 1"
        ),
        "two unresolved conversations": (
            "SELECT contact_id FROM conversation WHERE status <> 'resolved' GROUP BY 1 HAVING count(*) > 1"
        ),
        "a customer's message without a turn": (
            "SELECT m.id FROM message m JOIN conversation c ON c.id = m.conversation_id"
            " WHERE c.kind = 'person' AND m.from_me = 0 AND m.is_history = 0 AND m.turn_id IS NULL"
            # of calls that the phone took, or has written about since
            " AND m.kind NOT IN ('call', 'answered_call')"
        ),
        "work opened by history or a group": (
            "SELECT t.id FROM turn t WHERE NOT EXISTS (SELECT 1 FROM message m JOIN conversation c"
            " ON c.id = m.conversation_id WHERE m.turn_id = t.id AND m.from_me = 0 AND m.is_history = 0"
            " AND c.kind = 'person')"
        ),
        "a turn in another conversation": (
            "SELECT m.id FROM message m JOIN turn t ON t.id = m.turn_id"
            " WHERE t.conversation_id <> m.conversation_id"
        ),
        "a message of another contact": (
            "SELECT m.id FROM message m JOIN conversation c ON c.id = m.conversation_id"
            " WHERE c.contact_id <> m.contact_id"
        ),
        "something left with a merged contact": (
            "SELECT m.id FROM message m JOIN contact k ON k.id = m.contact_id WHERE k.merged_into IS NOT NULL"
            " UNION ALL SELECT a.contact_id FROM contact_alias a JOIN contact k ON k.id = a.contact_id"
            " WHERE k.merged_into IS NOT NULL"
        ),
        "a list that leads with nothing": (
            "SELECT c.id FROM conversation c WHERE c.status <> 'resolved' AND"
            " EXISTS (SELECT 1 FROM message m WHERE m.conversation_id = c.id) AND"
            " NOT EXISTS (SELECT 1 FROM message m WHERE m.id = c.last_message_id AND m.conversation_id = c.id)"
        ),
        "a note to ourselves": "SELECT contact_id FROM contact_alias WHERE user IN ('999', '62800')",
        "a broken reference": "PRAGMA foreign_key_check",
    }
    with database.read() as conn:
        for what, sql in rules.items():
            assert conn.exec_driver_sql(sql).all() == [], what


@slow
@given(day=days(), seed=st.integers(0, 2**32))
def test_events_that_come_again_in_any_order_change_nothing(
    migrated_file: Path, day: list[Event], seed: int
) -> None:
    with shop(migrated_file) as database:
        line = Line(database)
        again: list[tuple[Event, int | None]] = []
        for event in day:
            early = came_too_early(database, event)
            line.apply(event)
            check_invariants(database)
            if not early and not isinstance(event, TypingChanged):
                again.append((event, owner_of(database, event)))
        # a number that is another person's by now says nothing about who wrote then
        again = [(event, owner) for event, owner in again if still_his(database, event, owner)]
        random.Random(seed).shuffle(again)
        before = dump(database)
        for event, _ in again:
            line.apply(event)
            assert dump(database) == before, event
        line.close()


@slow
@given(day=days())
def test_an_event_that_comes_twice_in_a_row_is_one_event(migrated_file: Path, day: list[Event]) -> None:
    with shop(migrated_file) as database:
        line = Line(database)
        for event in day:
            line.apply(event)
            before = dump(database)
            if isinstance(event, TypingChanged):
                continue  # typing is news again after ten seconds
            line.apply(event)
            assert dump(database) == before, event
        line.close()


@slow
@given(day=days(elsewhere=True, longest=40))
def test_remembering_spots_writes_the_same_books_as_remembering_nothing(
    migrated_file: Path, day: list[Step]
) -> None:
    with shop(migrated_file) as one, shop(migrated_file) as two:
        quick, careful = Line(one), Line(two, forgetful=True)
        for step in day:
            quick.apply(step)
            careful.apply(step)
        assert dump(one) == dump(two)
        check_invariants(one)
        quick.close()
        careful.close()
