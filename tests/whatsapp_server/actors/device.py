"""An in-process device of an account: it encrypts, sends, decrypts and answers as a real client does."""

from __future__ import annotations

import functools
import secrets
from typing import Any

from tests.whatsapp_server.actors.composer import Composer
from tests.whatsapp_server.actors.group_chats import GroupChats
from tests.whatsapp_server.actors.loop import LoopThread, on_loop
from tests.whatsapp_server.actors.retry import Retries
from tests.whatsapp_server.actors.values import Received, SeenReceipt, Sent, Surroundings
from tests.whatsapp_server.server.network import DeviceRecord, Network, User
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.keys import DeviceKeys
from tests.whatsapp_server.wire.node import Node, Value
from tests.whatsapp_server.wire.protos import e2e
from tests.whatsapp_server.wire.ratchet import DecryptionFailed, DuplicateMessage
from tests.whatsapp_server.wire.signal import Kind, SignalDevice

PREKEY_COUNT = 100
"""One-time prekeys of an actor; each new session with it uses one up."""


class DeviceActor:
    """One device. Its public methods may be called from any thread.

    `auto_deliver`: answer messages with delivery receipts; `auto_read`: and with read receipts;
    `answers_retries`: send again what the other side could not read; `addressing`: "lid" or "pn", how chats
    are named in what it sends.
    """

    id_prefix = ""

    def __init__(
        self,
        surroundings: Surroundings,
        user: User,
        number: int,
        *,
        adv_identity: bytes | None = None,
        keys: DeviceKeys | None = None,
        key_index: int = 0,
    ) -> None:
        self.surroundings = surroundings
        self.user = user
        self.number = number
        self.adv_identity = adv_identity
        self.signal = SignalDevice(keys or DeviceKeys.generate(PREKEY_COUNT))
        self.auto_deliver = True
        self.auto_read = False
        self.answers_retries = True
        self.addressing = "lid"
        self.received: list[Received] = []
        self.receipts: list[SeenReceipt] = []
        self.acks: dict[str, Node] = {}
        self.sent: dict[str, Sent] = {}
        self.typing_from: dict[str, str] = {}
        self.undecryptable: list[str] = []
        # ids of messages with a counter that was used before: a real device drops them, and says delivered
        self.dropped: list[str] = []
        self._left_retries: list[tuple[Node, Jid]] = []
        self.composer = Composer(self)
        self.retries = Retries(self)
        self.group_chats = GroupChats(self)
        self._handlers = {
            "message": self._on_message,
            "receipt": self._on_receipt,
            "ack": self._on_ack,
            "notification": self._on_notification,
            "call": self._acknowledge,
            "chatstate": self._on_chatstate,
        }
        self.record: DeviceRecord = self.network.add_device(
            user, number, keys=self.signal.keys, adv_identity=adv_identity, key_index=key_index
        )
        self.online = False
        self._sessions = 0
        self.go_online()

    @property
    def network(self) -> Network:
        """The network the device is on."""
        return self.surroundings.network

    @property
    def loop(self) -> LoopThread:
        """The loop the device lives on."""
        return self.surroundings.loop

    @property
    def jid(self) -> Jid:
        """The device's address by phone number."""
        return Jid(self.user.phone, device=self.number)

    @property
    def phone_number(self) -> str:
        """The account's phone number, in digits."""
        return self.user.phone

    @property
    def lid(self) -> str:
        """The account's hidden id, in digits."""
        return self.user.lid

    # --- being there or not ---

    @on_loop
    def go_online(self) -> None:
        """Connect: what waited is delivered first."""
        if not self.online:
            self.online = True
            self._sessions += 1
            self.network.attach(self.jid, functools.partial(self._schedule, self._sessions))

    @on_loop
    def go_offline(self) -> None:
        """Disconnect: nothing is answered, everything for the device waits."""
        if self.online:
            self.online = False
            self.network.detach(self.jid)

    # --- sending ---

    @on_loop
    def send(
        self, chat: Jid, message: Any, *, message_id: str | None = None, damaged: bool = False, hide: bool = False
    ) -> str:
        """Send a message to a chat and to the account's own other devices; give its id.

        `damaged` breaks every ciphertext, so that receivers ask for a resend; `hide` marks it as one whose
        failure to decrypt is not worth showing.
        """
        if chat.is_group:
            wa_id = message_id or self.new_message_id()
            return self.group_chats.send(chat, message, wa_id, hide=hide, damaged=damaged)
        user = self.network.user_of(chat)
        if user is None:
            raise LookupError(f"no account {chat}")
        chat = user.lid_jid if self.addressing == "lid" else user.phone_jid
        message_id = message_id or self.new_message_id()
        parts = self.composer.fan_out(user, chat, message, hide=hide, damaged=damaged)
        self.submit(self.composer.message_node(chat, message_id, message, parts))
        self.sent[message_id] = Sent(message_id, chat, message)
        self.on_sent(self.sent[message_id])
        return message_id

    @on_loop
    def send_peer(self, number: int, message: Any, **attrs: Value) -> str:
        """Send one of the account's own devices a message about the account itself; give its id."""
        message_id = self.new_message_id()
        to = Jid(self.user.phone, device=number)
        encrypted = self.composer.encrypted_node(to, message)
        head: dict[str, Value] = {"to": to, "id": message_id, "type": "text", "category": "peer"}
        content = [Node("meta", {"appdata": "default"}), encrypted, *self.composer.identity_nodes([encrypted])]
        self.submit(Node("message", {**head, **attrs}, content))
        return message_id

    @on_loop
    def send_receipt(self, to: Jid, ids: list[str], kind: str = "", **attrs: Value) -> None:
        """Send a receipt for one or more messages; an empty kind means delivered."""
        head: dict[str, Value] = {"to": to, "id": ids[0]}
        if kind:
            head["type"] = kind
        if kind in ("read", "played"):
            head["t"] = self.network.now()
        content = None
        if len(ids) > 1:
            content = [Node("list", {}, [Node("item", {"id": other}) for other in ids[1:]])]
        self.submit(Node("receipt", {**head, **attrs}, content))

    @on_loop
    def send_typing(self, chat: Jid, typing: bool, *, voice: bool = False) -> None:
        """Show or end "typing…" (or "recording audio…") in a chat."""
        state = Node("composing", {"media": "audio"} if voice else {}) if typing else Node("paused")
        self.submit(Node("chatstate", {"to": chat}, [state]))

    @on_loop
    def send_presence(self, kind: str) -> None:
        """Say "available" or "unavailable"."""
        self.submit(Node("presence", {"type": kind, "name": self.user.push_name}))

    @on_loop
    def answer_retries(self) -> None:
        """Send again what others could not read and have asked for; later requests are answered, too."""
        self.answers_retries = True
        left, self._left_retries = self._left_retries, []
        for receipt, sender in left:
            self.retries.answer(receipt, sender)

    @on_loop
    def lose_sessions(self) -> None:
        """Forget every Signal session, as after a restored backup: what comes next on them cannot be read."""
        self.signal.forget_all()

    @on_loop
    def reinstall(self) -> None:
        """Begin again with new keys, as after a new installation: what was sent to the old ones is unreadable."""
        keys = DeviceKeys.generate(PREKEY_COUNT)
        self.signal = SignalDevice(keys)
        self.record.prekeys.clear()
        self.record.set_keys(keys)

    @on_loop
    def rename(self, name: str) -> None:
        """Change the name the account gives itself; receivers see it with the next message."""
        self.user.push_name = name

    def submit(self, node: Node) -> None:
        """Send one stanza. Raises ConnectionError while the device is offline."""
        if not self.online:
            raise ConnectionError("the device is offline")
        self.network.submit(self.jid, node)

    def new_message_id(self) -> str:
        """Make a message id as this kind of client does: upper-case hex digits."""
        size = 32 if not self.id_prefix else 20
        return self.id_prefix + secrets.token_hex(16).upper()[: size - len(self.id_prefix)]

    # --- receiving ---

    def on_received(self, received: Received) -> None:
        """Called for each message read; subclasses react."""

    def on_sent(self, sent: Sent) -> None:
        """Called for each message sent to a chat; subclasses keep a log."""

    def _schedule(self, session: int, node: Node) -> None:
        """A stanza takes its time: the sender's ack is out before a receiver answers."""
        self.loop.loop.call_soon(self._deliver, session, node)

    def _deliver(self, session: int, node: Node) -> None:
        if not self.online or session != self._sessions:
            return  # it waits in the mailbox, and comes again
        handler = self._handlers.get(node.tag)
        if handler is not None:
            handler(node)
            self.loop.announce_change()

    def _on_message(self, node: Node) -> None:
        chat = node.jid("from")
        sender = node.jid("participant") if chat is not None and chat.is_group else chat
        encrypted = node.child("enc")
        if sender is None or encrypted is None or self.network.user_of(sender) is None:
            self._acknowledge(node)
            return
        try:
            message, attempt = self._decrypted(node, sender)
        except DuplicateMessage:
            if all(received.id != node.get("id") for received in self.received):
                self.dropped.append(node.get("id"))
            self._answer(node, sender)
            return
        except (DecryptionFailed, payload.BadPadding):
            self.undecryptable.append(node.get("id"))
            self.retries.ask(node, node.jid("from") or sender)
            return
        received = self._read(node, sender, message, attempt)
        self.received.append(received)
        self._answer(node, sender)
        self.on_received(received)

    def _decrypted(self, node: Node, sender: Jid) -> tuple[Any, int]:
        chat, part = node.jid("from"), node.child("enc")
        if chat is not None and chat.is_group:
            return self.group_chats.read(node, sender)
        assert part is not None
        kind: Kind = "pkmsg" if part.get("type") == "pkmsg" else "msg"
        padded = self.signal.decrypt(self.composer.address_of(sender), kind, part.data())
        return e2e.Message.FromString(payload.unpad(padded)), int(part.get("count") or 0)

    def _read(self, node: Node, sender: Jid, message: Any, attempt: int) -> Received:
        from_me = self.network.user_of(sender) is self.user
        chat = (node.jid("recipient") or sender).bare() if from_me else sender.bare()
        place = node.jid("from")
        if place is not None and place.is_group:
            chat = place
        if message.HasField("deviceSentMessage"):
            message = message.deviceSentMessage.message
        return Received(
            id=node.get("id"),
            chat=chat,
            sender=sender.bare(),
            device=sender.device,
            text=payload.body_of(message),
            message=message,
            at=float(node.get("t") or 0),
            from_me=from_me,
            category=node.get("category"),
            edit=node.get("edit"),
            attempt=attempt,
        )

    def _answer(self, node: Node, sender: Jid) -> None:
        """Send the receipts of a message that was read."""
        attrs: dict[str, Value] = {
            name: node.attrs[name] for name in ("recipient", "participant") if name in node.attrs
        }
        message_id, to = node.get("id"), node.jid("from") or sender
        if self.network.user_of(sender) is self.user:
            kind = "peer_msg" if node.get("category") == "peer" else "sender"
            self.send_receipt(to, [message_id], kind, **attrs)
        elif self.auto_deliver:
            self.send_receipt(to, [message_id], "", **attrs)
            if self.auto_read:
                self.send_receipt(to.bare(), [message_id], "read", **attrs)

    def _on_receipt(self, node: Node) -> None:
        sender = node.jid("from")
        self._acknowledge(node)
        if sender is None:
            return
        listed = node.child("list")
        ids = [node.get("id"), *(item.get("id") for item in (listed.children("item") if listed else []))]
        who = node.jid("participant") or sender
        self.receipts.append(SeenReceipt(tuple(ids), node.get("type"), who, float(node.get("t") or 0)))
        if node.get("type") == "retry":
            self._left_retries.append((node, sender))
            if self.answers_retries:
                self.answer_retries()

    def _on_notification(self, node: Node) -> None:
        self._acknowledge(node)
        if node.get("type") == "encrypt" and node.child("count") is not None:
            fresh = self.signal.keys.add_prekeys(PREKEY_COUNT)
            self.network.add_prekeys(self.jid, {prekey.number: prekey.keys.public for prekey in fresh})

    def _on_ack(self, node: Node) -> None:
        if node.get("class") == "message":
            self.acks[node.get("id")] = node

    def _on_chatstate(self, node: Node) -> None:
        states = node.children()
        if states:
            self.typing_from[node.get("from")] = states[0].tag

    def _acknowledge(self, node: Node) -> None:
        attrs: dict[str, Value] = {"class": node.tag, "id": node.get("id"), "to": node.attrs["from"]}
        for name in ("participant", "recipient"):
            if name in node.attrs:
                attrs[name] = node.attrs[name]
        if node.tag != "message" and "type" in node.attrs:
            attrs["type"] = node.attrs["type"]
        self.submit(Node("ack", attrs))
