"""Real protobufs of every kind become the right values; what is unknown is kept, never dropped, never fatal."""

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.domain.ids import Address, Party
from daemon.domain.messages import (
    MessageEdited,
    MessageKind,
    MessageReceived,
    MessageRevoked,
    Nothing,
    Origin,
    Reacted,
    ReceiptKind,
    ReceiptReceived,
    TypingChanged,
)
from daemon.whatsapp.translate import (
    translate_content,
    translate_history,
    translate_message,
    translate_receipt,
    translate_typing,
    translate_unreadable,
)
from tests.books import NOON, both, lid
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.media import EncryptedMedia
from tests.whatsapp_server.wire.protos import common, e2e, history_sync, neonize

MEDIA = EncryptedMedia(b"", b"k" * 32, b"h" * 32, b"e" * 32, 1234)
CHAT = "551@lid"
FROM_CUSTOMER = Origin(both("551", "62811"), False, 0, NOON)
FROM_US = Origin(both("551", "62811"), True, 0, NOON)


def jid(text: str, device: int = 0) -> Any:
    user, _, server = text.partition("@")
    return neonize.JID(User=user, Server=server, Device=device, RawAgent=0, Integrator=0, IsEmpty=not text)


def source(
    chat: str, sender: str = "", *, from_me: bool = False, device: int = 0, alt: str = "", to: str = ""
) -> Any:
    return neonize.MessageSource(
        Chat=jid(chat),
        Sender=jid(sender or chat, device),
        IsFromMe=from_me,
        IsGroup=chat.endswith("@g.us"),
        SenderAlt=jid(alt),
        RecipientAlt=jid(to),
    )


def event(message: Any, of: Any, wa_id: str = "3EB0A", name: str = "Budi", category: str = "") -> Any:
    info = neonize.MessageInfo(MessageSource=of, ID=wa_id, Pushname=name, Category=category)
    info.Timestamp = int(NOON.timestamp() * 1000)
    made = neonize.Message()
    made.Info.CopyFrom(info)
    made.Message.CopyFrom(message)
    return made


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
    (payload.sticker(MEDIA, "/p"), MessageKind.STICKER, None, {"mime": "image/webp", "size": 1234}),
    (payload.location(-6.2, 106.8, name="Toko"), MessageKind.LOCATION, "Toko", {"lat": -6.2, "lng": 106.8}),
    (payload.contact("Rina", "62812"), MessageKind.CONTACT, "Rina", {}),
    (payload.poll("Mau?", ["Ya", "Tidak"]), MessageKind.POLL, "Mau?\n• Ya\n• Tidak", {}),
    (
        e2e.Message(liveLocationMessage=e2e.LiveLocationMessage(degreesLatitude=1, caption="jalan")),
        MessageKind.LOCATION,
        "jalan",
        {"lat": 1.0, "lng": 0.0},
    ),
    (e2e.Message(listResponseMessage=e2e.ListResponseMessage(title="Nastar")), MessageKind.TEXT, "Nastar", {}),
    (e2e.Message(orderMessage=e2e.OrderMessage(orderID="9")), MessageKind.UNKNOWN, None, {}),
]


@pytest.mark.parametrize(("message", "kind", "text", "media"), KINDS)
def test_each_kind_shows_what_a_person_can_see(message: Any, kind: MessageKind, text: str, media: Any) -> None:
    found = content(message)
    assert (found.kind, found.text) == (kind, text)
    assert media.items() <= found.media.items()
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
            text="ya", contextInfo=e2e.ContextInfo(stanzaID="Q", participant=CHAT)
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


def test_an_edit_names_its_target_and_the_new_text() -> None:
    found = translate_content(payload.edit(CHAT, "A", "baru", at_ms=1), "3EB0B", FROM_CUSTOMER)
    assert found == MessageEdited("A", FROM_CUSTOMER, "baru")


def test_a_deletion_names_its_target() -> None:
    assert translate_content(payload.revoke(CHAT, "A"), "3EB0B", FROM_US) == MessageRevoked("A", FROM_US)


@pytest.mark.parametrize("origin", [FROM_CUSTOMER, FROM_US])
@pytest.mark.parametrize("own", [True, False])
def test_a_reactions_target_is_seen_from_its_writer(origin: Origin, own: bool) -> None:
    message = payload.reaction(CHAT, "A", "👍", from_me=own, at_ms=1)
    # "from me" of the customer is the customer
    expected = own if origin.from_me else not own
    assert translate_content(message, "3EB0B", origin) == Reacted("A", origin, "👍", expected)


