"""What a message says of its file before it is fetched: a sender's word, through the gate; it may be wrong."""

from typing import Any

from daemon.whatsapp import wire_text

Media = dict[str, str | int | float]


def picture(value: Any) -> Media:
    """An ImageMessage: its size in points, and the small picture that stands there until it is fetched."""
    return _file(value, **_size(value), thumbnail=wire_text.thumbnail(value.JPEGThumbnail))


def video(value: Any) -> Media:
    """A VideoMessage; `gif`: it plays by itself, again and again, without a sound."""
    return picture(value) | _known({"seconds": wire_text.number(value.seconds), "gif": int(value.gifPlayback)})


def sound(value: Any) -> Media:
    """An AudioMessage; a voice message has a wave form."""
    wave = wire_text.waveform(value.waveform) if value.PTT else ""
    return _file(value, seconds=wire_text.number(value.seconds), waveform=wave)


def document(value: Any) -> Media:
    """A DocumentMessage: what it is called, how many pages it has."""
    name = wire_text.file_name(value.fileName or value.title)
    return _file(value, name=name, pages=wire_text.number(value.pageCount))


def sticker(value: Any) -> Media:
    """A StickerMessage."""
    return _file(value, **_size(value), animated=int(value.isAnimated))


def _file(value: Any, **more: str | int | float) -> Media:
    mime = wire_text.word(value.mimetype, wire_text.LONGEST_MIME)
    return _known({"mime": mime, "size": wire_text.number(value.fileLength), **more})


def _size(value: Any) -> dict[str, int]:
    width, height = wire_text.points(value.width), wire_text.points(value.height)
    # half a size is none
    return {"width": width, "height": height} if width and height else {}


def _known(media: Media) -> Media:
    return {key: item for key, item in media.items() if item}
