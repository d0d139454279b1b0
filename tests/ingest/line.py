"""One process's line of ingest, and another process that writes in between."""

from daemon.domain.messages import Author, Event
from daemon.domain.turns import Closer
from daemon.ingest.commit import Ingest
from daemon.store import contacts, conversations, turns
from daemon.store.engine import Database
from tests.ingest.random_events import Elsewhere, Step
from tests.support.books import Books
from tests.support.builders import at


class Line:
    """Applies events with one Ingest for all, or a new one for each (which remembers nothing)."""

    def __init__(self, database: Database, forgetful: bool = False) -> None:
        self.database = database
        self._forgetful = forgetful
        self._ingest = Ingest(database, 1)
        self._second = 0
        self._elsewhere = Database(database.url)

    def apply(self, step: Step) -> None:
        self._second += 1
        if isinstance(step, Elsewhere):
            self._write_elsewhere(step)
            return
        if self._forgetful:
            self._ingest._conn.close()
            self._ingest = Ingest(self.database, 1)
        self._ingest.commit(step, at(1000 + self._second))

    def _write_elsewhere(self, step: Elsewhere) -> None:
        with self._elsewhere.write() as conn:
            contact_id = contacts.find(conn, 1, step.party.address)
            here = conversations.current(conn, contact_id) if contact_id else None
            if here is None:
                return
            if step.what == "resolve":
                conn.exec_driver_sql(
                    "UPDATE conversation SET status = 'resolved' WHERE id = ?", (here.conversation_id,)
                )
            if here.turn_id is not None:
                closer = Closer(Author.BOT)
                turns.close(conn, here.turn_id, closer, None, at(1000 + self._second))

    def close(self) -> None:
        self._ingest._conn.close()
        self._elsewhere.close()


def ingest(books: Books, *events: Event) -> None:
    """Apply events, each a second after the one before."""
    line = Line(books.database)
    for event in events:
        line.apply(event)
    line.close()
