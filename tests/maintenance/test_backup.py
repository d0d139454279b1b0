"""Backups with real files: consistent while others write, complete or not there at all, restored byte by byte."""

import io
import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
import pytest

from auth_store.files import Lock, session_file
from daemon.config import Config
from daemon.domain.links import LinkState
from daemon.domain.messages import Delivery
from daemon.maintenance import backup, nightly_backup
from daemon.maintenance.backup import BackupFailed
from daemon.maintenance.manifest import MANIFEST, Manifest
from daemon.maintenance.restore import RestoreFailed, restore, verify
from daemon.store import accounts, links, send_queue
from daemon.store.engine import Database
from daemon.supervisor.jobs import Jobs
from tests.support.books import Books, dump
from tests.support.builders import NOON, lid
from tests.support.shop import ROOT, Shop

JAKARTA = ZoneInfo("Asia/Jakarta")
PICTURE = b"\xff\xd8 a picture" * 5000
WRITER = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1], timeout=30)
number = 0
print("writing", flush=True)
while True:
    with conn:
        for table in ("one", "two"):
            conn.execute(f"INSERT INTO {table} VALUES (?)", (number,))
    number += 1
"""


@pytest.fixture
def data(tmp_path: Path, migrated_file: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    shutil.copy(migrated_file, folder / "balas.db")
    (folder / "balas.db").chmod(0o600)
    return folder


@pytest.fixture
def shop(data: Path) -> Iterator[Books]:
    """A furnished data folder: a linked account with keys, a conversation with a picture, a waiting reply."""
    database = Database(f"sqlite:///{data / 'balas.db'}")
    books = Books(database)
    with database.write() as conn:
        accounts.set_identity(conn, books.account_id, "62811", "9001", 7, NOON)
        links.set_state(conn, books.account_id, LinkState.CONNECTING, NOON)
        links.set_state(conn, books.account_id, LinkState.ONLINE, NOON)
    conversation_id, _ = books.waiting(lid("700"), "masih ada?")
    books.message(conversation_id, None, kind="image", media={"mime": "image/jpeg", "file": "1/2.jpg"})
    books.queued(conversation_id, "masih kak")
    (data / "media" / "1").mkdir(parents=True, mode=0o700)
    (data / "media" / "1" / "2.jpg").write_bytes(PICTURE)
    (data / "media" / "1" / "3.bin.part").write_bytes(b"half")
    with closing(sqlite3.connect(session_file(data, books.account_id))) as keys, keys:
        keys.execute("PRAGMA journal_mode=WAL")
        keys.execute("CREATE TABLE device (secret TEXT)")
        keys.execute("INSERT INTO device VALUES ('kunci-rahasia')")
    yield books
    database.close()


def make(books: Books, target: Path, **more: bool) -> Path:
    backup.make(Path(books.database.path).parent, books.database, target, NOON, **more)
    return target


def names(file: Path) -> list[str]:
    with tarfile.open(file) as tar:
        return tar.getnames()


class TestMaking:
    def test_everything_but_the_keys_is_in_it_with_a_manifest_at_the_end(
        self, shop: Books, tmp_path: Path
    ) -> None:
        file = make(shop, tmp_path / "b.tar")
        assert names(file) == ["balas.db", "media/1/2.jpg", "manifest.json"]
        assert file.stat().st_mode & 0o777 == 0o600
        assert b"kunci-rahasia" not in file.read_bytes()
        manifest = verify(file)
        assert (manifest.with_session, manifest.made_at) == (False, NOON)
        assert [member.size for member in manifest.members][1] == len(PICTURE)
        # nothing else is left behind
        assert sorted(p.name for p in tmp_path.iterdir()) == ["b.tar", "data"]

    def test_the_keys_are_in_it_when_asked_for(self, shop: Books, tmp_path: Path) -> None:
        file = make(shop, tmp_path / "b.tar", with_session=True)
        assert "keys/session-1.db" in names(file)
        restore(file, tmp_path / "new", NOON)
        with closing(sqlite3.connect(tmp_path / "new" / "keys" / "session-1.db")) as keys:
            assert keys.execute("SELECT secret FROM device").fetchall() == [("kunci-rahasia",)]

    def test_a_copy_made_under_writing_is_one_moment(self, shop: Books, tmp_path: Path) -> None:
        with closing(sqlite3.connect(shop.database.path)) as conn, conn:
            conn.execute("CREATE TABLE one (number)")
            conn.execute("CREATE TABLE two (number)")
        command = [sys.executable, "-c", WRITER, shop.database.path]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        try:
            files = [make(shop, tmp_path / f"{i}.tar") for i in range(5)]
            assert writer.poll() is None
        finally:
            writer.kill()
            writer.communicate()
        counts = []
        for i, file in enumerate(files):
            restore(file, tmp_path / f"new{i}", NOON)
            with closing(sqlite3.connect(tmp_path / f"new{i}" / "balas.db")) as conn:
                one, two = (
                    conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("one", "two")
                )
            assert one == two
            counts.append(one)
        assert counts == sorted(counts)

    def test_a_file_that_is_there_is_never_replaced(self, shop: Books, tmp_path: Path) -> None:
        (tmp_path / "b.tar").write_text("precious")
        with pytest.raises(BackupFailed, match="already"):
            make(shop, tmp_path / "b.tar")
        assert (tmp_path / "b.tar").read_text() == "precious"

    def test_a_place_that_cannot_be_written_is_said(self, shop: Books) -> None:
        with pytest.raises(BackupFailed, match="can't be written"):
            make(shop, Path("/proc/b.tar"))

    def test_a_full_disk_leaves_nothing_behind(self, shop: Books, data: Path, tmp_path: Path) -> None:
        # one file may have 64 kB here: the kernel's answer to a larger one is an error as for a full disk
        code = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from daemon.maintenance import backup
from daemon.store.engine import Database
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
data = Path(sys.argv[1])
try:
    backup.make(data, Database(f"sqlite:///{data / 'balas.db'}"), Path(sys.argv[2]), datetime.now(UTC))
except backup.BackupFailed as error:
    sys.exit(str(error))
"""
        arguments = [sys.executable, "-c", code, str(data), str(tmp_path / "b.tar")]
        ended = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 1
        assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
        assert sorted(p.name for p in tmp_path.iterdir()) == ["data"]

    def test_two_at_once_are_refused(self, shop: Books, data: Path, tmp_path: Path) -> None:
        lock = Lock(data / "backup.lock", "").acquire()
        with pytest.raises(BackupFailed, match="Another backup"):
            make(shop, tmp_path / "b.tar")
        lock.release()
        make(shop, tmp_path / "b.tar")

    def test_a_damaged_database_gives_no_backup(self, shop: Books, data: Path, tmp_path: Path) -> None:
        shop.database.close()
        with (data / "balas.db").open("r+b") as file:
            for page in range(2, 40):
                file.seek(4096 * page)
                file.write(b"\xaa" * 2048)
        with pytest.raises(BackupFailed, match="can't be copied"):
            make(shop, tmp_path / "b.tar")
        assert not (tmp_path / "b.tar").exists()

    def test_a_database_that_is_gone_gives_no_backup_and_is_not_made(
        self, shop: Books, data: Path, tmp_path: Path
    ) -> None:
        shop.database.close()
        for left in data.glob("balas.db*"):
            left.unlink()
        with pytest.raises(BackupFailed, match="can't be copied"):
            make(shop, tmp_path / "b.tar")
        assert not (data / "balas.db").exists()


