"""Media encryption: AES-256-CBC with a truncated HMAC, under keys made from one media key.

Source: whatsmeow upload.go and download.go.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from enum import Enum

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tests.whatsapp_server.wire.kdf import hkdf_sha256, hmac_sha256

MAC_SIZE = 10


class MediaKind(Enum):
    """A kind of media: the HKDF info its keys are made with, and its folder on the media host."""

    IMAGE = ("WhatsApp Image Keys", "image")
    VIDEO = ("WhatsApp Video Keys", "video")
    AUDIO = ("WhatsApp Audio Keys", "audio")
    DOCUMENT = ("WhatsApp Document Keys", "document")
    HISTORY = ("WhatsApp History Keys", "md-msg-hist")
    APP_STATE = ("WhatsApp App State Keys", "md-app-state")
    LINK_THUMBNAIL = ("WhatsApp Link Thumbnail Keys", "thumbnail-link")

    def __init__(self, info: str, folder: str) -> None:
        self.info = info.encode()
        self.folder = folder


class MediaCorrupt(ValueError):
    """A file that is not what the message says it is."""


@dataclass(frozen=True, slots=True)
class EncryptedMedia:
    """A file as the media host stores it, with what a message says about it: hashes are SHA-256 (32 bytes)."""

    blob: bytes = field(repr=False)
    media_key: bytes = field(repr=False)
    file_sha256: bytes
    file_enc_sha256: bytes
    length: int


def encrypt_media(plaintext: bytes, kind: MediaKind, media_key: bytes | None = None) -> EncryptedMedia:
    """Encrypt a file under a fresh media key (32 bytes)."""
    media_key = secrets.token_bytes(32) if media_key is None else media_key
    iv, cipher_key, mac_key = _keys(media_key, kind)
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()
    blob = ciphertext + hmac_sha256(mac_key, iv + ciphertext)[:MAC_SIZE]
    return EncryptedMedia(
        blob=blob,
        media_key=media_key,
        file_sha256=hashlib.sha256(plaintext).digest(),
        file_enc_sha256=hashlib.sha256(blob).digest(),
        length=len(plaintext),
    )


def decrypt_media(blob: bytes, kind: MediaKind, media_key: bytes, file_sha256: bytes = b"") -> bytes:
    """Decrypt a file and check its MAC, and its hash where one is given. Raises MediaCorrupt."""
    iv, cipher_key, mac_key = _keys(media_key, kind)
    ciphertext, mac = blob[:-MAC_SIZE], blob[-MAC_SIZE:]
    if not hmac.compare_digest(mac, hmac_sha256(mac_key, iv + ciphertext)[:MAC_SIZE]):
        raise MediaCorrupt("the MAC does not match")
    decryptor = Cipher(algorithms.AES(cipher_key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(128).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        plaintext = unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise MediaCorrupt("the ciphertext or its padding is wrong") from error
    if file_sha256 and hashlib.sha256(plaintext).digest() != file_sha256:
        raise MediaCorrupt("the content has another hash")
    return plaintext


def _keys(media_key: bytes, kind: MediaKind) -> tuple[bytes, bytes, bytes]:
    expanded = hkdf_sha256(media_key, kind.info, 112)
    return expanded[:16], expanded[16:48], expanded[48:80]
