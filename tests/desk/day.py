"""A day at the desk: everything that can happen to it, each thing as the processes do it, on a real database.

Used by the state machine, which looks for a bad order of things, and by processes that do them all at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from daemon.desk import (
    claims,
    forget,
    message_changes,
    no_reply_needed,
    outgoing,
    replies,
    settings,
    unreadable_replies,
)
from daemon.desk import conversations as desk_conversations
from daemon.desk.bot import rules
from daemon.desk.forget import StillSending
from daemon.desk.outgoing import Decision
from daemon.desk.unreadable_replies import UnreadableDecision
from daemon.domain.desk import THE_DESK, Actor, Assign, ClaimedByAnother
from daemon.domain.ids import Address, Party
from daemon.domain.links import LinkState
from daemon.domain.message_changes import ChangeRefused
from daemon.domain.messages import Author
from daemon.domain.time import Clock
from daemon.domain.turns import AlreadyAnswered, Closer, MoreCame, NotAnswerable
from daemon.store import contacts, conversations, links, messages, presence, threads, turns
from daemon.store.engine import Database
from daemon.store.threads import Bubble

ZONE = ZoneInfo("Asia/Jakarta")
PHONE, LAPTOP = 0, 7


def addresses(customer: int) -> list[Party]:
    """The three forms in which WhatsApp names a customer; until the third comes, the first two are strangers."""
    lid, phone = Address(f"55{customer}", "lid"), Address(f"6281{customer}", "s.whatsapp.net")
    return [Party(lid), Party(phone), Party(lid, phone)]


@dataclass(frozen=True)
class View:
    """What an admin's browser shows: a conversation, the turn that was open in it, and its newest message."""

    conversation_id: int
    turn_id: int | None
    shown: int


def open_shop(database: Database, account_id: int, now: datetime, **more: int) -> None:
    """Bring the link up and switch the bot on: a greeting, one rule that closes, one that does not."""
    with database.write() as conn:
        for state in (LinkState.PAIRING, LinkState.CONNECTING, LinkState.CATCHING_UP, LinkState.ONLINE):
            links.set_state(conn, account_id, state, now)
        choices = {"bot": True, "grace": 4, "greeting": "Halo!", "busy": "Sebentar ya", "again_after": 1}
        choices |= {"assign": Assign.LEAST_BUSY, "return_after": 5, "alarm_after": 2, **more}
        settings.save(conn, account_id, choices, THE_DESK, now)
        rules.save(conn, account_id, None, "jam", "Buka 9-17", True, True, THE_DESK, now)
        rules.save(conn, account_id, None, "harga", "Sebentar, dicek", False, True, THE_DESK, now)


