"""neonize's events become the right values: who, where, when, and which of the kinds of event."""

from typing import Any

import pytest

from daemon.domain.history import HistoryKind
from daemon.domain.ids import Address, Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
    HistoryUploaded,
    MessageEdited,
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
    translate_history_messages,
    translate_message,
    translate_receipt,
    translate_typing,
    translate_unreadable,
)
from tests.support.builders import NOON, both, group_chat, lid
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.protos import common, e2e, history_sync, neonize, web

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
            Origin(group_chat(), False, 2, NOON, "551@lid"),
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


def past(of: str, *texts: str, **more: Any) -> Any:
    """A chat of the history; every second line is ours."""
    made = history_sync.Conversation(ID=of, **more)
    for i, text in enumerate(texts):
        web = made.messages.add().message
        web.key.CopyFrom(common.MessageKey(ID=f"{of}{i}", remoteJID=of, fromMe=i == 1))
        web.messageTimestamp = int(NOON.timestamp())
        web.message.conversation = text
    return made


def test_history_holds_persons_messages_only_with_both_addresses() -> None:
    data = history_sync.HistorySync(syncType=0)
    chats = [past(CHAT, "halo", "ya kak", pnJID="62811@s.whatsapp.net"), past("1@g.us", "grup"), past("", "?")]
    data.conversations.extend([*chats, past("62812@s.whatsapp.net", "hai", name="Bu Rina"), past("77@lid", "x")])
    data.phoneNumberToLidMappings.add(pnJID="62812@s.whatsapp.net", lidJID="552@lid")
    secret = e2e.Message(messageContextInfo=e2e.MessageContextInfo(messageSecret=b"s"))
    data.conversations[0].messages.add().message.message.CopyFrom(secret)
    # a notice of the phone's own, without content, and a message of no time
    data.conversations[0].messages.add().message.CopyFrom(
        web.WebMessageInfo(key=common.MessageKey(ID="stub"), messageTimestamp=5, messageStubType=40)
    )
    timeless = data.conversations[0].messages.add().message
    timeless.key.ID, timeless.message.conversation = "timeless", "?"
    for who, name in ((CHAT, ""), ("62811@s.whatsapp.net", "Budi"), ("1@g.us", "Grup")):
        data.pushnames.add(ID=who, pushname=name)
    first, second, rest = translate_history_messages(data, at_once=2)
    assert [(m.text, m.origin, m.is_history) for m in first.messages] == [
        ("halo", FROM_CUSTOMER, True),
        ("ya kak", FROM_US, True),
    ]
    rina = Party(Address("62812", "s.whatsapp.net"), Address("552", "lid"))
    assert [(m.text, m.origin.party) for m in second.messages] == [("hai", rina), ("x", lid("77"))]
    assert (first.names, second.names, rest.names) == (
        (),
        (),
        ((Party(Address("62811", "s.whatsapp.net")), "Budi"), (rina, "Bu Rina")),
    )


@pytest.mark.parametrize(
    ("kind", "holds", "expected", "progress"),
    [
        (0, True, HistoryKind.BOOTSTRAP, None),
        (2, True, HistoryKind.FULL, 40),
        (3, True, HistoryKind.RECENT, 40),
        # the last part of a history may be empty
        (3, False, HistoryKind.RECENT, 40),
        (6, True, HistoryKind.OTHER, None),
        (1, False, None, None),
        (5, False, None, None),
    ],
)
def test_a_part_of_the_history_is_kept_as_it_came_if_it_concerns_us(
    kind: int, holds: bool, expected: HistoryKind | None, progress: int | None
) -> None:
    data = history_sync.HistorySync(syncType=kind, progress=40, chunkOrder=2)
    if holds:
        data.conversations.append(past(CHAT, "halo"))
    found = translate_history(neonize.HistorySync(Data=data))
    if expected is None:
        assert isinstance(found, Nothing)
    else:
        assert found == HistoryUploaded(expected, data.SerializeToString(), progress)
