"""The desk that the state machine plays at: its clock, who is there, and what no row tells afterwards."""

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from daemon.desk.worker import DeskWorker
from daemon.domain.ids import Party
from daemon.store import settings
from daemon.store.engine import Database
from tests.desk.day import ZONE, Admin, View, addresses, open_shop
from tests.desk.leaving import leaving, overtaken, wanted_of_bot
from tests.desk.session_part import SessionPart
from tests.support.books import Books
from tests.support.builders import NOON

# what happens, by the name of its rule: how often, and with what
Happenings = dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]]
# a disk in memory, where there is one: each step commits a few times
_MEMORY = Path("/dev/shm")
CUSTOMERS = st.sampled_from([1, 1, 2])
FORMS = st.sampled_from([0, 0, 0, 1, 2])
ADMINS = st.sampled_from([0, 0, 1, 2])
OFTEN = st.sampled_from([True, True, True, False])
RARELY = st.sampled_from([False, False, False, True])
MINUTES, DAY = 300, 86_400
# seconds that the shop's clock is ahead of WhatsApp's
LEADS = st.sampled_from([0, 0, -DAY, -MINUTES, -60, 60, MINUTES, DAY])
# what WhatsApp Business on the phone says by itself: the owner has entered one, the other is there to be learned
GREETING, AWAY = "Selamat datang di Toko Kita", "Kami sedang tutup"


class DeskAtWork(RuleBasedStateMachine):
    """Three customers, three admins, the bot, the phone and WhatsApp Web on one real database file."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        # WhatsApp's, and how far the shop's clock is ahead of it
        self.now: datetime = NOON
        self.lead = timedelta(0)
        self.count = 0
        self.accepted: list[int] = []
        # message: what a person could see when he decided to send it
        self.decided: dict[int, int] = {}
        # texts that somebody has decided to send again
        self.sent_again: set[str] = set()
        # replies that a customer's device could not read at some time: then another one was meant
        self.was_unreadable: set[int] = set()
        # messages of customers who were forgotten: WhatsApp's id, and who it was
        self.forgotten: dict[str, Party] = {}
        # what no row tells afterwards
        self.wrong: list[str] = []
        self.folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))

    @initialize(lead=LEADS)
    def open(self, lead: int) -> None:
        path = shutil.copy(self.template, self.folder / "balas.db")
        self.database = Database(f"sqlite:///{path}")
        books = Books(self.database)
        self.account = books.account_id
        self.admins = [
            Admin(self.database, self.account, books.admin(name), self.clock) for name in ("Sari", "Budi", "Dewi")
        ]
        open_shop(self.database, self.account, self.now)
        books.write(lambda conn: settings.write(conn, self.account, "automatic_texts", [GREETING]))
        self.worker = DeskWorker(self.database, ZONE, "Toko Kita", self.clock)
        self.session = SessionPart(self.database, self.account, self.clock, self.leaves, lambda: self.now)
        self.sets_the_clock(lead, True)

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            self.database.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def clock(self) -> datetime:
        """The shop's. Time never stands still."""
        self.now += timedelta(milliseconds=10)
        return self.now + self.lead

    def sets_the_clock(self, lead: int, is_noticed: bool) -> None:
        """Somebody sets the shop's clock; the session may not have looked yet when the next thing happens."""
        self.lead = timedelta(seconds=lead)
        if is_noticed:
            self.session.notes_clock()

    def text(self, words: str) -> str:
        self.count += 1
        return f"{words} {self.count}"

    def leaves(self, text: str) -> None:
        """A reply is about to leave: nobody else's answer may have come in by now."""
        if not text:
            return  # a deletion
        with self.database.read() as conn:
            message_id, newest = leaving(conn)
            if overtaken(conn, message_id, self.decided.get(message_id, 0), newest):
                self.wrong.append(f"left after another answer had come in: {text}")
            if not wanted_of_bot(conn, message_id, self.now + self.lead):
                self.wrong.append(f"the bot speaks where a person has answered, or is about to: {text}")

    def view(self, admin: int, customer: int, fresh: bool, form: int = 0) -> View | None:
        """What an admin sees: as it is, or as it was when he last looked."""
        who, party = self.admins[admin], addresses(customer)[form]
        return who.looks(party) if fresh else who.views.get(party.address.user)

    def on_the_wire(self, which: str) -> list[tuple[str, Party]]:
        """WhatsApp's ids of some messages (an SQL condition), the newest first, with whom they were exchanged."""
        with self.database.read() as conn:
            rows = conn.exec_driver_sql(
                "SELECT message.wa_id, contact_alias.user FROM message"
                " LEFT JOIN outbox ON outbox.message_id = message.id"
                " JOIN contact_alias ON contact_alias.contact_id = message.contact_id"
                " WHERE message.wa_id IS NOT NULL AND contact_alias.server = 'lid'"
                f" AND {which} ORDER BY message.id DESC"
            ).all()
        return [(wa_id, addresses(int(user[2:]))[0]) for wa_id, user in rows]

    def arrived(self, which: str) -> list[tuple[str, Party]]:
        """Those of some messages that a customer has got."""
        got = {wa_id for wa_id, _ in self.session.wire.arrived}
        return [(wa_id, party) for wa_id, party in self.on_the_wire(which) if wa_id in got]

    # --- what happens while a reply is under way, too ---

    def customer_writes(self, customer: int, form: int, words: str, lag: int) -> None:
        sent_at = self.now - timedelta(seconds=lag)
        self.session.receives(addresses(customer)[form], self.text(words), sent_at)

    def own_device_writes(self, customer: int, form: int, device: int, lag: int, words: str) -> None:
        """Somebody answers there; or WhatsApp Business does by itself, always with the same words."""
        text = words if words in (GREETING, AWAY) else self.text(words)
        self.session.receives(addresses(customer)[form], text, self.now - timedelta(seconds=lag), True, device)
