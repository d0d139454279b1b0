"""What the process is told (JSON on stdin: keys show in no process list) and what it answers (its exit code)."""

import base64
import json
import re
from dataclasses import asdict, dataclass, field
from enum import IntEnum

from daemon.domain.attachments import LARGEST_FILE, MediaFolder, MediaSource

# answers to any path without asking who wants to know; the hosts of a `media_conn` answer come before it
LAST_HOST = "mmg.whatsapp.net"
# whatsmeow asks every host that it is told; two or three are usual
MOST_HOSTS = 4
# characters of a path; WhatsApp's have some 250
_LONGEST_PATH = 2000
_PLAIN = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%?-][A-Za-z0-9._~!$&'()*+,;=:@%?/-]*")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", re.IGNORECASE)


class DownloadResult(IntEnum):
    """How a download ended, as the exit code; any other means that the process died."""

    DONE = 0
    EXPIRED = 10
    TOO_LARGE = 11
    DAMAGED = 12
    # a later attempt may do better
    FAILED = 13


@dataclass(frozen=True, slots=True)
class DownloadTimes:
    """In seconds: for the longest silence, for the whole, and before the slowest speed counts (bytes a second)."""

    silence: float = 20.0
    # the largest file at 300 kbit/s
    longest: float = 1800.0
    grace: float = 60.0
    # below a telephone modem's: the files behind it in the queue come sooner than its end
    slowest: int = 4000
    # between two tries at a host
    pause: float = 1.0


@dataclass(frozen=True, slots=True)
class DownloadJob:
    """One file: where from, how many bytes of it at most."""

    source: MediaSource
    hosts: tuple[str, ...] = (LAST_HOST,)
    limit: int = LARGEST_FILE
    times: DownloadTimes = field(default_factory=DownloadTimes)
    # whoever waits for it: the process ends with that one
    parent: int = 0

    @property
    def wire_limit(self) -> int:
        """Bytes of the encrypted file at most: whole AES blocks with their padding, and the MAC."""
        return (self.limit // 16 + 1) * 16 + 10

    def to_json(self) -> bytes:
        """As it goes to the process."""
        return json.dumps(asdict(self), default=lambda data: base64.b64encode(data).decode()).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "DownloadJob":
        """As it comes to the process; raises ValueError, KeyError or TypeError."""
        given = json.loads(text)
        source = given.pop("source")
        keys = {name: base64.b64decode(source[name]) for name in ("key", "sha256", "enc_sha256")}
        return cls(
            source=MediaSource(MediaFolder(source["folder"]), source["path"], **keys),
            hosts=tuple(given.pop("hosts")),
            times=DownloadTimes(**given.pop("times")),
            **given,
        )


def hosts_to_ask(known: tuple[str, ...]) -> tuple[str, ...]:
    """WhatsApp's media hosts in their order, and the one that always answers."""
    usable = [host for host in known if _HOST.fullmatch(host) and host != LAST_HOST]
    return (*usable[: MOST_HOSTS - 1], LAST_HOST)


def is_usable(source: MediaSource) -> bool:
    """Whether a sender's words lead to WhatsApp's servers and nowhere else, with keys of the right length."""
    return _is_plain_path(source.path) and {len(source.key), len(source.sha256), len(source.enc_sha256)} == {32}


def _is_plain_path(path: str) -> bool:
    """An absolute path with its query: no scheme, no host, no way up, nothing that ends a line of a request."""
    folders = path.partition("?")[0].lower().replace("%2e", ".").split("/")
    return len(path) <= _LONGEST_PATH and bool(_PLAIN.fullmatch(path)) and not {".", ".."} & set(folders)
