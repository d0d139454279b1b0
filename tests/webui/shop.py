"""A shop to test with: its account, two admins and customers who write, all through the store's own functions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from auth_store import admins
from daemon.domain.ids import Address, ChatKind, Party
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import accounts, contacts, conversation_list, conversations, events, links, messages, turns
from daemon.store.engine import Database
from daemon.store.links import Link
from daemon.store.tables.core import message, outbox

PASSWORD = "kue lapis legit"


@dataclass
class Shop:
    """Writes to the database the way session and desk do."""

    database: Database
    account_id: int = 0
    sari: admins.Admin = field(init=False)
    budi: admins.Admin = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        now = utc_now()
        with self.database.write() as conn:
            self.account_id = accounts.ensure(conn, "main", now).id
            self.sari = self._admin(conn, "Sari", admins.Role.OWNER, now)
            self.budi = self._admin(conn, "Budi", admins.Role.ADMIN, now)

    def _admin(self, conn: Connection, name: str, role: admins.Role, now: datetime) -> admins.Admin:
        known = admins.by_username(conn, name.lower())
        return known or admins.create(conn, name.lower(), name, PASSWORD, role, now)

    def write(self, change: Callable[[Connection], Any]) -> Any:
        with self.database.write() as conn:
            return change(conn)

    def conversation(self, name: str | None, *texts: str, phone: str | None = None) -> int:
        """A customer writes for the first time; returns the conversation."""
        self._count += 1
        lid = f"55500{self._count}"
        party = Party(Address(lid, "lid"), Address(phone, "s.whatsapp.net") if phone else None)
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
        return self._add(conversation_id, text, False, Author.CUSTOMER, values)

    def shop_wrote(self, conversation_id: int, text: str, author: Author, **values: Any) -> int:
        """A message from the phone or from before; it closes the open turn."""
        message_id = self._add(conversation_id, text, True, author, values)
        now = utc_now()
        with self.database.write() as conn:
            turn_id = turns.current(conn, conversation_id)
            if turn_id is not None:
                turns.close(conn, turn_id, Closer(author, device=0), message_id, now)
                kind = events.EventKind.CONVERSATION_CHANGED
                events.append(conn, self.account_id, kind, now, conversation_id)
        return message_id

    def changed(self, conversation_id: int, message_id: int, change: Callable[[Connection], Any]) -> None:
        """A message got another tick, a reaction, an edit."""
        with self.database.write() as conn:
            change(conn)
            kind = events.EventKind.MESSAGE_CHANGED
            events.append(conn, self.account_id, kind, utc_now(), conversation_id, message_id)

    def link(self, state: LinkState, reason: LinkReason = LinkReason.NONE, **values: Any) -> None:
        with self.database.write() as conn:
            assert links.set_state(conn, self.account_id, state, utc_now(), reason, **values)

    def online(self) -> None:
        self.link(LinkState.CONNECTING)
        self.link(LinkState.ONLINE)

    def link_row(self) -> Link:
        with self.database.read() as conn:
            return links.get(conn, self.account_id)

    def open_turn(self, conversation_id: int) -> int | None:
        with self.database.read() as conn:
            return turns.current(conn, conversation_id)

    def cursor(self) -> int:
        with self.database.read() as conn:
            return events.last_seq(conn)

    def sizes(self) -> tuple[int, int, int]:
        """Messages, outbox rows and events: what an unwelcome request must leave alone."""
        with self.database.read() as conn:
            count = [conn.execute(select(func.count()).select_from(t)).scalar_one() for t in (message, outbox)]
            return count[0], count[1], events.last_seq(conn)

    def _add(
        self, conversation_id: int, text: str | None, from_me: bool, author: Author, values: dict[str, Any]
    ) -> int:
        self._count += 1
        now: datetime = values.pop("at", utc_now() + timedelta(milliseconds=self._count))
        opens = author == Author.CUSTOMER and not values.get("is_history")
        with self.database.write() as conn:
            about = conversation_list.summary(conn, conversation_id)
            assert about is not None
            turn_id = turns.current(conn, conversation_id)
            if turn_id is None and opens:
                turn_id = turns.open_turn(conn, self.account_id, conversation_id, now)
            row = {
                "account_id": self.account_id,
                "conversation_id": conversation_id,
                "contact_id": about.contact_id,
                "turn_id": turn_id,
                "wa_id": f"W{self._count}",
                "from_me": from_me,
                "author": author.value,
                "kind": MessageKind.TEXT.value,
                "text": text,
                "sent_at": now,
                "arrived_at": now,
            }
            message_id = messages.add(conn, row | values)
            assert message_id is not None
            conversations.touch(conn, conversation_id, message_id, now)
            kind = events.EventKind.MESSAGE_NEW
            events.append(conn, self.account_id, kind, now, conversation_id, message_id)
        return message_id
