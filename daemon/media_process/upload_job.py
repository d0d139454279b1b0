"""What the process is told to bring (JSON on stdin), and what it answers: a result, and where the file lies."""

import json
from dataclasses import dataclass, field
from enum import IntEnum

from daemon.domain.attachments import MediaFolder, UploadedFile
from daemon.media_process.job import TransferJob, read_transfer, to_json, unpacked


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
class UploadJob(TransferJob):
    """One file: where it lies on this machine, as what it is brought, to which hosts, with which word (`auth`)."""

    file: str
    folder: MediaFolder
    hosts: tuple[str, ...]
    auth: str = field(repr=False)
    # where the encrypted file may lie meanwhile
    room: str

    @classmethod
    def from_json(cls, text: bytes) -> "UploadJob":
        """As it comes to the process; raises ValueError, KeyError or TypeError."""
        given = read_transfer(text)
        return cls(**given | {"folder": MediaFolder(given["folder"])})


def answer_of(uploaded: UploadedFile) -> bytes:
    """As the process says it on stdout."""
    return to_json(uploaded)


def read_answer(text: bytes) -> UploadedFile:
    """What the process has said; raises ValueError, KeyError or TypeError."""
    return UploadedFile(**unpacked(json.loads(text), "key", "sha256", "enc_sha256"))
