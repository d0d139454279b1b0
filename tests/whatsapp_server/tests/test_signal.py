"""The Signal double ratchet: both roles, any order, and nothing that was tampered with."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.whatsapp_server.wire.keys import DeviceKeys, InvalidKey, KeyPair, PreKeyBundle, typed, untyped, verify
from tests.whatsapp_server.wire.ratchet import MAX_SKIPPED, DecryptionFailed, DuplicateMessage
from tests.whatsapp_server.wire.signal import Encrypted, NoSession, SignalDevice
from tests.whatsapp_server.wire.signal_messages import PreKeySignalMessage, SignalMessage


def device(prekeys: int = 3) -> SignalDevice:
    return SignalDevice(DeviceKeys.generate(prekeys))


def met(prekey: int | None = 1) -> tuple[SignalDevice, SignalDevice]:
    """Alice has Bob's bundle; Bob has not heard of Alice."""
    alice, bob = device(), device()
    alice.start_session("bob", bob.keys.bundle(prekey))
    return alice, bob


def read(receiver: SignalDevice, sender: str, message: Encrypted) -> bytes:
    return receiver.decrypt(sender, message.kind, message.data)


def test_a_signature_verifies_only_for_its_key_and_message() -> None:
    ours, other = KeyPair.generate(), KeyPair.generate()
    signature = ours.sign(b"pesan")
    assert verify(ours.public, b"pesan", signature)
    assert not verify(ours.public, b"lain", signature)
    assert not verify(other.public, b"pesan", signature)
    assert not verify(ours.public, b"pesan", signature[:-1])


def test_a_public_key_carries_its_type_byte() -> None:
    public = KeyPair.generate().public
    assert untyped(typed(public)) == public
    with pytest.raises(InvalidKey):
        untyped(b"\x06" + public)


def test_a_bundle_with_a_wrong_signature_starts_no_session() -> None:
    alice, bob = device(), device()
    forged = replace(bob.keys.bundle(1), signed_prekey=KeyPair.generate().public)
    with pytest.raises(InvalidKey):
        alice.start_session("bob", forged)


@pytest.mark.parametrize("prekey", [1, None])
def test_a_session_starts_with_prekey_messages_and_goes_on_with_ratchet_messages(prekey: int | None) -> None:
    alice, bob = met(prekey)
    first, second = alice.encrypt("bob", b"satu"), alice.encrypt("bob", b"dua")
    assert (first.kind, second.kind) == ("pkmsg", "pkmsg")
    assert read(bob, "alice", first) == b"satu"
    assert read(bob, "alice", second) == b"dua"
    answer = bob.encrypt("alice", b"tiga")
    assert answer.kind == "msg"
    assert read(alice, "bob", answer) == b"tiga"
    assert alice.encrypt("bob", b"empat").kind == "msg"


def test_a_one_time_prekey_is_used_once() -> None:
    bob = device()
    bundle = bob.keys.bundle(2)
    first, second = device(), device()
    for sender in (first, second):
        sender.start_session("bob", bundle)
    assert read(bob, "first", first.encrypt("bob", b"a")) == b"a"
    with pytest.raises(DecryptionFailed):
        read(bob, "second", second.encrypt("bob", b"b"))


def test_a_message_without_a_session_is_refused() -> None:
    alice, bob = met()
    read(bob, "alice", alice.encrypt("bob", b"a"))
    with pytest.raises(NoSession):
        read(device(), "bob", bob.encrypt("alice", b"b"))
    with pytest.raises(NoSession):
        alice.encrypt("carol", b"c")


def test_a_message_read_twice_is_a_duplicate() -> None:
    alice, bob = met()
    message = alice.encrypt("bob", b"sekali")
    read(bob, "alice", message)
    with pytest.raises(DuplicateMessage):
        read(bob, "alice", message)


def test_a_message_for_someone_else_is_not_read() -> None:
    alice, _ = met()
    carol = device()
    with pytest.raises(DecryptionFailed):
        read(carol, "alice", alice.encrypt("bob", b"rahasia"))


def test_both_sides_may_start_at_once() -> None:
    alice, bob = met()
    bob.start_session("alice", alice.keys.bundle(1))
    crossing = alice.encrypt("bob", b"dari alice"), bob.encrypt("alice", b"dari bob")
    assert read(bob, "alice", crossing[0]) == b"dari alice"
    assert read(alice, "bob", crossing[1]) == b"dari bob"
    for number in range(4):
        text = str(number).encode()
        assert read(bob, "alice", alice.encrypt("bob", text)) == text
        assert read(alice, "bob", bob.encrypt("alice", text)) == text


