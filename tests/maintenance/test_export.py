"""Exports as other programs read them: complete, private, harmless in a spreadsheet, and never all in memory."""

import csv
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from daemon.maintenance.export import Exported, ExportFailed, Format, export
from daemon.store import contacts
from daemon.store.tables.core import message
from tests.support.books import Books
from tests.support.builders import NOON, at, both
from tests.support.command_line import balas, refused
from tests.support.old_rows import spoil
from tests.support.shop import ROOT

JAKARTA = ZoneInfo("Asia/Jakarta")
TEXTS = ["halo", '=cmd|"/c calc"!A1', "baris satu\nbaris dua", 'koma, "kutip"', "émoji 🍰", "-5 kg", " +62"]


@pytest.fixture
def conversation_id(books: Books) -> int:
    party = both("700", "62812345")
    conversation_id, contact_id = books.conversation(party), books.contact(party)
    with books.database.write() as conn:
        contacts.set_name(conn, contact_id, "@SUM(Budi)")
    for count, text in enumerate(TEXTS):
        books.message(conversation_id, text, sent_at=at(count * 3600))
    return conversation_id


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def read_lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().split("\n") if line]


def test_json_lines_hold_every_message_as_it_was_written(
    books: Books, conversation_id: int, tmp_path: Path
) -> None:
    assert export(books.database, tmp_path / "out", Format.JSONL, JAKARTA) == Exported(1, 7)
    lines = read_lines(tmp_path / "out" / "messages.jsonl")
    assert [line["text"] for line in lines] == TEXTS
    assert lines[0]["sent_at"] == "2026-11-22T12:00:00+07:00"
    assert (lines[0]["phone"], lines[0]["author"], lines[0]["conversation_id"]) == ("62812345", "customer", 1)
    (chat,) = read_lines(tmp_path / "out" / "conversations.jsonl")
    assert (chat["customer"], chat["status"], chat["id"]) == ("@SUM(Budi)", "unassigned", conversation_id)


def test_what_is_on_a_card_is_exported_beside_the_text(books: Books, tmp_path: Path) -> None:
    chat = books.conversation(both("700", "62812345"))
    people = [{"name": "Ani", "numbers": [{"number": "0812-3", "wa": "628123"}]}, {"name": "Budi"}]
    for media in (
        {"lat": -6.2, "lng": 106.8, "address": "Jl. Melati"},
        {"contacts": people},
        {"title": "Nastar", "amount": 60000.0, "currency": "IDR"},
        {"contacts": ["?", {"numbers": 3}], "lat": "x", "amount": None},
        {"file": "1/1.jpg", "mime": "image/jpeg"},
    ):
        books.message(chat, None, media=media)
    export(books.database, tmp_path / "out", Format.JSONL, JAKARTA)
    lines = read_lines(tmp_path / "out" / "messages.jsonl")
    assert [line["card"] for line in lines] == [
        "-6.2,106.8; Jl. Melati",
        "Ani 0812-3; Budi",
        "Nastar; 60000 IDR",
        None,
        None,
    ]
    assert lines[-1]["media"] == "1/1.jpg"


def test_a_late_message_stands_where_its_thread_shows_it(
    books: Books, conversation_id: int, tmp_path: Path
) -> None:
    books.message(conversation_id, "terlambat", sent_at=at(1800))
    export(books.database, tmp_path / "out", Format.JSONL, JAKARTA)
    texts = [line["text"] for line in read_lines(tmp_path / "out" / "messages.jsonl")]
    assert texts == [TEXTS[0], "terlambat", *TEXTS[1:]]


def test_a_spreadsheet_finds_no_formula_and_every_character(
    books: Books, conversation_id: int, tmp_path: Path
) -> None:
    export(books.database, tmp_path / "out", Format.CSV, JAKARTA)
    rows = read_csv(tmp_path / "out" / "messages.csv")
    harmless = {1: "'" + TEXTS[1], 5: "'-5 kg", 6: "' +62"}
    assert [row["text"] for row in rows] == [harmless.get(n, text) for n, text in enumerate(TEXTS)]
    assert {row["customer"] for row in rows} == {"'@SUM(Budi)"}
    assert (tmp_path / "out" / "messages.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_day_limits_what_is_written(books: Books, conversation_id: int, tmp_path: Path) -> None:
    since = at(5 * 3600)
    assert export(books.database, tmp_path / "out", Format.JSONL, JAKARTA, since) == Exported(1, 2)
    later = datetime(2027, 1, 1, tzinfo=JAKARTA)
    assert export(books.database, tmp_path / "none", Format.JSONL, JAKARTA, later) == Exported(0, 0)


def test_the_files_are_private(books: Books, conversation_id: int, tmp_path: Path) -> None:
    export(books.database, tmp_path / "out", Format.CSV, JAKARTA)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}


def test_a_folder_with_something_in_it_is_left_alone(books: Books, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "messages.csv").write_text("mine")
    with pytest.raises(ExportFailed, match="not empty"):
        export(books.database, tmp_path / "out", Format.CSV, JAKARTA)
    with pytest.raises(ExportFailed, match="can't be written"):
        export(books.database, Path("/proc/out"), Format.CSV, JAKARTA)
    assert (tmp_path / "out" / "messages.csv").read_text() == "mine"


def test_a_hundred_megabytes_pass_through_little_memory(
    books: Books, conversation_id: int, tmp_path: Path
) -> None:
    row = {"account_id": 1, "conversation_id": conversation_id, "contact_id": 1, "from_me": False}
    row |= {"author": "customer", "kind": "text", "sent_at": NOON, "arrived_at": NOON, "text": "kata " * 2000}
    with books.database.write() as conn:
        conn.execute(insert(message), [row | {"wa_id": f"X{i}"} for i in range(10_000)])
    code = """
import resource, sys
from pathlib import Path
from zoneinfo import ZoneInfo
from daemon.maintenance.export import Format, export
from daemon.store.engine import Database
database = Database(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
export(database, Path(sys.argv[2]), Format.CSV, ZoneInfo("Asia/Jakarta"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    command = [sys.executable, "-c", code, books.database.url, str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (tmp_path / "out" / "messages.csv").stat().st_size > 100_000_000
    assert int(done.stdout) < 40_000  # kB


def test_the_command_says_what_it_wrote(tmp_path: Path, migrated_file: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "balas.db").write_bytes(migrated_file.read_bytes())
    (data / "balas.db").chmod(0o600)
    done = balas(data, "export", str(tmp_path / "out"), "--format", "csv", "--since", "2026-11-01")
    assert done.returncode == 0, done.stderr
    assert "0 conversations, 0 messages" in done.stdout
    assert read_csv(tmp_path / "out" / "messages.csv") == []
    refused(balas(data, "export", str(tmp_path / "out")), "not empty")


@pytest.mark.parametrize("form", Format)
def test_bytes_that_an_older_version_stored_are_exported_as_text(
    books: Books, conversation_id: int, tmp_path: Path, form: Format
) -> None:
    spoil(books.database, 3, edited_at=253_402_300_799_000)
    assert export(books.database, tmp_path / "out", form, JAKARTA).messages == 7
    rows = read_csv if form == Format.CSV else read_lines
    assert rows(tmp_path / "out" / f"messages.{form}")[2]["text"] == "rusak \ufffd\ufffd sekali"
