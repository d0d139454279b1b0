"""Files of messages: how large at most, where they lie, how they are named here, why one is missing."""

from dataclasses import dataclass, field
from enum import StrEnum

from daemon.domain.file_signatures import PICTURES, SOUNDS, VIDEOS
from daemon.domain.message_kinds import MessageKind

# bytes; a larger attachment is looked at on the phone
LARGEST_FILE = 64_000_000
# in a message's media while there is no room for its file
WAITS = "waits"
# in a message's media if its file is given up: a MissingFile
GONE = "gone"
# in a message's media if a smaller picture lies beside its file
SMALL = "small"
# in a message's media if its file is not what it calls itself, or nothing that can be shown safely
ODD = "odd"
# in a message's media: the picture that travelled in the message, until a better one is here (JPEG, Base64)
THUMBNAIL = "thumbnail"
# in the media of a message of ours: the type of what was made of its file, and while that is being made
SENT_AS, IS_MADE = "sent_as", "is_made"


class MissingFile(StrEnum):
    """Why a file will not come."""

    LARGE = "large"
    # each attempt ended with its process
    DEADLY = "deadly"
    # WhatsApp's servers no longer have it
    EXPIRED = "expired"
    # not what the message says it is
    DAMAGED = "damaged"
    FAILED = "failed"


class MediaFolder(StrEnum):
    """The media servers' names for kinds of files; each has keys of its own."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class MediaSource:
    """Where a message says that its file lies, with its key and sums (SHA-256): 32 bytes, if the sender is honest.

    `path` begins with a slash; `enc_sha256` is the sum of what the servers hold, `sha256` that of the file.
    """

    folder: MediaFolder
    path: str = field(repr=False)
    key: bytes = field(repr=False)
    sha256: bytes = field(repr=False)
    enc_sha256: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file that a person of ours sends: where it lies below the folder of attachments; its size in bytes."""

    file: str
    mime: str
    size: int
    name: str
    # recorded to be heard as a voice message
    is_voice: bool = False
    # a picture that is to be one
    is_sticker: bool = False

    @property
    def kind(self) -> MessageKind:
        """As what it is sent, if that can be made of it: what WhatsApp shows or plays in place, or a document."""
        if self.is_voice:
            return MessageKind.VOICE
        if self.is_sticker:
            return MessageKind.STICKER
        if self.mime in PICTURES:
            return MessageKind.IMAGE
        if self.mime in VIDEOS:
            return MessageKind.VIDEO
        return MessageKind.AUDIO if self.mime in SOUNDS else MessageKind.DOCUMENT

    @property
    def carries_words(self) -> bool:
        """Whether words can stand below it: a sound has no place for them, nor has a sticker."""
        return self.kind not in (MessageKind.VOICE, MessageKind.AUDIO, MessageKind.STICKER)

    @property
    def media(self) -> dict[str, str | int]:
        """What its message shows of it."""
        return {"mime": self.mime, "size": self.size, "name": self.name, "file": self.file}


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """Where a file of ours lies on the media servers, as its message says; `length` in bytes, not encrypted."""

    path: str = field(repr=False)
    url: str = field(repr=False)
    key: bytes = field(repr=False)
    sha256: bytes = field(repr=False)
    enc_sha256: bytes = field(repr=False)
    length: int


_SMALL_END = ".small.jpg"
# What a sender calls his file decides nothing: it is kept under one of these ends, or as .bin.
_ENDS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
    "audio/wav": ".wav",
    "audio/flac": ".flac",
    "audio/webm": ".webm",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/3gpp": ".3gp",
    "video/webm": ".webm",
    "video/x-matroska": ".mkv",
    "video/x-msvideo": ".avi",
    "video/x-ms-wmv": ".wmv",
    "video/mpeg": ".mpg",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "text/vcard": ".vcf",
}


def small_of(file: str) -> str:
    """Where the smaller picture of a message's file lies."""
    return f"{file}{_SMALL_END}"


def original_of(file: str) -> str:
    """The file that a smaller picture was made of; any other is its own."""
    return file.removesuffix(_SMALL_END)


def file_end(mime: str) -> str:
    """The end of the name that a file of this type is kept under, with its dot."""
    return _ENDS.get(mime.partition(";")[0].strip().lower(), ".bin")
