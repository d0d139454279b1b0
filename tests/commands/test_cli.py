"""The command line without a link: each thing that can be wrong is one sentence, never a traceback."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from auth_store import admins
from auth_store.files import Lock, session_file
from daemon.cli import main
from daemon.desk import pairing
from daemon.domain.desk import Action
from daemon.domain.links import LinkState
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.maintenance import nightly_backup
from daemon.store import accounts, audit, links
from daemon.store.engine import Database
from tests.domain.test_phone_numbers import REFUSED, TYPED
from tests.support import open_connections
from tests.support.books import Books, dump
from tests.support.builders import NOON
from tests.support.command_line import balas, refused

PASSWORD = "sangat-rahasia"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


def database_of(data: Path) -> Database:
    return Database(f"sqlite:///{data / 'balas.db'}")


@pytest.fixture
def prepared(data: Path) -> Path:
    """A folder in which an owner exists already."""
    made = balas(data, "admin", "add", "sari", "--name", "Sari", "--password-stdin", stdin=PASSWORD)
    assert made.returncode == 0
    return data


@pytest.mark.parametrize("command", [["run"], ["status"]])
def test_a_bad_setting_is_named(data: Path, command: list[str]) -> None:
    refused(balas(data, *command, BALAS_PORT="web"), "BALAS_PORT")


def test_a_taken_port_is_said_before_anything_starts(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(balas(data, "run", BALAS_PORT=port), "BALAS_PORT", port)


@pytest.mark.parametrize("host", ["256.1.1.1", "a..b"])
def test_an_address_that_is_not_ours_is_said(data: Path, host: str) -> None:
    refused(balas(data, "run", BALAS_HOST=host), host)


def test_a_folder_that_others_can_read_is_refused(data: Path) -> None:
    data.chmod(0o755)
    refused(balas(data, "run"), str(data), "chmod 700")


def test_a_database_that_others_can_read_is_refused(data: Path) -> None:
    (data / "balas.db").touch()
    (data / "balas.db").chmod(0o644)
    refused(balas(data, "run"), "balas.db", "chmod 600")


@pytest.mark.parametrize("where", ["/proc/balas", "/dev/null"])
def test_a_folder_that_cannot_be_written_is_said(data: Path, where: str) -> None:
    refused(balas(data, "run", BALAS_DATA=where), where)


def test_a_database_in_no_folder_is_said(data: Path) -> None:
    refused(balas(data, "run", DATABASE_URL="sqlite:////proc/balas/x.db"), "DATABASE_URL")


def test_a_file_that_is_no_database_is_said_and_kept(data: Path) -> None:
    (data / "balas.db").write_bytes(b"a letter to Santa" * 100)
    (data / "balas.db").chmod(0o600)
    refused(balas(data, "run"), "database")
    assert (data / "balas.db").read_bytes() == b"a letter to Santa" * 100


def test_a_second_daemon_on_the_same_folder_is_refused(data: Path) -> None:
    lock = Lock(data / "daemon.lock", "").acquire()
    refused(balas(data, "run"), "already running", str(data))
    lock.release()


@pytest.mark.parametrize("command", [["run"], ["admin", "add", "budi", "--name", "Budi", "--password-stdin"]])
def test_a_newer_database_is_refused(prepared: Path, command: list[str]) -> None:
    database = database_of(prepared)
    with database.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    refused(balas(prepared, *command, stdin=PASSWORD), "newer version of Balas")


@pytest.fixture
def umask() -> Iterator[None]:
    """A command in this process leaves the tests' own umask as it was."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["alert"],
        ["pair"],
        ["unlink", "--yes"],
        ["admin", "link"],
        ["admin", "add", "budi", "--name", "Budi", "--password-stdin"],
        ["backup"],
        ["backup", "/proc/b.tar"],
        ["export", "/proc/export"],
        ["forget", "99", "--yes"],
    ],
)
def test_a_command_closes_the_database_however_it_ends(prepared: Path, command: list[str]) -> None:
    with open_connections.watched(prepared) as still_open:
        ended = CliRunner().invoke(main, command, input=PASSWORD, env={"BALAS_DATA": str(prepared)})
        assert isinstance(ended.exception, SystemExit | None), ended.output
        assert still_open() == []


