"""What a phone signs for a companion, and what a companion signs back."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from tests.whatsapp_server.wire import adv, paircode
from tests.whatsapp_server.wire.keys import KeyPair


def vouched() -> tuple[KeyPair, KeyPair, adv.DeviceIdentity]:
    phone, companion = KeyPair.generate(), KeyPair.generate()
    return phone, companion, adv.vouch(phone, companion.public, raw_id=7, key_index=3, timestamp=1_800_000_000)


def test_a_companion_accepts_what_its_phone_signed() -> None:
    _, companion, identity = vouched()
    secret = secrets.token_bytes(32)
    opened = adv.unseal(adv.seal(identity, secret), secret, companion.public)
    assert opened == identity
    assert opened.key_index == 3


def test_a_companion_refuses_another_secret_and_another_device() -> None:
    _, companion, identity = vouched()
    secret = secrets.token_bytes(32)
    sealed = adv.seal(identity, secret)
    with pytest.raises(adv.AdvRejected):
        adv.unseal(sealed, secrets.token_bytes(32), companion.public)
    with pytest.raises(adv.AdvRejected):
        adv.unseal(sealed, secret, KeyPair.generate().public)


def test_the_phone_knows_its_companions_signature() -> None:
    phone, companion, identity = vouched()
    answer = identity.signed_by(companion).serialize(with_account_key=False)
    received = adv.DeviceIdentity.parse(answer, phone.public)
    assert received.is_accepted_by(companion.public)
    assert received.is_vouched_for(companion.public)
    assert not received.is_accepted_by(KeyPair.generate().public)
    assert not replace(received, device_signature=b"").is_accepted_by(companion.public)


def test_both_sides_of_a_code_agree_on_the_secret() -> None:
    phone, companion = KeyPair.generate(), KeyPair.generate()
    side = paircode.CompanionSide(companion)
    shown = f"{side.code[:4]}-{side.code[4:]}".lower()
    typed = paircode.PhoneSide.start(shown, phone, side.wrapped_key())
    bundle, secret = side.finish(typed.wrapped_key(), phone.public)
    assert typed.finish(bundle) == (companion.public, secret)


def test_a_wrong_code_is_noticed_by_the_phone() -> None:
    phone = KeyPair.generate()
    side = paircode.CompanionSide(KeyPair.generate(), code="ABCDEFGH")
    typed = paircode.PhoneSide.start("ABCD-EFGJ", phone, side.wrapped_key())
    bundle, _ = side.finish(typed.wrapped_key(), phone.public)
    with pytest.raises(paircode.WrongCode):
        typed.finish(bundle)


@pytest.mark.parametrize("text", ["ABCD-EFG", "ABCD-EFG0", "", "ABCDEFGHJ"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(paircode.WrongCode):
        paircode.normalize(text)
