"""What the process is told to bring (JSON on stdin), and what it answers: a result, and where the file lies."""

import base64
import json
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from typing import Any

from daemon.domain.attachments import MediaFolder, UploadedFile
from daemon.media_process.hosts import TransferTimes


class UploadResult(IntEnum):
    """How an upload ended, as the exit code; any other means that the process died."""

    DONE = 0
    # WhatsApp does not take the word (`auth`) that lets us in any more: ask for a new one
    NOT_LET_IN = 20
    # WhatsApp does not want this file
    REFUSED = 21
    # a later attempt may do better
    FAILED = 22


@dataclass(frozen=True, slots=True)
class UploadJob:
    """One file: where it lies on this machine, as what it is brought, to which hosts, with which word (`auth`)."""

    file: str
    folder: MediaFolder
    hosts: tuple[str, ...]
    auth: str = field(repr=False)
    # where the encrypted file may lie meanwhile
    room: str
    times: TransferTimes = field(default_factory=TransferTimes)
    # whoever waits for it: the process ends with that one
    parent: int = 0

    def to_json(self) -> bytes:
        """As it goes to the process."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "UploadJob":
        """As it comes to the process; raises ValueError, KeyError or TypeError."""
        given = json.loads(text)
        return cls(
            folder=MediaFolder(given.pop("folder")),
            hosts=tuple(given.pop("hosts")),
            times=TransferTimes(**given.pop("times")),
            **given,
        )


def answer_of(uploaded: UploadedFile) -> bytes:
    """As the process says it on stdout."""
    values = asdict(uploaded)
    return json.dumps(values, default=lambda data: base64.b64encode(data).decode()).encode()


def read_answer(text: bytes) -> UploadedFile:
    """What the process has said; raises ValueError, KeyError or TypeError."""
    given: dict[str, Any] = json.loads(text)
    given |= {name: base64.b64decode(given[name]) for name in ("key", "sha256", "enc_sha256")}
    return UploadedFile(**given)
