"""The media servers: files come in under a token and go out under a path (whatsmeow upload.go, download.go)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

PATH_QUERY = "?ccb=11-4&oh=01_simulated&oe=7FFFFFFF&_nc_sid=5e03e0"
"""A direct path carries a query: the client appends `&hash=…` to it (whatsmeow download.go)."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file is handed out, if not plainly.

    `chunked` names no length, `claims` names a wrong one; `cut_after` so many bytes the connection ends; `drip` is
    the pause in seconds between two bytes; `status` with a `location` sends elsewhere. `times` counts the requests
    that are treated so, of all that come.
    """

    chunked: bool = False
    claims: int | None = None
    cut_after: int | None = None
    drip: float = 0.0
    status: int = 200
    location: str = ""
    times: float = float("inf")


PLAIN = Manner()


class Trick(StrEnum):
    """What a host may do to whoever brings it a file."""

    # the connection is taken, and nothing of the body
    READS_NOTHING = "reads nothing"
    # half a megabyte a second
    READS_SLOWLY = "reads slowly"
    ANSWERS_NOTHING = "answers nothing"
    TRICKLES = "trickles"
    RESETS = "resets"
    NO_JSON = "no JSON"
    NO_PATH = "no path"
    BARE_PATH = "a path without a slash"
    NO_OBJECT = "a list"
    DEEP = "many brackets"
    HUGE = "a huge answer"


ANSWERS = {
    Trick.NO_JSON: b"<html>\xff",
    Trick.NO_PATH: b"{}",
    Trick.BARE_PATH: b'{"direct_path": "v/t62/x", "url": "https://mmg.whatsapp.net/v/t62/x"}',
    Trick.NO_OBJECT: b"[1]",
    Trick.DEEP: b"[" * 60_000,
    Trick.HUGE: b'{"direct_path": "/' + b"x" * 3_000_000 + b'"}',
}


class Reply(NamedTuple):
    """An HTTP answer."""

    status: int
    content_type: str
    body: bytes
    manner: Manner = PLAIN


@dataclass(slots=True)
class MediaHost:
    """Files by path. `fail_with` gives the status that requests fail with now, or None."""

    files: dict[str, bytes] = field(default_factory=dict)
    fail_with: Callable[[], int | None] = lambda: None
    uploads: int = 0
    downloads: int = 0
    manners: dict[str, Manner] = field(default_factory=dict)
    # what is done to uploads now, and how many were met so
    trick: Callable[[], Trick | None] = lambda: None
    tricked: int = 0
    # each request for a file: its whole target
    asked: list[str] = field(default_factory=list)

    def put(self, folder: str, blob: bytes) -> str:
        """Keep an encrypted file and give its direct path, with its query, as messages carry it."""
        path = f"/v/{folder}/{secrets.token_hex(16)}.enc"
        self.files[path] = blob
        return path + PATH_QUERY

    def get(self, path: str) -> bytes:
        """Give the file at a direct path. Raises LookupError."""
        return self.files[path.partition("?")[0]]

    def url(self, direct_path: str) -> str:
        """Give the address that messages carry beside the path."""
        return f"https://mmg.whatsapp.net{direct_path}&mms3=true"

    def treat(self, direct_path: str, manner: Manner) -> None:
        """Hand out a file in another manner from now on."""
        self.manners[direct_path.partition("?")[0]] = manner

    def _manner(self, path: str) -> Manner:
        manner = self.manners.get(path, PLAIN)
        if manner.times <= 0:
            return PLAIN
        if manner is not PLAIN:
            self.manners[path] = replace(manner, times=manner.times - 1)
        return manner

    def handle(self, method: str, target: str, body: bytes) -> Reply:
        """Answer a request of a client: POST uploads, GET downloads, DELETE forgets."""
        parts = urlsplit(target)
        failure = self.fail_with()
        if failure is not None:
            return Reply(failure, "text/plain", b"")
        if method == "POST" and parts.path.startswith("/mms/"):
            return self._upload(parts.path, parse_qs(parts.query), body)
        if method == "GET" and parts.path in self.files:
            self.downloads += 1
            self.asked.append(target)
            manner = self._manner(parts.path)
            return Reply(manner.status, "application/octet-stream", self.files[parts.path], manner)
        if method == "DELETE":
            return Reply(200, "application/json", b"{}")
        return Reply(404, "text/plain", b"not found")

    def _upload(self, path: str, query: dict[str, list[str]], body: bytes) -> Reply:
        """The token in the path is the hash of the encrypted file; a wrong one is refused."""
        if (answer := ANSWERS.get(self.trick() or Trick.READS_NOTHING)) is not None:
            return Reply(200, "application/json", answer)
        token = path.rsplit("/", 1)[-1]
        try:
            expected = base64.urlsafe_b64decode(token)
        except binascii.Error:
            return Reply(400, "text/plain", b"bad token")
        if not query.get("auth") or expected != hashlib.sha256(body).digest():
            return Reply(403, "text/plain", b"wrong hash")
        direct_path = self.put(path.split("/")[2], body)
        self.uploads += 1
        said = {
            "url": self.url(direct_path),
            "direct_path": direct_path,
            "handle": token,
            "object_id": token,
        }
        return Reply(200, "application/json", json.dumps(said).encode())
