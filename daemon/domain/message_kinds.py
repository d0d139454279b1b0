"""The kinds of messages: what each is called, how it is drawn, what it brings, and what is said in its stead."""

from dataclasses import dataclass
from enum import StrEnum


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


@dataclass(frozen=True, slots=True)
class KindInfo:
    """What is true of every message of a kind; `daemon.i18n` holds the translations.

    `label` names the kind and `icon` its drawing (by default a speech bubble): plain text needs neither. `instead`
    stands where Balas can't show the content, `instead_own` if the message was written in our name.
    """

    value: str
    label: str
    icon: str = "inbox"
    has_file: bool = False
    # shown without its content, until a resend brings it
    is_placeholder: bool = False
    # about something that is no message: nothing to quote, to react to, or to mark as read
    is_notice: bool = False
    instead: str = ""
    instead_own: str = ""


class MessageKind(StrEnum):
    """How a message is shown; UNKNOWN keeps the raw bytes and says "open the phone to see this"."""

    _value_: str
    info: KindInfo

    def __new__(cls, info: KindInfo) -> "MessageKind":
        kind = str.__new__(cls, info.value)
        kind._value_ = info.value
        kind.info = info
        return kind

    TEXT = KindInfo("text", "", icon="")
    IMAGE = KindInfo("image", _("Photo"), "image", has_file=True)
    VIDEO = KindInfo("video", _("Video"), "video", has_file=True)
    VOICE = KindInfo("voice", _("Voice message"), "voice", has_file=True)
    AUDIO = KindInfo("audio", _("Audio"), "audio", has_file=True)
    DOCUMENT = KindInfo("document", _("Document"), "document", has_file=True)
    STICKER = KindInfo("sticker", _("Sticker"), "sticker", has_file=True)
    LOCATION = KindInfo("location", _("Location"), "location")
    CONTACT = KindInfo("contact", _("Contact card"), "contact", instead=_("Open the phone to see the contact."))
    POLL = KindInfo("poll", _("Poll"), "poll", instead=_("Open the phone to see the poll."))
    EVENT = KindInfo("event", _("Event"), "event", instead=_("Open the phone to see the event."))
    PRODUCT = KindInfo("product", _("Product"), "product", instead=_("Open the phone to see the product."))
    ORDER = KindInfo("order", _("Order"), "order", instead=_("Open the phone to see what was ordered."))
    PAYMENT = KindInfo("payment", _("Payment"), "payment", instead=_("Open the phone to see the payment."))
    # words with buttons or a list, as businesses send them
    CHOICES = KindInfo("choices", _("Choices"), "poll", instead=_("Open the phone to see the choices."))
    INVITE = KindInfo("invite", _("Group invitation"), "team", instead=_("Open the phone to join the group."))
    UNKNOWN = KindInfo(
        "unknown",
        _("Message"),
        "phone",
        instead=_("Balas can't show this kind of message. Open the phone to see it."),
    )
    UNREADABLE = KindInfo(
        "unreadable",
        _("Waiting for this message"),
        "clock",
        is_placeholder=True,
        instead=_("Waiting for this message. Open WhatsApp on the phone to see it."),
        instead_own=_(
            "Answered on another device; Balas can't read it yet. Open WhatsApp on the phone to see it."
        ),
    )
    # linked devices are only told that there was one
    VIEW_ONCE = KindInfo(
        "view_once",
        _("View once"),
        "eye",
        is_placeholder=True,
        instead=_("Something to be viewed once. Open WhatsApp on the phone to see it."),
        instead_own=_("Answered on another device with something to be viewed once. Balas can't read it."),
    )
    # acknowledged, then lost in a crash: only the phone has it
    LOST = KindInfo(
        "lost",
        _("Message only on the phone"),
        "phone",
        is_placeholder=True,
        instead=_("A message arrived while Balas was down. Open WhatsApp on the phone to see it."),
        instead_own=_("Answered on another device while Balas was down. Open WhatsApp on the phone to see it."),
    )
    # an edit or a deletion that was lost so; of which message, only its ciphertext told
    LOST_CHANGE = KindInfo(
        "lost_change",
        _("Change only on the phone"),
        "phone",
        instead=_(
            "Something was edited or deleted here, and Balas could not see what. Open WhatsApp on the phone."
        ),
        is_notice=True,
    )
    # somebody rang, and nobody took it; or the phone did
    CALL = KindInfo("call", _("Missed call"), "call", is_notice=True)
    ANSWERED_CALL = KindInfo("answered_call", _("Call answered on the phone"), "call", is_notice=True)
    # written by an admin for the team: never leaves the shop
    NOTE = KindInfo("note", _("Internal note"), "note")


NOTICES = frozenset(kind for kind in MessageKind if kind.info.is_notice)
PLACEHOLDERS = frozenset(kind for kind in MessageKind if kind.info.is_placeholder)
