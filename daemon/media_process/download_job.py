"""What the process is told (JSON on stdin: keys show in no process list) and what it answers (its exit code)."""

import re
from dataclasses import dataclass
from enum import IntEnum

from daemon.domain.attachments import LARGEST_FILE, MediaFolder, MediaSource
from daemon.media_process.hosts import LAST_HOST
from daemon.media_process.job import TransferJob, read_transfer, unpacked

# characters of a path; WhatsApp's have some 250
_LONGEST_PATH = 2000
_PLAIN = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%?-][A-Za-z0-9._~!$&'()*+,;=:@%?/-]*")


class DownloadResult(IntEnum):
    """How a download ended, as the exit code; any other means that the process died."""

    DONE = 0
    EXPIRED = 10
    TOO_LARGE = 11
    DAMAGED = 12
    # a later attempt may do better
    FAILED = 13


@dataclass(frozen=True, slots=True)
class DownloadJob(TransferJob):
    """One file: where from, how many bytes of it at most."""

    source: MediaSource
    hosts: tuple[str, ...] = (LAST_HOST,)
    limit: int = LARGEST_FILE

    @property
    def wire_limit(self) -> int:
        """Bytes of the encrypted file at most: whole AES blocks with their padding, and the MAC."""
        return (self.limit // 16 + 1) * 16 + 10

    @classmethod
    def from_json(cls, text: bytes) -> "DownloadJob":
        """As it comes to the process; raises ValueError, KeyError or TypeError."""
        given = read_transfer(text)
        source = unpacked(given.pop("source"), "key", "sha256", "enc_sha256")
        return cls(source=MediaSource(**source | {"folder": MediaFolder(source["folder"])}), **given)


def is_usable(source: MediaSource) -> bool:
    """Whether a sender's words lead to WhatsApp's servers and nowhere else, with keys of the right length."""
    return is_plain_path(source.path) and {len(source.key), len(source.sha256), len(source.enc_sha256)} == {32}


def is_plain_path(path: str) -> bool:
    """An absolute path with its query: no scheme, no host, no way up, nothing that ends a line of a request."""
    folders = path.partition("?")[0].lower().replace("%2e", ".").split("/")
    return len(path) <= _LONGEST_PATH and bool(_PLAIN.fullmatch(path)) and not {".", ".."} & set(folders)
