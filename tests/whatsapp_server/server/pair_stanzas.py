"""The stanzas that link a device: QR references, pair-success and its signed answer, the eight-letter code."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from tests.whatsapp_server.server.pending_link import CodeFinish, CodeHello, PairingRefused, PendingLink
from tests.whatsapp_server.server.records import User
from tests.whatsapp_server.wire.adv import DeviceIdentity
from tests.whatsapp_server.wire.jid import SERVER
from tests.whatsapp_server.wire.node import Node, Value
from tests.whatsapp_server.wire.protos import adv

if TYPE_CHECKING:
    from tests.whatsapp_server.server.connection import Connection


def start(connection: Connection, noise_key: bytes, registration: Any) -> PendingLink:
    """Take an unlinked client's registration (DevicePairingRegistrationData) and send it its QR references."""
    link = PendingLink(
        connection=connection,
        refs=["2@" + secrets.token_urlsafe(96) for _ in range(connection.endpoint.faults.codes_in_a_set)],
        noise_key=noise_key,
        identity_key=registration.eIdent,
        registration_id=int.from_bytes(registration.eRegid, "big"),
        signed_prekey_id=int.from_bytes(registration.eSkeyID, "big"),
        signed_prekey=registration.eSkeyVal,
        signed_prekey_signature=registration.eSkeySig,
        device_props=registration.deviceProps,
    )
    connection.network.links.add(link)
    refs = [Node("ref", {}, ref.encode()) for ref in link.refs]
    connection.send(_iq(connection, [Node("pair-device", {}, refs)]))
    return link


def pair_success(
    connection: Connection, link: PendingLink, user: User, number: int, identity: bytes, platform: str
) -> Node:
    """Build the offer of a new identity; `identity` is ADVSignedDeviceIdentityHMAC."""
    signed = adv.ADVSignedDeviceIdentity.FromString(adv.ADVSignedDeviceIdentityHMAC.FromString(identity).details)
    link.offered_user, link.account_key = user, signed.accountSignatureKey
    device = Node("device", {"jid": user.phone_jid.with_device(number), "lid": user.lid_jid.with_device(number)})
    content = [Node("device-identity", {}, identity), device, Node("platform", {"name": platform})]
    if user.push_name:
        content.append(Node("biz", {"name": user.push_name}))
    offer = _iq(connection, [Node("pair-success", {}, content)])
    link.offer_id = offer.get("id")
    return offer


def answered(connection: Connection, node: Node) -> None:
    """Take the client's answer to pair-success: a signed identity, or an error."""
    link = connection.link
    if link is None or link.linked is None or link.linked.done() or node.get("id") != link.offer_id:
        return
    error = node.child("error")
    if node.get("type") == "error":
        code = 0 if error is None else int(error.get("code") or 0)
        link.fail(PairingRefused(code, "" if error is None else error.get("text")))
        return
    signature = node.child("pair-device-sign")
    identity_node = None if signature is None else signature.child("device-identity")
    identity = DeviceIdentity.parse(b"" if identity_node is None else identity_node.data(), link.account_key)
    if not identity.is_accepted_by(link.identity_key):
        link.fail(PairingRefused(401, "the device's signature is wrong"))
        connection.abort()
        return
    _complete(connection, link, identity)


def _complete(connection: Connection, link: PendingLink, identity: DeviceIdentity) -> None:
    user = link.offered_user
    assert user is not None
    assert link.linked is not None
    device = connection.network.add_device(
        user, link.device_number, adv_identity=identity.serialize(), key_index=link.key_index
    )
    device.noise_key = link.noise_key
    device.identity_key = link.identity_key
    device.registration_id = link.registration_id
    device.signed_prekey_id = link.signed_prekey_id
    device.signed_prekey = link.signed_prekey
    device.signed_prekey_signature = link.signed_prekey_signature
    link.linked.set_result(device)
    connection.end_with("515")


def code_stanza(connection: Connection, node: Node, request: Node) -> Node | None:
    """Handle `link_code_companion_reg` of a client; gives the content of the result, None when it is refused."""
    link = connection.link
    if link is None:
        return None
    if request.get("stage") == "companion_hello":
        return _code_hello(link, request)
    finish = link.finish
    if request.get("stage") != "companion_finish" or finish is None or finish.done():
        return None
    finish.set_result(
        CodeFinish(
            wrapped_key_bundle=_data(request, "link_code_pairing_wrapped_key_bundle"),
            companion_identity=_data(request, "companion_identity_public"),
        )
    )
    return Node("link_code_companion_reg", {"stage": "companion_finish"})


def _code_hello(link: PendingLink, request: Node) -> Node | None:
    phone = request.jid("jid")
    display = _data(request, "companion_platform_display").decode("utf-8", "replace")
    # the server refuses display names that are not `Browser (OS)` (whatsmeow pair-code.go, PairPhone)
    if phone is None or not (display.endswith(")") and " (" in display):
        return None
    ref = b"2@" + secrets.token_urlsafe(24).encode()
    link.code = CodeHello(
        phone=phone.user,
        wrapped_companion_ephemeral=_data(request, "link_code_pairing_wrapped_companion_ephemeral_pub"),
        companion_auth_key=_data(request, "companion_server_auth_key_pub"),
        platform_id=_data(request, "companion_platform_id").decode(),
        platform_display=display,
        ref=ref,
    )
    return Node("link_code_companion_reg", {"stage": "companion_hello"}, [Node("link_code_pairing_ref", {}, ref)])


def passkey_request(connection: Connection) -> Node:
    """Build the notification that the account's owner must confirm with a passkey (whatsmeow pair-passkey.go)."""
    options = {"challenge": secrets.token_urlsafe(32), "rpId": "whatsapp.com", "userVerification": "required"}
    content = [Node("passkey_request_options", {}, json.dumps(options).encode())]
    return connection.network.notices.build("passkey_prologue_request", content)


def primary_hello(connection: Connection, link: PendingLink, wrapped_ephemeral: bytes, identity: bytes) -> Node:
    """Build the notification that the phone has entered a code."""
    content = [
        Node("link_code_pairing_wrapped_primary_ephemeral_pub", {}, wrapped_ephemeral),
        Node("primary_identity_pub", {}, identity),
        Node("link_code_pairing_ref", {}, b"" if link.code is None else link.code.ref),
    ]
    stage = Node("link_code_companion_reg", {"stage": "primary_hello"}, content)
    return connection.network.notices.build("link_code_companion_reg", [stage])


def _iq(connection: Connection, content: list[Node]) -> Node:
    network = connection.network
    head: dict[str, Value] = {
        "from": SERVER,
        "type": "set",
        "xmlns": "md",
        "id": network.stanza_id(),
        "t": network.now(),
    }
    return Node("iq", head, content)


def _data(node: Node, tag: str) -> bytes:
    child = node.child(tag)
    return b"" if child is None else child.data()
