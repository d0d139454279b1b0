"""Where a message's attachment lies, read from its content."""

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from google.protobuf.message import DecodeError
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message

from daemon.domain.attachments import MediaFolder, MediaSource
from daemon.whatsapp.content import unwrapped

# whatsmeow's classToMediaType
_FOLDERS = {
    "imageMessage": MediaFolder.IMAGE,
    "videoMessage": MediaFolder.VIDEO,
    "ptvMessage": MediaFolder.VIDEO,
    "audioMessage": MediaFolder.AUDIO,
    "documentMessage": MediaFolder.DOCUMENT,
    "stickerMessage": MediaFolder.IMAGE,
}


def source_of(raw: bytes) -> MediaSource | None:
    """What a serialized waE2E.Message says of its attachment, unchecked; None if it has none.

    The message's URL is left out: it may lead anywhere.
    """
    try:
        message = unwrapped(Message.FromString(raw))
    except DecodeError:
        return None
    for descriptor, value in message.ListFields():
        folder = _FOLDERS.get(descriptor.name)
        # what is no valid text comes as bytes
        if folder is not None and isinstance(value.directPath, str):
            return MediaSource(
                folder,
                value.directPath,
                key=bytes(value.mediaKey),
                sha256=bytes(value.fileSHA256),
                enc_sha256=bytes(value.fileEncSHA256),
            )
    return None
