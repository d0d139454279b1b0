"""From a file, encrypted, to WhatsApp's media hosts (whatsmeow's upload.go)."""

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from daemon.domain.attachments import UploadedFile
from daemon.media_process.bounds import hurry
from daemon.media_process.download_job import is_plain_path
from daemon.media_process.file_keys import MAC_LENGTH, FileKeys
from daemon.media_process.giving_way import GivingWay
from daemon.media_process.hosts import BUSY_STATUSES, ORIGIN_HEADERS, TooSlow, TransferTimes, connect, is_too_slow
from daemon.media_process.upload_job import UploadJob, UploadResult

PIECE = 65536
# bytes of an answer: it names two addresses
_LONGEST_ANSWER = 65_536
# seconds from one word about how far it is to the next
_TELLS_EVERY = 1.0
# silences that it may take in all
_SLOWEST_ANSWER = 2
# as our message carries it; the apps go by the path
_ADDRESS = re.compile(r"https://[!-~]{1,2000}")
_NOT_LET_IN = {401, 403}


class _NotTaken(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def upload(
    job: UploadJob, tell: Callable[[int], None] = lambda percent: None
) -> tuple[UploadResult, UploadedFile | None]:
    """Bring a file to the first host that takes it. The key is new each time: a second try is another file.

    `tell` hears, once a second at most, how much of it a host has (percent).
    """
    key = secrets.token_bytes(32)
    results: list[UploadResult] = []
    with tempfile.TemporaryFile(dir=job.room) as encrypted:
        sums = _encrypt(Path(job.file), FileKeys.of(job.folder, key), encrypted)
        for host in job.hosts:
            try:
                path, url = _post(job, host, encrypted, sums.enc_sha256, tell)
            except TooSlow:
                return UploadResult.FAILED, None
            except _NotTaken as error:
                results.append(_result_of(error.status))
            except (OSError, HTTPException, ValueError):
                results.append(UploadResult.FAILED)
            else:
                return UploadResult.DONE, UploadedFile(path, url, key, sums.sha256, sums.enc_sha256, sums.length)
    for result in (UploadResult.NOT_LET_IN, UploadResult.FAILED):
        if result in results or not results:
            return result, None
    return UploadResult.REFUSED, None


def _result_of(status: int) -> UploadResult:
    if status in _NOT_LET_IN:
        return UploadResult.NOT_LET_IN
    return UploadResult.FAILED if status in BUSY_STATUSES or status >= 500 else UploadResult.REFUSED


class _Sums:
    """What a message says of its file."""

    def __init__(self, sha256: bytes, enc_sha256: bytes, length: int) -> None:
        self.sha256, self.enc_sha256, self.length = sha256, enc_sha256, length


def _encrypt(file: Path, keys: FileKeys, out: BinaryIO) -> _Sums:
    """AES-256-CBC, and behind it the first bytes of the HMAC of the initialisation and all that."""
    encryptor, padder = Cipher(algorithms.AES(keys.cipher), modes.CBC(keys.iv)).encryptor(), PKCS7(128).padder()
    plain, encrypted, mac = hashlib.sha256(), hashlib.sha256(), hmac.new(keys.mac, keys.iv, hashlib.sha256)
    length = 0

    def put(piece: bytes) -> None:
        mac.update(piece)
        encrypted.update(piece)
        out.write(piece)

    with file.open("rb") as source:
        while piece := source.read(PIECE):
            length += len(piece)
            plain.update(piece)
            put(encryptor.update(padder.update(piece)))
    put(encryptor.update(padder.finalize()) + encryptor.finalize())
    end = mac.digest()[:MAC_LENGTH]
    encrypted.update(end)
    out.write(end)
    return _Sums(plain.digest(), encrypted.digest(), length)


def _post(
    job: UploadJob, host: str, encrypted: BinaryIO, enc_sha256: bytes, tell: Callable[[int], None]
) -> tuple[str, str]:
    """The path and the address that the host gives it."""
    token = base64.urlsafe_b64encode(enc_sha256).decode()
    target = f"/mms/{job.folder.value}/{token}?{urlencode({'auth': job.auth, 'token': token})}"
    length = encrypted.seek(0, os.SEEK_END)
    with closing(connect(host, job.times.silence)) as connection:
        headers = {**ORIGIN_HEADERS, "Content-Length": str(length)}
        pieces = _pieces(encrypted, job.times, connection, lambda sent: tell(sent * 100 // length))
        connection.request("POST", target, body=pieces, headers=headers)
        # an answer is short: one that drips is none
        hurry(_SLOWEST_ANSWER * job.times.silence)
        response = connection.getresponse()
        if response.status != 200:
            raise _NotTaken(response.status)
        return _read(response.read(_LONGEST_ANSWER))


def _read(answer: bytes) -> tuple[str, str]:
    """The path and the address in a host's answer; raises ValueError."""
    try:
        given = json.loads(answer)
    except RecursionError:
        raise ValueError("the host plays tricks") from None
    path, url = (given.get(name) if isinstance(given, dict) else None for name in ("direct_path", "url"))
    if not isinstance(path, str) or not is_plain_path(path):
        raise ValueError("the host names no path")
    return path, url if isinstance(url, str) and _ADDRESS.fullmatch(url) else ""


def _pieces(
    encrypted: BinaryIO, times: TransferTimes, connection: HTTPSConnection, tell: Callable[[int], None]
) -> Iterator[bytes]:
    encrypted.seek(0)
    begun, sent = time.monotonic(), 0
    told_at = begun
    # twice what counts as too slow: others on the line must not make us give up
    way = GivingWay(connection.sock, 2 * times.slowest, times.silence)
    while piece := encrypted.read(way.piece(PIECE)):
        now = time.monotonic()
        if is_too_slow(times, sent, now - begun):
            raise TooSlow
        if now - told_at >= _TELLS_EVERY:
            told_at = now
            tell(sent)
        sent += len(piece)
        yield piece
