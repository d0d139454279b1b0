"""The server against a client of our own: login, queries, the queue of a device, and every fault."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whatsapp_server.actors.loop import LoopThread
from tests.whatsapp_server.server.endpoint import Endpoint
from tests.whatsapp_server.server.mailbox import Key
from tests.whatsapp_server.server.network import Network
from tests.whatsapp_server.tests.wire_client import WireClient
from tests.whatsapp_server.wire.jid import SERVER, Jid
from tests.whatsapp_server.wire.keys import DeviceKeys, KeyPair
from tests.whatsapp_server.wire.node import Node, encode
from tests.whatsapp_server.wire.protos import wa6

SHOP = Jid("628110000001", device=1)
BUDI = Jid("222000000000001", "lid")


class Service:
    """A server with a shop (a phone and one linked device) and a customer; the linked device is a WireClient."""

    def __init__(self, folder: Path) -> None:
        self.loop = LoopThread()
        self.loop.start()
        self.network = Network()
        self.endpoint = self.loop.run(self._start(folder))
        self.noise_key = KeyPair.generate()
        self.clients: list[WireClient] = []
        self.loop.call(self._populate)

    async def _start(self, folder: Path) -> Endpoint:
        endpoint = Endpoint(self.network, folder)
        await endpoint.start()
        return endpoint

    def _populate(self) -> None:
        shop = self.network.add_user(SHOP.user, "111000000000001", "Shop")
        budi = self.network.add_user("628220000001", BUDI.user, "Budi")
        self.network.add_device(shop, 0, keys=DeviceKeys.generate(3))
        self.network.add_device(shop, 1, keys=DeviceKeys.generate(3)).noise_key = self.noise_key.public
        self.network.add_device(budi, 0, keys=DeviceKeys.generate(3))
        shop.devices[0].mailbox.waiting.clear()

    def client(self) -> WireClient:
        """Connect, without shaking hands."""
        root = self.endpoint.noise.root.public
        client = WireClient(self.endpoint.port, self.endpoint.tls.authority_file, root, self.noise_key)
        self.clients.append(client)
        return client

    def logged_in(self) -> WireClient:
        """Connect as the shop's linked device and ask for stanzas."""
        client = self.client()
        client.login(SHOP)
        assert client.receive().tag == "success"
        assert client.ask("passive", "set", Node("active")).get("type") == "result"
        return client

    def message(self, message_id: str) -> None:
        """Let the customer write to the shop's linked device."""
        entry = Node(
            "to", {"jid": Jid("111000000000001", "lid", 1)}, [Node("enc", {"type": "msg", "v": "2"}, b"x")]
        )
        content = [Node("participants", {}, [entry])]
        attrs: dict[str, str | Jid] = {"to": Jid("111000000000001", "lid"), "id": message_id, "type": "text"}
        self.loop.call(self.network.submit, BUDI, Node("message", attrs, content))

    def waiting(self) -> int:
        """Count what waits for the shop's linked device."""
        device = self.network.device_at(SHOP)
        assert device is not None
        return len(device.mailbox.waiting)

    def stop(self) -> None:
        """End everything."""
        for client in self.clients:
            client.close()
        self.loop.run(self.endpoint.stop())
        self.loop.stop()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    service.stop()


def is_message(node: Node) -> bool:
    return node.tag == "message"


def is_offline_end(node: Node) -> bool:
    return node.tag == "ib" and node.child("offline") is not None


def test_a_linked_device_logs_in_and_learns_its_hidden_id(service: Service) -> None:
    client = service.client()
    client.login(SHOP)
    success = client.receive()
    assert success.tag == "success"
    assert success.jid("lid") == Jid("111000000000001", "lid", 1)
    assert len(service.endpoint.logins) == 1


def test_a_login_with_another_noise_key_is_refused(service: Service) -> None:
    service.noise_key = KeyPair.generate()
    client = service.client()
    client.login(SHOP)
    assert client.receive() == Node("failure", {"reason": "401", "location": "frc"})
    with pytest.raises(ConnectionError):
        client.receive()


def test_an_unlinked_client_gets_six_references_and_nothing_else(service: Service) -> None:
    client = service.client()
    registration = wa6.ClientPayload.DevicePairingRegistrationData(eRegid=b"\0\0\0\1", eIdent=bytes(32))
    client.shake_hands(wa6.ClientPayload(devicePairingData=registration))
    pair = client.receive().child("pair-device")
    assert pair is not None
    refs = [ref.text() for ref in pair.children("ref")]
    assert len(set(refs)) == 6
    assert service.network.pending_by_ref(refs[5]).registration_id == 1
    refused = client.ask("usync", "get").child("error")
    assert refused is not None
    assert refused.get("code") == "401"


