"""What the process is told about a profile picture (JSON on stdin), and which addresses it goes to."""

import json
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from urllib.parse import urlsplit

from daemon.media_process.download_job import is_plain_path
from daemon.media_process.hosts import TransferTimes

# bytes; WhatsApp makes them of 640 points at most, some 100 kB
LARGEST = 2_000_000
# pps.whatsapp.net, mmg.whatsapp.net, media-…cdn.whatsapp.net
_DOMAIN = ".whatsapp.net"


class ProfilePictureResult(IntEnum):
    """How it ended, as the exit code; any other means that the process died."""

    DONE = 0
    # it is not there any more, or not for us
    GONE = 40
    TOO_LARGE = 41
    NO_PICTURE = 42
    # the address leads elsewhere
    NOT_WHATSAPPS = 43
    FAILED = 44


@dataclass(frozen=True, slots=True)
class ProfilePictureJob:
    """One picture: where from, and the file that it is to be."""

    url: str
    out: str
    times: TransferTimes = field(default_factory=lambda: TransferTimes(silence=10, longest=30))
    # whoever waits for it: the process ends with that one
    parent: int = 0

    def to_json(self) -> bytes:
        """As it goes to the process: an address is a key, which shows in no process list."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "ProfilePictureJob":
        """As it comes to the process; raises ValueError, KeyError or TypeError."""
        given = json.loads(text)
        return cls(times=TransferTimes(**given.pop("times")), **given)


def host_and_target(url: str) -> tuple[str, str] | None:
    """Host and path of an address of WhatsApp's, by HTTPS and nothing else; None for any other."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    is_theirs = host.endswith(_DOMAIN) and host.isascii() and parts.netloc.lower() in (host, f"{host}:443")
    if parts.scheme != "https" or port not in (None, 443) or not is_theirs or not is_plain_path(target):
        return None
    return host, target
