"""A client that is not linked yet: what it shows the phone, and what the phone answers, by way of the server.

The server sees no secrets: it hands references out, passes the wrapped keys of the code method on, and stores
the device when the client has signed its identity. The cryptography is in wire/adv.py and wire/paircode.py.
The stanzas are in pair_stanzas.py (whatsmeow pair.go and pair-code.go).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from tests.whatsapp_server.server.records import DeviceRecord, User
from tests.whatsapp_server.wire.node import Node


class PairingRefused(Exception):
    """The client answered pair-success with an error, or went away.

    `code` is the client's error code, 0 when it left.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class CodeHello:
    """What a client sends when it asks for an 8-letter code (stage companion_hello)."""

    phone: str
    wrapped_companion_ephemeral: bytes
    companion_auth_key: bytes
    platform_id: str
    platform_display: str
    ref: bytes


@dataclass(frozen=True, slots=True)
class CodeFinish:
    """What the client sends once the phone has entered the code (stage companion_finish)."""

    wrapped_key_bundle: bytes
    companion_identity: bytes


class LinkingConnection(Protocol):
    """What a pending link needs of its connection."""

    def send(self, node: Node) -> None:
        """Send one stanza."""

    def send_pair_success(
        self, link: PendingLink, user: User, number: int, identity: bytes, platform: str
    ) -> None:
        """Offer the client its new identity."""

    def send_primary_hello(self, link: PendingLink, wrapped_primary_ephemeral: bytes, identity: bytes) -> None:
        """Notify the client that the phone has entered a code."""

    def send_passkey_request(self) -> None:
        """Ask the client for a passkey."""


@dataclass(slots=True)
class PendingLink:
    """One unlinked client: its public keys (32 raw bytes), its registration, and what it waits for."""

    connection: LinkingConnection
    refs: list[str]
    noise_key: bytes
    identity_key: bytes
    registration_id: int
    signed_prekey_id: int
    signed_prekey: bytes
    signed_prekey_signature: bytes
    device_props: bytes
    code: CodeHello | None = None
    device_number: int = 0
    key_index: int = 0
    offered_user: User | None = None
    offer_id: str = ""
    account_key: bytes = b""
    linked: asyncio.Future[DeviceRecord] | None = field(default=None, repr=False)
    finish: asyncio.Future[CodeFinish] | None = field(default=None, repr=False)

    def accept(
        self,
        user: User,
        number: int,
        device_identity: bytes,
        *,
        key_index: int = 1,
        platform: str = "android",
    ) -> asyncio.Future[DeviceRecord]:
        """Link the client as a device of `user`.

        `device_identity` is a serialised ADVSignedDeviceIdentityHMAC. The client is sent pair-success; when it has
        signed, the device exists, the stream ends with 515 and the future gives the device. The future raises
        PairingRefused when the client does not accept.
        """
        if self.linked is not None and not self.linked.done():
            raise RuntimeError("the client is being linked already")
        self.linked = asyncio.get_running_loop().create_future()
        self.device_number, self.key_index = number, key_index
        self.connection.send_pair_success(self, user, number, device_identity, platform)
        return self.linked

    def primary_hello(
        self, wrapped_primary_ephemeral: bytes, primary_identity: bytes
    ) -> asyncio.Future[CodeFinish]:
        """Tell the client that the phone has entered the code: 80 wrapped bytes and the phone's identity key."""
        self.finish = asyncio.get_running_loop().create_future()
        self.connection.send_primary_hello(self, wrapped_primary_ephemeral, primary_identity)
        return self.finish

    def ask_passkey(self) -> None:
        """Tell the client that WhatsApp wants a passkey before it is linked."""
        self.connection.send_passkey_request()

    def fail(self, reason: PairingRefused) -> None:
        """The client refused or went away: whoever waits is told."""
        for future in (self.linked, self.finish):
            if future is not None and not future.done():
                future.set_exception(reason)
                future.exception()  # nobody may be waiting: no warning then


class PendingLinks:
    """All unlinked clients that are connected now."""

    def __init__(self) -> None:
        self.links: list[PendingLink] = []

    def add(self, link: PendingLink) -> None:
        """A client shows its codes."""
        self.links.append(link)

    def remove(self, link: PendingLink) -> None:
        """A client has gone, or is linked."""
        if link in self.links:
            self.links.remove(link)

    def by_ref(self, ref: str) -> PendingLink:
        """Find a client by one of its QR references. Raises LookupError."""
        for link in reversed(self.links):
            if ref in link.refs:
                return link
        raise LookupError("no client shows that QR code: it has expired")

    def by_phone(self, phone: str) -> PendingLink:
        """Find the client that asked last for a code for a phone number (digits). Raises LookupError."""
        for link in reversed(self.links):
            if link.code is not None and link.code.phone == phone:
                return link
        raise LookupError("no client waits for a code for that number")
