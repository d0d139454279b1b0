"""What passes the gate of WhatsApp's room can be kept, logged, encoded and shown; what is plain stays as it is."""

import json
import math
from typing import Any

import pytest

from daemon.domain.ids import Address, Party
from daemon.domain.messages import MessageEdited, MessageReceived, Reacted, ReceiptReceived
from daemon.domain.text_cleaning import LONGEST_TEXT
from daemon.whatsapp import wire_text
from daemon.whatsapp.translate import translate_content, translate_message, translate_receipt
from tests.support.builders import NOON
from tests.support.pictures import drawn, small_jpeg
from tests.whatsapp.test_content import MEDIA
from tests.whatsapp.test_translate import FROM_CUSTOMER, event, source
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.protos import e2e, neonize


def broken(message: Any, marker: bytes = b"\x01\x02\x03", by: bytes = b"\xff\xfe\xed") -> Any:
    """The same protobuf with bytes that are not UTF-8 where the marker was."""
    return type(message).FromString(message.SerializePartialToString().replace(marker, by))


MARK = "\x01\x02\x03"


def read(message: Any) -> Any:
    found = translate_content(message, "A", FROM_CUSTOMER)
    if isinstance(found, MessageReceived):
        json.dumps(found.media, allow_nan=False)
        (found.text or "").encode()
    return found


@pytest.mark.parametrize("text", ["halo", " Halo kak 👋\n\tada? ", "", "السلام‏", "a" * LONGEST_TEXT])
def test_what_people_write_passes_unchanged(text: str) -> None:
    assert wire_text.text(text) == (text, False)


def test_bytes_that_are_no_text_become_text() -> None:
    assert wire_text.text(b"ada\xff bolu\x00?\r\nya\x1b[2J") == ("ada\ufffd bolu?\nya[2J", False)
    assert wire_text.text("\ud83d rusak") == ("\ufffd rusak", False)


def test_a_text_that_is_too_long_is_cut_and_says_so() -> None:
    for long in ("é" * 3_000_000, "é".encode() * 3_000_000, b"\xff" * 3_000_000, "x" * (LONGEST_TEXT + 1)):
        words, is_cut = wire_text.text(long)
        assert (len(words), is_cut) == (LONGEST_TEXT, True)
    found = read(e2e.Message(conversation="é" * 70_000))
    assert (len(found.text), found.is_cut) == (LONGEST_TEXT, True)
    edit = e2e.Message()
    edit.protocolMessage.type = 14
    edit.protocolMessage.key.ID = "A"
    edit.protocolMessage.editedMessage.conversation = "x" * 70_000
    found = read(edit)
    assert isinstance(found, MessageEdited)
    assert (len(found.text), found.is_cut) == (LONGEST_TEXT, True)


@pytest.mark.parametrize(
    "message",
    [
        e2e.Message(conversation=MARK),
        e2e.Message(extendedTextMessage=e2e.ExtendedTextMessage(text=MARK)),
        e2e.Message(imageMessage=e2e.ImageMessage(mimetype=MARK, caption=MARK)),
        e2e.Message(documentMessage=e2e.DocumentMessage(mimetype=MARK, fileName=MARK, title=MARK)),
        e2e.Message(locationMessage=e2e.LocationMessage(name=MARK)),
        e2e.Message(contactMessage=e2e.ContactMessage(displayName=MARK, vcard=MARK)),
        e2e.Message(
            pollCreationMessage=e2e.PollCreationMessage(
                name=MARK, options=[e2e.PollCreationMessage.Option(optionName=MARK)]
            )
        ),
    ],
    ids=lambda message: message.ListFields()[0][0].name,
)
def test_no_kind_of_message_lets_bytes_in(message: Any) -> None:
    found = read(broken(message))
    for value in (found.text, found.quoted_wa_id, *found.media.values()):
        assert not isinstance(value, bytes)
        assert "\x01" not in str(value)


def test_reactions_quotes_names_ids_and_addresses_let_none_in_either() -> None:
    reaction = e2e.Message()
    reaction.reactionMessage.text = MARK
    reaction.reactionMessage.key.ID = MARK
    found = read(broken(reaction))
    assert isinstance(found, Reacted)
    assert (found.emoji, found.target_wa_id[0]) == ("\ufffd" * 3, "~")
    quote = e2e.Message(extendedTextMessage=e2e.ExtendedTextMessage(text="ya"))
    quote.extendedTextMessage.contextInfo.stanzaID = MARK
    assert read(broken(quote)).quoted_wa_id.startswith("~")
    message = event(e2e.Message(conversation="halo"), source("551@lid"), MARK, MARK)
    made = translate_message(broken(message))
    assert isinstance(made, MessageReceived)
    assert (made.wa_id[0], made.push_name, made.text) == ("~", "\ufffd" * 3, "halo")
    stranger = translate_message(broken(event(e2e.Message(conversation="halo"), source(f"{MARK}@lid"))))
    assert isinstance(stranger, MessageReceived)
    assert stranger.origin.party.address.user.startswith("~")


def test_two_ids_that_no_client_makes_stay_two_and_a_plain_one_stays_itself() -> None:
    assert (
        wire_text.identifier("3EB0C767D0971EA7") == wire_text.identifier(b"3EB0C767D0971EA7") == "3EB0C767D0971EA7"
    )
    odd = [b"\xff", b"\xfe", "a\x00", "a\x01", "x" * 65, "x" * 66, "é", "~" + "0" * 31, 'a"b']
    found = {wire_text.identifier(one) for one in odd}
    assert len(found) == len(odd)
    assert all(len(one) <= 64 and one.isascii() for one in found)
    # the library's log and its events name the same message
    assert wire_text.identifier("é") == wire_text.identifier("é".encode())


