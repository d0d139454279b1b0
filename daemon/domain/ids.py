"""WhatsApp's addresses: who a chat, a sender or a device is."""

from dataclasses import dataclass
from enum import StrEnum

PHONE_SERVER = "s.whatsapp.net"
LID_SERVER = "lid"


class ChatKind(StrEnum):
    """What sort of chat an address names; only PERSON ever becomes a customer's conversation."""

    PERSON = "person"
    GROUP = "group"
    STATUS = "status"
    # a list of one person's, whose messages each reader gets in the chat with him
    BROADCAST = "broadcast"
    NEWSLETTER = "newsletter"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Address:
    """One WhatsApp JID: user, server and device number (0 is the primary phone)."""

    user: str
    server: str
    device: int = 0

    @property
    def is_lid(self) -> bool:
        return self.server == LID_SERVER

    @property
    def is_phone(self) -> bool:
        return self.server == PHONE_SERVER

    @property
    def kind(self) -> ChatKind:
        if self.server in (PHONE_SERVER, LID_SERVER, "hosted", "hosted.lid"):
            return ChatKind.PERSON
        if self.server == "g.us":
            return ChatKind.GROUP
        if self.server == "newsletter":
            return ChatKind.NEWSLETTER
        if self.server == "broadcast":
            return ChatKind.STATUS if self.user == "status" else ChatKind.BROADCAST
        return ChatKind.OTHER

    def bare(self) -> "Address":
        """The same user without the device part."""
        return self if self.device == 0 else Address(self.user, self.server)

    def __str__(self) -> str:
        device = f":{self.device}" if self.device else ""
        return f"{self.user}{device}@{self.server}"


def parse_address(text: str) -> Address:
    """Read `user[:device]@server`.

    Raises ValueError if there is no server part or the device is not a number of at most five digits.
    """
    user, at, server = text.rpartition("@")
    if not at or not server:
        raise ValueError("an address needs an @server part")
    name, _, device = user.partition(":")
    if len(device) > 5:
        raise ValueError("a device has a smaller number")
    return Address(name, server, int(device) if device else 0)


@dataclass(frozen=True, slots=True)
class Party:
    """The other side of a chat: the main address and, when WhatsApp told it, the alternative one.

    A person has a LID (stable, private) and a phone number; either may be missing.
    """

    address: Address
    alternative: Address | None = None

    @property
    def kind(self) -> ChatKind:
        return self.address.kind

    @property
    def addresses(self) -> tuple[Address, ...]:
        return (self.address, self.alternative) if self.alternative else (self.address,)

    @property
    def lid_address(self) -> Address | None:
        return next((address for address in self.addresses if address.is_lid), None)

    @property
    def lid(self) -> str | None:
        return self.lid_address.user if self.lid_address else None

    @property
    def phone(self) -> str | None:
        return next((address.user for address in self.addresses if address.is_phone), None)