class TestRestoring:
    def test_what_was_there_is_there_again_and_private(self, shop: Books, tmp_path: Path) -> None:
        before = dump(shop.database)
        restore(make(shop, tmp_path / "b.tar"), tmp_path / "new", NOON)
        new = tmp_path / "new"
        assert sorted(p.name for p in new.iterdir()) == ["balas.db", "media"]
        assert (new / "media" / "1" / "2.jpg").read_bytes() == PICTURE
        for path in [new, *new.rglob("*")]:
            assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
        again = Database(f"sqlite:///{new / 'balas.db'}")
        after = dump(again)
        again.close()
        changed = {"outbox", "message", "link", "account", "event_log"}
        assert {name for name in before if before[name] != after[name]} <= changed
        assert [row[:3] for row in before["contact"]] == [row[:3] for row in after["contact"]]

    def test_a_reply_that_waited_is_uncertain_and_never_sent_by_itself(self, shop: Books, tmp_path: Path) -> None:
        restore(make(shop, tmp_path / "b.tar"), tmp_path / "new", NOON)
        books = Books(Database(f"sqlite:///{tmp_path / 'new' / 'balas.db'}"))
        with books.database.write() as conn:
            assert send_queue.take_next(conn, books.account_id, NOON) is None
        (message_id,) = [row[2] for row in dump(books.database)["outbox"]]
        assert books.bubble(message_id).delivery == Delivery.UNCERTAIN
        books.database.close()

    def test_without_keys_the_account_is_to_be_linked_anew(self, shop: Books, tmp_path: Path) -> None:
        restore(make(shop, tmp_path / "b.tar"), tmp_path / "new", NOON)
        database = Database(f"sqlite:///{tmp_path / 'new' / 'balas.db'}")
        with database.read() as conn:
            assert links.get(conn, 1).state == LinkState.UNLINKED
            account = accounts.get(conn, 1)
            assert (account.phone, account.device) == ("62811", None)
        database.close()

    def test_with_keys_it_stays_linked(self, shop: Books, tmp_path: Path) -> None:
        restore(make(shop, tmp_path / "b.tar", with_session=True), tmp_path / "new", NOON)
        database = Database(f"sqlite:///{tmp_path / 'new' / 'balas.db'}")
        with database.read() as conn:
            assert accounts.get(conn, 1).device == 7
        database.close()

    def test_an_empty_folder_will_do(self, shop: Books, tmp_path: Path) -> None:
        (tmp_path / "new").mkdir(mode=0o700)
        restore(make(shop, tmp_path / "b.tar"), tmp_path / "new", NOON)
        assert (tmp_path / "new" / "balas.db").exists()

    def test_an_empty_folder_that_others_can_enter_is_refused(self, shop: Books, tmp_path: Path) -> None:
        (tmp_path / "new").mkdir()
        (tmp_path / "new").chmod(0o755)
        with pytest.raises(RestoreFailed, match="chmod 700"):
            restore(make(shop, tmp_path / "b.tar"), tmp_path / "new", NOON)
        assert list((tmp_path / "new").iterdir()) == []

    def test_a_folder_with_anything_in_it_is_refused(self, shop: Books, data: Path, tmp_path: Path) -> None:
        file, before = make(shop, tmp_path / "b.tar"), dump(shop.database)
        with pytest.raises(RestoreFailed, match="not empty"):
            restore(file, data, NOON)
        assert dump(shop.database) == before


