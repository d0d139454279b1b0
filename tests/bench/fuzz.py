"""Hostile events and stanzas through everything that customers' words pass: is any outcome not clean?

Each case is one event of the library's or one stanza in the file of arrivals, made by a seeded mutator
(tests/support/hostile_events.py): through the translation and ingest into a real SQLite file. Every so many cases
that database is recovered into, looked at by the bot, shown by the inbox (list, threads, live updates) and
exported. Not clean is: an exception, a page that is not 200, a value in the database or on a page that can't be
encoded or shown, or is longer than its column. A case is made again by its number and the seed.
"""

import argparse
import json
import logging
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient

from auth_store import files
from daemon.config import Config
from daemon.desk import settings
from daemon.desk.bot import run as bot
from daemon.domain.desk import Actor
from daemon.domain.links import LinkState
from daemon.domain.messages import Author, Event
from daemon.domain.text_cleaning import LONGEST_TEXT, readable
from daemon.domain.time import utc_now
from daemon.ingest.commit import Ingest
from daemon.maintenance.export import Format, export
from daemon.session.crash_recovery import recover
from daemon.store import accounts, events, links
from daemon.store.engine import Database
from daemon.store.events import EventKind, LoggedEvent
from daemon.store.schema import migrate
from daemon.whatsapp import translate, wire_text
from daemon.whatsapp.arrival_journal import ArrivalJournal
from tests.support import hostile_events
from tests.support.staffed_books import PASSWORD, StaffedBooks
from webui.app import create_app
from webui.live import changes
from webui.live.updates import Updates

