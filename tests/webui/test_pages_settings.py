"""The owner's settings: desk, opening hours, rating. Bad input is said beside its field and loses nothing."""

import re
from dataclasses import fields
from datetime import date

from daemon.config import Config
from daemon.desk import settings
from daemon.desk.settings import DeskSettings
from daemon.domain.desk import Action, Assign
from daemon.domain.field_types import NumberField
from daemon.domain.hours import Hours, Span
from daemon.store import audit
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from webui.pages import audit_sentences

DESK = {
    "assign": "round_robin",
    "most_conversations": "7",
    "largest_upload": "16",
    "return_after": "20",
    "alarm_after": "0",
    "keep_days": "365",
    "automatic_texts": "Halo, kami\r\nsegera balas.\r\n---\r\nToko tutup.",
}
RATING = {"rating": "1", "rating_question": "1 sampai 5?", "rating_thanks": "", "rating_within": "60"}
OWNER_PAGES = (
    "/settings/desk",
    "/settings/hours",
    "/settings/rating",
    "/settings/bot",
    "/settings/bot/rules/new",
    "/settings/bot/test",
    "/settings/log",
)


def chosen(shop: StaffedBooks) -> DeskSettings:
    with shop.database.read() as conn:
        return settings.load(conn, shop.account_id)


def changed(shop: StaffedBooks) -> list[str]:
    with shop.database.read() as conn:
        return [e.detail["name"] for e in audit.search(conn, shop.account_id, actions=[Action.SETTING_CHANGED])]


def is_marked(page: str, field: str) -> bool:
    return bool(re.search(rf'name="{field}"[^>]*aria-invalid="true"', page)) and f'id="error-{field}"' in page


def test_settings_are_the_owners(stranger: Visitor, sari: Visitor, budi: Visitor) -> None:
    for path in OWNER_PAGES:
        assert stranger.get(path).status_code == 302, path
        assert budi.get(path).status_code == 403, path
        assert sari.get(path).status_code == 200, path
    for path in OWNER_PAGES[:-1]:
        assert budi.post(path).status_code == 403, path


def test_the_menu_leads_everybody_to_what_he_may_set(sari: Visitor, budi: Visitor) -> None:
    assert sari.get("/settings").location == "/settings/desk"
    assert budi.get("/settings").location == "/settings/quick-replies"
    assert "/settings/log" in sari.get("/settings/quick-replies").text
    assert "/settings/log" not in budi.get("/settings/quick-replies").text


def test_every_page_of_the_settings_marks_its_own_tab_and_the_menu(sari: Visitor) -> None:
    for path, tab in (
        ("/settings/desk", "Desk"),
        ("/settings/hours", "Opening hours"),
        ("/settings/bot", "Bot"),
        ("/settings/bot/rules/new", "Bot"),
        ("/settings/bot/test", "Bot"),
        ("/settings/quick-replies", "Quick replies"),
        ("/settings/rating", "Rating"),
        ("/settings/alerts", "Alerts"),
        ("/settings/log", "Log"),
    ):
        marked = re.findall(r'<a [^>]*aria-current="page">(.*?)</a>', sari.get(path).text)
        assert [re.sub("<.*?>", "", words) for words in marked] == ["Settings", tab], path


def test_the_rules_of_the_desk_are_kept_and_written_into_the_log(sari: Visitor, shop: StaffedBooks) -> None:
    answer = sari.post("/settings/desk", DESK | {"strict": "1"})
    assert (answer.status_code, answer.location) == (303, "/settings/desk")
    assert chosen(shop) == DeskSettings(
        strict=True,
        show_typing=False,
        mark_read=False,
        profile_pictures=False,
        largest_upload=16,
        assign=Assign.ROUND_ROBIN,
        most_conversations=7,
        return_after=20,
        alarm_after=0,
        keep_days=365,
        automatic_texts=("Halo, kami\nsegera balas.", "Toko tutup."),
    )
    # what stayed as it was is no news
    assert set(changed(shop)) == {
        "strict",
        "show_typing",
        "mark_read",
        "profile_pictures",
        "largest_upload",
        "assign",
        "most_conversations",
        "return_after",
        "alarm_after",
        "keep_days",
        "automatic_texts",
    }
    page = sari.get("/settings/desk").text
    assert page.count("Saved.") == 1
    assert "Saved." not in sari.get("/settings/desk").text
    assert "Halo, kami\nsegera balas.\n---\nToko tutup." in page
    sari.post("/settings/desk", DESK)
    assert not chosen(shop).strict


def test_an_unusable_rule_is_said_beside_its_field(sari: Visitor, shop: StaffedBooks) -> None:
    for field, typed in (
        ("most_conversations", "0"),
        ("most_conversations", "many"),
        ("return_after", "-1"),
        ("return_after", "1441"),
        ("alarm_after", ""),
        ("alarm_after", "٣"),
        ("alarm_after", "9" * 5000),
        ("automatic_texts", "x" * 4001),
        ("automatic_texts", "x" * 70_000),
        ("automatic_texts", "\n---\n".join(map(str, range(51)))),
    ):
        answer = sari.post("/settings/desk", DESK | {field: typed})
        assert answer.status_code == 422
        assert is_marked(answer.text, field)
        assert typed.replace("\r\n", "\n") in answer.text
        assert 'value="7"' in answer.text or field == "most_conversations"
        assert chosen(shop) == DeskSettings()


