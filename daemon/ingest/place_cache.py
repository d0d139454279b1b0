"""Where a customer's next message goes, remembered for as long as nobody else has written to the database."""

from dataclasses import dataclass

from sqlalchemy import Connection

from daemon.domain.ids import Party


@dataclass(frozen=True, slots=True)
class Place:
    """A customer's contact, unresolved conversation and open turn, and the name he goes by."""

    contact_id: int
    conversation_id: int
    turn_id: int
    name: str


class PlaceCache:
    """Places by party; true inside a write transaction of the connection they were read on.

    SQLite's `PRAGMA data_version` stays the same exactly while no other connection commits, and the
    write lock keeps others out until our own commit. Saves four statements in five on a busy day.
    """

    def __init__(self) -> None:
        self._places: dict[Party, Place] = {}
        self._parties: dict[int, Party] = {}
        self._version: int | None = None

    def check(self, conn: Connection) -> None:
        """Forget everything if somebody else has written; call at the start of each transaction."""
        cursor = conn.connection.cursor()
        cursor.execute("PRAGMA data_version")
        row = cursor.fetchone()
        cursor.close()
        version = row[0] if row else None
        if version != self._version:
            self.forget()
            self._version = version

    def get(self, party: Party) -> Place | None:
        """The party's place, if known."""
        return self._places.get(party)

    def remember(self, party: Party, place: Place) -> None:
        """Note what this transaction has found out or made.

        A customer who writes from two accounts has one place: replies go to the one that wrote last.
        """
        before = self._parties.get(place.contact_id)
        if before is not None and before != party:
            self._places.pop(before, None)
        self._places[party] = place
        self._parties[place.contact_id] = party

    def forget(self) -> None:
        """Something other than a customer's next message happened: read it all again."""
        self._places.clear()
        self._parties.clear()
