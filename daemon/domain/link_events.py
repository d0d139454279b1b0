"""What WhatsApp says about the link itself, as frozen values."""

from dataclasses import dataclass
from datetime import datetime

from daemon.domain.ids import Address
from daemon.domain.links import LinkReason, LinkState


@dataclass(frozen=True, slots=True)
class CodeShown:
    """A new QR code to scan; `text` is its content."""

    text: str


@dataclass(frozen=True, slots=True)
class PairCodeShown:
    """The eight letters to type on the phone, as `ABCD-EFGH`."""

    code: str


@dataclass(frozen=True, slots=True)
class Paired:
    """The phone has accepted us as one more device; the login follows."""

    address: Address


@dataclass(frozen=True, slots=True)
class Connected:
    """We are logged in as this device; `lid` is our own LID's user part if known."""

    address: Address
    lid: str | None


@dataclass(frozen=True, slots=True)
class BacklogBegun:
    """What was queued while we were away begins to arrive."""

    messages: int


@dataclass(frozen=True, slots=True)
class BacklogEnded:
    """Everything queued while we were away has arrived."""


@dataclass(frozen=True, slots=True)
class Unstable:
    """The server no longer answers our pings (`answered=False`), or does again."""

    answered: bool


@dataclass(frozen=True, slots=True)
class LinkEnded:
    """This session is over: the state to record, and why; `until` is the end of a ban."""

    state: LinkState
    reason: LinkReason = LinkReason.NONE
    detail: str | None = None
    until: datetime | None = None


LinkEvent = CodeShown | PairCodeShown | Paired | Connected | BacklogBegun | BacklogEnded | Unstable | LinkEnded
