"""Forwarded messages on the wire: how often one has been passed on, and the mark that the apps show."""

from typing import Any

from daemon.domain.forwarding import FORWARDED, MOST_FORWARDS
from daemon.whatsapp import wire_text
from daemon.whatsapp.media_content import Media


def read(value: Any) -> Media:
    """How often a part of a waE2E.Message says that it was forwarded; nothing for what was written here."""
    fields = value.DESCRIPTOR.fields_by_name if hasattr(value, "DESCRIPTOR") else {}
    if "contextInfo" not in fields or not value.HasField("contextInfo"):
        return {}
    context = value.contextInfo
    times = min(wire_text.number(context.forwardingScore), MOST_FORWARDS)
    # an old client says only that it was
    return {FORWARDED: max(times, 1)} if context.isForwarded or times else {}


def mark(message: Any, times: int) -> Any:
    """The message (waE2E.Message) as one that has been passed on so often; a plain text gets room for that."""
    if message.conversation:
        words = message.conversation
        message.Clear()
        message.extendedTextMessage.text = words
    for descriptor, value in message.ListFields():
        if descriptor.name == "documentWithCaptionMessage":
            mark(value.message, times)
        elif descriptor.message_type and "contextInfo" in descriptor.message_type.fields_by_name:
            value.contextInfo.isForwarded = True
            value.contextInfo.forwardingScore = times
    return message
