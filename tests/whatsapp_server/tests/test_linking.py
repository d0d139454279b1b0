"""Linking seen from the server: a client of our own, the phone's answers made by hand."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.whatsapp_server.actors.linking import LinkRefused
from tests.whatsapp_server.server.pending_link import PairingRefused
from tests.whatsapp_server.tests.wire_client import WireClient
from tests.whatsapp_server.wire import adv
from tests.whatsapp_server.wire.jid import SERVER, Jid
from tests.whatsapp_server.wire.keys import DeviceKeys, KeyPair
from tests.whatsapp_server.wire.node import Node
from tests.whatsapp_server.wire.paircode import CompanionSide
from tests.whatsapp_server.wire.protos import wa6
from tests.whatsapp_server.world import WhatsAppServer

ADV_SECRET = bytes(range(32))


class Unlinked:
    """A client that has no account yet: its keys, and its connection."""

    def __init__(self, wa: WhatsAppServer) -> None:
        self.wa = wa
        self.noise_key, self.keys = KeyPair.generate(), DeviceKeys.generate(1)
        self.client = self.connect()
        signed = self.keys.signed_prekey
        self.client.shake_hands(
            wa6.ClientPayload(
                devicePairingData=wa6.ClientPayload.DevicePairingRegistrationData(
                    eRegid=self.keys.registration_id.to_bytes(4, "big"),
                    eIdent=self.keys.identity.public,
                    eSkeyID=signed.number.to_bytes(3, "big"),
                    eSkeyVal=signed.keys.public,
                    eSkeySig=signed.signature,
                )
            )
        )
        pair = self.client.receive().child("pair-device")
        assert pair is not None
        self.refs = [ref.text() for ref in pair.children("ref")]
        self.ref = self.refs[0]

    def connect(self) -> WireClient:
        """Open a connection with the client's noise key."""
        endpoint = self.wa.endpoint
        root = endpoint.noise.root.public
        return WireClient(endpoint.port, endpoint.tls.authority_file, root, self.noise_key)

    def offer(self) -> asyncio.Future[object]:
        """Have the server send pair-success for a device the account vouches for."""
        phone = self.wa.phone

        def on_loop() -> asyncio.Future[object]:
            identity = phone.linking.vouch_for(self.keys.identity.public)
            link = self.wa.network.pending_by_ref(self.ref)
            number = self.wa.network.next_device_number(phone.user)
            return link.accept(phone.user, number, adv.seal(identity, ADV_SECRET), key_index=1)  # type: ignore[return-value]

        return self.wa.loop.call(on_loop)

    def answer(self, build: Callable[[adv.DeviceIdentity], Node], kind: str = "result") -> Jid:
        """Answer pair-success; give the address it offered."""
        offer = self.client.wait_for(lambda node: node.child("pair-success") is not None)
        success = offer.child("pair-success")
        assert success is not None
        sealed, device = success.child("device-identity"), success.child("device")
        assert sealed is not None
        assert device is not None
        identity = adv.unseal(sealed.data(), ADV_SECRET, self.keys.identity.public)
        attrs: dict[str, str | Jid] = {"to": SERVER, "type": kind, "id": offer.get("id")}
        self.client.send(Node("iq", attrs, [build(identity)]))
        jid = device.jid("jid")
        assert jid is not None
        return jid

    def outcome(self, future: asyncio.Future[object]) -> object:
        """Wait for what became of the offer."""

        async def wait() -> object:
            return await future

        return self.wa.loop.run(wait())


def signed(identity: adv.DeviceIdentity, key: KeyPair) -> Node:
    data = identity.signed_by(key).serialize(with_account_key=False)
    return Node("pair-device-sign", {}, [Node("device-identity", {"key-index": "1"}, data)])


@pytest.fixture
def wa() -> Iterator[WhatsAppServer]:
    with WhatsAppServer() as server:
        server.phone.shares_keys = server.phone.shares_history = False
        yield server


@pytest.fixture
def unlinked(wa: WhatsAppServer) -> Iterator[Unlinked]:
    made = Unlinked(wa)
    yield made
    made.client.close()


def test_a_client_that_signs_is_linked_told_to_come_back_and_logged_in(unlinked: Unlinked) -> None:
    future = unlinked.offer()
    jid = unlinked.answer(lambda identity: signed(identity, unlinked.keys.identity))
    unlinked.outcome(future)
    assert unlinked.client.wait_for(lambda node: node.tag == "stream:error").get("code") == "515"
    assert unlinked.wa.phone.linked_numbers() == [jid.device]
    unlinked.client.close()
    unlinked.client = unlinked.connect()
    unlinked.client.login(jid)
    assert unlinked.client.receive().tag == "success"


def test_a_device_with_a_wrong_signature_is_not_linked(unlinked: Unlinked) -> None:
    future = unlinked.offer()
    unlinked.answer(lambda identity: signed(identity, KeyPair.generate()))
    with pytest.raises(PairingRefused, match="signature"):
        unlinked.outcome(future)
    assert unlinked.wa.phone.linked_numbers() == []


def test_a_client_may_refuse(unlinked: Unlinked) -> None:
    future = unlinked.offer()
    unlinked.answer(lambda _: Node("error", {"code": "401", "text": "hmac-mismatch"}), kind="error")
    with pytest.raises(PairingRefused, match="401 hmac-mismatch"):
        unlinked.outcome(future)
    assert unlinked.wa.phone.linked_numbers() == []


