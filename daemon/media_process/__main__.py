"""`python -m daemon.media_process download|upload|prepare|thumbnail|profile-picture`: one job from stdin.

The exit code is its result.

A download is written to stdout; of everything else, what its message will say or show of it (JSON).
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NoReturn

from daemon.domain.attachments import LARGEST_FILE
from daemon.media_process.bounds import bound, end_with, in_time
from daemon.media_process.download import download
from daemon.media_process.download_job import DownloadJob, DownloadResult, is_usable
from daemon.media_process.hosts import TooSlow
from daemon.media_process.preparation_job import NotConvertible, PreparationJob, PreparationResult
from daemon.media_process.profile_picture_job import LARGEST, ProfilePictureJob, ProfilePictureResult
from daemon.media_process.thumbnail_job import LONGEST as LONGEST_THUMBNAIL
from daemon.media_process.thumbnail_job import ThumbnailJob
from daemon.media_process.upload import upload
from daemon.media_process.upload_job import UploadJob, UploadResult, answer_of

# bytes that encryption adds to a file at most
_PADDING = 32
# Bytes of address space: a picture of a hundred million points in colours takes 550 MB, FFmpeg (which has the
# limit of whoever starts it) 720 MB for a film in 4K. Seconds of a processor for a film of ten minutes.
_PICTURE_MEMORY, _FFMPEG_MEMORY, _FFMPEG_PROCESSOR = 640 * 1024**2, 1024**3, 1200


def main() -> NoReturn:
    """Do it, and end."""
    # whatever is printed goes elsewhere
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        told = sys.stdin.buffer.read()
        result = _DEEDS[sys.argv[1]](told, out)
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
        result, uploaded = upload(job, lambda percent: _tell(percent, out))
    except (OSError, TooSlow):
        return UploadResult.FAILED
    in_time()
    if uploaded is not None:
        out.write(answer_of(uploaded))
    return result


def _tell(percent: int, out: BinaryIO) -> None:
    """A line before what there is to say in the end."""
    out.write(f"{percent}\n".encode())
    out.flush()


def _prepare(told: bytes, out: BinaryIO) -> PreparationResult:
    # not for a download, which needs the same little memory always
    from daemon.media_process.preparation import prepare

    job = PreparationJob.from_json(told)
    end_with(job.parent, PreparationResult.NOT_CONVERTIBLE)
    try:
        if job.is_still:
            bound(LARGEST_FILE, job.longest, _PICTURE_MEMORY)
        else:
            bound(LARGEST_FILE, job.longest, _FFMPEG_MEMORY, _FFMPEG_PROCESSOR)
        prepared = prepare(job)
    except (NotConvertible, MemoryError, TooSlow):
        return PreparationResult.NOT_CONVERTIBLE
    in_time()
    out.write(prepared.to_json())
    return PreparationResult.DONE


def _profile_picture(told: bytes, out: BinaryIO) -> ProfilePictureResult:
    from daemon.media_process.profile_picture import fetch

    job = ProfilePictureJob.from_json(told)
    end_with(job.parent, ProfilePictureResult.FAILED)
    try:
        bound(LARGEST, job.times.longest, _PICTURE_MEMORY)
        result = fetch(job)
    except (MemoryError, TooSlow):
        return ProfilePictureResult.FAILED
    in_time()
    return result


def _thumbnail(told: bytes, out: BinaryIO) -> PreparationResult:
    from daemon.media_process.thumbnail import make_thumbnail

    job = ThumbnailJob.from_json(told)
    end_with(job.parent, PreparationResult.NOT_CONVERTIBLE)
    try:
        bound(LARGEST_FILE, LONGEST_THUMBNAIL, _PICTURE_MEMORY)
        measured = make_thumbnail(Path(job.file), Path(job.out) if job.out else None)
    except (NotConvertible, MemoryError, TooSlow):
        return PreparationResult.NOT_CONVERTIBLE
    in_time()
    out.write(measured.to_json())
    return PreparationResult.DONE


_DEEDS: dict[str, Callable[[bytes, BinaryIO], int]] = {
    "download": _download,
    "upload": _upload,
    "prepare": _prepare,
    "profile-picture": _profile_picture,
    "thumbnail": _thumbnail,
}

if __name__ == "__main__":
    main()
