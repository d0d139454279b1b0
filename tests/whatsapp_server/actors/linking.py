"""How the shop's phone links a companion: by scanning its QR code or by typing its eight-letter code."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.whatsapp_server.server.pending_link import PendingLink
from tests.whatsapp_server.server.records import DeviceRecord
from tests.whatsapp_server.wire import adv
from tests.whatsapp_server.wire.paircode import PhoneSide

if TYPE_CHECKING:
    from tests.whatsapp_server.actors.phone import Phone

MAX_COMPANIONS = 4
"""Companions an account may have at the same time."""

REFUSALS = {
    "full": "Can't link new devices at this time: too many linked devices",
    "passkey": "Confirm it's you with your passkey",
    "cancelled": "The owner closed the camera",
}
"""Why a phone may not go through with a link. The companion hears nothing of it, but for the passkey."""


class LinkRefused(Exception):
    """The phone did not link the companion; the message is what the phone's screen says."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """What a companion's QR code says: the server's reference, and three keys of 32 bytes."""

    ref: str
    noise_key: bytes
    identity_key: bytes
    adv_secret: bytes
    client_type: str = ""

    @classmethod
    def parse(cls, text: str) -> QrCode:
        """Read the QR text: a wa.me link with the fields after "#", or the bare fields. Raises LinkRefused."""
        parts = text.strip().rpartition("#")[2].split(",")
        if len(parts) not in (4, 5):
            raise LinkRefused("no valid QR code")
        try:
            keys = [base64.b64decode(part, validate=True) for part in parts[1:4]]
        except binascii.Error as error:
            raise LinkRefused("no valid QR code") from error
        if any(len(key) != 32 for key in keys):
            raise LinkRefused("no valid QR code")
        return cls(parts[0], keys[0], keys[1], keys[2], parts[4] if len(parts) == 5 else "")


class Linking:
    """The phone's part in linking, on the loop."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._raw_id = secrets.randbelow(2**31)
        self._key_index = 0
        self.refuse_next: str | None = None

    async def by_qr(self, text: str) -> DeviceRecord:
        """Link the companion that shows this code; give its new device. Raises LinkRefused or PairingRefused."""
        code = QrCode.parse(text)
        link = self._pending(lambda: self._phone.network.pending_by_ref(code.ref))
        return await self._accept(link, code.identity_key, code.adv_secret)

    async def by_code(self, text: str) -> DeviceRecord:
        """Link the companion that asked for this code. Raises LinkRefused, WrongCode or PairingRefused."""
        link = self._pending(lambda: self._phone.network.pending_by_code(self._phone.user.phone))
        assert link.code is not None
        identity = self._phone.signal.keys.identity
        side = PhoneSide.start(text, identity, link.code.wrapped_companion_ephemeral)
        finish = await link.primary_hello(side.wrapped_key(), identity.public)
        companion, adv_secret = side.finish(finish.wrapped_key_bundle)
        return await self._accept(link, companion, adv_secret)

    def vouch_for(self, device_identity: bytes) -> adv.DeviceIdentity:
        """Sign the next companion's identity key (32 bytes)."""
        self._key_index += 1
        return adv.vouch(
            self._phone.signal.keys.identity,
            device_identity,
            raw_id=self._raw_id,
            key_index=self._key_index,
            timestamp=int(self._phone.network.clock()),
        )

    async def _accept(self, link: PendingLink, device_identity: bytes, adv_secret: bytes) -> DeviceRecord:
        phone = self._phone
        identity = self.vouch_for(device_identity)
        number = phone.network.next_device_number(phone.user)
        return await link.accept(phone.user, number, adv.seal(identity, adv_secret), key_index=identity.key_index)

    def _pending(self, find: Callable[[], PendingLink]) -> PendingLink:
        """Give the companion that is to be linked. Raises LinkRefused where the phone does not go on."""
        reason, self.refuse_next = self.refuse_next, None
        if reason is not None and reason != "passkey":
            raise LinkRefused(REFUSALS.get(reason, reason))
        if not self._phone.online:
            raise LinkRefused("the phone is offline")
        if len(self._phone.user.devices) > MAX_COMPANIONS:
            raise LinkRefused(REFUSALS["full"])
        try:
            link = find()
        except LookupError as error:
            raise LinkRefused(str(error)) from error
        if reason == "passkey":
            link.ask_passkey()
            raise LinkRefused(REFUSALS[reason])
        return link
