"""Fetch a message's attachment from WhatsApp's media servers, decrypted."""

import re

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from neonize.exc import DownloadError
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message

from daemon.whatsapp.client import WhatsApp

# whatsmeow's words for a file that is gone or was never whole: asking again changes nothing
_FINAL = re.compile(r"status code (403|404|410)\b|hash mismatch|invalid media|no downloadable|unsupported", re.I)


class FetchFailed(Exception):
    """The attachment did not come; `permanent` means that it never will."""

    def __init__(self, *, permanent: bool) -> None:
        super().__init__("gone" if permanent else "not now")
        self.permanent = permanent


def fetch(whatsapp: WhatsApp, raw: bytes) -> bytes:
    """The attachment of a serialized waE2E.Message, whole and in memory.

    Raises FetchFailed.
    """
    try:
        data = whatsapp.client.download_any(Message.FromString(raw))
    except DownloadError as error:
        raise FetchFailed(permanent=bool(_FINAL.search(str(error)))) from None
    if not data:
        raise FetchFailed(permanent=True)
    return bytes(data)