def rewritten(
    file: Path, change: Callable[[str, bytes], tuple[str, bytes] | None], *more: tarfile.TarInfo
) -> Path:
    """The same backup with other members; the manifest is as it was, unless it is changed too."""
    target = file.with_name("changed.tar")
    with tarfile.open(file) as source, tarfile.open(target, "w") as tar:
        for info in more:
            tar.addfile(info)
        for info in source:
            content = source.extractfile(info)
            assert content is not None
            if (new := change(info.name, content.read())) is None:
                continue
            info.name, info.size = new[0], len(new[1])
            tar.addfile(info, io.BytesIO(new[1]))
    return target


class TestBadFiles:
    def refused(self, file: Path, tmp_path: Path, words: str) -> None:
        with pytest.raises(RestoreFailed, match=words) as raised:
            restore(file, tmp_path / "new", NOON)
        assert "\n" not in str(raised.value)
        assert not (tmp_path / "new").exists()
        assert not (tmp_path / "evil").exists()

    def test_one_wrong_byte_anywhere_is_found(self, shop: Books, tmp_path: Path) -> None:
        content = bytearray(make(shop, tmp_path / "b.tar").read_bytes())
        for place in (700, 5000, content.index(PICTURE[:20]) + 99):
            damaged = bytearray(content)
            damaged[place] ^= 1
            (tmp_path / "c.tar").write_bytes(damaged)
            self.refused(tmp_path / "c.tar", tmp_path, "damaged")

    @pytest.mark.parametrize("part", [0.0, 0.001, 0.3, 0.7, 0.99])
    def test_a_truncated_file_is_found(self, shop: Books, tmp_path: Path, part: float) -> None:
        content = make(shop, tmp_path / "b.tar").read_bytes().rstrip(b"\0")
        (tmp_path / "c.tar").write_bytes(content[: int(len(content) * part)])
        self.refused(tmp_path / "c.tar", tmp_path, "damaged|incomplete|no backup")

    @pytest.mark.parametrize("content", [b"", b"a letter to Santa" * 1000, b"\0" * 20480, b"PK\x03\x04" * 999])
    def test_a_foreign_file_is_found(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "c.tar").write_bytes(content)
        self.refused(tmp_path / "c.tar", tmp_path, "no backup|incomplete")

    @pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "media/../../evil", "keys/cookie.key", "media/1/.x"])
    def test_a_member_that_belongs_elsewhere_is_refused(self, shop: Books, tmp_path: Path, name: str) -> None:
        file = make(shop, tmp_path / "b.tar")

        def change(old: str, content: bytes) -> tuple[str, bytes]:
            if old == MANIFEST:
                return old, content.replace(b"media/1/2.jpg", name.encode())
            return (name, content) if old.startswith("media") else (old, content)

        self.refused(rewritten(file, change), tmp_path, "do not belong")

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
    def test_links_and_folders_are_refused(self, shop: Books, tmp_path: Path, kind: bytes) -> None:
        link = tarfile.TarInfo("media/1/9.jpg")
        link.type, link.linkname = kind, "../../../evil"
        self.refused(rewritten(make(shop, tmp_path / "b.tar"), lambda n, c: (n, c), link), tmp_path, "no backup")

    def test_a_missing_or_doubled_member_is_found(self, shop: Books, tmp_path: Path) -> None:
        file = make(shop, tmp_path / "b.tar")
        without = rewritten(file, lambda name, c: None if name.startswith("media") else (name, c))
        self.refused(without, tmp_path, "damaged")
        twice = rewritten(file, lambda n, c: (n, c), tarfile.TarInfo("media/1/2.jpg"))
        self.refused(twice, tmp_path, "damaged")

    @pytest.mark.parametrize("change", [{"format": 2}, {"members": [{"name": 3}]}, {"made_at": "yesterday"}])
    def test_a_manifest_of_another_time_is_refused(
        self, shop: Books, tmp_path: Path, change: dict[str, object]
    ) -> None:
        def rewrite(name: str, content: bytes) -> tuple[str, bytes]:
            return (name, json.dumps(json.loads(content) | change).encode() if name == MANIFEST else content)

        self.refused(rewritten(make(shop, tmp_path / "b.tar"), rewrite), tmp_path, "no backup")

    def test_a_database_of_a_newer_balas_is_refused(self, shop: Books, tmp_path: Path) -> None:
        with shop.database.write() as conn:
            conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        self.refused(make(shop, tmp_path / "b.tar"), tmp_path, "newer version of Balas")

    def test_a_manifest_survives_its_own_writing(self, shop: Books, tmp_path: Path) -> None:
        manifest = verify(make(shop, tmp_path / "b.tar"))
        assert Manifest.from_json(manifest.to_json()) == manifest


