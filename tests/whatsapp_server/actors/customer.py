"""A customer: a person with a phone of their own who talks to the shop."""

from __future__ import annotations

from typing import Any

from tests.whatsapp_server.actors import elsewhere, hostile
from tests.whatsapp_server.actors.loop import on_loop
from tests.whatsapp_server.actors.person import PersonActor
from tests.whatsapp_server.actors.prepared import Prepared, prepare_texts, release
from tests.whatsapp_server.actors.values import Surroundings
from tests.whatsapp_server.server import pictures
from tests.whatsapp_server.server.network import User
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import Jid

RELEASE_TIMEOUT = 600.0
"""Seconds for pushing prepared messages."""


class Customer(PersonActor):
    """Writes to one shop and gets its answers. Sending methods give the message's id."""

    def __init__(self, surroundings: Surroundings, user: User, shop: User) -> None:
        super().__init__(surroundings, user, 0)
        self.shop = shop

    @property
    def name(self) -> str:
        """The name the customer gave themselves."""
        return self.user.push_name

    @property
    def to_shop(self) -> Jid:
        """The shop's address as this customer's phone calls it."""
        return self.shop.lid_jid if self.addressing == "lid" else self.shop.phone_jid

    def send_text(self, text: str, *, damaged: bool = False) -> str:
        """Write to the shop; a damaged message cannot be read before it is sent again."""
        if damaged:
            return self.send_raw(payload.text(text), damaged=True)
        return self.post_text(self.to_shop, text)

    def reply(self, text: str, quoted_id: str) -> str:
        """Write to the shop, quoting a message."""
        return self.post_text(self.to_shop, text, quoted_id)

    def react(self, message_id: str, emoji: str) -> str:
        """React to a message; an empty emoji takes it back."""
        return self.post_reaction(self.to_shop, message_id, emoji)

    def edit(self, message_id: str, text: str) -> str:
        """Change an own message."""
        return self.post_edit(self.to_shop, message_id, text)

    def edit_secretly(self, message_id: str, text: str, secret: bytes | None = None) -> str:
        """Change an own message as newer apps do, encrypted with its secret (or another, which is of no use)."""
        return self.post_secret_edit(self.to_shop, message_id, text, secret)

    def revoke(self, message_id: str) -> str:
        """Delete an own message for everyone."""
        return self.post_revoke(self.to_shop, message_id)

    def send_image(self, data: bytes, caption: str = "", mimetype: str = "image/jpeg", **more: Any) -> str:
        """Send a picture; `more` are fields of its message (width, height, JPEGThumbnail, …)."""
        return self.post_image(self.to_shop, data, caption, mimetype, **more)

    def send_video(self, data: bytes, caption: str = "", seconds: int = 1, **more: Any) -> str:
        """Send a video."""
        return self.post_video(self.to_shop, data, caption, seconds, **more)

    def send_sticker(self, data: bytes, **more: Any) -> str:
        """Send a sticker (WebP)."""
        return self.post_sticker(self.to_shop, data, **more)

    def send_voice(self, data: bytes, seconds: int = 1, **more: Any) -> str:
        """Send a voice note (Ogg Opus)."""
        return self.post_voice(self.to_shop, data, seconds, **more)

    def send_document(
        self, data: bytes, name: str = "berkas.pdf", mimetype: str = "application/pdf", caption: str = ""
    ) -> str:
        """Send a file."""
        return self.post_document(self.to_shop, data, name, mimetype, caption)

    def send_location(self, latitude: float, longitude: float, name: str = "") -> str:
        """Send a place; degrees."""
        return self.post_location(self.to_shop, latitude, longitude, name)

    def send_raw(self, message: Any, *, damaged: bool = False) -> str:
        """Send any waE2E.Message."""
        return self.post(self.to_shop, message, damaged=damaged)

    @on_loop
    def send_unavailable(self, message: Any = None, kind: str = "view_once") -> str:
        """Send what only the phone is given: linked devices see that there was a message; give its id."""
        return elsewhere.unavailable(self, message or payload.text("sekali lihat"), kind)

    @on_loop
    def send_in_group(self, text: str, group: str = elsewhere.GROUP) -> str:
        """Write in a group that the shop is in, too; give the id."""
        return elsewhere.in_chat(self, Jid.parse(group), payload.text(text))

    @on_loop
    def send_by_broadcast_list(self, text: str) -> str:
        """Write to the readers of a broadcast list; give the id."""
        return hostile.by_broadcast_list(self, text)

    @on_loop
    def send_content(self, content: bytes, *, encryption: str = "", name: str = "", wa_id: str = "") -> str:
        """Send any bytes as a message's content, whatever the stanza says of its encryption; give the id."""
        return hostile.raw(self, content, encryption=encryption, name=name, wa_id=wa_id)

    @on_loop
    def post_status(self, text: str) -> str:
        """Post a status update; give the id."""
        return elsewhere.in_chat(self, elsewhere.STATUS, payload.text(text))

    @on_loop
    def ring(self, *, video: bool = False, group: str = "") -> str:
        """Ring the shop, or a group that it is in, too; give the call's id."""
        return elsewhere.ring(self, is_video=video, group=group)

    @on_loop
    def hang_up(self, call_id: str, reason: str = "timeout") -> None:
        """Nobody rings any more; the reason "accepted_elsewhere" says that the shop's phone took the call."""
        elsewhere.end_call(self, call_id, reason)

    @on_loop
    def is_taken(self, call_id: str) -> None:
        """The shop's phone says that it takes the call."""
        elsewhere.accept_call(self, call_id)

    def call(self, *, video: bool = False) -> str:
        """Ring the shop until nobody has taken the call; give its id."""
        call_id = self.ring(video=video)
        self.hang_up(call_id)
        return call_id

    @on_loop
    def show_picture(self, content: bytes, *, hidden: bool = False, url: str = "") -> str:
        """Set a profile picture, for everybody or nobody; give its path on the media host.

        `url` makes the server name another address.
        """
        path = self.surroundings.media.put("t61.24694-24", content)
        number = 1 + int(self.user.picture.id) % 1_700_000_000 if self.user.picture else 1
        self.user.picture = pictures.make(path, content, number, hidden, url)
        return path

    @on_loop
    def remove_picture(self) -> None:
        """Have no profile picture."""
        self.user.picture = None

    def typing(self, typing: bool = True, *, voice: bool = False) -> None:
        """Show or end "typing…"."""
        self.send_typing(self.to_shop, typing, voice=voice)

    def read(self, message_id: str | None = None) -> None:
        """Read one of the shop's messages, or all."""
        self.mark_read(self.to_shop, None if message_id is None else [message_id])

    def ask_resend(self, message_id: str) -> None:
        """Ask the shop's device that sent a message to send it again, as after a lost session."""
        received = self.wait_for(message_id=message_id)
        sender = received.sender.with_device(received.device)
        self.loop.call(self.retries.request, message_id, sender, str(int(received.at)))

    def prepare_texts(self, texts: list[str], device: int | None = None) -> Prepared:
        """Encrypt and encode texts for one of the shop's linked devices, without sending them."""
        return prepare_texts(self, texts, device)

    def release(self, prepared: Prepared) -> list[str]:
        """Send what was prepared, as fast as it goes; give the ids."""
        return self.loop.run(release(self.network, prepared), timeout=RELEASE_TIMEOUT)
