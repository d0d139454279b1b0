"""A database that is damaged, or has no room left."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from auth_store.files import session_file
from daemon.domain.links import LinkReason, LinkState
from daemon.store import accounts, links
from daemon.store.engine import Database
from daemon.store.integrity import DatabaseDamaged, check, looks_sound
from tests.support.books import Books
from tests.support.builders import NOON
from tests.support.shop import Shop, open_shop
from tests.support.waiting import wait_until
from tests.whatsapp_server import WhatsAppServer

PAGE = 4096


def scribble(path: str) -> bytes:
    """Overwrite pages in the middle of the file; gives what it holds then."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(path, "r+b") as file:
        file.seek(8 * PAGE)
        file.write(os.urandom(4 * PAGE))
    return Path(path).read_bytes()


def test_a_sound_database_is_sound(books: Books) -> None:
    check(books.database)


def test_a_damaged_page_is_noticed(books: Books) -> None:
    scribble(books.database.path)
    with pytest.raises(DatabaseDamaged, match="is damaged and was left as it is"):
        check(books.database)


def test_what_is_no_database_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "balas.db"
    path.write_text("this is a letter, not a database " * 100)
    with pytest.raises(DatabaseDamaged):
        check(Database(f"sqlite:///{path}"))


def test_the_daemon_does_not_touch_a_damaged_database(tmp_path: Path) -> None:
    with WhatsAppServer() as wa:
        shop = Shop(wa, tmp_path / "shop")
        shop.database.close()
        before = scribble(shop.database.path)
        result = shop.command("run")
    assert (result.returncode, "is damaged and was left as it is" in result.stderr) == (1, True), result.stderr
    assert Path(shop.database.path).read_bytes() == before


@pytest.mark.parametrize("place", [0, 8])
def test_keys_that_are_damaged_are_seen(tmp_path: Path, place: int) -> None:
    path = tmp_path / "session-1.db"
    path.touch()
    assert looks_sound(path)
    with closing(sqlite3.connect(path)) as conn:
        for i in range(40):
            conn.execute(f"CREATE TABLE t{i} (x)")
        conn.commit()
    assert looks_sound(path)
    with path.open("r+b") as file:
        file.seek(place * PAGE)
        file.write(os.urandom(4 * PAGE))
    assert not looks_sound(path)
    # too large to be read at each start: what its beginning shows
    os.truncate(path, 64_000_000)
    assert looks_sound(path) == (place > 0)


def test_the_session_does_not_open_damaged_keys_and_says_so(books: Books, tmp_path: Path) -> None:
    data = Path(books.database.path).parent
    with books.database.write() as conn:
        accounts.set_identity(conn, books.account_id, "62899", "118", 1, NOON)
    file = session_file(data, books.account_id)
    with closing(sqlite3.connect(file)) as conn:
        for i in range(40):
            conn.execute(f"CREATE TABLE t{i} (x)")
        conn.commit()
    before = scribble(str(file))
    settings = {"BALAS_DATA": str(data), "DATABASE_URL": books.database.url, "NEONIZE_BOT_TAG": "off"}
    command = [sys.executable, "-m", "daemon.session", "--account", str(books.account_id)]
    ended = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, "damaged" in ended.stderr, "Traceback" in ended.stderr) == (0, True, False)
    assert file.read_bytes() == before
    with books.database.read() as conn:
        link = links.get(conn, books.account_id)
    assert (link.state, link.reason) == (LinkState.OFFLINE, LinkReason.KEYS_DAMAGED)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for little."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", folder], capture_output=True)
    if made.returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_stops_receiving_until_there_is_room_again(small_disk: Path) -> None:
    with open_shop(small_disk) as shop:
        customer = shop.wa.add_customer("Budi")
        customer.send_text("sebelum")
        shop.wait_for_text("sebelum")
        filler = small_disk / "film.mp4"
        filler.write_bytes(bytes(125 * 1024**2))
        wait_until(lambda: shop.link().reason == LinkReason.DISK_FULL, what="word of the full disk")
        assert shop.link().state == LinkState.OFFLINE
        customer.send_text("selama penuh")
        wait_until(lambda: shop.pid("session") is None, what="the session's end")
        # nobody acknowledges it: it waits at WhatsApp
        wait_until(lambda: shop.wa.waiting() >= 1, what="a message that waits")
        filler.unlink()
        shop.wait_for(LinkState.ONLINE)
        shop.wait_for_text("selama penuh")
        assert shop.texts("Budi") == ["sebelum", "selama penuh"]