def test_names_are_one_line_that_turns_nothing_around() -> None:
    assert wire_text.name("  Budi\n\u202eidub  ") == "Budi idub"
    assert len(wire_text.name("b" * 100_000)) == wire_text.LONGEST_NAME
    assert wire_text.file_name("nota\u202efdp.exe") == "notafdp.exe"
    assert len(wire_text.file_name("b" * 100_000)) == wire_text.LONGEST_FILE_NAME
    assert wire_text.word("audio/ogg; codecs=opus", 100) == "audio/ogg; codecs=opus"
    assert wire_text.word("x" * 101, 100) == wire_text.word("bild/é", 100) == ""


@pytest.mark.parametrize(("lat", "lng"), [(math.nan, 1.0), (1.0, math.inf), (-91, 0), (0, 181)])
def test_a_place_that_is_nowhere_keeps_its_name_only(lat: float, lng: float) -> None:
    place = e2e.LocationMessage(name="Toko", degreesLatitude=lat, degreesLongitude=lng)
    found = read(e2e.Message(locationMessage=place))
    assert (found.text, found.media) == ("Toko", {"name": "Toko"})


def test_a_pictures_size_is_one_that_a_picture_can_have() -> None:
    assert [wire_text.points(n) for n in (0, 1, 20_000, 20_001, 2**32 - 1, -1)] == [0, 1, 20_000, 0, 0, 0]
    message = payload.image(MEDIA, "/p", width=2**32 - 1, height=300)
    assert not {"width", "height"} & set(read(message).media)


def test_a_wave_form_has_sixty_four_loudnesses_whatever_comes() -> None:
    assert wire_text.waveform(b"") == ""
    for wave in (b"\x05", bytes(64), b"\xff" * 64, bytes(1000), bytes(range(7))):
        found = bytes.fromhex(wire_text.waveform(wave))
        assert len(found) == 64
        assert max(found) <= 100
    assert bytes.fromhex(wire_text.waveform(bytes(range(64)))) == bytes(range(64))


def test_the_picture_in_a_message_is_a_small_jpeg_or_none() -> None:
    assert wire_text.thumbnail(small_jpeg())
    huge = bytearray(small_jpeg())
    frame = huge.index(b"\xff\xc0")
    huge[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    for wrong in (b"", b"<svg/>", bytes(huge), small_jpeg() + bytes(20_000), drawn(8, 8, form="PNG")):
        assert wire_text.thumbnail(wrong) == ""


def test_numbers_and_times_are_such_that_sql_json_and_calendars_can_hold_them() -> None:
    image = e2e.Message(imageMessage=e2e.ImageMessage(mimetype="image/jpeg", fileLength=2**64 - 1))
    assert read(image).media["size"] == wire_text.MOST
    assert wire_text.number(-5) == wire_text.number(math.nan) == 0
    for wild in (-(2**63), -1, 253_402_300_799, 2**62, math.nan, math.inf):
        assert wire_text.moment(wild).year == 1970
    assert wire_text.moment(NOON.timestamp()) == NOON
    assert wire_text.address("551", "lid", 2**31) == Address("551", "lid")
    assert wire_text.address_in("551:99999999999999999999@lid") == Address("551", "lid")


def test_a_huge_message_is_kept_without_its_bytes() -> None:
    huge = e2e.Message(imageMessage=e2e.ImageMessage(mimetype="image/jpeg", JPEGThumbnail=b"x" * 2_000_000))
    assert read(huge).raw is None
    assert read(e2e.Message(imageMessage=e2e.ImageMessage(mimetype="image/jpeg"))).raw is not None


def test_what_lacks_a_part_that_it_must_have_is_shown_and_kept() -> None:
    image = e2e.Message(imageMessage=e2e.ImageMessage(caption="foto"))
    image.extendedTextMessage.endCardTiles.add()
    found = read(image)
    assert (found.text, found.raw) == ("foto", image.SerializePartialToString())


def test_a_receipt_for_more_messages_than_sql_can_ask_for_is_cut() -> None:
    receipt = neonize.Receipt(MessageSource=source("551@lid"), MessageIDs=["A"] * 40_000, Timestamp=1, Type=1)
    found = translate_receipt(receipt)
    assert isinstance(found, ReceiptReceived)
    assert len(found.wa_ids) == wire_text.MOST_IDS


def test_what_comes_through_a_customers_broadcast_list_is_in_the_chat_with_him() -> None:
    of = source("1234@broadcast", "551@lid", alt="62811@s.whatsapp.net")
    found = translate_message(event(e2e.Message(conversation="promo"), of))
    assert isinstance(found, MessageReceived)
    assert found.origin.party == Party(Address("551", "lid"), Address("62811", "s.whatsapp.net"))
    assert found.origin.participant is None


def test_stories_and_our_own_broadcast_lists_stay_out() -> None:
    story = event(e2e.Message(conversation="cerita"), source("status@broadcast", "551@lid"))
    own = event(e2e.Message(conversation="promo"), source("1234@broadcast", "118@lid", from_me=True))
    assert not isinstance(translate_message(story), MessageReceived)
    assert not isinstance(translate_message(own), MessageReceived)
