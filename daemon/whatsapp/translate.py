"""neonize's protobuf events → frozen domain values; pure, and total: whatever is unknown stays visible."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from daemon.domain.history import COUNTED, HistoryKind
from daemon.domain.ids import Address, ChatKind, Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import (
    DisappearingChanged,
    Event,
    HistoryReceived,
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
from daemon.domain.primary_phone import Sighting, SightingKind
from daemon.whatsapp import disappearing, group_content, wire_text
from daemon.whatsapp.content import content_of, is_silent, quoted_id, unwrapped

# waE2E ProtocolMessage.Type
REVOKE, EPHEMERAL_SETTING, EDIT = 0, 3, 14

_RECEIPTS = {
    1: ReceiptKind.DELIVERED,
    2: ReceiptKind.SENDER,
    3: ReceiptKind.RETRY,
    4: ReceiptKind.READ,
    5: ReceiptKind.READ_SELF,
    6: ReceiptKind.PLAYED,
    # neonize 0.5.2 reports played-self as SERVER_ERROR (its encoder.go)
    8: ReceiptKind.PLAYED_SELF,
    9: ReceiptKind.INACTIVE,
}

# waHistorySync HistorySync.HistorySyncType; the statuses and the rest of an account hold no conversations
_HISTORY_KINDS = {
    0: HistoryKind.BOOTSTRAP,
    2: HistoryKind.FULL,
    3: HistoryKind.RECENT,
    4: HistoryKind.NAMES,
}


def address_of(jid: Any) -> Address | None:
    """neonize's JID as an Address; None when it is empty."""
    return wire_text.address(jid.User, jid.Server, jid.Device)


def own_phone(source: Any, seconds: float, kind: SightingKind) -> Sighting | None:
    """A sighting of our own primary phone, if it was the one that did this."""
    sender = address_of(source.Sender)
    if not source.IsFromMe or sender is None or sender.device != 0:
        return None
    return Sighting(kind, wire_text.moment(seconds))


def translate_info(info: Any) -> Origin | None:
    """Where a MessageInfo comes from; its time is in milliseconds, unlike a receipt's (neonize's encoder.go)."""
    return translate_origin(info.MessageSource, info.Timestamp / 1000)


def translate_origin(source: Any, seconds: float) -> Origin | None:
    """Who wrote in which chat; None for what is no customer's or group's chat (stories, channels).

    What came through a customer's broadcast list is in the chat with him; our own lists are left to the phone.
    """
    chat, sender, at = address_of(source.Chat), address_of(source.Sender), wire_text.moment(seconds)
    if chat is None:
        return None
    device = sender.device if sender else 0
    if chat.kind == ChatKind.GROUP:
        participant, other = str(sender.bare()) if sender else None, address_of(source.SenderAlt)
        alternative = str(other.bare()) if other else None
        return Origin(Party(chat.bare()), source.IsFromMe, device, at, participant, alternative)
    if chat.kind == ChatKind.BROADCAST and sender is not None and not source.IsFromMe:
        chat = sender
    if chat.kind != ChatKind.PERSON:
        return None
    other = address_of(source.RecipientAlt if source.IsFromMe else source.SenderAlt)
    return Origin(Party(chat.bare(), other.bare() if other else None), source.IsFromMe, device, at)


def translate_message(event: Any) -> Event:
    """A MessageEv: a message, an edit, a revocation, a reaction, or nothing a person would see."""
    info, content = event.Info, event.Message
    origin = translate_info(info)
    seconds = info.Timestamp / 1000
    if origin is None:
        return Nothing("not a person's chat", own_phone(info.MessageSource, seconds, SightingKind.MESSAGE))
    if info.Category == "peer":
        return Nothing("between our own devices", own_phone(info.MessageSource, seconds, SightingKind.PEER))
    found = translate_content(content, wire_text.identifier(info.ID), origin, wire_text.name(info.Pushname))
    if isinstance(found, Nothing):
        return Nothing(found.why, own_phone(info.MessageSource, seconds, SightingKind.PEER))
    # the library has taken the wrapper off
    if isinstance(found, MessageReceived) and (event.IsViewOnce or event.IsViewOnceV2):
        return replace(found, media=found.media | {"view_once": True})
    return found


def translate_content(
    content: Any, wa_id: str, origin: Origin, push_name: str = "", is_history: bool = False
) -> Event:
    """The content of one waE2E.Message."""
    # most messages are plain text: decided by one look
    if content.HasField("conversation") and content.conversation:
        words, is_cut = wire_text.text(content.conversation)
        return MessageReceived(
            wa_id, origin, MessageKind.TEXT, words, push_name, is_history=is_history, is_cut=is_cut
        )
    plain = unwrapped(content)
    if plain.HasField("protocolMessage"):
        return _protocol(plain.protocolMessage, origin)
    if plain.HasField("reactionMessage"):
        reaction = plain.reactionMessage
        # the key is written from the reacting side: "from me" is relative to its author
        target_from_me = reaction.key.fromMe == origin.from_me
        target = wire_text.identifier(reaction.key.ID)
        writer = _writer_in(reaction.key, origin)
        return Reacted(target, origin, wire_text.emoji(reaction.text), target_from_me, writer)
    if plain.HasField("secretEncryptedMessage"):
        # an edit that is encrypted once more; history tells what became of the message itself
        if is_history:
            return Nothing("an edit of something in the history")
        return MessageReceived(wa_id, origin, MessageKind.LOST_CHANGE, None, raw=raw_of(content))
    if is_silent(plain):
        return Nothing("no content for a person")
    found = content_of(content)
    message = MessageReceived(
        wa_id,
        origin,
        found.kind,
        found.text,
        push_name,
        quoted_id(content),
        found.media,
        None if found.kind == MessageKind.TEXT else raw_of(content),
        is_history,
        found.is_cut,
        disappearing=disappearing.seconds_in(content),
    )
    return group_content.with_context(message, content) if origin.party.kind == ChatKind.GROUP else message


