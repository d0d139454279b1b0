"""Every language, complete; sentences for every state of the link."""

import re
import subprocess
import sys
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import Babel
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.links import LinkReason, LinkState
from daemon.domain.sentences.link import FALLBACKS, SENTENCES, sentence
from daemon.i18n.catalogue import catalogue, translate
from daemon.i18n.languages import LANGUAGES, SOURCE
from webui.base.formatting import clock_time, decimal, phone, size

ROOT = Path(__file__).parents[2]
SOURCES = ("webui", "daemon")
TRANSLATED = sorted(set(LANGUAGES) - {SOURCE})
# The same word in the language as in English.
SHARED = {"id": {"Bot", "Video", "Audio", "WhatsApp"}}


def msgids() -> set[str]:
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    found: set[str] = set()
    for folder in SOURCES:
        for _file, _line, msgid, _comments, _context in extract_from_dir(str(ROOT / folder), methods):
            found.add(msgid if isinstance(msgid, str) else msgid[0])
    return found


def translation(language: str) -> Catalog:
    with (ROOT / f"daemon/i18n/translations/{language}/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_has_its_translation(language: str) -> None:
    texts = {m.id if isinstance(m.id, str) else m.id[0]: m.string for m in translation(language) if m.id}
    used = msgids()
    assert {text for text in used if not texts.get(text)} == set()
    assert set(texts) - used == set()
    assert {text for text, said in texts.items() if said == text} == SHARED.get(language, set())


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_their_placeholders(language: str) -> None:
    for message in translation(language):
        if message.id:
            assert [str(error) for error in message.check()] == []
            said = message.string if isinstance(message.string, str) else str(message.string)
            asked = message.id if isinstance(message.id, str) else message.id[0]
            assert ("{n}" in asked) == ("{n}" in said)


_WAY_ROUND = re.compile(
    r"code by phone|phone number|eight|letters|switch|turn|delet|remov"
    r"|kode lewat|nomor telepon|delapan|huruf|matikan|hapus|copot"
)


def ways_round_a_passkey(text: str) -> list[str]:
    """What a text about a passkey recommends of that which can't work: WhatsApp asks there, too."""
    if "passkey" not in text:
        return []
    parts = re.split(r"(?<=[.;:])\s", text)
    return [part for part in parts if _WAY_ROUND.search(part) and not re.search("Neither|tidak membantu", part)]


def test_no_text_recommends_what_cannot_get_round_a_passkey() -> None:
    texts = [str(text) for message in translation("id") for text in (message.id, message.string)]
    about = [text for text in texts if "passkey" in text]
    assert about
    assert [part for text in about for part in ways_round_a_passkey(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_and_reason_has_three_sentences(language: str) -> None:
    say = translate(language)
    for state, reason in product(LinkState, LinkReason):
        words = sentence(state, reason)
        for text in (words.happened, words.works, words.todo):
            assert len(say(text)) > 10
            assert say(text).endswith(".")
            assert (say(text) == text) == (language == SOURCE)


def test_every_state_has_a_fallback_and_every_reason_is_said_somewhere() -> None:
    assert set(FALLBACKS) == set(LinkState)
    assert {reason for _, reason in SENTENCES} == set(LinkReason)


def test_texts_need_no_flask_for_the_command_line() -> None:
    assert translate("id")("Connected") == "Tersambung"
    assert translate("en")("Connected") == "Connected"
    assert translate("xx")("Connected") == "Connected"
    assert catalogue("id").ungettext("%(num)d new message", "%(num)d new messages", 2) == "%(num)d pesan baru"


@pytest.mark.parametrize(
    ("language", "written"),
    [("id", ["12.05", "00.00", "4,6", "5,0", "1,1 MB"]), ("en", ["12:05", "00:00", "4.6", "5.0", "1.1 MB"])],
)
def test_times_and_numbers_are_written_as_the_language_does(language: str, written: list[str]) -> None:
    app = Flask("shop")
    Babel(app, default_locale=language, default_timezone="Asia/Jakarta")
    with app.test_request_context():
        times = [clock_time(datetime(2026, 3, 4, *clock, tzinfo=UTC)) for clock in ((5, 5), (17, 0))]
        assert [*times, decimal(4.61), decimal(5), size(1_050_000)] == written
        assert size(999_999) == "1000 KB"


def test_numbers_are_shown_as_people_write_them() -> None:
    assert phone("6281234567890") == "+62 812-3456-7890"
    assert phone("62811603333") == "+62 811-603-333"
    assert phone("491711234567") == "+49 171 1234567"
    assert phone("14155552671") == "+1 415-555-2671"
    assert phone(None) is None


@given(st.text("0123456789", min_size=1, max_size=20))
def test_every_digit_of_a_number_is_shown(digits: str) -> None:
    shown = phone(digits) or ""
    assert shown.startswith("+")
    assert re.sub(r"\D", "", shown) == digits


def test_the_inbox_loads_no_go_library() -> None:
    code = "import webui.app, sys; print([m for m in sys.modules if m.startswith(('neonize', 'daemon.whatsapp'))])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