class TestWithoutADaemon:
    def test_nothing_is_there_before_the_first_run(self, data: Path) -> None:
        for command in (["status"], ["pair"], ["unlink", "--yes"]):
            refused(balas(data, *command), str(data), "run it first")
        assert list(data.iterdir()) == []

    def test_status_says_so_and_fails(self, prepared: Path) -> None:
        database = database_of(prepared)
        Books(database)
        database.close()
        result = balas(prepared, "status", "--json")
        (account,) = json.loads(result.stdout)["accounts"]
        assert (result.returncode, account["account"], account["state"]) == (1, "main", "unlinked")
        assert (account["daemon_running"], account["online"]) == (False, False)
        assert "No WhatsApp number is linked yet." in account["sentence"]
        spoken = balas(prepared, "status")
        assert "main: unlinked" in spoken.stdout
        assert "The daemon is not running." in spoken.stdout

    def test_status_of_a_folder_whose_first_run_failed_is_a_sentence(self, data: Path) -> None:
        (data / "balas.db").touch(mode=0o600)
        refused(balas(data, "status", "--json"), "run it first")

    @pytest.mark.parametrize("command", [["pair"], ["pair", "--phone", "62812"], ["unlink", "--yes"]])
    def test_linking_and_unlinking_need_it(self, prepared: Path, command: list[str]) -> None:
        refused(balas(prepared, *command), "not running")


class TestPairing:
    @pytest.fixture
    def running(self, prepared: Path) -> Iterator[Path]:
        """A folder that a daemon holds, with the account of a shop."""
        database = database_of(prepared)
        Books(database)
        database.close()
        lock = Lock(prepared / "daemon.lock", "").acquire()
        yield prepared
        lock.release()

    def asked_for(self, data: Path) -> str | None:
        database = database_of(data)
        with database.read() as conn:
            (account,) = accounts.every(conn)
            phone = links.get(conn, account.id).pair_phone
        database.close()
        return phone

    # every tenth: each is a process
    @pytest.mark.parametrize(("typed", "digits"), TYPED[::10])
    def test_a_number_is_understood_as_on_the_link_page(self, running: Path, typed: str, digits: str) -> None:
        refused(balas(running, "pair", "--phone", typed, "--timeout", "0"), "in time")
        assert self.asked_for(running) == digits

    @pytest.mark.parametrize("typed", REFUSED[2::10])
    def test_what_is_no_number_is_refused(self, running: Path, typed: str) -> None:
        result = balas(running, "pair", "--phone", typed, "--timeout", "0")
        assert result.stderr == "Error: The number should have its country code, such as 62812…\n"
        assert self.asked_for(running) is None

    def test_a_leading_zero_means_the_shops_country(self, running: Path) -> None:
        balas(running, "pair", "--phone", "0171 1234567", "--timeout", "0", BALAS_COUNTRY="DE")
        assert self.asked_for(running) == "491711234567"