def test_a_client_may_go_away(unlinked: Unlinked) -> None:
    future = unlinked.offer()
    unlinked.client.close()
    with pytest.raises(PairingRefused, match="has gone"):
        unlinked.outcome(future)


def hello(unlinked: Unlinked, side: CompanionSide, display: str) -> Node:
    parts = {
        "link_code_pairing_wrapped_companion_ephemeral_pub": side.wrapped_key(),
        "companion_server_auth_key_pub": unlinked.noise_key.public,
        "companion_platform_id": b"1",
        "companion_platform_display": display.encode(),
        "link_code_pairing_nonce": b"\0",
    }
    attrs: dict[str, str | Jid] = {"stage": "companion_hello", "jid": unlinked.wa.phone.user.phone_jid}
    request = Node("link_code_companion_reg", attrs, [Node(tag, {}, data) for tag, data in parts.items()])
    return unlinked.client.ask("md", "set", request)


def test_a_display_name_that_is_no_browser_is_refused(unlinked: Unlinked) -> None:
    error = hello(unlinked, CompanionSide(unlinked.keys.identity), "Balas").child("error")
    assert error is not None
    assert error.get("code") == "400"


def test_codes_may_be_refused_for_a_while(unlinked: Unlinked) -> None:
    unlinked.wa.faults.refuse_pair_codes(429)
    error = hello(unlinked, CompanionSide(unlinked.keys.identity), "Chrome (Linux)").child("error")
    assert error is not None
    assert error.get("code") == "429"
    unlinked.wa.faults.refuse_pair_codes(None)
    answer = hello(unlinked, CompanionSide(unlinked.keys.identity), "Chrome (Linux)")
    assert answer.child("link_code_companion_reg") is not None


def test_a_set_may_have_fewer_codes(wa: WhatsAppServer, unlinked: Unlinked) -> None:
    wa.faults.hand_out_codes(1)
    another = Unlinked(wa)
    another.client.close()
    assert (len(unlinked.refs), len(another.refs)) == (6, 1)


def test_a_client_is_told_that_a_passkey_is_wanted(unlinked: Unlinked) -> None:
    keys = (unlinked.noise_key.public, unlinked.keys.identity.public, ADV_SECRET)
    text = ",".join([unlinked.ref, *(base64.b64encode(key).decode() for key in keys)])
    unlinked.wa.phone.refuse_next_link("passkey")
    with pytest.raises(LinkRefused, match="passkey"):
        unlinked.wa.phone.scan(text)
    notice = unlinked.client.wait_for(lambda node: node.tag == "notification")
    assert notice.get("type") == "passkey_prologue_request"
    options = notice.child("passkey_request_options")
    assert options is not None
    assert json.loads(options.data())["rpId"] == "whatsapp.com"


def test_a_code_goes_to_the_client_that_asked_for_it(unlinked: Unlinked) -> None:
    wa, side = unlinked.wa, CompanionSide(unlinked.keys.identity)
    answer = hello(unlinked, side, "Chrome (Linux)").child("link_code_companion_reg")
    ref = answer.child("link_code_pairing_ref") if answer else None
    assert ref is not None

    entered = asyncio.run_coroutine_threadsafe(wa.phone.linking.by_code(side.code), wa.loop.loop)
    notice = unlinked.client.wait_for(lambda node: node.tag == "notification")
    assert notice.get("type") == "link_code_companion_reg"
    stage = notice.children()[0]
    parts = {child.tag: child.data() for child in stage.children()}
    assert parts["link_code_pairing_ref"] == ref.data()
    bundle, adv_secret = side.finish(
        parts["link_code_pairing_wrapped_primary_ephemeral_pub"], parts["primary_identity_pub"]
    )
    finish = [
        Node("link_code_pairing_wrapped_key_bundle", {}, bundle),
        Node("companion_identity_public", {}, unlinked.keys.identity.public),
        Node("link_code_pairing_ref", {}, ref.data()),
    ]
    offers: list[Node] = []
    unlinked.client.send(
        Node(
            "iq",
            {"to": SERVER, "id": "finish", "xmlns": "md", "type": "set"},
            [Node("link_code_companion_reg", {"stage": "companion_finish"}, finish)],
        )
    )
    offers.append(unlinked.client.wait_for(lambda node: node.child("pair-success") is not None))
    sealed = offers[0].children()[0].child("device-identity")
    assert sealed is not None
    identity = adv.unseal(sealed.data(), adv_secret, unlinked.keys.identity.public)
    unlinked.client.send(
        Node(
            "iq",
            {"to": SERVER, "type": "result", "id": offers[0].get("id")},
            [signed(identity, unlinked.keys.identity)],
        )
    )
    assert entered.result(10).number == 1


def test_nobody_waits_for_a_code_for_another_number(unlinked: Unlinked) -> None:
    hello(unlinked, CompanionSide(unlinked.keys.identity), "Chrome (Linux)")
    other = unlinked.wa.add_account("6281230000099")
    with pytest.raises(LinkRefused):
        other.enter_code("ABCD-EFGH")


def test_the_folder_of_certificates_may_be_given(tmp_path: Path) -> None:
    with WhatsAppServer(folder=tmp_path) as wa:
        assert Path(wa.environment["SSL_CERT_FILE"]).parent == tmp_path
        key = tmp_path / "server.key"
        assert key.stat().st_mode & 0o077 == 0
