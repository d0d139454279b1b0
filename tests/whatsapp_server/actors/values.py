"""What actors share and remember: their surroundings, and the messages and receipts they saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.whatsapp_server.actors.loop import LoopThread
from tests.whatsapp_server.server.network import Network
from tests.whatsapp_server.wire.jid import Jid


class MediaStore(Protocol):
    """Where encrypted files lie; the media host serves the same files over HTTPS."""

    def put(self, folder: str, blob: bytes) -> str:
        """Keep an encrypted file and give its direct path."""

    def get(self, path: str) -> bytes:
        """Give a file by its direct path. Raises LookupError."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every actor needs: the network, the media host's store and the loop they live on."""

    network: Network
    media: MediaStore
    loop: LoopThread


@dataclass(frozen=True, slots=True)
class Received:
    """One message as a device read it; `chat` and `sender` without device numbers, `at` in Unix seconds."""

    id: str
    chat: Jid
    sender: Jid
    device: int
    text: str
    message: Any = field(repr=False)
    at: float
    from_me: bool = False
    category: str = ""
    edit: str = ""
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class SeenReceipt:
    """One receipt as it reached a device; an empty `kind` means delivered."""

    ids: tuple[str, ...]
    kind: str
    sender: Jid
    at: float


@dataclass(frozen=True, slots=True)
class Sent:
    """A message this device sent, kept to answer retry receipts."""

    id: str
    chat: Jid
    message: Any = field(repr=False)