def _writer_in(key: Any, origin: Origin) -> str | None:
    return group_content.writer_in(key, origin) if origin.party.kind == ChatKind.GROUP else None


def raw_of(content: Any) -> bytes | None:
    """A waE2E.Message as it is kept; None if it is larger than anything that would be looked at again."""
    # what lacks a part that it must have was read all the same
    raw: bytes = content.SerializePartialToString()
    return raw if len(raw) <= wire_text.LARGEST_RAW else None


def _protocol(message: Any, origin: Origin) -> Event:
    if message.type == REVOKE and message.HasField("type"):
        return MessageRevoked(wire_text.identifier(message.key.ID), origin, _writer_in(message.key, origin))
    if message.type == EDIT:
        new = content_of(message.editedMessage)
        return MessageEdited(wire_text.identifier(message.key.ID), origin, new.text or "", new.is_cut)
    if message.type == EPHEMERAL_SETTING:
        return DisappearingChanged(origin, disappearing.seconds(message.ephemeralExpiration))
    return Nothing("protocol message")


def translate_unreadable(event: Any, is_view_once: bool = False) -> Event:
    """An UndecryptableMessageEv: a placeholder, to be filled when the resend comes."""
    origin = translate_info(event.Info)
    hidden = event.DecryptFailMode == 2  # DECRYPT_FAIL_HIDE: reactions, edits and the like
    if origin is None or hidden or event.Info.Category == "peer":
        seen = own_phone(event.Info.MessageSource, event.Info.Timestamp / 1000, SightingKind.PEER)
        return Nothing("an unreadable event that shows nothing", seen)
    wa_id, push_name = wire_text.identifier(event.Info.ID), wire_text.name(event.Info.Pushname)
    kind = MessageKind.VIEW_ONCE if is_view_once and event.IsUnavailable else MessageKind.UNREADABLE
    return MessageReceived(wa_id, origin, kind, None, push_name)


def translate_receipt(event: Any) -> Event:
    """A ReceiptEv."""
    origin = translate_origin(event.MessageSource, event.Timestamp)
    if origin is None:
        return Nothing(
            "a receipt outside chats", own_phone(event.MessageSource, event.Timestamp, SightingKind.READ)
        )
    ids = tuple(wire_text.identifier(wa_id) for wa_id in islice(event.MessageIDs, wire_text.MOST_IDS))
    return ReceiptReceived(ids, origin, _RECEIPTS.get(event.Type, ReceiptKind.OTHER))


def translate_typing(event: Any) -> Event:
    """A ChatPresenceEv; `at` is unknown to WhatsApp and stays 1970."""
    origin = translate_origin(event.MessageSource, 0)
    return TypingChanged(origin, event.State == 1) if origin else Nothing("typing outside chats")


def translate_history(event: Any) -> Event:
    """A HistorySyncEv: a part of the history, still unread (`translate_history_messages`)."""
    data = event.Data
    kind = _HISTORY_KINDS.get(data.syncType, HistoryKind.OTHER)
    progress = data.progress if kind in COUNTED and data.HasField("progress") else None
    # one that counts may hold nothing but the word that it was the last
    if progress is None and not data.conversations and not data.pushnames:
        return Nothing("history without conversations")
    return HistoryUploaded(kind, data.SerializePartialToString(), progress)


def translate_history_messages(history: Any, at_once: int) -> Iterator[HistoryReceived]:
    """The messages of a HistorySync that can be shown, of persons' chats only, at most so many at once."""
    # a chat may tell one of its addresses only
    known = {pair.pnJID: pair.lidJID for pair in history.phoneNumberToLidMappings}
    known |= {pair.lidJID: pair.pnJID for pair in history.phoneNumberToLidMappings}
    names = [(_party_of(name.ID), wire_text.name(name.pushname)) for name in history.pushnames]
    found: list[MessageReceived] = []
    for chat in history.conversations:
        party = _history_party(chat, known)
        if party is None:
            continue
        names.append((party, wire_text.name(chat.name or chat.displayName)))
        for entry in chat.messages:
            if message := _history_message(entry.message, party):
                found.append(message)
            if len(found) == at_once:
                yield HistoryReceived(tuple(found))
                found.clear()
    yield HistoryReceived(tuple(found), tuple((who, name) for who, name in names if who and name))


def _history_message(web: Any, party: Party) -> MessageReceived | None:
    # without content it is a notice of the phone's own: "messages are encrypted", a missed call, a deleted message
    if not web.HasField("message") or not web.messageTimestamp or not web.key.ID:
        return None
    origin = Origin(party, web.key.fromMe, 0, wire_text.moment(web.messageTimestamp))
    wa_id, name = wire_text.identifier(web.key.ID), wire_text.name(web.pushName)
    found = translate_content(web.message, wa_id, origin, name, is_history=True)
    return found if isinstance(found, MessageReceived) else None


def _history_party(chat: Any, known: Mapping[str | bytes, str | bytes]) -> Party | None:
    party = _party_of(chat.ID)
    if party is None:
        return None
    other = _party_of((chat.pnJID if party.address.is_lid else chat.lidJID) or known.get(chat.ID, ""))
    return Party(party.address, other.address if other else None)


def _party_of(jid: str | bytes) -> Party | None:
    found = wire_text.address_in(jid)
    return Party(found.bare()) if found and found.kind == ChatKind.PERSON else None
