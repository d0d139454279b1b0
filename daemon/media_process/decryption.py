"""Decrypts and checks a file while it comes, piece by piece (whatsmeow's download.go)."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from daemon.domain.attachments import MediaSource
from daemon.media_process.file_keys import MAC_LENGTH, FileKeys


class FileDamaged(Exception):
    """What came is not what the message says it is."""


class StreamDecryption:
    """AES-256-CBC under keys made from the message's; nothing that it gives is to be trusted before `finish`."""

    def __init__(self, source: MediaSource) -> None:
        keys = FileKeys.of(source.folder, source.key)
        self._source = source
        self._decryptor = Cipher(algorithms.AES(keys.cipher), modes.CBC(keys.iv)).decryptor()
        self._unpadder = PKCS7(128).unpadder()
        self._mac = hmac.new(keys.mac, keys.iv, hashlib.sha256)
        self._encrypted, self._plain = hashlib.sha256(), hashlib.sha256()
        # the last bytes so far, which may be the MAC
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes from the server; gives those of the file that are certain to be no padding."""
        self._encrypted.update(data)
        data = self._held + data
        self._held = data[-MAC_LENGTH:]
        body = data[:-MAC_LENGTH]
        self._mac.update(body)
        return self._counted(self._unpadder.update(self._decryptor.update(body)))

    def finish(self) -> bytes:
        """The file's last bytes, once all sums are right; raises FileDamaged."""
        if not hmac.compare_digest(self._encrypted.digest(), self._source.enc_sha256):
            raise FileDamaged("another file")
        if not hmac.compare_digest(self._mac.digest()[:MAC_LENGTH], self._held):
            raise FileDamaged("another key")
        try:
            last = self._unpadder.update(self._decryptor.finalize()) + self._unpadder.finalize()
        except ValueError:
            raise FileDamaged("no whole blocks") from None
        self._counted(last)
        if not hmac.compare_digest(self._plain.digest(), self._source.sha256):
            raise FileDamaged("another content")
        return last

    def _counted(self, plain: bytes) -> bytes:
        self._plain.update(plain)
        return plain
