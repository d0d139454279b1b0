"""What a waE2E.Message of each kind shows a person; the unknown is kept, never dropped, never fatal."""

import base64
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import MessageReceived, Nothing, Origin
from daemon.whatsapp.translate import translate_content
from tests.support.builders import NOON, both
from tests.support.pictures import small_jpeg
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.media import EncryptedMedia
from tests.whatsapp_server.wire.protos import e2e

SMALL = small_jpeg()
MEDIA = EncryptedMedia(b"", b"k" * 32, b"h" * 32, b"e" * 32, 1234)
FROM_CUSTOMER = Origin(both("551", "62811"), False, 0, NOON)


def content(message: Any) -> MessageReceived:
    found = translate_content(message, "3EB0A", FROM_CUSTOMER)
    assert isinstance(found, MessageReceived)
    return found


KINDS = [
    (payload.text("halo"), MessageKind.TEXT, "halo", {}),
    (e2e.Message(conversation="halo"), MessageKind.TEXT, "halo", {}),
    (
        payload.image(MEDIA, "/p", caption="kue"),
        MessageKind.IMAGE,
        "kue",
        {"mime": "image/jpeg", "size": 1234},
    ),
    (payload.image(MEDIA, "/p"), MessageKind.IMAGE, None, {"mime": "image/jpeg", "size": 1234}),
    (
        payload.video(MEDIA, "/p", caption="lihat", seconds=7),
        MessageKind.VIDEO,
        "lihat",
        {"size": 1234, "seconds": 7},
    ),
    (payload.voice(MEDIA, "/p", seconds=5), MessageKind.VOICE, None, {"size": 1234, "seconds": 5}),
    (
        e2e.Message(audioMessage=e2e.AudioMessage(mimetype="audio/mp4", seconds=9)),
        MessageKind.AUDIO,
        None,
        {"mime": "audio/mp4", "seconds": 9},
    ),
    (
        payload.document(MEDIA, "/p", name="nota.pdf", mimetype="application/pdf", caption="nota"),
        MessageKind.DOCUMENT,
        "nota",
        {"mime": "application/pdf", "size": 1234, "name": "nota.pdf"},
    ),
    (
        payload.image(MEDIA, "/p", width=1200, height=900, JPEGThumbnail=SMALL),
        MessageKind.IMAGE,
        None,
        {"width": 1200, "height": 900, "thumbnail": base64.b64encode(SMALL).decode()},
    ),
    (
        payload.video(MEDIA, "/p", seconds=3, width=640, height=360, gifPlayback=True, JPEGThumbnail=SMALL),
        MessageKind.VIDEO,
        None,
        {"seconds": 3, "width": 640, "height": 360, "gif": 1, "thumbnail": base64.b64encode(SMALL).decode()},
    ),
    (
        payload.voice(MEDIA, "/p", seconds=5, waveform=bytes(range(64))),
        MessageKind.VOICE,
        None,
        {"waveform": bytes(range(64)).hex()},
    ),
    (
        payload.sticker(MEDIA, "/p", width=512, height=512, isAnimated=True),
        MessageKind.STICKER,
        None,
        {"width": 512, "height": 512, "animated": 1},
    ),
    (
        # a picture once more, in high definition
        e2e.Message(associatedChildMessage=e2e.FutureProofMessage(message=payload.image(MEDIA, "/p"))),
        MessageKind.IMAGE,
        None,
        {"mime": "image/jpeg", "size": 1234},
    ),
    (payload.sticker(MEDIA, "/p"), MessageKind.STICKER, None, {"mime": "image/webp", "size": 1234}),
    (e2e.Message(listResponseMessage=e2e.ListResponseMessage(title="Nastar")), MessageKind.TEXT, "Nastar", {}),
    (e2e.Message(requestPhoneNumberMessage=e2e.RequestPhoneNumberMessage()), MessageKind.UNKNOWN, None, {}),
]


@pytest.mark.parametrize(("message", "kind", "text", "media"), KINDS)
def test_each_kind_shows_what_a_person_can_see(message: Any, kind: MessageKind, text: str, media: Any) -> None:
    found = content(message)
    assert (found.kind, found.text) == (kind, text)
    assert media.items() <= found.media.items()
    assert ("mime" in found.media) == kind.info.has_file
    # what is not plain text can be read again by a later version
    assert found.raw == (None if kind == MessageKind.TEXT else message.SerializeToString())


