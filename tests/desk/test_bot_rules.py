"""The owner's keyword rules: bad ones are refused and nothing changes, every change is in the log."""

from typing import Any

import pytest

from daemon.desk.bot import rules
from daemon.domain.desk import Action, Actor, FieldError
from daemon.domain.messages import Author
from daemon.store import accounts, audit, bot_rules
from daemon.store.audit import AuditEntry
from daemon.store.bot_rules import BotRule
from tests.support.books import Books, dump
from tests.support.builders import at


class Book:
    """An owner at his list of rules."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.owner = Actor(Author.ADMIN, books.admin("Sari"), "127.0.0.1")

    def save(self, rule_id: int | None = None, **form: Any) -> int:
        values = {"keywords": "ongkir", "answer": "9 ribu", "closes": False, "is_enabled": True} | form
        account_id = values.pop("account_id", self.books.account_id)
        with self.books.database.write() as conn:
            return rules.save(conn, account_id, rule_id, actor=self.owner, now=at(1), **values)

    def move(self, rule_id: int, up: bool) -> bool:
        with self.books.database.write() as conn:
            return rules.move(conn, self.books.account_id, rule_id, up, self.owner, at(2))

    def delete(self, rule_id: int, account_id: int | None = None) -> bool:
        with self.books.database.write() as conn:
            return rules.delete(conn, account_id or self.books.account_id, rule_id, self.owner, at(3))

    def all(self) -> list[BotRule]:
        with self.books.database.read() as conn:
            return bot_rules.listing(conn, self.books.account_id)

    def order(self) -> list[int]:
        return [rule.id for rule in self.all()]

    def log(self) -> list[AuditEntry]:
        with self.books.database.read() as conn:
            return audit.search(conn, self.books.account_id, actions=[Action.SETTING_CHANGED])

    def other_account(self) -> int:
        with self.books.database.write() as conn:
            return accounts.ensure(conn, "second", at(0)).id


@pytest.fixture
def book(books: Books) -> Book:
    return Book(books)


def test_keywords_are_separated_by_commas_or_lines_and_tidied(book: Book) -> None:
    book.save(keywords=" Ongkir, ongkos   kirim\r\nÖNGKIR\n,\nкурьер،شحن ")
    (rule,) = book.all()
    assert rule.keywords == ("Ongkir", "ongkos kirim", "курьер", "شحن")
    assert (rule.answer, rule.closes, rule.is_enabled) == ("9 ribu", False, True)


def test_a_changed_rule_keeps_its_place(book: Book) -> None:
    first, second = book.save(), book.save()
    assert book.save(first, answer="baru\r\nsekali", closes=True, is_enabled=False) == first
    assert book.order() == [first, second]
    rule = book.all()[0]
    assert (rule.answer, rule.closes, rule.is_enabled) == ("baru\nsekali", True, False)


@pytest.mark.parametrize(
    ("form", "field", "reason"),
    [
        ({"keywords": ""}, "keywords", "empty"),
        ({"keywords": " ,\n, "}, "keywords", "empty"),
        ({"keywords": "ongkir, ?!"}, "keywords", "unusable"),
        ({"keywords": "\x00\x01"}, "keywords", "unusable"),
        ({"keywords": "a" * 101}, "keywords", "too_long"),
        ({"keywords": ",".join(f"kata{n}" for n in range(101))}, "keywords", "too_many"),
        ({"keywords": "kata" * 20_000}, "keywords", "too_long"),
        ({"answer": ""}, "answer", "empty"),
        ({"answer": " \x00\n "}, "answer", "empty"),
        ({"answer": "x" * 65_537}, "answer", "too_long"),
        ({}, "rule", "unknown"),
    ],
)
def test_a_bad_rule_is_refused_and_nothing_changes(
    book: Book, form: dict[str, Any], field: str, reason: str
) -> None:
    rule_id = book.save()
    before = dump(book.books.database)
    for given in [999] if field == "rule" else [rule_id, None]:
        with pytest.raises(FieldError) as refused:
            book.save(given, **form)
        assert (refused.value.field, refused.value.reason) == (field, reason)
    assert dump(book.books.database) == before


def test_the_longest_answer_is_kept(book: Book) -> None:
    book.save(answer="x" * 65_536)
    assert len(book.all()[0].answer) == 65_536


def test_two_hundred_rules_are_the_most(book: Book) -> None:
    rule_ids = [book.save() for _ in range(rules.MOST_RULES)]
    with pytest.raises(FieldError, match="rule: too_many"):
        book.save()
    book.save(rule_ids[0], answer="masih bisa diubah")
    book.delete(rule_ids[1])
    book.save()


def test_rules_change_places_with_their_neighbours(book: Book) -> None:
    a, b, c = book.save(), book.save(), book.save()
    assert book.move(c, up=True)
    assert book.order() == [a, c, b]
    assert book.move(a, up=False)
    assert book.order() == [c, a, b]
    before = dump(book.books.database)
    assert not book.move(c, up=True)
    assert not book.move(b, up=False)
    assert not book.move(999, up=True)
    assert dump(book.books.database) == before


def test_a_new_rule_comes_last_even_after_a_deletion(book: Book) -> None:
    a, b = book.save(), book.save()
    assert book.delete(a)
    assert not book.delete(a)
    c = book.save()
    assert book.order() == [b, c]


def test_another_accounts_rule_is_out_of_reach(book: Book) -> None:
    theirs = book.save(account_id=book.other_account())
    before = dump(book.books.database)
    with pytest.raises(FieldError, match="rule: unknown"):
        book.save(theirs)
    assert not book.delete(theirs)
    assert not book.move(theirs, up=True)
    assert dump(book.books.database) == before


def test_every_change_is_in_the_log_with_what_was_before(book: Book) -> None:
    rule_id = book.save()
    book.save(rule_id)  # nothing new
    book.save(rule_id, answer="10 ribu")
    book.delete(rule_id)
    deleted, changed, added = book.log()
    assert (added.admin_name, added.address) == ("Sari", "127.0.0.1")
    assert added.detail["name"] == "bot_rule"
    assert (added.detail["rule"], added.detail["before"]) == (rule_id, None)
    assert added.detail["after"]["keywords"] == ["ongkir"]
    assert (changed.detail["before"]["answer"], changed.detail["after"]["answer"]) == ("9 ribu", "10 ribu")
    assert (deleted.detail["before"]["answer"], deleted.detail["after"]) == ("10 ribu", None)
