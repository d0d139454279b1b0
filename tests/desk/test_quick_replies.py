"""Quick replies: the team's and one's own, each shortcut once, nobody's touched by another."""

import pytest

from daemon.desk import quick_replies as desk_quick_replies
from daemon.domain.desk import Action, Actor, FieldError
from daemon.domain.messages import Author
from daemon.domain.placeholders import fill
from daemon.store import audit
from daemon.store import quick_replies as store_quick_replies
from tests.support.books import Books, dump
from tests.support.builders import NOON


@pytest.fixture
def sari(books: Books) -> Actor:
    return Actor(Author.ADMIN, books.admin("Sari"))


@pytest.fixture
def budi(books: Books) -> Actor:
    return Actor(Author.ADMIN, books.admin("Budi"))


def save(
    books: Books,
    who: Actor,
    shortcut: str = "halo",
    text: str = "Halo kak",
    own: bool = False,
    quick_reply_id: int | None = None,
) -> int:
    admin_id = who.admin_id if own else None
    with books.database.write() as conn:
        return desk_quick_replies.save(conn, books.account_id, quick_reply_id, admin_id, shortcut, text, who, NOON)


def listed(books: Books, who: Actor) -> list[tuple[str, str]]:
    assert who.admin_id is not None
    with books.database.read() as conn:
        return [
            (one.shortcut, one.text) for one in store_quick_replies.listing(conn, books.account_id, who.admin_id)
        ]


def test_everybody_sees_the_teams_and_his_own(books: Books, sari: Actor, budi: Actor) -> None:
    save(books, sari, "/Harga", "Mulai 10 ribu")
    save(books, sari, "alamat", "Jl. Melati 5", own=True)
    save(books, budi, "harga", "punyaku", own=True)
    assert listed(books, sari) == [("alamat", "Jl. Melati 5"), ("harga", "Mulai 10 ribu")]
    assert listed(books, budi) == [("harga", "punyaku"), ("harga", "Mulai 10 ribu")]


def test_a_shortcut_is_taken_once_among_its_own(books: Books, sari: Actor) -> None:
    first = save(books, sari, "harga")
    other = save(books, sari, "ongkir")
    with pytest.raises(FieldError) as error:
        save(books, sari, "HARGA")
    assert (error.value.field, error.value.reason) == ("shortcut", "taken")
    with pytest.raises(FieldError):
        save(books, sari, "harga", quick_reply_id=other)
    assert save(books, sari, "harga", "baru", quick_reply_id=first) == first
    save(books, sari, "harga", own=True)
    with pytest.raises(FieldError):
        save(books, sari, "harga", own=True)


def test_nobody_changes_or_deletes_anothers(books: Books, sari: Actor, budi: Actor) -> None:
    hers = save(books, sari, "rahasia", own=True)
    before = dump(books.database)
    for quick_reply_id in (hers, 999):
        with pytest.raises(FieldError) as error:
            save(books, budi, "lain", quick_reply_id=quick_reply_id)
        assert (error.value.field, error.value.reason) == ("quick_reply", "unknown")
        with books.database.write() as conn:
            assert not desk_quick_replies.delete(conn, books.account_id, quick_reply_id, budi, NOON)
            assert not desk_quick_replies.delete(conn, 99, quick_reply_id, sari, NOON)
    with pytest.raises(FieldError), books.database.write() as conn:
        desk_quick_replies.save(conn, books.account_id, None, sari.admin_id, "x", "y", budi, NOON)
    assert dump(books.database) == before
    with books.database.write() as conn:
        assert desk_quick_replies.delete(conn, books.account_id, hers, sari, NOON)
    assert listed(books, sari) == []


@pytest.mark.parametrize(
    ("shortcut", "text", "field", "reason"),
    [
        ("", "x", "shortcut", "empty"),
        ("/", "x", "shortcut", "empty"),
        ("dua kata", "x", "shortcut", "format"),
        ("a/b", "x", "shortcut", "format"),
        ("a" * 33, "x", "shortcut", "too_long"),
        ("a", " \x00", "text", "empty"),
        ("a", "x" * 65_537, "text", "too_long"),
    ],
)
def test_bad_input_is_refused_by_field(
    books: Books, sari: Actor, shortcut: str, text: str, field: str, reason: str
) -> None:
    before = dump(books.database)
    with pytest.raises(FieldError) as error:
        save(books, sari, shortcut, text)
    assert (error.value.field, error.value.reason) == (field, reason)
    assert dump(books.database) == before


def test_the_log_knows_about_the_teams_but_not_about_ones_own(books: Books, sari: Actor) -> None:
    quick_reply_id = save(books, sari, "harga")
    save(books, sari, "harga2", quick_reply_id=quick_reply_id)
    save(books, sari, "ku", own=True)
    with books.database.write() as conn:
        desk_quick_replies.delete(conn, books.account_id, quick_reply_id, sari, NOON)
        entries = audit.search(conn, books.account_id)
    assert {e.action for e in entries} == {Action.SETTING_CHANGED}
    assert [(e.detail["before"], e.detail["after"]) for e in reversed(entries)] == [
        (None, "harga"),
        ("harga", "harga2"),
        ("harga2", None),
    ]


def test_placeholders_are_filled_and_other_braces_stay() -> None:
    text = "Halo {name}, ini {admin} dari {shop}. Buka {hours}. {kode}"
    filled = fill(text, name="Budi", shop="Toko Sari", hours="08:00–17:00", admin="Sari")
    assert filled == "Halo Budi, ini Sari dari Toko Sari. Buka 08:00–17:00. {kode}"
