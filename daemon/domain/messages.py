"""What WhatsApp told us, as frozen values: one class per kind of event that ingest understands."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from daemon.domain.calls import CallStep
from daemon.domain.history import HistoryKind
from daemon.domain.ids import LID_SERVER, PHONE_SERVER, Address, Party, parse_address
from daemon.domain.message_kinds import MessageKind
from daemon.domain.primary_phone import Sighting


class Author(StrEnum):
    """Who wrote a message, as the people in the shop would say it."""

    CUSTOMER = "customer"
    ADMIN = "admin"
    BOT = "bot"
    PHONE = "phone"
    COMPANION = "companion"


class Delivery(StrEnum):
    """How far an outgoing message has come; the order of the ladder is `DELIVERY_ORDER`."""

    QUEUED = "queued"
    SENDING = "sending"
    HELD = "held"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"


class OutboxState(StrEnum):
    """Where a reply is on its way out."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    HELD = "held"
    DISCARDED = "discarded"
    CANCELLED = "cancelled"


DELIVERY_ORDER = {
    Delivery.QUEUED: 0,
    Delivery.HELD: 0,
    Delivery.SENDING: 1,
    Delivery.UNCERTAIN: 2,
    Delivery.FAILED: 2,
    Delivery.DISCARDED: 2,
    Delivery.CANCELLED: 2,
    Delivery.SENT: 3,
    Delivery.DELIVERED: 4,
    Delivery.READ: 5,
    Delivery.PLAYED: 6,
}


# the customer has it, or will get it
REACHED_WHATSAPP = tuple(state for state, rank in DELIVERY_ORDER.items() if rank >= DELIVERY_ORDER[Delivery.SENT])


class ReceiptKind(StrEnum):
    """The receipt types that mean something to a shop (names as in whatsmeow's types.ReceiptType)."""

    DELIVERED = "delivered"
    SENDER = "sender"
    RETRY = "retry"
    READ = "read"
    READ_SELF = "read_self"
    PLAYED = "played"
    PLAYED_SELF = "played_self"
    INACTIVE = "inactive"
    SERVER_ERROR = "server_error"
    OTHER = "other"


# what a receipt says about one of our messages
TICKS = {
    # it came, though it could not be read
    ReceiptKind.RETRY: Delivery.SENT,
    ReceiptKind.SENDER: Delivery.SENT,
    ReceiptKind.DELIVERED: Delivery.DELIVERED,
    ReceiptKind.INACTIVE: Delivery.DELIVERED,
    ReceiptKind.READ: Delivery.READ,
    ReceiptKind.PLAYED: Delivery.PLAYED,
}
# what a device sends only once it could read the message
CAN_READ = (ReceiptKind.DELIVERED, ReceiptKind.INACTIVE, ReceiptKind.READ, ReceiptKind.PLAYED)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event came from: the chat, the writing device, and WhatsApp's own time.

    `device` is the sender's device number, `participant` the writer inside a group, by the address that the group
    uses for him, and `participant_alternative` his other one if it was told.
    """

    party: Party
    from_me: bool
    device: int
    at: datetime
    participant: str | None = None
    participant_alternative: str | None = None


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message that arrived, from a customer or from another device of our own account.

    `raw` is the serialized waE2E.Message of everything that is not plain text; `media` holds what is
    shown without downloading (mime, size in bytes, name, seconds, what is on a card); `is_cut`: it was longer.
    Inside a group: `mentions` are the addresses of those who are named (`mentions_all`: everybody), and
    `quoted_author` is who wrote what is quoted.
    """

    wa_id: str
    origin: Origin
    kind: MessageKind
    text: str | None
    push_name: str = ""
    quoted_wa_id: str | None = None
    media: dict[str, Any] = field(default_factory=dict)
    raw: bytes | None = None
    is_history: bool = False
    is_cut: bool = False
    mentions: tuple[str, ...] = ()
    mentions_all: bool = False
    quoted_author: str | None = None
    # seconds after which WhatsApp deletes it, 0 if it stays
    disappearing: int = 0


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message that a reply quotes; `participant` is its writer inside a group."""

    wa_id: str
    from_me: bool
    participant: str | None
    kind: MessageKind
    text: str | None
    media: dict[str, Any] = field(default_factory=dict)

    def author(self, chat: Address, phone: str | None, lid: str | None) -> Address:
        """Who wrote it, by the kind of address that its chat uses; `phone` and `lid` are our own."""
        if self.participant:
            return parse_address(self.participant)
        if not self.from_me:
            return chat
        if phone and (chat.is_phone or not lid):
            return Address(phone, PHONE_SERVER)
        return Address(lid, LID_SERVER) if lid else chat


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """The text of an earlier message was replaced."""

    target_wa_id: str
    origin: Origin
    text: str
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class MessageRevoked:
    """An earlier message was deleted for everyone; inside a group `target_writer` wrote it."""

    target_wa_id: str
    origin: Origin
    target_writer: str | None = None


@dataclass(frozen=True, slots=True)
class DisappearingChanged:
    """Somebody has set after how many seconds the chat's messages are deleted by WhatsApp; 0 is never."""

    origin: Origin
    seconds: int


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody reacted to a message; an empty emoji takes the reaction back.

    Inside a group `target_writer` is who wrote the message, and `target_from_me` says nothing.
    """

    target_wa_id: str
    origin: Origin
    emoji: str
    target_from_me: bool
    target_writer: str | None = None


@dataclass(frozen=True, slots=True)
class ReceiptReceived:
    """One or more messages were delivered, read, played, or must be sent again."""

    wa_ids: tuple[str, ...]
    origin: Origin
    kind: ReceiptKind


@dataclass(frozen=True, slots=True)
class TypingChanged:
    """A customer started or stopped typing."""

    origin: Origin
    typing: bool


@dataclass(frozen=True, slots=True)
class CallChanged:
    """Something happened to a call; `creator` is who made it, if that is told."""

    call_id: str
    origin: Origin
    step: CallStep
    is_video: bool = False
    creator: Address | None = None


@dataclass(frozen=True, slots=True)
class HistoryUploaded:
    """A part of the history as the phone sent it: up to thousands of messages, to be read and imported later.

    `data` is the serialized HistorySync; `progress` in percent, for the kinds that count it.
    """

    kind: HistoryKind
    data: bytes
    progress: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryReceived:
    """A few messages and names out of the history; they open no work."""

    messages: tuple[MessageReceived, ...]
    names: tuple[tuple[Party, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Nothing:
    """An event that carries nothing for a person (key distribution, protocol chatter).

    `seen`: it shows all the same that the primary phone is alive.
    """

    why: str
    seen: Sighting | None = None


Event = (
    MessageReceived
    | MessageEdited
    | MessageRevoked
    | Reacted
    | DisappearingChanged
    | ReceiptReceived
    | TypingChanged
    | CallChanged
    | HistoryUploaded
    | HistoryReceived
    | Nothing
)
