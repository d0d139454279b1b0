"""What the process is told (JSON on stdin), and what it answers: its exit code, and JSON of what it has made."""

import json
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from daemon.domain.message_kinds import MessageKind
from daemon.media_process.job import Job, to_json, unpacked

# seconds that a picture may take, and what has to be played to be made (a film of ten minutes on a slow machine)
LONGEST, LONGEST_PLAYED = 120.0, 1200.0


class NotConvertible(Exception):
    """Nothing can be made of this file: it goes as a document, as it is."""


class PreparationResult(IntEnum):
    """How it ended, as the exit code; any other means that the process died."""

    DONE = 0
    NOT_CONVERTIBLE = 30


@dataclass(frozen=True, slots=True)
class PreparationJob(Job):
    """One file: where it lies, as what it is to be sent, its type, and where the one that is sent is to lie."""

    file: str
    kind: MessageKind
    mime: str
    out: str

    @property
    def is_still(self) -> bool:
        """Whether it is a picture, and no film; a sticker may move."""
        return self.kind == MessageKind.STICKER or (self.kind == MessageKind.IMAGE and self.mime != "image/gif")

    @property
    def longest(self) -> float:
        """Seconds that it may take."""
        return LONGEST if self.is_still else LONGEST_PLAYED

    @classmethod
    def from_json(cls, text: bytes) -> "PreparationJob":
        """As it comes to the process; raises ValueError, KeyError or TypeError."""
        given = json.loads(text)
        return cls(kind=MessageKind(given.pop("kind")), **given)


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A file as it is sent: its kind and type, a small picture (JPEG) that stands there until it is fetched.

    `about` is what its message says of it besides: width, height (points), seconds, waveform (64 hex numbers of
    two digits, 0 to 100 each), gif (1: it plays by itself),
    animated (of a sticker: 1 if it moves, else 0).
    """

    kind: MessageKind
    mime: str
    thumbnail: bytes = field(repr=False)
    about: dict[str, Any]

    def to_json(self) -> bytes:
        """As the process says it on stdout."""
        return to_json(self)

    @classmethod
    def from_json(cls, text: bytes) -> "PreparedFile":
        """What the process has said; raises ValueError, KeyError or TypeError."""
        given = unpacked(json.loads(text), "thumbnail")
        return cls(**given | {"kind": MessageKind(given["kind"])})
