"""Turns: what the customer has said since the last reply, and who answered it."""

from dataclasses import dataclass
from datetime import datetime

from daemon.domain.messages import Author


@dataclass(frozen=True, slots=True)
class Closer:
    """Who closes a turn: an admin by id, the bot, the phone or another linked device by its number."""

    author: Author
    admin_id: int | None = None
    device: int | None = None


@dataclass(frozen=True, slots=True)
class HandledMark:
    """A turn's closing: by whom, when, and with which message."""

    turn_id: int
    closer: Closer
    closed_at: datetime
    message_id: int | None
    text: str | None
    name: str | None


class AlreadyAnswered(Exception):
    """Somebody else closed the turn first; carries the mark so that the loser can be told who and how."""

    def __init__(self, mark: HandledMark) -> None:
        super().__init__("this turn is already answered")
        self.mark = mark


class MoreCame(Exception):
    """Whoever decided had not been shown the customer's last `count` messages; nothing was done."""

    def __init__(self, count: int) -> None:
        super().__init__("the page had not shown the newest messages")
        self.count = count


class NotAnswerable(Exception):
    """The reply itself is unusable; `reason` is one of `empty`, `too_long`, `unknown_conversation`, `left_group`,
    `only_group_admins`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
