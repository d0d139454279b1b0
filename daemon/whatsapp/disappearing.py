"""Messages that WhatsApp deletes after a time: what one says of its chat, and ours that carry the same.

The time stands in a message's contextInfo (waE2E: `expiration`, in seconds); what has none of it stays. A plain
`conversation` has no room for it, so the apps send an extendedTextMessage instead.
"""

from typing import Any

from daemon.whatsapp import wire_text
from daemon.whatsapp.content import unwrapped

# WhatsApp's apps offer 90 days at most; what is longer than a year is no time that they know
LONGEST = 366 * 24 * 3600


def seconds_in(message: Any) -> int:
    """After how many seconds a message disappears, 0 if it stays."""
    for descriptor, value in unwrapped(message).ListFields():
        if _has_context(descriptor) and value.HasField("contextInfo"):
            return seconds(value.contextInfo.expiration)
    return 0


def seconds(value: int) -> int:
    """A time of the wire's; 0 if there can be none such."""
    found = wire_text.number(value)
    return found if found <= LONGEST else 0


def expiring(message: Any, after: int) -> Any:
    """The same message, to disappear after so many seconds; as it is with 0, and where there is no room for it."""
    if not after:
        return message
    inner = unwrapped(message)
    if inner.HasField("conversation"):
        words = inner.conversation
        inner.ClearField("conversation")
        inner.extendedTextMessage.text = words
    for descriptor, value in inner.ListFields():
        if _has_context(descriptor):
            value.contextInfo.expiration = after
    return message


def _has_context(descriptor: Any) -> bool:
    return bool(descriptor.message_type) and "contextInfo" in descriptor.message_type.fields_by_name