class TestNightly:
    AT = time(3, 30)

    def last(self, at: datetime, reason: str | None = None) -> nightly_backup.LastBackup:
        return nightly_backup.LastBackup(at, reason, None, None, None)

    @pytest.mark.parametrize(
        ("before", "now", "due"),
        [
            (None, "2026-11-22 12:00", True),
            ("2026-11-22 03:30", "2026-11-22 12:00", False),
            ("2026-11-22 03:30", "2026-11-23 03:29", False),
            ("2026-11-22 03:30", "2026-11-23 03:30", True),
            # it was off at night
            ("2026-11-21 03:30", "2026-11-22 08:00", True),
            ("2026-11-22 08:00", "2026-11-23 03:31", True),
            # the clock was a little ahead, or in another year
            ("2026-11-22 12:30", "2026-11-22 12:00", False),
            ("2036-11-22 03:30", "2026-11-22 12:00", True),
        ],
    )
    def test_it_is_made_once_a_night_and_made_up_for(self, before: str | None, now: str, due: bool) -> None:
        then = self.last(datetime.fromisoformat(before).replace(tzinfo=JAKARTA)) if before else None
        at = datetime.fromisoformat(now).replace(tzinfo=JAKARTA).astimezone(UTC)
        assert nightly_backup.is_due(then, at, self.AT, JAKARTA) is due

    def test_one_that_failed_is_tried_again_within_the_hour(self) -> None:
        failed = self.last(NOON, "disk_full")
        assert not nightly_backup.is_due(failed, NOON + timedelta(minutes=59), self.AT, JAKARTA)
        assert nightly_backup.is_due(failed, NOON + timedelta(minutes=60), self.AT, JAKARTA)

    def jobs(self, shop: Books, clock: Callable[[], datetime], **settings: int) -> Jobs:
        data = Path(shop.database.path).parent
        config = replace(Config.from_env({"BALAS_DATA": str(data)}), **settings)  # type: ignore[arg-type]
        return Jobs(config, shop.database, clock)

    def test_the_newest_are_kept_and_those_of_people_left_alone(self, shop: Books, data: Path) -> None:
        now = [NOON]
        jobs = self.jobs(shop, lambda: now[0], backup_keep=3)
        make(shop, backup.folder(data) / "balas-mine.tar")
        for _ in range(5):
            made = jobs.back_up()
            assert made is not None
            assert made.succeeded
            assert jobs.back_up() is None
            now[0] += timedelta(days=1)
        found = nightly_backup.nightly_files(data / "backups")
        assert [file.name[:18] for file in found] == [f"nightly-2026-11-{day}" for day in (26, 25, 24)]
        assert (data / "backups" / "balas-mine.tar").exists()
        kept = nightly_backup.last(data)
        assert kept is not None
        assert (kept.file, kept.good_at) == (found[0].name, now[0] - timedelta(days=1))
        # no backup holds the ones before it
        assert names(found[0]) == ["balas.db", "media/1/2.jpg", "manifest.json"]

    def test_none_are_made_when_none_are_kept(self, shop: Books, data: Path) -> None:
        assert self.jobs(shop, lambda: NOON, backup_keep=0).back_up() is None
        assert not (data / "backups").exists()

    def test_a_failure_is_remembered_and_the_good_ones_stay(self, shop: Books, data: Path) -> None:
        now = [NOON]
        jobs = self.jobs(shop, lambda: now[0], backup_keep=1)
        jobs.back_up()
        now[0] += timedelta(days=1)
        shop.database.close()
        shutil.move(data / "balas.db", data / "elsewhere.db")
        (data / "balas.db").write_bytes(b"a letter to Santa" * 999)
        failed = jobs.back_up()
        assert failed is not None
        assert (failed.succeeded, failed.good_at) == (False, NOON)
        assert nightly_backup.last(data) == failed
        assert len(nightly_backup.nightly_files(data / "backups")) == 1

    def test_what_a_killed_one_left_behind_goes(self, shop: Books, data: Path) -> None:
        left = backup.folder(data) / f"{backup.PART}x"
        left.mkdir()
        (left / "copy.db").write_bytes(b"much")
        self.jobs(shop, lambda: NOON).back_up()
        assert not left.exists()

    def test_stopping_the_daemon_stops_it(self, shop: Books, data: Path) -> None:
        jobs = self.jobs(shop, lambda: NOON).start()
        threading.Thread(target=jobs.stop).run()
        assert jobs.back_up() is None
        assert nightly_backup.last(data) is None
        assert list((data / "backups").iterdir()) == []


@pytest.mark.wire
def test_a_shop_moves_house_with_its_keys(own_shop: Shop, tmp_path: Path) -> None:
    budi = own_shop.wa.add_customer("Budi")
    budi.send_text("sebelum pindah")
    own_shop.wait_for_text("sebelum pindah")
    assert {process.rlimit(psutil.RLIMIT_CORE) for process in own_shop.processes().values()} == {(0, 0)}
    made = own_shop.command("backup", str(tmp_path / "b.tar"), "--with-session")
    assert made.returncode == 0, made.stderr
    own_shop.stop()
    done = own_shop.command("restore", str(tmp_path / "b.tar"), "--data", str(tmp_path / "new"))
    assert done.returncode == 0, done.stderr
    assert "Never run" in made.stdout
    assert "Never run" in done.stdout
    moved = Shop(own_shop.wa, tmp_path / "new")
    moved.start()
    try:
        moved.wait_for(LinkState.ONLINE)
        budi.send_text("sesudah pindah")
        moved.wait_for_text("sesudah pindah")
        assert moved.texts("Budi") == ["sebelum pindah", "sesudah pindah"]
    finally:
        moved.stop()
        moved.database.close()