def test_a_new_session_replaces_the_old_and_late_messages_still_arrive() -> None:
    alice, bob = met()
    read(bob, "alice", alice.encrypt("bob", b"a"))
    late = alice.encrypt("bob", b"terlambat")
    alice.start_session("bob", bob.keys.bundle(2))
    assert read(bob, "alice", alice.encrypt("bob", b"baru")) == b"baru"
    assert read(bob, "alice", late) == b"terlambat"


def test_a_message_too_far_ahead_is_refused() -> None:
    alice, bob = met()
    read(bob, "alice", alice.encrypt("bob", b"a"))
    for _ in range(MAX_SKIPPED + 1):
        alice.encrypt("bob", b"hilang")
    with pytest.raises(DecryptionFailed):
        read(bob, "alice", alice.encrypt("bob", b"jauh"))


@given(st.binary(max_size=200), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_signal_message_round_trips(ciphertext: bytes, counter: int, previous: int) -> None:
    key, ours, theirs = KeyPair.generate().public, b"a" * 32, b"b" * 32
    message = SignalMessage.build(
        ratchet_key=key,
        counter=counter,
        previous_counter=previous,
        ciphertext=ciphertext,
        mac_key=b"k" * 32,
        sender_identity=ours,
        receiver_identity=theirs,
    )
    assert SignalMessage.parse(message.serialize()) == message
    assert message.is_authentic(b"k" * 32, ours, theirs)
    assert not message.is_authentic(b"k" * 32, theirs, ours)
    wrapped = PreKeySignalMessage(7, None, 1, key, ours, message)
    assert PreKeySignalMessage.parse(wrapped.serialize()) == wrapped


@settings(deadline=None, max_examples=60)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_messages_arrive_in_any_order_and_more_than_once(data: st.DataObject, seed: int) -> None:
    """A conversation in which the network delays, reorders and repeats, both ways at the same time."""
    alice, bob = met()
    order = random.Random(seed)
    devices = {"alice": alice, "bob": bob}
    on_the_way: list[tuple[str, str, bytes, Encrypted]] = []
    seen: set[bytes] = set()
    # Bob has to read one message before he can answer.
    on_the_way.append(("alice", "bob", b"halo", alice.encrypt("bob", b"halo")))
    steps = data.draw(st.lists(st.sampled_from(["alice", "bob", "deliver", "deliver", "repeat"]), max_size=40))
    for number, step in enumerate(steps):
        if step in devices:
            other = "bob" if step == "alice" else "alice"
            if devices[step].has_session(other):
                text = f"{step} {number}".encode()
                on_the_way.append((step, other, text, devices[step].encrypt(other, text)))
        elif on_the_way:
            sender, receiver, text, message = on_the_way[order.randrange(len(on_the_way))]
            if step == "deliver":
                on_the_way.remove((sender, receiver, text, message))
            _deliver(devices[receiver], sender, text, message, seen)
    for sender, receiver, text, message in on_the_way:
        _deliver(devices[receiver], sender, text, message, seen)


def _deliver(receiver: SignalDevice, sender: str, text: bytes, message: Encrypted, seen: set[bytes]) -> None:
    if text in seen:
        with pytest.raises(DuplicateMessage):
            read(receiver, sender, message)
    else:
        assert read(receiver, sender, message) == text
        seen.add(text)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_changed_message_is_refused_and_the_true_one_still_reads(data: st.DataObject) -> None:
    alice, bob = met()
    read(bob, "alice", alice.encrypt("bob", b"a"))
    read(alice, "bob", bob.encrypt("alice", b"b"))
    message = alice.encrypt("bob", b"asli")
    at = data.draw(st.integers(0, len(message.data) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(message.data)
    changed[at] ^= 1 << bit
    # The lower half of the version byte and the unused top bit of the key are outside the parsed content,
    # yet the MAC covers them.
    with pytest.raises(DecryptionFailed):
        bob.decrypt("alice", "msg", bytes(changed))
    assert read(bob, "alice", message) == b"asli"


def test_a_bundle_without_its_one_time_prekey_is_still_signed() -> None:
    bundle = DeviceKeys.generate(0).bundle()
    assert isinstance(bundle, PreKeyBundle)
    assert bundle.prekey is None
    assert bundle.is_signed()
