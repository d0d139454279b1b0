"""Edits, deletions for everyone and reactions that we make: what there is, and until when."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from daemon.domain.messages import OutboxState

# WhatsApp's apps edit so long after sending, its servers let it pass a little longer (whatsmeow's EditWindow)
EDIT_WINDOW, LATEST_EDIT = timedelta(minutes=15), timedelta(minutes=20)
# and delete for everyone so long (two days and twelve hours, says WhatsApp's help)
REVOKE_WINDOW = timedelta(hours=60)


class ChangeKind(StrEnum):
    """What is changed in a message that is there."""

    EDIT = "edit"
    REVOKE = "revoke"
    REACTION = "reaction"


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change as its message shows it until it is sent: on its way, uncertain, or failed."""

    id: int
    message_id: int
    kind: ChangeKind
    text: str | None
    state: OutboxState


class ChangeRefused(Exception):
    """A message can't be changed so; `reason` is a stable word.

    `unknown`, `not_ours`, `not_yours`, `too_late`, `not_sent`, `empty`, `too_long`, `no_emoji`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
