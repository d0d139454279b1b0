"""What a person does on any device of theirs: write, send files, react, read."""

from __future__ import annotations

from typing import Any

from tests.whatsapp_server.actors.device import DeviceActor
from tests.whatsapp_server.actors.loop import on_loop
from tests.whatsapp_server.actors.values import Received
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.media import EncryptedMedia, MediaKind, decrypt_media, encrypt_media


class PersonActor(DeviceActor):
    """A device in somebody's hands. Chats are addresses; each sending method gives the message's id."""

    def post(self, chat: Jid, message: Any, *, damaged: bool = False) -> str:
        """Send what a person wrote, with the message secret that real clients add."""
        return self.send(chat, payload.with_secret(message), damaged=damaged)

    def post_text(self, chat: Jid, text: str, quoted_id: str | None = None, *mentions: Jid) -> str:
        """Send a text, as a reply where a message's id is given, naming people in a group."""
        quote = None if quoted_id is None else self.quote(quoted_id)
        return self.post(chat, payload.text(text, quote, [str(one) for one in mentions]))

    def post_reaction(self, chat: Jid, message_id: str, emoji: str) -> str:
        """React to a message of the chat, one's own or the other's; an empty emoji takes the reaction back."""
        reaction = payload.reaction(
            str(chat), message_id, emoji, from_me=message_id in self.sent, at_ms=self.now_ms()
        )
        if chat.is_group:
            reaction.reactionMessage.key.participant = self.quote(message_id).author
        return self.send(chat, reaction, hide=True)

    def post_edit(self, chat: Jid, message_id: str, text: str) -> str:
        """Change the text of an own message."""
        return self.send(chat, payload.edit(str(chat), message_id, text, at_ms=self.now_ms()))

    def post_secret_edit(self, chat: Jid, message_id: str, text: str, secret: bytes | None = None) -> str:
        """Change the text of an own message as newer apps do; another secret than its own can't be opened."""
        kept = secret or self.sent[message_id].message.messageContextInfo.messageSecret
        author = str(self.user.lid_jid)
        sealed = payload.secret_edit(str(chat), message_id, text, kept, author, at_ms=self.now_ms())
        return self.send(chat, sealed)

    def post_revoke(self, chat: Jid, message_id: str) -> str:
        """Delete an own message for everyone."""
        revoke = payload.revoke(str(chat), message_id)
        if chat.is_group and message_id not in self.sent:
            # a group's admin deletes what others wrote
            revoke.protocolMessage.key.fromMe = False
            revoke.protocolMessage.key.participant = self.quote(message_id).author
        return self.send(chat, revoke)

    def post_image(
        self, chat: Jid, data: bytes, caption: str = "", mimetype: str = "image/jpeg", **more: Any
    ) -> str:
        """Send a picture; `more` are fields of its message."""
        media, path = self.upload(data, MediaKind.IMAGE)
        return self.post(chat, payload.image(media, path, caption=caption, mimetype=mimetype, **more))

    def post_video(self, chat: Jid, data: bytes, caption: str = "", seconds: int = 1, **more: Any) -> str:
        """Send a video."""
        media, path = self.upload(data, MediaKind.VIDEO)
        return self.post(chat, payload.video(media, path, caption=caption, seconds=seconds, **more))

    def post_sticker(self, chat: Jid, data: bytes, **more: Any) -> str:
        """Send a sticker (WebP)."""
        media, path = self.upload(data, MediaKind.IMAGE)
        return self.post(chat, payload.sticker(media, path, **more))

    def post_voice(self, chat: Jid, data: bytes, seconds: int = 1, **more: Any) -> str:
        """Send a voice note (Ogg Opus)."""
        media, path = self.upload(data, MediaKind.AUDIO)
        return self.post(chat, payload.voice(media, path, seconds=seconds, **more))

    def post_document(
        self, chat: Jid, data: bytes, name: str, mimetype: str = "application/pdf", caption: str = ""
    ) -> str:
        """Send a file."""
        media, path = self.upload(data, MediaKind.DOCUMENT)
        return self.post(chat, payload.document(media, path, name=name, mimetype=mimetype, caption=caption))

    def post_location(self, chat: Jid, latitude: float, longitude: float, name: str = "") -> str:
        """Send a place; degrees."""
        return self.post(chat, payload.location(latitude, longitude, name=name))

    def mark_read(self, chat: Jid, ids: list[str] | None = None, kind: str = "read") -> None:
        """Send a read receipt for messages of a chat, by default for all of the other side's.

        `kind` "read-self" tells only the account's own devices, as with read receipts switched off.
        """
        if chat.is_group:
            self._read_in_group(chat, ids, kind)
            return
        other = self.network.user_of(chat)
        if ids is None:
            ids = [
                message.id
                for message in self.received
                if not message.from_me and self.network.user_of(message.chat) is other
            ]
        if ids:
            self.send_receipt(chat, ids, kind)

    def _read_in_group(self, group: Jid, ids: list[str] | None, kind: str) -> None:
        """Each writer is told by himself."""
        for message in list(self.received):
            if message.chat == group and not message.from_me and (ids is None or message.id in ids):
                self.send_receipt(group, [message.id], kind, participant=message.sender)

    # --- looking ---

    def wait_for(self, found: str = "", timeout: float = 10.0, *, message_id: str | None = None) -> Received:
        """Wait for a received message that contains a text, or has an id; give it. Raises TimeoutError."""

        def look() -> Received | None:
            for message in list(self.received):
                if (message.id == message_id) if message_id else (found in message.text):
                    return message
            return None

        received = self.loop.wait_until(look, timeout, f"{self.user.push_name} never received {found!r}")
        assert received is not None
        return received

    def wait_for_text(self, text: str, timeout: float = 10.0) -> Received:
        """Wait for a received message whose text contains this; give it. Raises TimeoutError."""
        return self.wait_for(text, timeout)

    def has_receipt(self, message_id: str, kind: str | None = None) -> bool:
        """Tell whether a receipt for a message has come: of a kind ("" delivered, "inactive", "read"), or any."""
        return any(message_id in seen.ids and kind in (None, seen.kind) for seen in list(self.receipts))

    def wait_for_receipt(self, message_id: str, kind: str | None = None, timeout: float = 10.0) -> None:
        """Wait for a receipt. Raises TimeoutError."""
        self.loop.wait_until(
            lambda: self.has_receipt(message_id, kind), timeout, f"no receipt {kind!r} for {message_id}"
        )

    def file_of(self, received: Received) -> bytes:
        """Download and decrypt the file of a received message. Raises LookupError when it has none."""
        found = payload.media_of(received.message)
        if found is None:
            raise LookupError("the message has no file")
        part, kind = found
        return decrypt_media(self.surroundings.media.get(part.directPath), kind, part.mediaKey, part.fileSHA256)

    # --- parts ---

    @on_loop
    def upload(self, data: bytes, kind: MediaKind) -> tuple[EncryptedMedia, str]:
        """Encrypt a file and put it on the media host; give it with its path."""
        media = encrypt_media(data, kind)
        return media, self.surroundings.media.put(kind.folder, media.blob)

    def quote(self, message_id: str) -> payload.Quote:
        """Give what a reply quotes. Raises LookupError for a message this device never saw."""
        sent = self.sent.get(message_id)
        if sent is not None:
            return payload.Quote(message_id, str(self.user.lid_jid), sent.message)
        for received in self.received:
            if received.id == message_id:
                return payload.Quote(message_id, str(received.sender), received.message)
        raise LookupError(f"{message_id} was never seen here")

    def now_ms(self) -> int:
        """Give the network's time in milliseconds."""
        return int(self.network.clock() * 1000)
