"""Every language, complete; sentences for every state of the link."""

from itertools import product
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from daemon.domain.links import LinkReason, LinkState
from daemon.domain.sentences.link import FALLBACKS, SENTENCES, sentence
from daemon.i18n.catalogue import catalogue, translate
from daemon.i18n.languages import LANGUAGES, SOURCE
from tests.support.passkey import ways_round_a_passkey

ROOT = Path(__file__).parents[2]
SOURCES = ("webui", "daemon")
TRANSLATED = sorted(set(LANGUAGES) - {SOURCE})
# The same word in the language as in English.
SHARED = {"id": {"MB", "Bot", "Video", "Audio", "WhatsApp"}}


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