@dataclass
class Admin:
    """An admin at his browser: what he does is refused where it must be, and he is told why."""

    database: Database
    account_id: int
    id: int
    clock: Clock
    views: dict[str, View] = field(default_factory=dict)
    # tabs that are open
    tabs: set[str] = field(default_factory=set)
    refused: int = 0
    # by (admin, milliseconds) of what he closed: the last message that his page had shown
    saw: dict[tuple[int, int], int] = field(default_factory=dict)
    # decisions that were refused because of what he had not seen
    looked_again: int = 0

    @property
    def actor(self) -> Actor:
        return Actor(Author.ADMIN, self.id, "10.0.0.2")

    def looks(self, party: Party) -> View | None:
        """He opens the customer's conversation, or reloads it."""
        with self.database.read() as conn:
            contact_id = contacts.find(conn, self.account_id, party.address)
            here = conversations.current(conn, contact_id) if contact_id is not None else None
            if here is None:
                return None
            shown = messages.newest_id(conn, here.conversation_id)
        self.views[party.address.user] = View(here.conversation_id, here.turn_id, shown)
        return self.views[party.address.user]

    def answers(self, view: View, text: str, *, follow_up: bool = False, take_over: bool = False) -> int | None:
        """He sends a reply to what he sees; the message's id, None if the door refused it."""
        closer, turn_id, now = Closer(Author.ADMIN, self.id), view.turn_id, self._decides(view)
        try:
            with self.database.write() as conn:
                return replies.answer(
                    conn,
                    view.conversation_id,
                    closer,
                    text,
                    now,
                    turn_id=turn_id,
                    follow_up=follow_up,
                    take_over=take_over,
                    request_key=text,
                    shown=view.shown,
                )
        except MoreCame:
            self.looked_again += 1
            return None
        except (AlreadyAnswered, ClaimedByAnother, NotAnswerable) as refusal:
            if isinstance(refusal, AlreadyAnswered):
                with self.database.write() as conn:
                    now = self.clock()
                    replies.note_refusal(conn, self.account_id, view.conversation_id, self.actor, now)
                self.refused += 1
            return None

    def opens_tab(self, tab: str) -> None:
        self.tabs.add(tab)
        self.write(presence.join, tab, self.id, self.clock())

    def closes_tab(self, tab: str) -> None:
        """The websocket is gone."""
        self.tabs.discard(tab)
        with self.database.write() as conn:
            presence.leave(conn, tab, self.clock())
            claims.end_of_tab(conn, tab, self.clock())

    def types(self, view: View, tab: str, take_over: bool = False) -> bool:
        """He types in a reply field; False if a colleague is at it."""
        try:
            self.write(claims.take, view.conversation_id, self.actor, tab, self.clock(), take_over)
        except ClaimedByAnother:
            return False
        return True

    def stops_typing(self, view: View, tab: str) -> None:
        self.write(claims.release, view.conversation_id, tab, self.clock())

    def marks(self, view: View) -> bool:
        """No answer needed."""
        return view.turn_id is not None and self._closes(no_reply_needed.mark, view, view.turn_id)

    def resolves(self, view: View) -> bool:
        """The customer has what he wanted."""
        return self._closes(desk_conversations.resolve, view)

    def unmarks(self, view: View) -> bool:
        """An answer is needed after all: of the last turn that was closed."""
        with self.database.read() as conn:
            last = turns.last_closed(conn, view.conversation_id)
        return last is not None and self.does(no_reply_needed.unmark, view, last.turn_id)

    def decides(self, message: Bubble, decision: Decision, shown: int | None = None) -> int | None:
        """He says what becomes of a reply that waits for a person; gives the newest message that he could see.

        `shown` is the last message that his page had shown; without a page he could see all. None if the reply
        does not wait for that decision any more, or it was refused because of what he had not seen.
        """
        with self.database.write() as conn:
            newest = shown or conn.exec_driver_sql("SELECT max(id) FROM message").scalar_one()
            here, now = message.conversation_id, self.clock()
            done = outgoing.decide(conn, here, message.id, decision, now, self.actor, shown)
        return newest if done else None

    def decides_about_unreadable(self, message: Bubble, decision: UnreadableDecision, shown: int) -> int | None:
        """The same of a reply that the customer's device could not read; gives its copy, or the newest message.

        None if it was refused.
        """
        here, now = message.conversation_id, self.clock()
        self.saw[self.id, round(now.timestamp() * 1000)] = shown
        try:
            with self.database.write() as conn:
                done = unreadable_replies.decide(conn, here, message.id, decision, shown, now, self.actor)
                return conn.exec_driver_sql("SELECT max(id) FROM message").scalar_one() if done else None
        except (MoreCame, ClaimedByAnother, NotAnswerable):
            return None

    def deletes(self, message: Bubble) -> bool:
        """He deletes a reply for everyone; False if that is refused."""
        try:
            self.write(message_changes.revoke, message.conversation_id, message.id, self.actor, True, self.clock())
        except ChangeRefused:
            return False
        return True

    def forgets(self, contact_id: int) -> bool:
        """He erases a customer who asks for it; False while a reply to him is leaving."""
        try:
            return bool(self.write(forget.forget, self.account_id, contact_id, self.actor, self.clock()))
        except StillSending:
            return False

    def _closes(self, action: Callable[..., Any], view: View, *arguments: Any) -> bool:
        """A decision about what his page shows; False if it was refused."""
        now = self._decides(view)
        try:
            return bool(self.write(action, view.conversation_id, *arguments, self.actor, now, view.shown))
        except MoreCame:
            self.looked_again += 1
            return False

    def _decides(self, view: View) -> datetime:
        """The moment of a decision, by which is found later what he saw."""
        now = self.clock()
        self.saw[self.id, round(now.timestamp() * 1000)] = view.shown
        return now

    def does(self, action: Callable[..., Any], view: View, *arguments: Any) -> bool:
        """Any of the desk's actions on a conversation: (conn, conversation, …, actor, now)."""
        return bool(self.write(action, view.conversation_id, *arguments, self.actor, self.clock()))

    def write(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """One transaction of its own."""
        with self.database.write() as conn:
            return function(conn, *arguments)


def undecided(conn: Connection, *states: str) -> list[Bubble]:
    """Replies that wait for a person's decision."""
    held = conn.exec_driver_sql(f"SELECT message_id FROM outbox WHERE state IN {states} ORDER BY id").scalars()
    return [bubble for message_id in held if (bubble := threads.bubble(conn, message_id))]


def unreadable(conn: Connection) -> list[Bubble]:
    """Replies that a customer's device could not read, which wait for the same."""
    found = conn.exec_driver_sql(
        "SELECT id FROM message WHERE unreadable_at IS NOT NULL AND retry_asked_at IS NOT NULL ORDER BY id"
    ).scalars()
    return [bubble for message_id in found if (bubble := threads.bubble(conn, message_id))]


def later(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)
