"""Edits that come encrypted once more, with the secret of the message that they change (whatsmeow's msgsecret.go).

The library keeps those secrets and can open such edits, but neonize has no word for it: so it is done here.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from google.protobuf.message import DecodeError

from daemon.domain.messages import MessageEdited, Origin
from daemon.whatsapp import wire_text
from daemon.whatsapp.content import content_of, unwrapped
from daemon.whatsapp.message_secrets import Keys, SecretsUnread, secrets_of
from daemon.whatsapp.translate import EDIT, address_of

# waE2E SecretEncryptedMessage.SecretEncType; events and polls have others
MESSAGE_EDIT = 2
_USE = b"Message Edit"
# bytes: a nonce of AES-GCM
_NONCE = 12
# of messages with that id; there is one
_MOST = 8


def open_edit(event: Any, origin: Origin, keys: Keys) -> MessageEdited | None:
    """The edit in a MessageEv; None if it is another change, or can't be opened."""
    sealed = unwrapped(event.Message).secretEncryptedMessage
    wa_id = sealed.targetMessageKey.ID
    if sealed.secretEncType != MESSAGE_EDIT or not wa_id or len(sealed.encIV) != _NONCE:
        return None
    source = event.Info.MessageSource
    writers = [str(who.bare()) for who in map(address_of, (source.Sender, source.SenderAlt)) if who]
    try:
        kept = secrets_of(keys, wa_id)[:_MOST]
    except SecretsUnread:
        return None
    for secret, author, writer in _candidates(kept, writers):
        content = _opened(secret, _raw(wa_id) + author.encode() + writer.encode() + _USE, sealed)
        if content is not None:
            return _edit(content, type(event.Message), wire_text.identifier(wa_id), origin)
    return None


def _candidates(kept: list[tuple[bytes, str]], writers: list[str]) -> Iterator[tuple[bytes, str, str]]:
    """Secrets, by which address its author goes and by which the editor: who wrote it may change it."""
    for (secret, author), writer in product(kept, writers):
        if author in writers:
            yield secret, author, writer


def _opened(secret: bytes, info: bytes, sealed: Any) -> bytes | None:
    if not secret:
        return None
    key = HKDF(SHA256(), 32, None, info).derive(secret)
    try:
        return AESGCM(key).decrypt(sealed.encIV, sealed.encPayload, None)
    except (InvalidTag, ValueError):
        return None


def _edit(content: bytes, kind: Any, wa_id: str, origin: Origin) -> MessageEdited | None:
    try:
        plain = unwrapped(kind.FromString(content))
    except DecodeError:
        return None
    if plain.HasField("protocolMessage") and plain.protocolMessage.type == EDIT:
        plain = plain.protocolMessage.editedMessage
    new = content_of(plain)
    return MessageEdited(wa_id, origin, new.text, new.is_cut) if new.text else None


def _raw(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode(errors="surrogatepass")
