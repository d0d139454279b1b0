"""Messages that are passed on: how often, and why one can't be."""

from typing import Any

from daemon.domain.message_kinds import MessageKind

# in a message's media: how often it has been passed on
FORWARDED = "forwarded"
# from here on WhatsApp's apps say "many times"
MANY_FORWARDS = 5
# WhatsApp's apps count no further
MOST_FORWARDS = 127


class ForwardRefused(Exception):
    """`reason`: unknown, note, unreadable, kind, not_sent, cut, no_file, or one of FileRefused."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def times_of(media: dict[str, Any] | None) -> int:
    """How often a message has been passed on, 0 to MOST_FORWARDS."""
    times = (media or {}).get(FORWARDED)
    return min(max(times, 0), MOST_FORWARDS) if isinstance(times, int) else 0


def next_times(media: dict[str, Any] | None, from_me: bool) -> int:
    """How often it has been if it is passed on once more; the apps don't count it for who sends his own on."""
    return min(times_of(media) + (0 if from_me else 1), MOST_FORWARDS)


def can_be(kind: MessageKind) -> bool:
    """Whether what a message of this kind holds is ours to send: words, or a file."""
    return kind == MessageKind.TEXT or kind.info.has_file
