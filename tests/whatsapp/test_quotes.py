"""What is quoted is shown on the customer's phone as it is in our thread: kind, words, and who wrote it."""

from typing import Any

import pytest

from daemon.domain.ids import Address
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Quoted
from daemon.whatsapp.content import content_of
from daemon.whatsapp.found_content import Media
from daemon.whatsapp.quotes import NO_WORDS, fill
from tests.whatsapp_server.wire.protos import e2e

BUDI = Address("551", "lid")
# of these we know no words
WORDLESS = (
    MessageKind.UNKNOWN,
    MessageKind.UNREADABLE,
    MessageKind.LOST,
    MessageKind.LOST_CHANGE,
    MessageKind.VIEW_ONCE,
)
# these are quoted by their words
WORDS = (
    MessageKind.EVENT,
    MessageKind.PRODUCT,
    MessageKind.ORDER,
    MessageKind.PAYMENT,
    MessageKind.CHOICES,
    MessageKind.INVITE,
)
NO_MESSAGES = {MessageKind.NOTE, MessageKind.CALL, MessageKind.ANSWERED_CALL}
SHOWN = (
    (MessageKind.TEXT, "ada bolu?", {}),
    (MessageKind.IMAGE, "kue", {"mime": "image/jpeg"}),
    (MessageKind.IMAGE, None, {}),
    (MessageKind.VIDEO, "lihat", {"mime": "video/mp4", "seconds": 7}),
    (MessageKind.VOICE, None, {"mime": "audio/ogg", "seconds": 5}),
    (MessageKind.AUDIO, None, {"seconds": 9}),
    (MessageKind.DOCUMENT, "nota", {"mime": "application/pdf", "name": "nota.pdf"}),
    (MessageKind.STICKER, None, {}),
    (MessageKind.LOCATION, "Toko", {"lat": -6.2, "lng": 106.8, "name": "Toko", "address": "Jl. Melati 3"}),
    (MessageKind.LOCATION, "Jl. Melati 3", {"address": "Jl. Melati 3"}),
    (MessageKind.LOCATION, None, {}),
    (MessageKind.CONTACT, "Rina", {"contacts": [{"name": "Rina"}]}),
    (MessageKind.POLL, "Mau?\n• Ya\n• Tidak", {"question": "Mau?", "options": ["Ya", "Tidak"]}),
    (MessageKind.POLL, "Mau?\n• Ya", {"question": "Mau?", "options": ["Ya"], "many": True}),
)


def context(kind: MessageKind, text: str | None, media: Media | None = None) -> Any:
    found = e2e.ContextInfo()
    fill(found, Quoted("Q", False, None, kind, text, media or {}), BUDI)
    return found


@pytest.mark.parametrize(("kind", "text", "media"), SHOWN)
def test_each_kind_is_quoted_as_a_person_saw_it(kind: MessageKind, text: str | None, media: Media) -> None:
    found = context(kind, text, media)
    assert (found.stanzaID, found.participant) == ("Q", "551@lid")
    seen = content_of(found.quotedMessage)
    assert (seen.kind, seen.text) == (kind, text)
    assert seen.media == media


def test_every_kind_but_what_is_no_message_can_be_quoted() -> None:
    assert {kind for kind, _, _ in SHOWN} | {*WORDLESS, *WORDS} == set(MessageKind) - NO_MESSAGES


@pytest.mark.parametrize("kind", WORDS)
def test_what_businesses_send_is_quoted_by_its_words(kind: MessageKind) -> None:
    media = {"name": "Kue", "title": "Kue", "options": ["Ya"], "amount": 1.5, "lat": 1.0}
    assert context(kind, "Kue", media).quotedMessage.conversation == "Kue"
    assert context(kind, None, media).quotedMessage.conversation == NO_WORDS


def test_what_an_older_version_has_kept_of_a_card_is_quoted_all_the_same() -> None:
    place = context(MessageKind.LOCATION, "Toko", {"lat": -6.2, "lng": 106.8}).quotedMessage.locationMessage
    assert (place.name, place.degreesLatitude) == ("Toko", -6.2)
    poll = context(MessageKind.POLL, "Mau?\n• Ya").quotedMessage.pollCreationMessage
    assert (poll.name, [option.optionName for option in poll.options]) == ("Mau?", ["Ya"])


def test_a_files_size_is_not_told_because_the_file_is_not_there() -> None:
    found = context(MessageKind.DOCUMENT, None, {"name": "nota.pdf", "size": 1234})
    assert content_of(found.quotedMessage).media == {"name": "nota.pdf"}


@pytest.mark.parametrize("kind", WORDLESS)
def test_what_we_could_not_read_is_quoted_without_words(kind: MessageKind) -> None:
    assert context(kind, None).quotedMessage.conversation == NO_WORDS


NUMBER = Address("62822", "s.whatsapp.net")
GROUP = Address("120363", "g.us")


@pytest.mark.parametrize(
    ("from_me", "participant", "chat", "author"),
    [
        (False, None, BUDI, "551@lid"),
        (False, None, NUMBER, "62822@s.whatsapp.net"),
        (True, None, BUDI, "700@lid"),
        (True, None, NUMBER, "62811@s.whatsapp.net"),
        (False, "800@lid", GROUP, "800@lid"),
        (True, "700@lid", GROUP, "700@lid"),
    ],
)
def test_the_author_is_whoever_wrote_it_by_the_chats_kind_of_address(
    from_me: bool, participant: str | None, chat: Address, author: str
) -> None:
    quoted = Quoted("Q", from_me, participant, MessageKind.TEXT, "halo")
    assert str(quoted.author(chat, phone="62811", lid="700")) == author


def test_a_number_whose_lid_is_not_known_yet_is_named_by_its_number() -> None:
    quoted = Quoted("Q", True, None, MessageKind.TEXT, "halo")
    assert str(quoted.author(BUDI, phone="62811", lid=None)) == "62811@s.whatsapp.net"
