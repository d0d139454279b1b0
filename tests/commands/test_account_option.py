"""Which of several accounts a command is about, and what it does to the others: nothing."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest

from daemon.commands.opening import chosen, chosen_or_new
from daemon.config import Config
from daemon.domain.account_names import BadName, parse_name
from daemon.domain.links import LinkReason, LinkState
from daemon.store import accounts, links
from daemon.store.engine import Database
from daemon.supervisor.session_watch import SessionWatch
from tests.support.books import Books
from tests.support.builders import NOON, both
from tests.support.command_line import balas, refused


def names(books: Books) -> list[str]:
    """What the accounts are called, oldest first."""
    with books.database.read() as conn:
        return [one.name for one in accounts.every(conn)]


def choose(books: Books, name: str | None, *, new: bool = False) -> str:
    """The name of the account that a command would be about."""
    with books.database.write() as conn:
        return (chosen_or_new if new else chosen)(conn, name).name


def test_without_a_name_it_is_main_or_the_only_one(books: Books) -> None:
    assert choose(books, None) == "main"
    with books.database.write() as conn:
        accounts.rename(conn, books.account_id, "Toko Kita", NOON)
    assert choose(books, None) == "Toko Kita"
    # what is meant to link an account makes no second one by itself
    assert choose(books, None, new=True) == "Toko Kita"
    assert names(books) == ["Toko Kita"]


def test_of_several_one_has_to_be_named_however_it_is_written(books: Books) -> None:
    assert choose(books, "Toko  Dua", new=True) == "Toko Dua"
    assert choose(books, None) == "main"
    with books.database.write() as conn:
        accounts.rename(conn, books.account_id, "Toko Satu", NOON)
    for new in (False, True):
        with pytest.raises(click.ClickException, match=r"several numbers.*Toko Satu, Toko Dua"):
            choose(books, None, new=new)
    assert choose(books, " toko   DUA ", new=True) == "Toko Dua"
    assert names(books) == ["Toko Satu", "Toko Dua"]


def test_only_linking_makes_an_account(books: Books) -> None:
    with pytest.raises(click.ClickException, match=r"no number called Toko Dua.*main"):
        choose(books, "Toko Dua")
    assert names(books) == ["main"]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        (" \t\n", "empty"),
        ("x" * 41, "too_long"),
        ("0812 3456", "letters"),
        ("a\u202eb", "characters"),
    ],
)
def test_a_name_that_will_not_do_is_said_and_makes_nothing(books: Books, typed: str, reason: str) -> None:
    with pytest.raises(BadName) as raised:
        parse_name(typed)
    assert raised.value.reason == reason
    with pytest.raises(click.ClickException, match=r"name"):
        choose(books, typed, new=True)
    assert names(books) == ["main"]


@pytest.mark.parametrize("typed", ["Toko Kita", "Кафе", "店 2", "R&D (2)", "Toko Ibu 👩‍🍳", "x" * 40])
def test_names_of_every_script_are_fine(typed: str) -> None:
    assert parse_name(typed) == typed


@pytest.fixture
def two(tmp_path: Path, migrated_file: Path) -> Iterator[tuple[Path, Books, Books]]:
    """A data folder with two accounts that the same customer has written to."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "balas.db").write_bytes(migrated_file.read_bytes())
    (data / "balas.db").chmod(0o600)
    database = Database(f"sqlite:///{data / 'balas.db'}")
    first, second = Books(database), Books(database)
    with database.write() as conn:
        second.account_id = accounts.add(conn, "Toko Dua", NOON).id
    for place, text in ((first, "untuk satu"), (second, "untuk dua")):
        place.message(place.conversation(both("900", "62819990001")), text)
    yield data, first, second
    database.close()


def test_one_accounts_conversations_are_exported(two: tuple[Path, Books, Books], tmp_path: Path) -> None:
    data, _first, second = two
    done = balas(data, "export", str(tmp_path / "out"), "--account", "toko dua")
    assert done.returncode == 0, done.stderr
    for name in ("conversations", "messages"):
        lines = (tmp_path / "out" / f"{name}.jsonl").read_text().splitlines()
        assert [json.loads(line)["account"] for line in lines] == [second.account_id]
    refused(balas(data, "export", str(tmp_path / "other"), "--account", "Toko Tiga"), "Toko Tiga", "Toko Dua")
    assert not (tmp_path / "other").exists()


def test_a_customer_of_two_accounts_is_forgotten_in_the_one_that_is_named(two: tuple[Path, Books, Books]) -> None:
    data, first, second = two
    refused(balas(data, "forget", "0819 990 001", "--yes"), "several numbers", "main, Toko Dua")
    done = balas(data, "forget", "0819 990 001", "--yes", "--account", "Toko Dua")
    assert "Erased 1 messages" in done.stdout
    with first.database.read() as conn:
        texts = conn.exec_driver_sql("SELECT text FROM message WHERE text IS NOT NULL").scalars().all()
    assert texts == ["untuk satu"]
    # now there is only one such customer left
    assert "Erased 1 messages" in balas(data, "forget", "0819 990 001", "--yes").stdout
    assert second.account_id != first.account_id


def test_a_second_link_that_was_killed_before_it_ended_itself_loses_its_keys(
    two: tuple[Path, Books, Books],
) -> None:
    data, first, second = two
    account_id = second.account_id
    config = Config.from_env({"BALAS_DATA": str(data), "BALAS_PORT": "9"})
    watch = SessionWatch(config, first.database, account_id, lambda: NOON)
    with first.database.write() as conn:
        links.change(conn, account_id, NOON, pair_until=NOON + timedelta(minutes=1))
    watch.look()
    assert watch.child is not None
    watch.child.kill()
    watch.child.wait(10)
    keys = data / "keys" / f"session-{account_id}.db"
    keys.parent.mkdir(mode=0o700, exist_ok=True)
    keys.touch(mode=0o600)
    with first.database.write() as conn:
        links.set_state(conn, account_id, LinkState.PAIRING, NOON, pair_until=None)
        links.set_state(conn, account_id, LinkState.LINKING, NOON, LinkReason.SAME_NUMBER)
    watch.look()
    assert not keys.exists()
    with first.database.read() as conn:
        link = links.get(conn, account_id)
    assert (link.state, link.reason) == (LinkState.UNLINKED, LinkReason.SAME_NUMBER)
    assert watch.child is None
