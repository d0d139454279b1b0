"""What a message inside a group says besides its words: who is named, whom it quotes, whose message it means."""

from dataclasses import replace
from itertools import islice
from typing import Any

from daemon.domain.messages import MessageReceived, Origin
from daemon.whatsapp import wire_text

# people named in one message; a group has 1,024 members
_MOST_MENTIONS = 1024


def with_context(found: MessageReceived, content: Any) -> MessageReceived:
    """A group's message with who is named and quoted in it."""
    context = _context(content)
    if context is None:
        return found
    named = (wire_text.address_in(jid) for jid in islice(context.mentionedJID, _MOST_MENTIONS))
    author = wire_text.address_in(context.participant)
    return replace(
        found,
        mentions=tuple(dict.fromkeys(str(one.bare()) for one in named if one is not None)),
        # "@all"
        mentions_all=context.nonJIDMentions > 0,
        quoted_author=str(author.bare()) if author else None,
    )


def _context(content: Any) -> Any:
    """The ContextInfo of the first part that has one, inside its wrappers (FutureProofMessage)."""
    for descriptor, value in content.ListFields():
        fields = descriptor.message_type.fields_by_name if descriptor.message_type else ()
        if "contextInfo" in fields and value.HasField("contextInfo"):
            return value.contextInfo
        if set(fields) == {"message"}:
            return _context(value.message)
    return None


def writer_in(key: Any, origin: Origin) -> str | None:
    """Who wrote the message that a key names, inside a group: its author says "from me" of what is his own."""
    if key.fromMe:
        return origin.participant
    author = wire_text.address_in(key.participant)
    return str(author.bare()) if author else origin.participant
