"""What a message says of a film or a sound that it brings, beside where it lies."""

from typing import Any

from daemon.domain.attachments import SENT_AS
from daemon.domain.message_kinds import MessageKind


def fill_film(about: Any, media: dict[str, Any], thumbnail: bytes) -> None:
    """Into a VideoMessage; one that was a GIF plays by itself, without end and without a sound."""
    about.mimetype = media.get(SENT_AS) or "video/mp4"
    about.width, about.height = media.get("width", 0), media.get("height", 0)
    about.seconds = media.get("seconds", 0)
    about.JPEGThumbnail = thumbnail
    if media.get("gif"):
        about.gifPlayback = True


def fill_sound(about: Any, kind: MessageKind, media: dict[str, Any]) -> None:
    """Into an AudioMessage; a voice message has its wave form, a byte (0 to 100) a value."""
    about.mimetype = media.get(SENT_AS) or "audio/ogg; codecs=opus"
    about.seconds = media.get("seconds", 0)
    about.PTT = kind == MessageKind.VOICE
    if about.PTT:
        about.waveform = bytes.fromhex(media.get("waveform") or "")
