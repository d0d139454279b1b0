"""WhatsApp's end of a reply, without the wire: it takes, refuses or loses what the real sender gives it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from neonize.exc import SendMessageError

from daemon.domain.time import Clock
from daemon.whatsapp.encryption_gate import EncryptionGate


class Fate(StrEnum):
    """What becomes of a reply that is about to leave."""

    SENT = "sent"
    # the server says no, and always will
    REFUSED = "refused"
    # it surely has not left: it is tried again
    NOT_CONNECTED = "not connected"
    # no answer came: the customer may have it, or not
    LOST = "lost"
    ARRIVED_UNSEEN = "arrived unseen"
    # the session is killed, before or after it knew WhatsApp's id
    KILLED_EARLY = "killed early"
    KILLED_LATE = "killed late"


class Killed(BaseException):
    """The session's process is gone; nothing that would follow has happened."""


@dataclass
class Wire:
    """Stands where the sender expects its WhatsApp: `arrived` is what customers have got, as (id, text).

    `fate` and `meanwhile` (what happens elsewhere while the frame is under way) are for the next reply;
    `leaving` is told its text first.
    """

    clock: Clock
    leaving: Callable[[str], None]
    fate: Fate = Fate.SENT
    meanwhile: Callable[[], object] = lambda: None
    arrived: list[tuple[str, str]] = field(default_factory=list)
    _count: int = 0
    _on_id: Callable[[str], None] = lambda wa_id: None

    @property
    def hook(self) -> "Wire":
        return self

    @property
    def gate(self) -> EncryptionGate:
        return EncryptionGate()

    @property
    def client(self) -> "Wire":
        return self

    def expect_id(self, on_id: Callable[[str], None]) -> None:
        self._on_id = on_id

    def expect_nothing(self) -> None:
        self._on_id = lambda wa_id: None

    def mark_read(self, *wa_ids: str, **more: Any) -> None:
        """Nobody looks at the ticks of a question here."""

    def send_message(self, to: Any, message: Any) -> Any:
        text = message.conversation or message.extendedTextMessage.text
        self.leaving(text)
        if self.fate in (Fate.NOT_CONNECTED, Fate.KILLED_EARLY):
            self.meanwhile()
            if self.fate == Fate.KILLED_EARLY:
                raise Killed
            raise SendMessageError("websocket not connected")
        self._count += 1
        wa_id = f"3EB0OUT{self._count}"
        self._on_id(wa_id)
        if self.fate in (Fate.SENT, Fate.ARRIVED_UNSEEN):
            self.arrived.append((wa_id, text))
        self.meanwhile()
        match self.fate:
            case Fate.REFUSED:
                raise SendMessageError("server returned error 479")
            case Fate.LOST | Fate.ARRIVED_UNSEEN:
                raise SendMessageError("message timed out")
            case Fate.KILLED_LATE:
                raise Killed
        return SimpleNamespace(ID=wa_id, Timestamp=int(self.clock().timestamp()))
