"""What a file that has come shows of itself: its true size, a smaller picture, or that it is not what it says."""

import logging
from pathlib import Path
from typing import Any

from daemon.domain import file_types
from daemon.domain.attachments import ODD, SMALL
from daemon.domain.message_kinds import MessageKind
from daemon.media_process.thumbnail_job import MeasuredPicture, ThumbnailJob
from daemon.session.media_process import MediaProcess, ProcessDied

log = logging.getLogger(__name__)


def look_at(
    process: MediaProcess, kind: MessageKind, media: dict[str, Any], file: Path, small: Path
) -> dict[str, int]:
    """What a message shows of its file beside what its sender says of it; `small` is where a picture's lies.

    Whatever can't be shown safely (a bomb, a file of another type) is marked as ODD: it can be downloaded.
    Raises ProcessStopped, OSError.
    """
    mime = file_types.plain(str(media.get("mime", "")))
    if mime not in file_types.INLINE:
        return {}
    with file.open("rb") as content:
        if file_types.shown_as(mime, content.read(file_types.HEAD)) is None:
            return {ODD: 1}
    if mime not in file_types.PICTURES:
        return {}
    # a sticker is small, and can be seen through
    picture = _measure(process, ThumbnailJob(str(file), "" if kind == MessageKind.STICKER else str(small)))
    if picture is None:
        small.unlink(missing_ok=True)
        return {ODD: 1}
    found = {"width": picture.width, "height": picture.height}
    return found | ({"animated": 1} if picture.is_animated else {}) | ({SMALL: 1} if picture.has_thumbnail else {})


def _measure(process: MediaProcess, job: ThumbnailJob) -> MeasuredPicture | None:
    try:
        return process.thumbnail(job)
    except ProcessDied:
        log.warning("the process that looks at a picture has died")
        return None
