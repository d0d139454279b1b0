"""The keys of one file, made from the one that its message carries (whatsmeow's getMediaKeys)."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from daemon.domain.attachments import MediaFolder

# bytes at the end of what the servers hold: the HMAC-SHA256's first ones
MAC_LENGTH = 10
# whatsmeow's MediaType
_INFOS = {
    MediaFolder.IMAGE: b"WhatsApp Image Keys",
    MediaFolder.VIDEO: b"WhatsApp Video Keys",
    MediaFolder.AUDIO: b"WhatsApp Audio Keys",
    MediaFolder.DOCUMENT: b"WhatsApp Document Keys",
}


@dataclass(frozen=True, slots=True)
class FileKeys:
    """For AES-256-CBC (16 bytes of initialisation, 32 of key) and HMAC-SHA256 (32 bytes)."""

    iv: bytes = field(repr=False)
    cipher: bytes = field(repr=False)
    mac: bytes = field(repr=False)

    @classmethod
    def of(cls, folder: MediaFolder, key: bytes) -> "FileKeys":
        """Of a message's 32 bytes of media key."""
        keys = HKDF(SHA256(), 112, salt=None, info=_INFOS[folder]).derive(key)
        return cls(keys[:16], keys[16:48], keys[48:80])