def test_a_pending_link_ends_with_its_connection(service: Service) -> None:
    client = service.client()
    client.shake_hands(wa6.ClientPayload(devicePairingData=wa6.ClientPayload.DevicePairingRegistrationData()))
    client.receive()
    client.close()
    service.loop.wait_until(lambda: not service.network.links.links)


def test_a_message_is_delivered_again_until_it_is_receipted(service: Service) -> None:
    service.message("3EB001")
    client = service.logged_in()
    preview = client.wait_for(lambda node: node.tag == "ib").child("offline_preview")
    assert preview is not None
    assert (preview.get("count"), preview.get("message")) == ("1", "1")
    first = client.wait_for(is_message)
    assert (first.get("id"), first.get("offline"), first.get("from")) == ("3EB001", "0", str(BUDI))
    assert client.wait_for(is_offline_end).children()[0].get("count") == "1"
    client.close()
    service.loop.wait_until(lambda: service.endpoint.connection_of(SHOP) is None)

    client = service.logged_in()
    again = client.wait_for(is_message)
    assert again.content == first.content
    client.send(Node("receipt", {"id": "3EB001", "to": again.attrs["from"], "type": "inactive"}))
    assert client.wait_for(lambda node: node.tag == "ack").get("class") == "receipt"
    client.close()
    service.loop.wait_until(lambda: service.endpoint.connection_of(SHOP) is None)

    client = service.logged_in()
    assert client.wait_for(is_offline_end).children()[0].get("count") == "0"
    assert service.waiting() == 0


def test_an_ack_settles_a_message_too(service: Service) -> None:
    client = service.logged_in()
    service.message("3EB002")
    message = client.wait_for(is_message)
    assert "offline" not in message.attrs
    client.send(Node("ack", {"class": "message", "id": "3EB002", "to": message.attrs["from"], "error": "488"}))
    service.loop.wait_until(lambda: service.waiting() == 0)


def test_an_encoded_message_arrives_like_any_other(service: Service) -> None:
    client = service.logged_in()
    data = encode(Node("message", {"from": BUDI, "id": "3EB003", "type": "text", "t": "1"}, b"x"))
    service.loop.call(service.network.put_encoded, SHOP, Key("message", "3EB003", BUDI), data)
    assert client.wait_for(is_message).get("id") == "3EB003"


def test_pings_are_answered_until_they_are_not(service: Service) -> None:
    client = service.logged_in()
    assert client.ask("w:p", "get").get("type") == "result"
    service.loop.call(service.endpoint.faults.stop_answering_pings)
    client.send(Node("iq", {"to": SERVER, "id": "unanswered", "xmlns": "w:p", "type": "get"}))
    answer = client.ask("encrypt", "get", Node("count")).child("count")
    assert answer is not None
    assert answer.get("value") == "3"
    service.loop.call(service.endpoint.faults.resume_pings)
    assert client.ask("w:p", "get").get("type") == "result"


def test_an_unknown_query_gets_a_clean_error(service: Service) -> None:
    refused = service.logged_in().ask("no:such:thing", "get").child("error")
    assert refused is not None
    assert (refused.get("code"), refused.get("text")) == (
        "501",
        "feature-not-implemented",
    )


def test_device_lists_and_hidden_ids_are_told(service: Service) -> None:
    query = Node("query", {}, [Node("devices", {"version": "2"}), Node("lid")])
    listed = Node("list", {}, [Node("user", {"jid": Jid("628110000001")}), Node("user", {"jid": Jid("620000")})])
    answer = service.logged_in().ask("usync", "get", Node("usync", {"sid": "1"}, [query, listed]))
    usync = answer.child("usync")
    users = usync.child("list").children() if usync else []  # type: ignore[union-attr]
    devices = users[0].child("devices").child("device-list")  # type: ignore[union-attr]
    assert [device.get("id") for device in devices.children()] == ["0", "1"]  # type: ignore[union-attr]
    assert users[0].child("lid").jid("val") == Jid("111000000000001", "lid")  # type: ignore[union-attr]
    assert users[1].child("devices").child("error") is not None  # type: ignore[union-attr]


