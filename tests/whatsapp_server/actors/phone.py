"""The shop's phone: the primary device, which links companions and keeps them supplied."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from tests.whatsapp_server.actors import history
from tests.whatsapp_server.actors.companion import Companion
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.actors.linking import Linking
from tests.whatsapp_server.actors.loop import on_loop
from tests.whatsapp_server.actors.own_device import OwnDevice
from tests.whatsapp_server.actors.peer import PeerRequests
from tests.whatsapp_server.actors.values import Received, Sent, Surroundings
from tests.whatsapp_server.server.network import DeviceRecord, User
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.keys import DeviceKeys
from tests.whatsapp_server.wire.media import MediaKind

LOGIN_TIMEOUT = 60.0
"""Seconds a phone waits for a fresh companion's first login before it gives up sending history."""

LOGIN_POLL = 0.02
"""Seconds between two looks for it."""


class Phone(OwnDevice):
    """Device 0 of the shop's number.

    `log` is what its chats show, by message id; `shares_history` and `shares_keys` say what a fresh companion
    is sent by itself; `companions` are the linked in-process devices by number.
    """

    def __init__(self, surroundings: Surroundings, user: User) -> None:
        self.log: dict[str, history.PastMessage] = {}
        self.shares_history = True
        self.shares_keys = False
        self.linking = Linking(self)
        self.peers = PeerRequests(self)
        self.companions: dict[int, Companion] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(surroundings, user, 0)

    # --- linking ---

    def scan(self, qr_text: str, timeout: float = 30.0) -> int:
        """Scan a companion's QR code; give its device number.

        Raises LinkRefused, PairingRefused or TimeoutError.
        """
        return self.loop.run(self._supply(self.linking.by_qr(qr_text)), timeout)

    def enter_code(self, code: str, timeout: float = 30.0) -> int:
        """Type a companion's code ("ABCD-EFGH"); give its device number. Raises also WrongCode."""
        return self.loop.run(self._supply(self.linking.by_code(code)), timeout)

    @on_loop
    def refuse_next_link(self, reason: str = "full") -> None:
        """Let the next scan or code come to nothing: "full", "passkey", "cancelled", or words of your own."""
        self.linking.refuse_next = reason

    @on_loop
    def unlink(self, number: int | None = None) -> None:
        """Unlink a companion, by default the one linked last that is not an actor."""
        if number is None:
            number = max(self.linked_numbers())
        self.network.remove_device(self.user, number)

    @on_loop
    def block(self, customer: Customer, blocked: bool = True) -> None:
        """Block or unblock somebody on the phone."""
        (self.user.blocked.add if blocked else self.user.blocked.discard)(customer.user.lid_jid)

    @on_loop
    def linked_numbers(self) -> list[int]:
        """Give the device numbers of linked clients that are real, not actors."""
        return [number for number in self.user.devices if number and number not in self.companions]

    @on_loop
    def add_companion(self, name: str) -> Companion:
        """Link an in-process companion."""
        keys = DeviceKeys.generate(100)
        identity = self.linking.vouch_for(keys.identity.public)
        companion = Companion(
            self.surroundings,
            self.user,
            self.network.next_device_number(self.user),
            adv_identity=identity.signed_by(keys.identity).serialize(),
            keys=keys,
            key_index=identity.key_index,
        )
        companion.name = name
        self.companions[companion.number] = companion
        return companion

    async def _supply(self, linking: Coroutine[Any, Any, DeviceRecord]) -> int:
        device = await linking
        self.loop.announce_change()
        past = list(self.log.values())  # what comes from now on, the companion receives itself
        task = asyncio.get_running_loop().create_task(self._welcome(device, past))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return device.number

    async def _welcome(self, device: DeviceRecord, past: list[history.PastMessage]) -> None:
        """Send a fresh companion what it starts with, as soon as it has logged in and published its prekeys."""
        for _ in range(round(LOGIN_TIMEOUT / LOGIN_POLL)):
            if device.mailbox.attached:
                break
            await asyncio.sleep(LOGIN_POLL)
        else:
            return
        if self.shares_keys:
            self.peers.share_app_state_key(device.number)
        if self.shares_history:
            names = history.push_names(past_message.user for past_message in past)
            statuses, data = map(history.without_chats, (history.INITIAL_STATUS_V3, history.NON_BLOCKING_DATA))
            self.upload_messages(device.number, history.INITIAL_BOOTSTRAP, history.latest(past))
            self.upload_chunks([statuses, names], device.number)
            self.upload_messages(device.number, history.RECENT, past)
            self.upload_chunks([data], device.number)

    # --- history ---

    @on_loop
    def remember(self, customer: Customer, *lines: tuple[str, str, float]) -> list[str]:
        """Put messages of the past into the phone's chats: ("in" or "out", text, seconds ago); give their ids."""
        ids = []
        for direction, text, ago in lines:
            message = payload.with_secret(payload.text(text))
            past = history.PastMessage(
                customer.user, self.new_message_id(), direction == "out", message, self.network.clock() - ago
            )
            self.log[past.id] = past
            ids.append(past.id)
        return ids

    @on_loop
    def upload_history(
        self, messages: Sequence[history.PastMessage] | None = None, number: int | None = None
    ) -> None:
        """Send history (by default all the phone has) to a linked client, by default the newest."""
        number = max(self.linked_numbers()) if number is None else number
        self.upload_messages(number, history.RECENT, list(self.log.values()) if messages is None else messages)

    @on_loop
    def upload_messages(self, number: int, kind: int, messages: Sequence[history.PastMessage]) -> None:
        """Send past messages to a companion in chunks of a HistorySync type."""
        self.upload_chunks(history.chunks(kind, messages), number)

    @on_loop
    def upload_chunks(self, chunks: Sequence[Any], number: int | None = None) -> None:
        """Send HistorySync messages to a linked client, by default the newest, in this order."""
        number = max(self.linked_numbers()) if number is None else number
        for chunk in chunks:
            self._upload(number, chunk)

    def _upload(self, number: int, chunk: Any) -> None:
        media = history.pack(chunk)
        path = self.surroundings.media.put(MediaKind.HISTORY.folder, media.blob)
        self.send_peer(number, history.notification(chunk, media, path))

    # --- the log of its chats ---

    def on_received(self, received: Received) -> None:
        """Keep what customers and the other own devices wrote; answer what companions ask."""
        if received.category == "peer":
            self.peers.answer(received)
            return
        self._keep(received.id, received.chat, received.from_me, received.message)

    def on_sent(self, sent: Sent) -> None:
        """Keep what was written on the phone itself."""
        self._keep(sent.id, sent.chat, True, sent.message)

    def _keep(self, message_id: str, chat: Jid, from_me: bool, message: Any) -> None:
        user = self.network.user_of(chat)
        if user is not None:
            self.log[message_id] = history.PastMessage(user, message_id, from_me, message, self.network.clock())