@pytest.mark.parametrize(
    "wrapper",
    ["ephemeralMessage", "viewOnceMessage", "viewOnceMessageV2", "documentWithCaptionMessage", "editedMessage"],
)
def test_a_wrapped_message_is_what_it_wraps(wrapper: str) -> None:
    inner = payload.image(MEDIA, "/p", caption="rahasia")
    message = e2e.Message(**{wrapper: e2e.FutureProofMessage(message=inner)})
    assert (content(message).kind, content(message).text) == (MessageKind.IMAGE, "rahasia")


def test_a_reply_names_what_it_answers() -> None:
    message = e2e.Message(
        extendedTextMessage=e2e.ExtendedTextMessage(
            text="ya", contextInfo=e2e.ContextInfo(stanzaID="Q", participant="551@lid")
        )
    )
    assert (content(message).quoted_wa_id, content(message).text) == ("Q", "ya")
    wrapped = e2e.Message(ephemeralMessage=e2e.FutureProofMessage(message=message))
    assert content(wrapped).quoted_wa_id == "Q"
    assert content(payload.text("halo")).quoted_wa_id is None


def test_a_kind_that_does_not_exist_yet_is_kept_raw() -> None:
    raw = b"\xfa\x3f\x04abcd"  # field 1023, unknown to every schema so far
    found = content(e2e.Message.FromString(raw))
    assert (found.kind, found.text, found.raw) == (MessageKind.UNKNOWN, None, raw)


def test_a_future_kind_beside_a_silent_field_is_not_taken_for_nothing() -> None:
    message = e2e.Message.FromString(b"\xfa\x3f\x04abcd")
    message.messageContextInfo.messageSecret = b"s" * 32
    assert content(message).kind == MessageKind.UNKNOWN


SILENT = [
    # the pictures themselves come one by one
    e2e.Message(albumMessage=e2e.AlbumMessage(expectedImageCount=3)),
    e2e.Message(
        senderKeyDistributionMessage=e2e.SenderKeyDistributionMessage(
            groupID="1@g.us", axolotlSenderKeyDistributionMessage=b"x"
        )
    ),
    e2e.Message(messageContextInfo=e2e.MessageContextInfo(messageSecret=b"s")),
    e2e.Message(pollUpdateMessage=e2e.PollUpdateMessage()),
    e2e.Message(encReactionMessage=e2e.EncReactionMessage()),
    e2e.Message(pinInChatMessage=e2e.PinInChatMessage()),
    e2e.Message(protocolMessage=e2e.ProtocolMessage(type=e2e.ProtocolMessage.HISTORY_SYNC_NOTIFICATION)),
    e2e.Message(protocolMessage=e2e.ProtocolMessage(type=e2e.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE)),
    e2e.Message(protocolMessage=e2e.ProtocolMessage()),
]


@pytest.mark.parametrize("message", SILENT)
def test_what_machines_tell_each_other_is_nothing(message: Any) -> None:
    assert isinstance(translate_content(message, "3EB0A", FROM_CUSTOMER), Nothing)


def test_text_that_comes_with_a_group_key_is_text() -> None:
    message = SILENT[0].__class__.FromString(SILENT[0].SerializeToString())
    message.extendedTextMessage.text = "halo"
    assert content(message).text == "halo"


FIELDS = [field for field in e2e.Message.DESCRIPTOR.fields if field.message_type is not None]


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
def test_an_empty_message_of_every_known_kind_can_be_read(name: str) -> None:
    message = e2e.Message()
    getattr(message, name).SetInParent()
    translate_content(message, "3EB0A", FROM_CUSTOMER)


@settings(max_examples=300, deadline=None)
@given(field=st.sampled_from(FIELDS), body=st.binary(max_size=40), more=st.binary(max_size=20))
def test_no_bytes_that_whatsapp_could_send_are_fatal(field: Any, body: bytes, more: bytes) -> None:
    tag = (field.number << 3) | 2
    raw = b""
    while tag > 127:
        raw, tag = raw + bytes([tag & 127 | 128]), tag >> 7
    raw += bytes([tag, len(body)]) + body + more
    try:
        message = e2e.Message.FromString(raw)
    except DecodeError:
        return
    found = translate_content(message, "3EB0A", FROM_CUSTOMER)
    if isinstance(found, MessageReceived) and found.kind == MessageKind.UNKNOWN:
        assert found.raw == message.SerializeToString()