class TestLinking:
    """As long as the lock is held, the commands take it for a daemon that runs; nobody does what they wish."""

    @pytest.fixture
    def books(self, prepared: Path) -> Iterator[Books]:
        lock = Lock(prepared / "daemon.lock", "").acquire()
        books = Books(database_of(prepared))
        yield books
        books.database.close()
        lock.release()

    def put(self, books: Books, state: LinkState, **values: Any) -> None:
        """A linked account whose link is in a state."""
        with books.database.write() as conn:
            accounts.set_identity(conn, books.account_id, "6281234567890", "999", 3, NOON)
            assert links.set_state(conn, books.account_id, LinkState.CONNECTING, NOON)
            assert links.set_state(conn, books.account_id, state, NOON, **values)

    def test_an_account_that_is_not_linked_is_not_unlinked(self, prepared: Path, books: Books) -> None:
        before = dump(books.database)
        refused(balas(prepared, "unlink", "--yes", "--timeout", "1"), "not linked")
        assert dump(books.database) == before

    def test_unlinking_that_is_under_way_is_not_wished_twice(self, prepared: Path, books: Books) -> None:
        self.put(books, LinkState.ONLINE, wish=links.WISH_UNLINK)
        before = dump(books.database)
        refused(balas(prepared, "unlink", "--yes", "--timeout", "1"), "being unlinked already")
        assert dump(books.database) == before

    def test_a_linked_account_wants_no_codes(self, prepared: Path, books: Books) -> None:
        self.put(books, LinkState.OFFLINE)
        before = dump(books.database)
        for more in ((), ("--phone", "6281234567890"), ("--json",)):
            refused(balas(prepared, "pair", "--timeout", "1", *more), "linked already", "balas status")
        assert dump(books.database) == before

    @pytest.mark.parametrize(
        ("state", "words"),
        [
            (LinkState.BANNED, "restricts this number"),
            (LinkState.OUTDATED, "no longer accepts this version"),
        ],
    )
    def test_a_number_for_which_no_code_can_come_is_said(
        self, prepared: Path, books: Books, state: LinkState, words: str
    ) -> None:
        with books.database.write() as conn:
            assert links.set_state(conn, books.account_id, LinkState.CONNECTING, NOON)
            until = utc_now() + timedelta(hours=1)
            assert links.set_state(conn, books.account_id, state, NOON, retry_at=until)
        before = dump(books.database)
        refused(balas(prepared, "pair", "--timeout", "30"), words)
        assert dump(books.database) == before

    def test_codes_are_asked_for_as_long_as_by_the_page(self, prepared: Path, books: Books) -> None:
        refused_late = balas(prepared, "pair", "--phone", "6281234567890", "--timeout", "0")
        assert "not linked in time" in refused_late.stderr
        with books.database.read() as conn:
            link = links.get(conn, books.account_id)
        assert link.pair_phone == "6281234567890"
        assert link.pair_until is not None
        assert timedelta(minutes=9) < link.pair_until - utc_now() <= pairing.LEASE

    def test_linking_an_account_that_is_online_is_done_at_once(self, prepared: Path, books: Books) -> None:
        self.put(books, LinkState.ONLINE)
        before = dump(books.database)
        done = balas(prepared, "pair", "--phone", "6281234567890", "--timeout", "1")
        assert (done.returncode, done.stderr) == (0, "")
        assert "Messages come in and replies go out." in done.stdout
        assert dump(books.database) == before


