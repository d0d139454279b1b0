"""What comes along with a text: the card of its link, and how often it was passed on; a sender's word, bounded."""

import pytest

from daemon.domain.messages import MessageReceived, Origin
from daemon.whatsapp import forwarded
from daemon.whatsapp.translate import translate_content
from tests.support.builders import NOON, both
from tests.support.pictures import small_jpeg
from tests.whatsapp_server.wire.protos import e2e

SMALL = small_jpeg()
URL = "https://toko.example/kue?a=1"


def media(**fields: object) -> dict[str, object]:
    """What the books say of an ExtendedTextMessage."""
    message = e2e.Message(extendedTextMessage=e2e.ExtendedTextMessage(**fields))  # type: ignore[arg-type]
    found = translate_content(message, "3EB0A", Origin(both("551", "62811"), False, 0, NOON))
    assert isinstance(found, MessageReceived)
    return dict(found.media)


def test_a_link_brings_the_card_that_its_senders_phone_had_made() -> None:
    found = media(
        text=f"lihat {URL} ya", matchedText=URL, title="Kue\nlapis", description="Enak", JPEGThumbnail=SMALL
    )
    assert (found["link"], found["host"]) == (URL, "toko.example")
    assert (found["title"], found["description"]) == ("Kue lapis", "Enak")
    assert found["thumbnail"]


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://jahat.example", "lihat https://bank.example"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("https://bank.example@jahat.example/", "https://bank.example@jahat.example/"),
        ("https://", "https://"),
        ("https://localhost/", "https://localhost/"),
        ("https://[::1]/", "https://[::1]/"),
        ("https://" + "a" * 300 + ".example", "https://" + "a" * 300 + ".example"),
        ("https://toko.example/" + "a" * 3000, "https://toko.example/" + "a" * 3000),
        ("", "halo"),
    ],
)
def test_a_card_that_does_not_fit_its_words_is_none(url: str, text: str) -> None:
    assert media(text=text, matchedText=url, title="Bank", description="x") == {}


def test_a_link_without_a_card_is_words_alone_and_a_hostile_card_is_bounded() -> None:
    assert media(text=URL, matchedText=URL) == {}
    found = media(
        text=URL, matchedText=URL, title="t" * 70_000, description="d\u0000" * 70_000, JPEGThumbnail=b"x" * 100_000
    )
    assert len(str(found["title"])) == 200
    assert len(str(found["description"])) <= 400
    assert "thumbnail" not in found


def test_letters_that_look_like_others_are_written_out() -> None:
    # the first letter is Cyrillic
    url = "https://\u0430pple.example/"
    assert media(text=url, matchedText=url, title="Apple")["host"] == "xn--pple-43d.example"


@pytest.mark.parametrize(
    ("is_forwarded", "score", "times"), [(True, 0, 1), (True, 4, 4), (True, 2**32 - 1, 127), (False, 0, None)]
)
def test_how_often_it_was_passed_on_is_kept(is_forwarded: bool, score: int, times: int | None) -> None:
    context = e2e.ContextInfo(isForwarded=is_forwarded, forwardingScore=score)
    assert media(text="halo", contextInfo=context).get("forwarded") == times


def test_what_is_passed_on_says_so_whatever_it_is() -> None:
    text = forwarded.mark(e2e.Message(conversation="halo"), 3)
    assert text.extendedTextMessage.text == "halo"
    assert (text.extendedTextMessage.contextInfo.isForwarded, text.conversation) == (True, "")
    wrapped = e2e.Message()
    wrapped.documentWithCaptionMessage.message.documentMessage.caption = "harga"
    about = forwarded.mark(wrapped, 2).documentWithCaptionMessage.message.documentMessage
    assert (about.contextInfo.isForwarded, about.contextInfo.forwardingScore) == (True, 2)
