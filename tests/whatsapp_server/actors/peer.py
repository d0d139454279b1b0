"""What companions ask their phone for in peer messages, and its answers (whatsmeow message.go)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tests.whatsapp_server.actors import history
from tests.whatsapp_server.actors.values import Received
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.protos import e2e

if TYPE_CHECKING:
    from tests.whatsapp_server.actors.phone import Phone


class PeerRequests:
    """Answers peer messages of the phone's companions. `asked` keeps the kinds of request that came."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone
        self._key_id = secrets.token_bytes(6)
        self._key_data = secrets.token_bytes(32)
        self.asked: list[str] = []

    def answer(self, received: Received) -> None:
        """Answer one peer message; kinds a phone does not know are ignored."""
        message = received.message.protocolMessage
        if message.HasField("appStateSyncKeyRequest"):
            self.asked.append("app state keys")
            self.share_app_state_key(received.device, [key.keyID for key in message.appStateSyncKeyRequest.keyIDs])
            return
        if not message.HasField("peerDataOperationRequestMessage"):
            return
        request = message.peerDataOperationRequestMessage
        if request.peerDataOperationRequestType == e2e.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND:
            self.asked.append("resend")
            self._resend(received, [part.messageKey for part in request.placeholderMessageResendRequest])
        elif request.peerDataOperationRequestType == e2e.PeerDataOperationRequestType.HISTORY_SYNC_ON_DEMAND:
            self.asked.append("history")
            self._history(received, request.historySyncOnDemandRequest)

    def share_app_state_key(self, number: int, wanted: list[bytes] | None = None) -> None:
        """Give a companion the key that app state is encrypted with."""
        keys = []
        for key_id in wanted or [self._key_id]:
            data = e2e.AppStateSyncKeyData(
                keyData=self._key_data,
                fingerprint=e2e.AppStateSyncKeyFingerprint(rawID=1, currentIndex=0, deviceIndexes=[0]),
                timestamp=int(self._phone.network.clock()),
            )
            keys.append(e2e.AppStateSyncKey(keyID=e2e.AppStateSyncKeyId(keyID=key_id), keyData=data))
        share = e2e.ProtocolMessage(
            type=e2e.ProtocolMessage.APP_STATE_SYNC_KEY_SHARE,
            appStateSyncKeyShare=e2e.AppStateSyncKeyShare(keys=keys),
        )
        self._phone.send_peer(number, e2e.Message(protocolMessage=share))

    def _resend(self, received: Received, keys: list[Any]) -> None:
        results = []
        for key in keys:
            past = self._phone.log.get(key.ID)
            if past is None:
                continue  # the phone could not read it either
            response = e2e.PeerDataOperationRequestResponseMessage.PeerDataOperationResult(
                placeholderMessageResendResponse={
                    "webMessageInfoBytes": history.web_message(past).SerializeToString()
                }
            )
            results.append(response)
        self._respond(received, e2e.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND, results)

    def _history(self, received: Received, request: Any) -> None:
        user = self._phone.network.user_of(Jid.parse(request.chatJID))
        before = float(request.oldestMsgTimestampMS)
        older = [past for past in self._phone.log.values() if past.user is user and past.at < before]
        older.sort(key=lambda past: past.at)
        wanted = older[-request.onDemandMsgCount :]
        self._phone.upload_messages(received.device, history.ON_DEMAND, wanted)

    def _respond(self, received: Received, kind: int, results: list[Any]) -> None:
        response = e2e.PeerDataOperationRequestResponseMessage(
            peerDataOperationRequestType=kind, stanzaID=received.id, peerDataOperationResult=results
        )
        protocol = e2e.ProtocolMessage(
            type=e2e.ProtocolMessage.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
            peerDataOperationRequestResponseMessage=response,
        )
        self._phone.send_peer(received.device, e2e.Message(protocolMessage=protocol))