def test_every_choice_is_on_a_page_and_has_a_name_in_the_log(sari: Visitor) -> None:
    pages = "".join(sari.get(f"/settings/{name}").text for name in ("desk", "bot", "rating"))
    for field in fields(DeskSettings):
        assert field.name in audit_sentences.SETTINGS
        assert f'name="{field.name}"' in pages or field.name == "hours"


def test_a_number_keeps_to_the_bounds_beside_its_default(sari: Visitor, shop: StaffedBooks) -> None:
    for name, field in settings.FIELDS.items():
        if not isinstance(field, NumberField):
            continue
        path = f"/settings/{field.page}"
        page = sari.get(path).text
        assert re.search(rf'name="{name}"[^>]*min="{field.low}" max="{field.high}"', page), name
        assert f'<label for="f-{name}">{field.label}</label>' in page
        for typed in (field.low - 1, field.high + 1):
            said = f"Write a whole number from {field.low} to {field.high}."
            assert said in sari.post(path, {name: str(typed)}).text
    assert chosen(shop) == DeskSettings()


def test_an_unknown_way_to_hand_out_chats_is_refused(sari: Visitor, shop: StaffedBooks) -> None:
    assert sari.post("/settings/desk", DESK | {"assign": "by_horoscope"}).status_code == 422
    assert chosen(shop) == DeskSettings()


def test_opening_hours_are_kept_as_people_write_them(sari: Visitor, shop: StaffedBooks) -> None:
    typed = {"day0": "8.00–12.00; 13:30-17", "day5": "09:00-14:00", "holidays": "25/12/2026\r\n\r\n2027-01-01"}
    assert sari.post("/settings/hours", typed).status_code == 303
    hours = chosen(shop).hours
    assert hours.week[0] == (Span(480, 720), Span(810, 1020))
    assert hours.week[1] == ()
    assert hours.week[5] == (Span(540, 840),)
    assert hours.holidays == {date(2026, 12, 25), date(2027, 1, 1)}
    page = sari.get("/settings/hours").text
    assert "08:00-12:00, 13:30-17:00" in page
    assert "25/12/2026\n01/01/2027" in page
    assert "Asia/Jakarta" in page


def test_a_shop_without_hours_is_always_open(sari: Visitor, shop: StaffedBooks) -> None:
    sari.post("/settings/hours", {"day0": "08:00-12:00"})
    sari.post("/settings/hours", {f"day{n}": " " for n in range(7)})
    assert chosen(shop).hours == Hours()
    assert "The shop is open now." in sari.get("/settings/hours").text


def test_unusable_hours_are_said_beside_their_field(sari: Visitor, shop: StaffedBooks) -> None:
    for field, typed, said in (
        ("day2", "8 to 12", "Write it like"),
        ("day2", "17:00-08:00", "ends after it begins"),
        ("day2", "08:00-12:00, 11:00-13:00", "overlap"),
        ("day2", "1-2," * 100, "Write it like"),
        ("holidays", "31/02/2026", "“31/02/2026” is no date"),
        ("holidays", "Christmas", "“Christmas” is no date"),
        ("holidays", "x" * 70_000, "characters at most"),
    ):
        answer = sari.post("/settings/hours", {"day0": "08:00-12:00", field: typed})
        assert answer.status_code == 422
        assert is_marked(answer.text, field)
        assert said in answer.text
        assert 'value="08:00-12:00"' in answer.text
        assert typed in answer.text
        assert chosen(shop).hours == Hours()


def test_asking_for_a_rating_needs_a_question(sari: Visitor, shop: StaffedBooks) -> None:
    assert sari.post("/settings/rating", RATING).status_code == 303
    assert chosen(shop).rating_question == "1 sampai 5?"
    answer = sari.post("/settings/rating", RATING | {"rating_question": " \x00 ", "rating_thanks": "makasih"})
    assert answer.status_code == 422
    assert is_marked(answer.text, "rating_question")
    assert "makasih" in answer.text
    assert chosen(shop).rating_thanks == ""
    assert sari.post("/settings/rating", {"rating_within": "60"}).status_code == 303
    assert not chosen(shop).rating


def test_what_is_typed_is_text_and_never_markup(sari: Visitor) -> None:
    page = sari.post("/settings/rating", RATING | {"rating_question": "</textarea><script>", "rating_within": "x"})
    assert "<script>" not in page.text
    assert "&lt;/textarea&gt;&lt;script&gt;" in page.text


def test_the_page_says_how_much_room_is_taken_and_how_much_is_left(sari: Visitor, config: Config) -> None:
    folder = config.data / "media" / "1"
    folder.mkdir(parents=True)
    (folder / "7.jpg").write_bytes(bytes(2_500_000))
    page = " ".join(re.sub("<[^>]+>", " ", sari.get("/settings/desk").text).split())
    assert "Files from customers 2.5 MB" in page
    assert "Files to customers 0 KB" in page
    assert "Files may take at most" in page
    assert "Free on this disk" in page
