"""What the head of a stanza says, as the library writes it into its log: who wrote, where, and when."""

import re
from dataclasses import dataclass, replace

from daemon.domain.ids import LID_SERVER, PHONE_SERVER, Address, ChatKind, Party
from daemon.domain.messages import ReceiptKind
from daemon.whatsapp import wire_text
from daemon.whatsapp.wire_text import address_in, identifier

# the library writes attributes in the order of the alphabet and escapes nothing: an id and a name may be anything
_TO_ID = re.compile(rb'^<message((?: [a-z_-]+="[^"]*")*?) id="([^"]+)"(.*)$', re.DOTALL)
_TO_NAME = re.compile(rb'^((?: [a-m][a-z_-]*="[^"]*")*)(?: notify="(.*)")?$', re.DOTALL)
_LAST = re.compile(rb'^(.*) ([a-z_-]+)="([^"]*)"$', re.DOTALL)
_ATTRIBUTE = re.compile(rb' ([a-z_-]+)="([^"]*)"')
# whatsmeow's EditAttribute: a message, one in a channel; deleted by its writer, by an admin
_CHANGES = (b"1", b"3", b"7", b"8")
_RECEIPT, _ITEM = re.compile(rb"^<receipt((?: [a-z_-]+=\"[^\"]*\")+)"), re.compile(rb'<item id="([^"]+)"')
# neonize tells that a message is unavailable, but not why
_VIEW_ONCE = re.compile(
    rb'^<message (?:[a-z_-]+="[^"]*" )*?id="([^"]+)".*<unavailable (?:[a-z_-]+="[^"]*" )*?type="view_once',
    re.DOTALL,
)
# as the library does (parseMessageSource)
_HOSTED = {"hosted": PHONE_SERVER, "hosted.lid": LID_SERVER}
# the types of receipt that move something; the rest is between the library and other clients
_RECEIPT_KINDS = {
    b"": ReceiptKind.DELIVERED,
    b"sender": ReceiptKind.SENDER,
    b"inactive": ReceiptKind.INACTIVE,
    b"read": ReceiptKind.READ,
    b"read-self": ReceiptKind.READ_SELF,
    b"played": ReceiptKind.PLAYED,
    b"played-self": ReceiptKind.PLAYED_SELF,
    # a device can't read it, and asks for it again
    b"retry": ReceiptKind.RETRY,
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that reached the library; `at` in Unix seconds, if it is known.

    `writer` is the device of ours that wrote it to the party, None for what the party wrote to us. `is_change`: it
    edits or deletes an earlier message; which one, only its ciphertext told.
    """

    wa_id: str
    party: Party
    participant: str | None = None
    push_name: str = ""
    at: int | None = None
    writer: Address | None = None
    is_change: bool = False


@dataclass(frozen=True, slots=True)
class ArrivedReceipt:
    """A receipt that reached the library.

    `chat` is where its messages are, if that is not the chat with its sender: so it is with a group's
    participants, and with another device of ours.
    """

    wa_ids: tuple[str, ...]
    sender: Address
    chat: Address | None
    kind: ReceiptKind
    at: int


def parse_head(head: bytes) -> Arrival | None:
    """What a stanza's head says; None if it is in no person's or group's chat, torn, or a reaction."""
    attributes = attributes_of(head)
    return arrival_of(attributes) if attributes else None


def attributes_of(head: bytes) -> dict[bytes, bytes] | None:
    """A message's attributes; None without a sender or id.

    Up to the id they are WhatsApp's. Behind it the sender's name may look like attributes: those that come after
    it are read from the end, for as long as they are in order.
    """
    begins = _TO_ID.match(head)
    if begins is None:
        return None
    found = dict(_ATTRIBUTE.findall(begins[1])) | {b"id": begins[2]}
    rest, before = begins[3], b"~"
    while (match := _LAST.match(rest)) and b"notify" < match[2] < before:
        rest, before = match[1], match[2]
        found[before] = match[3]
    if match := _TO_NAME.match(rest):
        found |= _ATTRIBUTE.findall(match[1])
        found[b"notify"] = match[2] or b""
    return found if b"from" in found else None


def arrival_of(attributes: dict[bytes, bytes]) -> Arrival | None:
    """The message of these attributes; None if it is in no person's or group's chat, or a reaction."""
    get = attributes.get
    if get(b"type") == b"reaction":
        return None
    seconds = get(b"t", b"")
    at = int(seconds) if re.fullmatch(rb"\d{1,11}", seconds) else None
    wa_id, name = identifier(attributes[b"id"]), wire_text.name(get(b"notify", b""))
    is_change = get(b"edit") in _CHANGES
    sender = _sender(attributes[b"from"])
    if sender and sender.kind == ChatKind.BROADCAST:
        sender = _sender(get(b"participant", b""))
        party = party_of(sender, get(b"participant_pn") or get(b"participant_lid"))
    elif chat := get(b"recipient"):
        # written on another device of ours
        party = party_of(address_in(chat), get(b"peer_recipient_pn") or get(b"peer_recipient_lid"))
        return Arrival(wa_id, party, None, "", at, sender, is_change) if party and sender else None
    else:
        party = party_of(sender, get(b"sender_pn") or get(b"sender_lid"))
    if party is None:
        return None
    participant = address_in(get(b"participant", b"")) if party.kind == ChatKind.GROUP else None
    return Arrival(wa_id, party, str(participant.bare()) if participant else None, name, at, None, is_change)


def view_once_id(node: bytes) -> str | None:
    """The id of a message that only the phone is given, because it is to be viewed once; None of any other."""
    found = _VIEW_ONCE.match(node)
    return identifier(found[1]) if found else None


def parse_receipt(node: bytes) -> ArrivedReceipt | None:
    """What a receipt says; None if it is of no kind that moves anything, or in no person's or group's chat."""
    head = _RECEIPT.match(node)
    if head is None:
        return None
    attributes = dict(_ATTRIBUTE.findall(head[1]))
    kind = _RECEIPT_KINDS.get(attributes.get(b"type", b""))
    sender, wa_id, at = _sender(attributes.get(b"from", b"")), attributes.get(b"id"), attributes.get(b"t", b"")
    chat = address_in(attributes.get(b"recipient", b""))
    if sender is not None and sender.kind == ChatKind.GROUP:
        chat, sender = sender, _sender(attributes.get(b"participant", b""))
    if kind is None or sender is None or sender.kind != ChatKind.PERSON or not wa_id:
        return None
    if not re.fullmatch(rb"\d{1,11}", at):
        return None
    ids = tuple(identifier(i) for i in (wa_id, *_ITEM.findall(node)))
    return ArrivedReceipt(ids, sender, chat, kind, int(at))


def party_of(chat: Address | None, alternative: bytes | None) -> Party | None:
    """The other side of a chat; None if it is no person's or group's."""
    if chat is None or chat.kind not in (ChatKind.PERSON, ChatKind.GROUP):
        return None
    other = address_in(alternative) if alternative else None
    return Party(chat.bare(), other.bare() if other and other.kind == ChatKind.PERSON else None)


def _sender(text: bytes) -> Address | None:
    """Who a stanza comes from, as the library names him to us: businesses' hosted devices are like others."""
    found = address_in(text)
    return replace(found, server=_HOSTED.get(found.server, found.server)) if found else None
