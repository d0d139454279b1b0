"""From WhatsApp's media hosts into a file, with a count: bytes on the wire, silence, speed."""

import base64
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from typing import BinaryIO

from daemon.domain.attachments import MediaSource
from daemon.media_process.decryption import FileDamaged, StreamDecryption
from daemon.media_process.download_job import DownloadJob, DownloadResult
from daemon.media_process.hosts import BUSY_STATUSES, ORIGIN_HEADERS, TooSlow, TransferTimes, connect, is_too_slow

# whatsmeow tries five times; whoever starts us comes back for hours
TRIES = 3
PIECE = 65536
# whatsmeow's ErrMediaDownloadFailedWith…
_EXPIRED = {403, 404, 410}


class _TooLarge(Exception):
    pass


class _Expired(Exception):
    pass


class _Busy(Exception):
    pass


class _Refused(Exception):
    pass


def download(job: DownloadJob, out: BinaryIO) -> DownloadResult:
    """Ask one host after the other, and put the file into `out`; it is whole and the right one only if DONE."""
    damaged = 0
    try:
        for host in job.hosts:
            for pause in range(TRIES):
                time.sleep(pause * job.times.pause)
                out.seek(0)
                out.truncate()
                try:
                    _fetch(job, host, out)
                    return DownloadResult.DONE
                except (OSError, HTTPException, _Busy):
                    continue
                except _Refused:
                    break
                except FileDamaged:
                    damaged += 1
                    break
    except _Expired:
        return DownloadResult.EXPIRED
    except _TooLarge:
        return DownloadResult.TOO_LARGE
    except TooSlow:
        return DownloadResult.FAILED
    return DownloadResult.DAMAGED if damaged == len(job.hosts) else DownloadResult.FAILED


def _fetch(job: DownloadJob, host: str, out: BinaryIO) -> None:
    decryption = StreamDecryption(job.source)
    with closing(connect(host, job.times.silence)) as connection:
        # never the message's URL, which is the sender's; a redirect is not followed
        connection.request("GET", _target(job.source), headers=ORIGIN_HEADERS)
        response = connection.getresponse()
        _check_status(response.status)
        whole = response.length
        if whole is not None and whole > job.wire_limit:
            raise _TooLarge
        received = 0
        for piece in _pieces(response, job.times):
            received += len(piece)
            if received > job.wire_limit:
                raise _TooLarge
            out.write(decryption.feed(piece))
        if whole is not None and received < whole:
            raise ConnectionError("cut off")
    try:
        out.write(decryption.finish())
    except FileDamaged:
        if whole is None and not response.chunked:
            # nobody has said where it ends
            raise ConnectionError("cut off") from None
        raise
    out.flush()


def _check_status(status: int) -> None:
    if status in _EXPIRED:
        raise _Expired
    if status in BUSY_STATUSES:
        raise _Busy
    if status != 200:
        raise _Refused


def _pieces(response: HTTPResponse, times: TransferTimes) -> Iterator[bytes]:
    begun, received = time.monotonic(), 0
    while piece := response.read1(PIECE):
        received += len(piece)
        if is_too_slow(times, received, time.monotonic() - begun):
            raise TooSlow
        yield piece


def _target(source: MediaSource) -> str:
    """The path and query of whatsmeow's DownloadMediaWithPath."""
    checksum = base64.urlsafe_b64encode(source.enc_sha256).decode()
    return f"{source.path}&hash={checksum}&mms-type={source.folder.value}&__wa-mms="