def test_a_reaction_taken_back_has_no_emoji() -> None:
    found = translate_content(payload.reaction(CHAT, "A", "", from_me=True, at_ms=1), "B", FROM_CUSTOMER)
    assert found == Reacted("A", FROM_CUSTOMER, "", False)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (source(CHAT, alt="62811@s.whatsapp.net"), FROM_CUSTOMER),
        (source(CHAT), Origin(lid("551"), False, 0, NOON)),
        (source(CHAT, device=4), Origin(lid("551"), False, 4, NOON)),
        (source(CHAT, "999@lid", from_me=True, to="62811@s.whatsapp.net"), FROM_US),
        # our own alternative address says nothing about the customer
        (source(CHAT, "999@lid", from_me=True, alt="62800@s.whatsapp.net"), Origin(lid("551"), True, 0, NOON)),
        (source(CHAT, "999@lid", from_me=True, device=7), Origin(lid("551"), True, 7, NOON)),
        (
            source("62811@s.whatsapp.net", alt=CHAT),
            Origin(Party(Address("62811", "s.whatsapp.net"), Address("551", "lid")), False, 0, NOON),
        ),
        (
            source("120363@g.us", CHAT, device=2),
            Origin(Party(Address("120363", "g.us")), False, 2, NOON, "551@lid"),
        ),
    ],
)
def test_a_message_comes_from_the_chat_its_addresses_say_at_whatsapps_time(of: Any, expected: Origin) -> None:
    found = translate_message(event(payload.text("halo"), of))
    assert found == MessageReceived("3EB0A", expected, MessageKind.TEXT, "halo", "Budi")


@pytest.mark.parametrize("chat", ["status@broadcast", "120363@newsletter", "", "1@bot"])
def test_stories_and_channels_are_nothing(chat: str) -> None:
    of = source(chat, CHAT)
    assert isinstance(translate_message(event(payload.text("halo"), of)), Nothing)
    assert isinstance(translate_receipt(neonize.Receipt(MessageSource=of, MessageIDs=["A"], Type=4)), Nothing)
    assert isinstance(translate_typing(neonize.ChatPresence(MessageSource=of, State=1)), Nothing)


def test_what_our_own_devices_tell_each_other_is_nothing() -> None:
    assert isinstance(translate_message(event(payload.text("x"), source(CHAT), category="peer")), Nothing)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (1, ReceiptKind.DELIVERED),
        (2, ReceiptKind.SENDER),
        (3, ReceiptKind.RETRY),
        (4, ReceiptKind.READ),
        (5, ReceiptKind.READ_SELF),
        (6, ReceiptKind.PLAYED),
        (8, ReceiptKind.PLAYED_SELF),
        (9, ReceiptKind.INACTIVE),
        (10, ReceiptKind.OTHER),
    ],
)
def test_a_receipt_has_its_kind_its_ids_and_its_time_in_seconds(number: int, kind: ReceiptKind) -> None:
    receipt = neonize.Receipt(MessageSource=source(CHAT, device=3), MessageIDs=["A", "B"], Type=number)
    receipt.Timestamp = int(NOON.timestamp())
    assert translate_receipt(receipt) == ReceiptReceived(("A", "B"), Origin(lid("551"), False, 3, NOON), kind)


@pytest.mark.parametrize(("state", "typing"), [(1, True), (2, False)])
def test_typing_starts_and_stops(state: int, typing: bool) -> None:
    found = translate_typing(neonize.ChatPresence(MessageSource=source(CHAT), State=state))
    assert isinstance(found, TypingChanged)
    assert (found.typing, found.origin.party) == (typing, lid("551"))


@pytest.mark.parametrize(("mode", "category", "shown"), [(1, "", True), (2, "", False), (1, "peer", False)])
def test_an_unreadable_message_gets_a_place_unless_it_would_show_nothing(
    mode: int, category: str, shown: bool
) -> None:
    info = event(e2e.Message(), source(CHAT), category=category).Info
    found = translate_unreadable(neonize.UndecryptableMessage(Info=info, DecryptFailMode=mode))
    expected = MessageReceived("3EB0A", Origin(lid("551"), False, 0, NOON), MessageKind.UNREADABLE, None, "Budi")
    assert found == expected if shown else isinstance(found, Nothing)


def test_history_holds_persons_messages_only_with_both_addresses() -> None:
    def chat(of: str, other: str, *texts: str) -> Any:
        made = history_sync.Conversation(ID=of, pnJID=other if of.endswith("@lid") else "")
        for number, text in enumerate(texts):
            web = made.messages.add().message
            web.key.CopyFrom(common.MessageKey(ID=f"{of}{number}", remoteJID=of, fromMe=number == 1))
            web.messageTimestamp = int(NOON.timestamp())
            web.message.conversation = text
        return made

    data = history_sync.HistorySync(syncType=0, progress=50)
    data.conversations.extend(
        [chat(CHAT, "62811@s.whatsapp.net", "halo", "ya kak"), chat("1@g.us", "", "grup"), chat("", "", "?")]
    )
    data.conversations[0].messages.add().message.message.CopyFrom(SILENT[0])
    data.pushnames.extend(
        [
            history_sync.Pushname(ID="62811@s.whatsapp.net", pushname="Budi"),
            history_sync.Pushname(ID="1@g.us", pushname="Grup"),
            history_sync.Pushname(ID=CHAT, pushname=""),
        ]
    )
    found = translate_history(neonize.HistorySync(Data=data))
    assert [(m.text, m.origin, m.is_history) for m in found.messages] == [
        ("halo", FROM_CUSTOMER, True),
        ("ya kak", FROM_US, True),
    ]
    assert found.names == ((Party(Address("62811", "s.whatsapp.net")), "Budi"),)
    assert found.progress == 50


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
