"""What is inside encrypted messages, and media."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.media import EncryptedMedia, MediaCorrupt, MediaKind, decrypt_media, encrypt_media
from tests.whatsapp_server.wire.protos import e2e

FILE = EncryptedMedia(b"", b"k" * 32, b"h" * 32, b"e" * 32, 3)


@given(st.binary(max_size=300))
def test_padding_comes_off_again(plaintext: bytes) -> None:
    padded = payload.pad(plaintext)
    assert 1 <= len(padded) - len(plaintext) <= 15
    assert payload.unpad(padded) == plaintext


@pytest.mark.parametrize("padded", [b"", b"abc\x00", b"ab\x03", b"a\x02\x03\x03"])
def test_wrong_padding_is_refused(padded: bytes) -> None:
    with pytest.raises(payload.BadPadding):
        payload.unpad(padded)


@given(st.binary(max_size=300), st.sampled_from(MediaKind))
def test_a_file_comes_back(plaintext: bytes, kind: MediaKind) -> None:
    media = encrypt_media(plaintext, kind)
    assert decrypt_media(media.blob, kind, media.media_key, media.file_sha256) == plaintext
    assert media.length == len(plaintext)


def test_a_changed_file_or_another_kind_is_refused() -> None:
    media = encrypt_media(b"gambar", MediaKind.IMAGE)
    with pytest.raises(MediaCorrupt):
        decrypt_media(media.blob[:-1] + b"\x00", MediaKind.IMAGE, media.media_key)
    with pytest.raises(MediaCorrupt):
        decrypt_media(media.blob, MediaKind.AUDIO, media.media_key)
    with pytest.raises(MediaCorrupt):
        decrypt_media(media.blob, MediaKind.IMAGE, media.media_key, b"x" * 32)


@pytest.mark.parametrize(
    ("message", "stanza", "media", "edit", "body"),
    [
        (payload.text("halo"), "text", "", "", "halo"),
        (payload.text("ya", payload.Quote("ID", "1@lid", payload.text("?"))), "text", "", "", "ya"),
        (payload.reaction("1@lid", "ID", "👍", from_me=False, at_ms=1), "reaction", "", "", "👍"),
        (payload.reaction("1@lid", "ID", "", from_me=False, at_ms=1), "reaction", "", "7", ""),
        (payload.edit("1@lid", "ID", "baru", at_ms=1), "text", "", "1", "baru"),
        (payload.revoke("1@lid", "ID"), "text", "", "7", ""),
        (payload.image(FILE, "/p", caption="bukti"), "media", "image", "", "bukti"),
        (payload.video(FILE, "/p", caption="v"), "media", "video", "", "v"),
        (payload.voice(FILE, "/p"), "media", "ptt", "", ""),
        (payload.sticker(FILE, "/p"), "media", "sticker", "", ""),
        (payload.document(FILE, "/p", name="a.pdf", mimetype="application/pdf"), "media", "document", "", ""),
        (
            payload.document(FILE, "/p", name="a.pdf", mimetype="application/pdf", caption="isi"),
            "media",
            "document",
            "",
            "isi",
        ),
        (payload.location(-6.2, 106.8, name="Monas", address="Jakarta"), "text", "", "", ""),
        (payload.contact("Budi", "6281"), "media", "vcard", "", ""),
        (payload.poll("Pilih?", ["A", "B"]), "poll", "", "", ""),
    ],
)
def test_each_kind_has_its_stanza_attributes(message: Any, stanza: str, media: str, edit: str, body: str) -> None:
    assert payload.stanza_type(message) == stanza
    assert payload.media_type(message) == media
    assert payload.edit_attribute(message) == edit
    assert payload.body_of(message) == body


def test_a_copy_for_an_own_device_names_the_chat_and_shares_the_secret() -> None:
    message = payload.with_secret(payload.text("halo"))
    copy = payload.device_sent("1@lid", message)
    assert copy.deviceSentMessage.destinationJID == "1@lid"
    assert copy.deviceSentMessage.message == message
    assert copy.messageContextInfo.messageSecret == message.messageContextInfo.messageSecret
    assert not payload.device_sent("1@lid", e2e.Message(conversation="x")).HasField("messageContextInfo")
