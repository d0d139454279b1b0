"""What the shop's own phone and companions have in common: they answer customers by name or address."""

from __future__ import annotations

from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.actors.person import PersonActor
from tests.whatsapp_server.actors.values import Received
from tests.whatsapp_server.wire.jid import Jid

Chat = Customer | Jid | str
"""A chat: the customer, an address, or a phone number in digits."""


class OwnDevice(PersonActor):
    """A device of the shop in its owner's hands. Sending methods give the message's id."""

    def chat_with(self, chat: Chat) -> Jid:
        """Give the address of a chat in the form this device uses."""
        if isinstance(chat, Customer):
            return chat.user.lid_jid if self.addressing == "lid" else chat.user.phone_jid
        if isinstance(chat, str):
            return Jid.parse(chat) if "@" in chat else Jid(chat)
        return chat

    def send_text(self, chat: Chat, text: str, quoted_id: str | None = None) -> str:
        """Answer a customer."""
        return self.post_text(self.chat_with(chat), text, quoted_id)

    def send_image(self, chat: Chat, data: bytes, caption: str = "") -> str:
        """Send a picture to a customer."""
        return self.post_image(self.chat_with(chat), data, caption)

    def send_voice(self, chat: Chat, data: bytes, seconds: int = 1) -> str:
        """Send a voice note to a customer."""
        return self.post_voice(self.chat_with(chat), data, seconds)

    def react(self, chat: Chat, message_id: str, emoji: str) -> str:
        """React to a customer's message; an empty emoji takes it back."""
        return self.post_reaction(self.chat_with(chat), message_id, emoji)

    def edit(self, chat: Chat, message_id: str, text: str) -> str:
        """Change an own message."""
        return self.post_edit(self.chat_with(chat), message_id, text)

    def revoke(self, chat: Chat, message_id: str) -> str:
        """Delete an own message for everyone."""
        return self.post_revoke(self.chat_with(chat), message_id)

    def read(self, chat: Chat, ids: list[str] | None = None, *, quietly: bool = False) -> None:
        """Read a customer's messages; quietly tells only the shop's own devices (read receipts switched off)."""
        self.mark_read(self.chat_with(chat), ids, "read-self" if quietly else "read")

    def send_to_self(self, text: str) -> str:
        """Write into the chat with oneself."""
        return self.post_text(self.user.lid_jid, text)

    def wait_for_copy(self, text: str, timeout: float = 10.0) -> Received:
        """Wait for the copy of a message that another own device sent. Raises TimeoutError."""

        def look() -> Received | None:
            return next((seen for seen in list(self.received) if seen.from_me and text in seen.text), None)

        copy = self.loop.wait_until(look, timeout, f"no copy of {text!r}")
        assert copy is not None
        return copy
