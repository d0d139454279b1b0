"""Which events show that the primary phone is alive, and when it was."""

from daemon.domain.messages import (
    DisappearingChanged,
    Event,
    HistoryReceived,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    Nothing,
    Reacted,
    ReceiptKind,
    ReceiptReceived,
)
from daemon.domain.primary_phone import Sighting, SightingKind

# device number of the primary phone; companions have others
PHONE = 0
_READING = {ReceiptKind.READ, ReceiptKind.READ_SELF, ReceiptKind.PLAYED, ReceiptKind.PLAYED_SELF}


def sighting(event: Event) -> Sighting | None:
    """What an event tells about the primary phone, with WhatsApp's time of it; None if nothing."""
    match event:
        case Nothing():
            return event.seen
        case HistoryReceived():
            # the upload has no time of its own: the phone was alive at least when its newest message came
            times = [message.origin.at for message in event.messages]
            return Sighting(SightingKind.HISTORY, max(times)) if times else None
        case MessageReceived(is_history=True):
            return None
        case MessageReceived() | MessageEdited() | MessageRevoked() | Reacted() | DisappearingChanged():
            kind = SightingKind.MESSAGE
        case ReceiptReceived():
            kind = SightingKind.READ if event.kind in _READING else SightingKind.RECEIPT
        case _:
            return None
    origin = event.origin
    return Sighting(kind, origin.at) if origin.from_me and origin.device == PHONE else None
