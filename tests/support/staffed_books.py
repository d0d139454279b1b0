"""The books of a shop with two admins who can log in and customers who write just now."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from auth_store import admins
from daemon.domain.ids import ChatKind
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import accounts, contacts, conversations, events, links, turns
from daemon.store.tables.core import message, outbox
from tests.support.books import Books
from tests.support.builders import both, lid

PASSWORD = "kue lapis legit"


@dataclass
class StaffedBooks(Books):
    """Rows that are written, turn and event included, the way session and desk write them."""

    sari: admins.Admin = field(init=False)
    budi: admins.Admin = field(init=False)

    def __post_init__(self) -> None:
        now = utc_now()
        with self.database.write() as conn:
            self.account_id = accounts.ensure(conn, "main", now).id
            self.sari = self._staff(conn, "Sari", admins.Role.OWNER, now)
            self.budi = self._staff(conn, "Budi", admins.Role.ADMIN, now)

    def _staff(self, conn: Connection, name: str, role: admins.Role, now: datetime) -> admins.Admin:
        known = admins.by_username(conn, name.lower())
        return known or admins.create(conn, name.lower(), name, PASSWORD, role, now)

    def new_customer(self, name: str | None, *texts: str, phone: str | None = None) -> int:
        """A customer writes for the first time; returns the conversation."""
        self._count += 1
        user = f"55500{self._count}"
        party = both(user, phone) if phone else lid(user)
        now = utc_now()
        with self.database.write() as conn:
            contact_id = contacts.resolve(conn, self.account_id, party, now)
            if name:
                contacts.set_name(conn, contact_id, name)
            conversation_id = conversations.start(conn, self.account_id, contact_id, ChatKind.PERSON, now)
        for text in texts:
            self.customer_writes(conversation_id, text)
        return conversation_id

    def customer_writes(self, conversation_id: int, text: str | None, **values: Any) -> int:
        """A customer's message, at `at` or just now; it opens a turn where none is open."""
        return self._arrives(conversation_id, text, Author.CUSTOMER, values)

    def shop_wrote(self, conversation_id: int, text: str, author: Author, **values: Any) -> int:
        """A message from the phone or from before; it closes the open turn."""
        message_id = self._arrives(conversation_id, text, author, values)
        now = utc_now()
        with self.database.write() as conn:
            turn_id = turns.current(conn, conversation_id)
            if turn_id is not None:
                turns.close(conn, turn_id, Closer(author, device=0), message_id, now)
                kind = events.EventKind.CONVERSATION_CHANGED
                events.append(conn, self.account_id, kind, now, conversation_id)
        return message_id

    def phone_answers_by_itself(self, conversation_id: int, text: str) -> int:
        """An automatic message of the phone's, which closes nothing."""
        return self._arrives(conversation_id, text, Author.PHONE, {"is_automatic": True})

    def _arrives(self, conversation_id: int, text: str | None, author: Author, values: dict[str, Any]) -> int:
        self._count += 1
        now: datetime = values.pop("at", utc_now() + timedelta(milliseconds=self._count))
        opens = author == Author.CUSTOMER and not values.get("is_history")
        with self.database.write() as conn:
            turn_id = turns.current(conn, conversation_id)
            if turn_id is None and opens:
                turn_id = turns.open_turn(conn, self.account_id, conversation_id, now)
            who = {"author": author.value, "from_me": author != Author.CUSTOMER, "turn_id": turn_id}
            message_id = self._add(conn, conversation_id, text, now, who | values)
            kind = events.EventKind.MESSAGE_NEW
            events.append(conn, self.account_id, kind, now, conversation_id, message_id)
        return message_id

    def changed(self, conversation_id: int, message_id: int, change: Callable[[Connection], Any]) -> None:
        """A message got another tick, a reaction, an edit."""
        with self.database.write() as conn:
            change(conn)
            kind = events.EventKind.MESSAGE_CHANGED
            events.append(conn, self.account_id, kind, utc_now(), conversation_id, message_id)

    def link(self, state: LinkState, reason: LinkReason = LinkReason.NONE, **values: Any) -> None:
        """The link comes into a state."""
        with self.database.write() as conn:
            assert links.set_state(conn, self.account_id, state, utc_now(), reason, **values)

    def online(self) -> None:
        """The link is up."""
        self.link(LinkState.CONNECTING)
        self.link(LinkState.ONLINE)

    def sizes(self) -> tuple[int, int, int]:
        """Messages, outbox rows and events: what an unwelcome request must leave alone."""
        with self.database.read() as conn:
            count = [conn.execute(select(func.count()).select_from(t)).scalar_one() for t in (message, outbox)]
            return count[0], count[1], events.last_seq(conn)
