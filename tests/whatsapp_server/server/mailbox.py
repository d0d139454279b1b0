"""What waits for one device: every stanza stays until the device has answered it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.node import Node, decode

Deliver = Callable[[Node], None]
DeliverEncoded = Callable[[bytes], None]


WINDOW = 1000
"""Unanswered stanzas under way to one device; whatsmeow handles them out of order beyond 2048 (client.go)."""


class Key(NamedTuple):
    """What a device's answer names: tag, id, sender and type (empty for messages) of the stanza."""

    tag: str
    id: str
    sender: Jid
    type: str = ""


@dataclass(slots=True)
class Mailbox:
    """An ordered queue: what was delivered stays until `settle`; attaching delivers all that is left.

    At most WINDOW stanzas are under way at a time; the others follow as answers come in.
    """

    waiting: dict[Key, Node | bytes] = field(default_factory=dict)
    deliver: Deliver | None = None
    deliver_encoded: DeliverEncoded | None = None
    _held: deque[tuple[Key | None, Node | bytes]] = field(default_factory=deque)

    @property
    def attached(self) -> bool:
        """Tell whether the device is online."""
        return self.deliver is not None

    def put(self, node: Node) -> None:
        """Queue a stanza, and deliver it when the device is online."""
        self._put(key_of(node), node)

    def put_encoded(self, key: Key, data: bytes) -> None:
        """Queue a stanza that is already in binary form (benchmarks encode before the clock starts)."""
        self._put(key, data)

    def pass_on(self, node: Node) -> bool:
        """Deliver a stanza that is not worth keeping (an ack, typing). Tells whether the device was online."""
        if self.deliver is None:
            return False
        self.deliver(node)
        return True

    def pass_behind(self, node: Node) -> None:
        """Deliver a stanza that is not worth keeping, but after all that is queued now."""
        if self._held:
            self._held.append((None, node))
        else:
            self.pass_on(node)

    def settle(self, key: Key) -> bool:
        """Forget a stanza that the device has answered. Tells whether it was waiting."""
        settled = self.waiting.pop(key, None) is not None
        if self._held:
            self._advance()
        return settled

    def attach(self, deliver: Deliver, deliver_encoded: DeliverEncoded | None = None) -> None:
        """Bring the device online: what waited first (marked `offline`), then whatever comes."""
        self.deliver, self.deliver_encoded = deliver, deliver_encoded
        self._held.clear()
        for key, item in self.waiting.items():
            node = decode(item) if isinstance(item, bytes) else item
            self._held.append((key, Node(node.tag, {**node.attrs, "offline": "0"}, node.content)))
        self._advance()

    def detach(self) -> None:
        """Take the device offline."""
        self.deliver = self.deliver_encoded = None
        self._held.clear()

    def _put(self, key: Key, item: Node | bytes) -> None:
        self.waiting[key] = item
        if self.deliver is None:
            return
        if self._held or len(self.waiting) > WINDOW:
            self._held.append((key, item))
        else:
            self._send(item)

    def _advance(self) -> None:
        held = self._held
        while held and len(self.waiting) - len(held) < WINDOW:
            key, item = held.popleft()
            if key is None or key in self.waiting:
                self._send(item)

    def _send(self, item: Node | bytes) -> None:
        if isinstance(item, bytes) and self.deliver_encoded is not None:
            self.deliver_encoded(item)
        elif self.deliver is not None:
            self.deliver(decode(item) if isinstance(item, bytes) else item)


def key_of(node: Node) -> Key:
    """Give the name under which the device will answer a stanza sent to it."""
    sender = node.attrs["from"]
    kind = "" if node.tag == "message" else node.get("type")
    return Key(node.tag, node.get("id"), sender if isinstance(sender, Jid) else Jid.parse(sender), kind)


def key_of_answer(node: Node) -> Key | None:
    """Give the name of the stanza that an `ack` of a device answers, None when it names none."""
    to = node.jid("to")
    tag = node.get("class")
    if to is None or not tag:
        return None
    return Key(tag, node.get("id"), to, "" if tag == "message" else node.get("type"))
