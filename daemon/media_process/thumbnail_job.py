"""What the process is told of a picture that a thread shows (JSON on stdin), and what it answers (JSON)."""

import json
from dataclasses import dataclass

from daemon.media_process.job import Job, to_json

# seconds that it may take
LONGEST = 60.0


@dataclass(frozen=True, slots=True)
class ThumbnailJob(Job):
    """One picture: where it lies, and where the smaller one is to lie; with an empty `out` it is only measured."""

    file: str
    out: str = ""

    @classmethod
    def from_json(cls, text: bytes) -> "ThumbnailJob":
        """As it comes to the process; raises ValueError or TypeError."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class MeasuredPicture:
    """A picture's true size in points, upright; whether it moves; whether a smaller one was made."""

    width: int
    height: int
    is_animated: bool
    has_thumbnail: bool

    def to_json(self) -> bytes:
        """As the process says it on stdout."""
        return to_json(self)

    @classmethod
    def from_json(cls, text: bytes) -> "MeasuredPicture":
        """What the process has said; raises ValueError, KeyError or TypeError."""
        given = json.loads(text)
        return cls(*(kind(given[name]) for name, kind in cls.__annotations__.items()))
