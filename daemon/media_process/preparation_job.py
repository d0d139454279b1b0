"""What the process is told (JSON on stdin), and what it answers: its exit code, and JSON of what it has made."""

import json
from dataclasses import dataclass, field
from enum import IntEnum

from daemon.media_process.job import Job, to_json, unpacked

# seconds that it may take
LONGEST = 120.0


class PreparationResult(IntEnum):
    """How it ended, as the exit code; any other means that the process died."""

    DONE = 0
    # it is no picture that we can make anything of
    NO_PICTURE = 30


@dataclass(frozen=True, slots=True)
class PreparationJob(Job):
    """One picture: where it lies, and where the one that is sent is to lie."""

    file: str
    out: str

    @classmethod
    def from_json(cls, text: bytes) -> "PreparationJob":
        """As it comes to the process; raises ValueError or TypeError."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """A JPEG as it is sent: its size in points, and a small one (JPEG) that stands there until it is fetched."""

    width: int
    height: int
    thumbnail: bytes = field(repr=False)

    def to_json(self) -> bytes:
        """As the process says it on stdout."""
        return to_json(self)

    @classmethod
    def from_json(cls, text: bytes) -> "PreparedPicture":
        """What the process has said; raises ValueError, KeyError or TypeError."""
        return cls(**unpacked(json.loads(text), "thumbnail"))
