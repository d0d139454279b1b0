"""No statement of a busy day reads a growing table from end to end: every one is explained, after such a day.

The planner goes by the schema alone (nothing here ever runs ANALYZE), so a small shop's plans are a large one's.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from auth_store import files
from daemon.config import Config
from daemon.store.engine import Database
from daemon.store.schema import migrate

ROOT = Path(__file__).parents[2]
GROWING = {
    *("message", "turn", "conversation", "contact", "contact_alias", "outbox", "receipt", "event_log", "audit"),
    *("reaction", "rating", "mention", "conversation_tag", "contact_field", "history_part"),
    *("message_change", "message_version", "forgotten_message", "group_member"),
}
# what may be walked through, because there is never much of it, or only as much is taken as is shown
WALKED = {
    "uq_turn_open": "who waits now",
    "ix_turn_open": "who waits now, the longest waiting first: a round takes a portion",
    "ix_outbox_waiting": "replies that are about to leave",
    "ix_outbox_unsettled": "replies that are on their way, or wait for a person",
    "ix_conversation_resolved": "in the order of the list, as much as a page shows",
    "ix_conversation_group": "in the order of the list; a number is in some groups, never in many",
    "ix_mention_unseen": "calls that nobody has looked at",
}
# statements that read or sort what is little for a reason of their own
EXCUSED = {
    "SELECT event_log.seq AS seq, event_log.at AS at": "the oldest events, a portion of them",
    "GROUP BY message.conversation_id) AS undecided JOIN conversation": "replies that need a decision",
    "AND message.text = ? AND (SELECT min(said.sent_at)": "what the phone has sent by itself in a few days",
    "SELECT DISTINCT mention.admin_id": "the conversations of calls that nobody has looked at",
    "WHERE mention.admin_id = ? AND mention.seen_at IS NULL": "calls that one admin has not looked at",
    "WHERE rating.contact_id = ? AND rating.ended_at IS NULL": "one customer's ratings that are still awaited",
    "JOIN message ON message.id = download.message_id": "attachments that are still to be fetched",
}
_AS = re.compile(r"\b(\w+) AS (\w+)")
_STEP = re.compile(
    r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX (\w+))?(?: USING INTEGER PRIMARY KEY)?(?: \((.*)\))?"
)
# only of these is the order made anew each time: there are as many as a team has colleagues, tags, rules
_SMALL = re.compile(
    r"FROM (admin|account|tag|conversation_tag|quick_reply|bot_rule|alert\w*|presence|contact_field)\b"
)

Statements = list[tuple[str, list[Any]]]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Statements]:
    """The database after a busy day, and every statement that ran in it."""
    data = tmp_path_factory.mktemp("busy") / "data"
    files.prepare_folder(data)
    environment = {**os.environ, "BALAS_DATA": str(data), "NEONIZE_BOT_TAG": "off", "PYTHONPATH": str(ROOT)}
    config = Config.from_env({"BALAS_DATA": str(data)})
    database = Database(config.database_url)
    path = Path(database.path)
    path.touch(mode=0o600)
    migrate(database)
    database.close()
    command = [sys.executable, "-m", "tests.webui.busy_day"]
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return path, json.loads(ran.stdout)


def faults(path: Path, statements: Statements) -> list[str]:
    """Steps that read a growing table from end to end, or sort it, each with its statement."""
    with closing(sqlite3.connect(path)) as conn:
        return [
            f"{fault}: {sql}"
            for sql, values in statements
            if sql.lstrip().split(" ", 1)[0].upper() in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
            for fault in _faults(conn, sql, values)
        ]


def _faults(conn: sqlite3.Connection, sql: str, values: list[Any]) -> Iterator[str]:
    if any(words in " ".join(sql.split()) for words in EXCUSED):
        return
    tables = {alias: table for table, alias in _AS.findall(sql)}
    for *_, step in conn.execute(f"EXPLAIN QUERY PLAN {sql}", values):
        found = _STEP.match(step)
        if "USE TEMP B-TREE FOR ORDER BY" in step and not _SMALL.search(sql):
            yield step
        elif found is not None:
            how, alias, index, by = found.groups()
            grows = tables.get(alias, alias) in GROWING and index not in WALKED
            if grows and (how == "SCAN" or "AUTOMATIC" in step or by == "account_id=?"):
                yield step


def test_every_statement_of_a_busy_day_goes_by_an_index(day: tuple[Path, Statements]) -> None:
    path, statements = day
    assert len(statements) > 100
    assert faults(path, statements) == []


@pytest.mark.parametrize(
    "index",
    [
        "ix_message_turn",
        "ix_turn_closing_message",
        "ix_turn_open",
        "ix_outbox_unsettled",
        "ix_outbox_waiting",
        "ix_conversation_unresolved",
        "uq_message_wa_id",
        "ix_message_conversation_id_sent_at_id",
    ],
)
def test_an_index_that_is_missing_is_noticed(day: tuple[Path, Statements], tmp_path: Path, index: str) -> None:
    path, statements = day
    without = shutil.copy(path, tmp_path / "without.db")
    with closing(sqlite3.connect(without, isolation_level=None)) as conn:
        conn.execute(f"DROP INDEX {index}")
    assert faults(without, statements) != []