class TestAdmins:
    def add(
        self, data: Path, username: str, name: str, password: str, *more: str
    ) -> "subprocess.CompletedProcess[str]":
        arguments = ("admin", "add", username, "--name", name, "--password-stdin", *more)
        return balas(data, *arguments, stdin=password + "\n")

    @pytest.fixture
    def database(self, prepared: Path) -> Iterator[Database]:
        database = database_of(prepared)
        yield database
        database.close()

    def test_an_added_admin_can_log_in(self, prepared: Path, database: Database) -> None:
        result = self.add(prepared, "budi", "Budi", PASSWORD + " ", "--owner")
        assert (result.returncode, result.stdout) == (0, "Budi can log in as budi.\n")
        with database.read() as conn:
            found = admins.authenticate(conn, "budi", PASSWORD + " ")
            assert found is not None
            assert found.is_owner
            assert admins.authenticate(conn, "budi", PASSWORD) is None
            sari = admins.authenticate(conn, "sari", PASSWORD)
            assert sari is not None
            assert not sari.is_owner

    def test_what_is_done_to_accounts_here_is_in_the_owners_log(self, prepared: Path, database: Database) -> None:
        self.add(prepared, "ibu", "Ibu", PASSWORD, "--owner")
        link = balas(prepared, "admin", "link", "sari")
        assert "/setup/" in link.stdout
        assert "/setup/" in balas(prepared, "admin", "link").stdout
        with database.read() as conn:
            found = audit.search(conn, 0, actions=[Action.ADMIN_CHANGED])
        assert [(entry.detail["what"], entry.subject_name) for entry in found] == [
            ("invited_owner", None),
            ("link", "Sari"),
            ("added_owner", "Ibu"),
            ("added", "Sari"),
        ]
        assert {(entry.actor, entry.admin_id, entry.address) for entry in found} == {(Author.ADMIN, None, None)}

    def test_a_closed_account_gets_no_link(self, prepared: Path, database: Database) -> None:
        with database.write() as conn:
            admins.set_disabled(conn, 1, NOON)
        before = dump(database)
        refused(balas(prepared, "admin", "link", "sari"), "closed")
        refused(balas(prepared, "admin", "link", "budi"), "Nobody is called budi")
        assert dump(database) == before

    @pytest.mark.parametrize(
        ("username", "name", "password", "word"),
        [
            ("sari", "Sari Dua", PASSWORD, "taken"),
            ("Budi Santoso", "Budi", PASSWORD, "user name"),
            ("budi", "Budi", "pendek", "at least 10"),
            ("budi", "Budi", "x" * 201, "at most 200"),
        ],
    )
    def test_an_unusable_account_is_one_sentence(
        self, prepared: Path, database: Database, username: str, name: str, password: str, word: str
    ) -> None:
        refused(self.add(prepared, username, name, password), word)
        with database.read() as conn:
            assert len(admins.everyone(conn)) == 1


class TestKeeping:
    def test_a_backup_is_restored_elsewhere(self, prepared: Path, tmp_path: Path) -> None:
        made = balas(prepared, "backup")
        assert made.returncode == 0, made.stderr
        (file,) = (prepared / "backups").glob("balas-*.tar")
        assert str(file) in made.stdout
        assert "not in it" in made.stdout
        done = balas(tmp_path / "new", "restore", str(file))
        assert done.returncode == 0, done.stderr
        database = database_of(tmp_path / "new")
        with database.read() as conn:
            assert admins.authenticate(conn, "sari", PASSWORD) is not None
        database.close()
        refused(balas(tmp_path / "new", "restore", str(file)), "not empty")

    def test_a_foreign_file_is_refused_and_nothing_made(self, prepared: Path, tmp_path: Path) -> None:
        (tmp_path / "letter.tar").write_bytes(b"a letter to Santa" * 999)
        refused(balas(prepared, "restore", "letter.tar", "--data", str(tmp_path / "new")), "no backup of Balas")
        assert not (tmp_path / "new").exists()

    def test_a_backup_needs_a_balas_and_a_place(self, data: Path, prepared: Path, tmp_path: Path) -> None:
        refused(balas(tmp_path / "nowhere", "backup"), "run it first")
        refused(balas(prepared, "backup", "/proc/b.tar"), "/proc/b.tar")
        (tmp_path / "there.tar").touch()
        refused(balas(prepared, "backup", "there.tar"), "already")

    def test_status_tells_when_the_last_backup_was_made(self, prepared: Path) -> None:
        assert "There is no backup yet." in balas(prepared, "status").stdout
        database = database_of(prepared)
        nightly_backup.make(prepared, database, 7, NOON, ZoneInfo("Asia/Jakarta"), lambda: False)
        database.close()
        assert "Last backup: 22/11/2026 12:00." in balas(prepared, "status").stdout
        kept = json.loads(balas(prepared, "status", "--json").stdout)["backup"]
        assert (kept["ok"], kept["at"]) == (True, NOON.isoformat())


def test_keys_that_others_can_read_are_refused_before_anything_starts(prepared: Path) -> None:
    session_file(prepared, 1).chmod(0o640)
    refused(balas(prepared, "run"), "session-1.db", "chmod 600")


def test_what_it_makes_is_private(prepared: Path) -> None:
    for path in prepared.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
