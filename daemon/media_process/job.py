"""What every job of this process shares: it comes as JSON on stdin, and ends with whoever waits for it."""

import base64
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from daemon.media_process.hosts import TransferTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job; `parent` is the process that waits for it."""

    parent: int = 0

    def to_json(self) -> bytes:
        """As it goes to the process: keys show in no process list."""
        return to_json(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferJob(Job):
    """A file to or from WhatsApp's media hosts."""

    times: TransferTimes = field(default_factory=TransferTimes)


def to_json(values: Any) -> bytes:
    """A job or an answer; bytes become base64."""
    return json.dumps(asdict(values), default=lambda data: base64.b64encode(data).decode()).encode()


def read_transfer(text: bytes) -> dict[str, Any]:
    """A transfer's fields as they came to the process; raises ValueError, KeyError or TypeError."""
    given: dict[str, Any] = json.loads(text)
    return given | {"hosts": tuple(given["hosts"]), "times": TransferTimes(**given["times"])}


def unpacked(given: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same with these fields as the bytes that they were; raises KeyError, ValueError or TypeError."""
    return given | {name: base64.b64decode(given[name]) for name in names}
