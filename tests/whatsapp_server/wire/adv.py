"""ADV, the account's signed device identities: a phone vouches for a companion, which signs back.

Signed content and prefixes: whatsmeow pair.go. The phone signs the companion's identity key with the
account's identity key and protects the result with an HMAC under the secret shown in the QR text (or agreed
by pairing code).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from tests.whatsapp_server.wire.kdf import hmac_sha256
from tests.whatsapp_server.wire.keys import KeyPair, verify
from tests.whatsapp_server.wire.protos import adv

ACCOUNT_PREFIX = bytes([6, 0])
DEVICE_PREFIX = bytes([6, 1])


class AdvRejected(ValueError):
    """A device identity that is not signed the way it must be."""


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """A device identity as both sides keep it; signatures have 64 bytes, the device's may be empty."""

    details: bytes
    account_key: bytes
    account_signature: bytes
    device_signature: bytes = b""

    @property
    def key_index(self) -> int:
        """The companion's index in the account's key index list."""
        return int(adv.ADVDeviceIdentity.FromString(self.details).keyIndex)

    def serialize(self, *, with_account_key: bool = True) -> bytes:
        """Give ADVSignedDeviceIdentity; the companion's answer to pair-success leaves the account key out."""
        message = adv.ADVSignedDeviceIdentity(details=self.details, accountSignature=self.account_signature)
        if with_account_key:
            message.accountSignatureKey = self.account_key
        if self.device_signature:
            message.deviceSignature = self.device_signature
        return bytes(message.SerializeToString())

    @classmethod
    def parse(cls, data: bytes, account_key: bytes = b"") -> DeviceIdentity:
        """Read ADVSignedDeviceIdentity; `account_key` stands in where the message leaves it out."""
        message = adv.ADVSignedDeviceIdentity.FromString(data)
        return cls(
            details=message.details,
            account_key=message.accountSignatureKey or account_key,
            account_signature=message.accountSignature,
            device_signature=message.deviceSignature,
        )

    def is_vouched_for(self, device_identity: bytes) -> bool:
        """Tell whether the account signed this device's identity key (32 bytes)."""
        return verify(self.account_key, ACCOUNT_PREFIX + self.details + device_identity, self.account_signature)

    def is_accepted_by(self, device_identity: bytes) -> bool:
        """Tell whether the device with this identity key (32 bytes) signed back."""
        return verify(device_identity, self._for_device(device_identity), self.device_signature)

    def signed_by(self, device: KeyPair) -> DeviceIdentity:
        """Give a copy with the device's own signature."""
        signature = device.sign(self._for_device(device.public))
        return DeviceIdentity(self.details, self.account_key, self.account_signature, signature)

    def _for_device(self, device_identity: bytes) -> bytes:
        return DEVICE_PREFIX + self.details + device_identity + self.account_key


def vouch(
    account: KeyPair, device_identity: bytes, *, raw_id: int, key_index: int, timestamp: int
) -> DeviceIdentity:
    """Sign a companion's identity key (32 bytes) as the account's phone does; `timestamp` in seconds."""
    details = adv.ADVDeviceIdentity(
        rawID=raw_id,
        timestamp=timestamp,
        keyIndex=key_index,
        accountType=adv.ADVEncryptionType.E2EE,
        deviceType=adv.ADVEncryptionType.E2EE,
    ).SerializeToString()
    signature = account.sign(ACCOUNT_PREFIX + details + device_identity)
    return DeviceIdentity(details, account.public, signature)


def seal(identity: DeviceIdentity, adv_secret: bytes) -> bytes:
    """Give ADVSignedDeviceIdentityHMAC: what pair-success carries."""
    details = identity.serialize()
    return bytes(
        adv.ADVSignedDeviceIdentityHMAC(
            details=details, HMAC=hmac_sha256(adv_secret, details), accountType=adv.ADVEncryptionType.E2EE
        ).SerializeToString()
    )


def unseal(data: bytes, adv_secret: bytes, device_identity: bytes) -> DeviceIdentity:
    """Open pair-success as the companion does. Raises AdvRejected for a wrong HMAC or account signature."""
    sealed = adv.ADVSignedDeviceIdentityHMAC.FromString(data)
    if not hmac.compare_digest(sealed.HMAC, hmac_sha256(adv_secret, sealed.details)):
        raise AdvRejected("the HMAC does not match")
    identity = DeviceIdentity.parse(sealed.details)
    if not identity.is_vouched_for(device_identity):
        raise AdvRejected("the account did not sign this device")
    return identity
