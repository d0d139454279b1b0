"""What a file is, by its first bytes: only what is what it calls itself is shown in place."""

import re

PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
SOUNDS = frozenset({"audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/webm"})
VIDEOS = frozenset({"video/mp4", "video/webm"})
# what a browser may show in place; everything else is a download
INLINE = PICTURES | SOUNDS | VIDEOS
# bytes at the beginning of a file that tell what it is
HEAD = 16

# ISO/IEC 14496-12 (MP4), 11172-3 (MP3 frames), 13818-7 (ADTS): the rest of the names are in the bytes
_MAGIC = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"....ftyp", re.DOTALL), "video/mp4"),
    # EBML: WebM, unless it is another Matroska file, which does not call itself one of ours
    (re.compile(rb"\x1aE\xdf\xa3"), "video/webm"),
    (re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), "audio/aac"),
    (re.compile(rb"ID3|\xff[\xe2-\xe7\xea-\xef\xf2-\xf7\xfa-\xff]"), "audio/mpeg"),
)
# the same container with a sound alone
_SOUND_IN = {"video/mp4": "audio/mp4", "video/webm": "audio/webm"}


def plain(mime: str) -> str:
    """A type without its parameters, in small letters."""
    return mime.partition(";")[0].strip().lower()


def shown_as(mime: str, head: bytes) -> str | None:
    """The type that a file is shown in place as; None if it is to be downloaded.

    `mime` is the sender's word, `head` the file's first bytes. A picture that calls itself another kind of picture
    is one; whatever calls itself a picture and is none is nothing that a browser should see.
    """
    said = plain(mime)
    found = next((kind for magic, kind in _MAGIC if magic.match(head)), None)
    if said not in INLINE or found is None:
        return None
    if found in _SOUND_IN and said in SOUNDS:
        return _SOUND_IN[found]
    return found if found.partition("/")[0] == said.partition("/")[0] else None


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that a JPEG says it has (ITU T.81, B.2.2); None if it is none."""
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        # the frame headers; DHT, JPG and DAC lie between them
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        if length < 2:
            return None
        at += 2 + length
    return None