def test_each_bundle_uses_up_a_prekey_and_few_left_are_announced(service: Service) -> None:
    client = service.logged_in()
    wanted = Node("key", {}, [Node("user", {"jid": BUDI, "reason": "identity"})])
    numbers = []
    for _ in range(4):
        answer = client.ask("encrypt", "get", wanted)
        user = answer.child("list").children()[0]  # type: ignore[union-attr]
        key = user.child("key")
        numbers.append(None if key is None else int.from_bytes(key.child("id").data(), "big"))  # type: ignore[union-attr]
    assert numbers == [1, 2, 3, None]
    budi = service.network.device_at(BUDI)
    assert budi is not None
    kinds = [key.type for key in budi.mailbox.waiting]
    assert "encrypt" in kinds


def test_the_same_device_elsewhere_replaces_the_older_connection(service: Service) -> None:
    first, second = service.logged_in(), service.logged_in()
    ended = first.wait_for(lambda node: node.tag == "stream:error")
    assert ended.children() == [Node("conflict", {"type": "replaced"})]
    assert second.ask("w:p", "get").get("type") == "result"


def test_a_removed_device_is_told_and_cannot_log_in_again(service: Service) -> None:
    client = service.logged_in()
    shop = service.network.by_phone[SHOP.user]
    service.loop.call(service.network.remove_device, shop, 1)
    ended = client.wait_for(lambda node: node.tag == "stream:error")
    assert (ended.get("code"), ended.children()[0].get("type")) == ("401", "device_removed")
    later = service.client()
    later.login(SHOP)
    assert later.receive().get("reason") == "401"


def test_a_device_may_remove_itself(service: Service) -> None:
    client = service.logged_in()
    removal = Node("remove-companion-device", {"jid": SHOP, "reason": "user_initiated"})
    assert client.ask("md", "set", removal).get("type") == "result"
    assert 1 not in service.network.by_phone[SHOP.user].devices


def test_sent_messages_are_acknowledged_only_once_the_acks_are_released(service: Service) -> None:
    client = service.logged_in()
    service.loop.call(service.endpoint.faults.hold_acks)
    entry = Node("to", {"jid": BUDI}, [Node("enc", {"type": "msg"}, b"x")])
    attrs: dict[str, str | Jid] = {"to": BUDI, "id": "3EB004", "type": "text"}
    client.send(Node("message", attrs, [Node("participants", {}, [entry])]))
    budi = service.network.device_at(BUDI)
    assert budi is not None
    service.loop.wait_until(lambda: budi.mailbox.waiting)
    assert client.ask("w:p", "get").tag == "iq"
    service.loop.call(service.endpoint.faults.release_acks)
    ack = client.wait_for(lambda node: node.tag == "ack")
    assert (ack.get("id"), ack.get("class")) == ("3EB004", "message")
    assert ack.get("phash").startswith("2:"), "the shop's phone was left out"


@pytest.mark.parametrize("code", ["515", "503"])
def test_a_stream_error_ends_the_connection(service: Service, code: str) -> None:
    client = service.logged_in()
    assert service.loop.call(service.endpoint.faults.stream_error, code) == 1
    assert client.wait_for(lambda node: node.tag == "stream:error").get("code") == code
    with pytest.raises(ConnectionError):
        client.receive()


def test_logins_fail_as_often_as_told(service: Service) -> None:
    service.loop.call(lambda: service.endpoint.faults.connect_failure(402, times=2, code="101", expire="60"))
    for _ in range(2):
        client = service.client()
        client.login(SHOP)
        assert client.receive() == Node("failure", {"reason": "402", "code": "101", "expire": "60"})
    service.logged_in()


def test_refused_logins_are_counted_and_accepted_again(service: Service) -> None:
    service.loop.call(service.endpoint.faults.refuse_logins)
    with pytest.raises(ConnectionError, match="503"):
        service.client()
    service.loop.call(service.endpoint.faults.accept_logins)
    service.logged_in()
    assert len(service.endpoint.logins) == 2


def test_a_dropped_connection_just_ends(service: Service) -> None:
    client = service.logged_in()
    assert service.loop.call(service.endpoint.faults.drop_connection, SHOP) == 1
    with pytest.raises((ConnectionError, ssl.SSLError)):
        client.wait_for(lambda node: False)


def test_malformed_frames_end_the_connection_and_are_noted(service: Service) -> None:
    client = service.logged_in()
    client._write(b"\0\0\x05hello")
    with pytest.raises((ConnectionError, ssl.SSLError)):
        client.wait_for(lambda node: False)
    assert service.endpoint.troubles == ["WireError: a frame that does not decrypt"]
