"""What a file is, by its first bytes: neither its name nor whoever sends it is believed."""

import re

# bytes of a file's beginning that tell; a Matroska file names its kind within them
HEAD = 64
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
VIDEOS = frozenset(
    {
        "video/mp4",
        "video/quicktime",
        "video/3gpp",
        "video/webm",
        "video/x-matroska",
        "video/x-msvideo",
        "video/x-ms-wmv",
        "video/mpeg",
    }
)
SOUNDS = frozenset(
    {
        "audio/ogg",
        "audio/mpeg",
        "audio/mp4",
        "audio/aac",
        "audio/amr",
        "audio/wav",
        "audio/flac",
        "audio/webm",
    }
)
# what a browser's recorder makes (its containers have no mark of their own for sound alone)
_RECORDED = {
    "video/webm": "audio/webm",
    "video/mp4": "audio/mp4",
    "audio/mp4": "audio/mp4",
    "audio/ogg": "audio/ogg",
}
UNKNOWN = "application/octet-stream"
_MIME = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")
_MAGIC = tuple(
    (re.compile(pattern, re.DOTALL), mime)
    for pattern, mime in (
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF....WEBP", "image/webp"),
        (rb"RIFF....WAVE", "audio/wav"),
        (rb"RIFF....AVI ", "video/x-msvideo"),
        (rb"....ftypM4[AB] ", "audio/mp4"),
        (rb"....ftypqt  ", "video/quicktime"),
        (rb"....ftyp3g", "video/3gpp"),
        # not the pictures of the same family (heic, avif)
        (rb"....ftyp(iso|mp4|avc|M4V|MSNV|dash|f4v|mmp4)", "video/mp4"),
        # older cameras' begin with the film itself
        (rb"....(moov|mdat|wide)", "video/quicktime"),
        (rb"\x1aE\xdf\xa3.{0,48}webm", "video/webm"),
        (rb"\x1aE\xdf\xa3.{0,48}matroska", "video/x-matroska"),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-wmv"),
        (rb"\x00\x00\x01\xba", "video/mpeg"),
        (rb"OggS", "audio/ogg"),
        (rb"fLaC", "audio/flac"),
        (rb"#!AMR", "audio/amr"),
        (rb"ID3[\x02-\x04]", "audio/mpeg"),
        # a frame of MPEG layer III with a rate that exists, or of AAC (ADTS)
        (rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]", "audio/mpeg"),
        (rb"\xff[\xf0\xf1\xf8\xf9]", "audio/aac"),
    )
)


def mime_of(head: bytes, said: str) -> str:
    """The type of a file that begins so; `said`, the sender's word, is believed of documents only."""
    for magic, mime in _MAGIC:
        if magic.match(head):
            return mime
    said = said.partition(";")[0].strip().lower()
    # what calls itself a picture, a film or a sound and is none
    is_plain = _MIME.fullmatch(said) and not said.startswith(("image/", "video/", "audio/"))
    return said if is_plain else UNKNOWN


def recorded(mime: str) -> str | None:
    """The type of a recording in a file of this type; None if browsers make no recordings so."""
    return _RECORDED.get(mime)
