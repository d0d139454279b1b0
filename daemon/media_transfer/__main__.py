"""`python -m daemon.media_transfer download|upload`: one job from stdin; the exit code is its result.

A download is written to stdout, of an upload what its message says of it (JSON).
"""

import os
import sys
from typing import BinaryIO, NoReturn

from daemon.media_transfer.bounds import bound, end_with, in_time
from daemon.media_transfer.download import download
from daemon.media_transfer.download_job import DownloadJob, DownloadResult, is_usable
from daemon.media_transfer.hosts import TooSlow
from daemon.media_transfer.upload import upload
from daemon.media_transfer.upload_job import UploadJob, UploadResult, answer_of

# bytes that encryption adds to a file at most
_PADDING = 32


def main() -> NoReturn:
    """Do it, and end."""
    # whatever is printed goes elsewhere
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        told = sys.stdin.buffer.read()
        result = _upload(told, out) if sys.argv[1:] == ["upload"] else _download(told, out)
    sys.exit(result)


def _download(told: bytes, out: BinaryIO) -> DownloadResult:
    job = DownloadJob.from_json(told)
    end_with(job.parent, DownloadResult.FAILED)
    bound(job.wire_limit, job.times.longest)
    result = download(job, out) if is_usable(job.source) else DownloadResult.DAMAGED
    in_time()
    return result


def _upload(told: bytes, out: BinaryIO) -> UploadResult:
    job = UploadJob.from_json(told)
    end_with(job.parent, UploadResult.FAILED)
    try:
        bound(os.stat(job.file).st_size + _PADDING, job.times.longest)
        result, uploaded = upload(job)
    except (OSError, TooSlow):
        return UploadResult.FAILED
    in_time()
    if uploaded is not None:
        out.write(answer_of(uploaded))
    return result


if __name__ == "__main__":
    main()