# cases after which all is looked at, and after which a new database is begun
LOOK_EVERY, BEGIN_EVERY = 500, 5000
# where a commit costs no disk
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
# events that are told to a browser at once; the inbox has a limit
AT_ONCE = 40
# conversations whose threads are opened at each look
THREADS = 3
_LONGEST = {
    ("message", "text"): LONGEST_TEXT,
    ("message", "wa_id"): 64,
    ("message", "quoted_wa_id"): 64,
    ("message", "participant"): 80,
    ("message", "raw"): wire_text.LARGEST_RAW,
    ("message", "media"): 4000 + wire_text.LARGEST_THUMBNAIL * 4 // 3,
    ("contact", "name"): 200,
    ("contact", "lid"): 64,
    ("contact", "phone"): 32,
    ("contact_alias", "user"): 64,
    ("contact_alias", "server"): 24,
    ("reaction", "emoji"): 32,
    ("receipt", "wa_id"): 64,
    ("receipt", "user"): 80,
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--cases`, `--seed`."""
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Cases, per second, and failures by the place where they happened."""
    logging.disable(logging.CRITICAL)
    started = time.monotonic()
    failures: Counter[str] = Counter()
    first: dict[str, int] = {}
    for begin in range(0, options.cases, BEGIN_EVERY):
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder, fuzzer(Path(folder)) as fuzz:
            for number in range(begin, min(begin + BEGIN_EVERY, options.cases)):
                fuzz.case(Random(f"{options.seed}/{number}"))
                if number % LOOK_EVERY == LOOK_EVERY - 1 or number == options.cases - 1:
                    fuzz.look()
                for place in fuzz.failures - Counter(first.keys()):
                    first.setdefault(place, number)
            failures += fuzz.failures
        done, took = min(begin + BEGIN_EVERY, options.cases), time.monotonic() - started
        print(f"{done} cases, {done / took:.0f}/s, {dict(failures)}", file=sys.stderr, flush=True)
    took = time.monotonic() - started
    return {
        "cases": options.cases,
        "seconds": round(took, 1),
        "cases_per_second": round(options.cases / took, 1),
        "failures": failures.total(),
        "failures_by_place": dict(failures),
        "first_case_by_place": first,
        "promises_broken": failures.total() > 0,
    }


class Fuzzer:
    """One database with its inbox; `failures` counts what was not clean, by place and kind."""

    def __init__(self, config: Config, database: Database, client: FlaskClient, app: Any) -> None:
        self.failures: Counter[str] = Counter()
        self._config, self._database, self._client, self._app = config, database, client, app
        self._shop = StaffedBooks(database)
        self._account_id = self._shop.account_id
        self._ingest = Ingest(database, self._account_id)
        keys = config.data / "session.db"
        with closing(sqlite3.connect(keys)) as db:
            db.execute("CREATE TABLE whatsmeow_message_secrets (chat_jid, sender_jid, message_id)")
            db.execute("CREATE TABLE whatsmeow_lid_map (lid TEXT PRIMARY KEY, pn TEXT UNIQUE NOT NULL)")
            db.execute("INSERT INTO whatsmeow_lid_map VALUES ('551', '62811')")
            db.commit()
        self._keys = keys
        self._arrivals = ArrivalJournal(keys)
        self._looked_to = 0
        self._exports = 0

    def close(self) -> None:
        """Give back the connection."""
        self._ingest._conn.close()

    def case(self, rng: Random) -> None:
        """One hostile event or stanza."""
        kind = rng.randrange(20)
        if kind < 12:
            self._event(translate.translate_message, hostile_events.message(rng))
        elif kind < 13:
            self._event(translate.translate_unreadable, hostile_events.unreadable(rng))
        elif kind < 15:
            self._event(translate.translate_receipt, hostile_events.receipt(rng))
        elif kind < 16:
            self._event(translate.translate_typing, hostile_events.typing(rng))
        elif kind < 17:
            with self._in("history"):
                for batch in translate.translate_history_messages(hostile_events.history(rng), 50):
                    self._ingest.commit(batch, utc_now())
        else:
            self._stanza(rng)

    def look(self) -> None:
        """Recover, let the bot look, show everything, export, and read what was written."""
        with self._in("recovery"):
            recover(self._database, self._account_id, self._arrivals, utc_now)
        with self._in("bot"), self._database.write() as conn:
            later = utc_now() + timedelta(hours=1)
            chosen = settings.load(conn, self._account_id)
            bot.tend(conn, self._account_id, chosen, later, ZoneInfo("Asia/Jakarta"), "Toko")
        touched = self._live()
        self._page("list", "/")
        for conversation_id in touched[-THREADS:]:
            self._page("thread", f"/c/{conversation_id}?details=1")
        self._rows()
        self._exports += 1
        if self._exports % 10 == 0:
            self.export()

    def _event(self, translation: Callable[[Any], Event], event: Any) -> None:
        with self._in(translation.__name__):
            found = translation(event)
            with self._in("ingest"):
                self._ingest.commit(found, utc_now())

    def _stanza(self, rng: Random) -> None:
        with self._in("journal"):
            node = hostile_events.stanza(rng)
            if rng.random() < 0.1:
                with self._keys.with_name("session.db-arrivals").open("ab") as file:
                    file.write(hostile_events.line(rng) + b"\n")
            elif node.startswith(b"<receipt"):
                self._arrivals.note_receipt(node)
            else:
                self._arrivals.note(node)

    def _page(self, place: str, path: str) -> None:
        with self._in(place):
            answer = self._client.get(path)
            if answer.status_code != 200:
                raise ValueError(f"answered {answer.status_code}")
            _check_text(answer.data.decode())

    def _live(self) -> list[int]:
        """Tell tabs, one for each conversation, what has happened; gives the conversations, the newest last."""
        with self._database.read() as conn:
            newest = events.last_seq(conn)
            statement = "SELECT seq, account_id, kind, conversation_id, message_id, audit_id FROM event_log"
            rows = conn.exec_driver_sql(f"{statement} WHERE seq > ? ORDER BY seq", (self._looked_to,)).all()
        logged = [LoggedEvent(row[0], row[1], EventKind(row[2]), *row[3:]) for row in rows]
        self._looked_to = newest
        for i in range(0, len(logged), AT_ONCE):
            with self._in("live"):
                self._tell(logged[i : i + AT_ONCE])
        return list(dict.fromkeys(event.conversation_id for event in logged if event.conversation_id is not None))

    def _tell(self, logged: list[LoggedEvent]) -> None:
        opened = {event.conversation_id for event in logged if event.conversation_id is not None}
        now = utc_now()
        with self._database.read() as conn:
            news = changes.read(conn, logged, {self._account_id: opened}, now)[self._account_id]
        assert news is not None
        updates = Updates(self._app, news, now)
        for conversation_id in opened:
            tab = changes.Audience(1, True, "id", self._account_id, conversation_id, "all")
            for told in updates.for_tab(tab):
                json.loads(told.encode(), parse_constant=_no_number)

    def _rows(self) -> None:
        with self._in("database"), closing(sqlite3.connect(self._database.path)) as db:
            for (table, column), longest in _LONGEST.items():
                for (value,) in db.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"):
                    if len(value) > longest:
                        raise ValueError(f"{table}.{column} is too long")
                    if column == "media":
                        json.loads(value, parse_constant=_no_number)
                    elif column != "raw":
                        _check_text(value)

    def export(self) -> None:
        """Export everything in both forms, and read it."""
        for form in Format:
            with self._in("export"), tempfile.TemporaryDirectory() as folder:
                export(self._database, Path(folder), form, ZoneInfo("Asia/Jakarta"))
                for file in Path(folder).iterdir():
                    lines = file.read_text(encoding="utf-8-sig")
                    if form == Format.JSONL:
                        for line in lines.split("\n")[:-1]:
                            json.loads(line, parse_constant=_no_number)

    @contextmanager
    def _in(self, place: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            where = error.__traceback__
            while where and where.tb_next:
                where = where.tb_next
            code = where.tb_frame.f_code if where else None
            spot = f"{Path(code.co_filename).name}:{where.tb_lineno}" if code and where else "?"
            about = str(error) if isinstance(error, ValueError) and spot.startswith("fuzz.py") else ""
            self.failures[f"{place}: {type(error).__name__} {about} at {spot}"] += 1


@contextmanager
def fuzzer(folder: Path) -> Iterator[Fuzzer]:
    """A shop in a new folder, with its owner logged in and the bot on."""
    data = folder / "data"
    files.prepare_folder(data)
    config = Config.from_env({"BALAS_DATA": str(data), "BALAS_PORT": "1", "BALAS_SHOP": "Toko"})
    files.private_file(data / "balas.db")
    database = Database(config.database_url)
    migrate(database)
    books = StaffedBooks(database)
    with database.write() as conn:
        now = utc_now()
        accounts.set_identity(conn, books.account_id, "62899", "118", 1, now)
        for state in (LinkState.CONNECTING, LinkState.ONLINE):
            links.set_state(conn, books.account_id, state, now)
        owner = Actor(Author.ADMIN, books.sari.id)
        settings.save(conn, books.account_id, {"bot": True, "greeting": "Halo {name}", "grace": 20}, owner, now)
    app = create_app(config, database)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answer = client.post("/login", data={"username": "sari", "password": PASSWORD})
    assert answer.status_code == 303, answer.status_code
    found = Fuzzer(config, database, client, app)
    try:
        yield found
    finally:
        found.close()
        database.close()
        shutil.rmtree(data, ignore_errors=True)


def _check_text(value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError("bytes for a text")
    if readable(value) != value:
        raise ValueError("control characters or half a surrogate pair")


def _no_number(value: str) -> float:
    raise ValueError(f"JSON has no {value}")
