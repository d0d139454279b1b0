"""The bot's page: its texts, its rules in their order, and the try-out that says why."""

import re

from daemon.desk import settings
from daemon.desk.bot import rules
from daemon.desk.bot.decide import Why
from daemon.domain.desk import Actor
from daemon.domain.hours import Hours, Span
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.store import bot_rules
from daemon.store.bot_rules import BotRule
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from webui.pages.bot_preview import REASONS

TEXTS = {
    "bot": "1",
    "greeting": "Halo {name}!",
    "away": "Kami tutup.",
    "busy": "",
    "again_after": "24",
    "grace": "5",
    "too_old": "10",
}
RULE = {"keywords": "harga, Daftar Harga", "answer": "Mulai 10.000, {name}", "is_enabled": "1"}


def every(shop: StaffedBooks) -> list[BotRule]:
    with shop.database.read() as conn:
        return bot_rules.listing(conn, shop.account_id)


def add_rule(shop: StaffedBooks, keywords: str, closes: bool = False) -> int:
    actor = Actor(Author.ADMIN, shop.sari.id)
    rule_id: int = shop.write(
        lambda conn: rules.save(
            conn, shop.account_id, None, keywords, f"about {keywords}", closes, True, actor, utc_now()
        )
    )
    return rule_id


def choose(shop: StaffedBooks, **values: object) -> None:
    actor = Actor(Author.ADMIN, shop.sari.id)
    shop.write(lambda conn: settings.save(conn, shop.account_id, values, actor, utc_now()))


def test_what_the_bot_says_is_kept(sari: Visitor, shop: StaffedBooks) -> None:
    assert sari.post("/settings/bot", TEXTS).status_code == 303
    with shop.database.read() as conn:
        chosen = settings.load(conn, shop.account_id)
    assert (chosen.bot, chosen.greeting, chosen.busy, chosen.again_after) == (True, "Halo {name}!", "", 24)
    assert "Halo {name}!" in sari.get("/settings/bot").text


def test_unusable_choices_are_said_beside_their_field(sari: Visitor, shop: StaffedBooks) -> None:
    for field, typed in (
        ("greeting", "x" * 4001),
        ("grace", "601"),
        ("too_old", "0"),
        ("again_after", "often"),
    ):
        answer = sari.post("/settings/bot", TEXTS | {field: typed})
        assert answer.status_code == 422
        assert f'id="error-{field}"' in answer.text
        assert "Kami tutup." in answer.text
        with shop.database.read() as conn:
            assert not settings.load(conn, shop.account_id).bot


def test_a_rule_is_added_changed_and_deleted(sari: Visitor, shop: StaffedBooks) -> None:
    assert sari.post("/settings/bot/rules/new", RULE).status_code == 303
    rule = every(shop)[0]
    assert (rule.keywords, rule.closes, rule.is_enabled) == (("harga", "Daftar Harga"), False, True)
    form = sari.get(f"/settings/bot/rules/{rule.id}").text
    assert "harga, Daftar Harga" in form
    sari.post(f"/settings/bot/rules/{rule.id}", {"keywords": "price", "answer": "From 10", "closes": "1"})
    changed = every(shop)[0]
    assert (changed.keywords, changed.closes, changed.is_enabled) == (("price",), True, False)
    assert "Switched off" in sari.get("/settings/bot").text
    assert sari.post(f"/settings/bot/rules/{rule.id}/delete").status_code == 303
    assert every(shop) == []


def test_a_mistake_in_a_rule_loses_nothing(sari: Visitor, shop: StaffedBooks) -> None:
    for field, typed in (
        ("keywords", " , "),
        ("keywords", "?!"),
        ("keywords", "x" * 101),
        ("answer", ""),
        ("answer", "x" * 70_000),
    ):
        answer = sari.post("/settings/bot/rules/new", RULE | {field: typed})
        assert answer.status_code == 422
        assert f'id="error-{field}"' in answer.text
        assert typed in answer.text
        assert re.search(r'name="is_enabled"[^>]*checked', answer.text)
        assert every(shop) == []


def test_rules_change_places(sari: Visitor, shop: StaffedBooks) -> None:
    first, second = add_rule(shop, "harga"), add_rule(shop, "alamat")
    sari.post(f"/settings/bot/rules/{second}/up")
    assert [rule.id for rule in every(shop)] == [second, first]
    sari.post(f"/settings/bot/rules/{second}/down")
    assert [rule.id for rule in every(shop)] == [first, second]
    assert sari.post(f"/settings/bot/rules/{second}/sideways").status_code == 404


def test_a_rule_that_is_gone_is_not_found(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    rule_id = add_rule(shop, "harga")
    for path in ("", "/delete", "/up"):
        assert sari.post(f"/settings/bot/rules/{rule_id + 1}{path}", RULE).status_code == 404
        assert budi.post(f"/settings/bot/rules/{rule_id}{path}", RULE).status_code == 403
    assert sari.get(f"/settings/bot/rules/{rule_id + 1}").status_code == 404
    assert len(every(shop)) == 1


def result(visitor: Visitor, text: str, at: str = "2026-11-23T10:00", **boxes: str) -> str:
    answer = visitor.post("/settings/bot/test", {"text": text, "at": at, **boxes})
    assert answer.status_code == 200
    return answer.text[answer.text.index("data-result") :]


def test_the_try_out_shows_the_rule_that_speaks_and_why(sari: Visitor, shop: StaffedBooks) -> None:
    choose(shop, bot=True, greeting="Halo {name}!")
    add_rule(shop, "alamat")
    add_rule(shop, "harga", closes=True)
    before = shop.sizes()
    shown = result(sari, "Berapa HARGA-nya?", is_new="1")
    assert "about harga" in shown
    assert "Answers completely" in shown
    assert "None of its words is in the text." in shown
    assert "“harga” is in the text." in shown
    assert shop.sizes() == before


def test_the_try_out_knows_the_hour_the_contact_and_who_is_here(sari: Visitor, shop: StaffedBooks) -> None:
    week = ((Span(480, 1020),),) * 7
    choose(shop, bot=True, greeting="Halo {name}!", away="Tutup.", busy="Sibuk.", hours=Hours(week))
    assert "Halo Ratna!" in result(sari, "pagi", is_new="1")
    assert "Sibuk." in result(sari, "pagi", is_new="1", nobody="1")
    assert "Tutup." in result(sari, "pagi", "2026-11-23T20:00", nobody="1")
    silent = result(sari, "pagi")
    assert "The bot says nothing." in silent
    assert "The customer has written before." in silent


def test_every_reason_has_a_sentence() -> None:
    assert set(REASONS) == set(Why)


def test_the_try_out_says_that_the_bot_is_off(sari: Visitor, shop: StaffedBooks) -> None:
    shown = result(sari, "pagi", is_new="1")
    assert "The bot says nothing." in shown
    assert "The bot is off." in shown


def test_the_try_out_needs_a_text_and_a_time(sari: Visitor) -> None:
    for text, at in (
        ("", "2026-11-23T10:00"),
        ("pagi", "tomorrow"),
        ("pagi", "9999-01-01T10:00"),
    ):
        answer = sari.post("/settings/bot/test", {"text": text, "at": at})
        assert answer.status_code == 422
        assert "data-result" not in answer.text
