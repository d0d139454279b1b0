"""Texts encrypted and encoded ahead of time, for measuring the receiving side only."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.whatsapp_server.server.mailbox import Key
from tests.whatsapp_server.server.network import Network
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.jid import LID_SERVER, Jid
from tests.whatsapp_server.wire.node import Node, Value, encode

if TYPE_CHECKING:
    from tests.whatsapp_server.actors.customer import Customer

BATCH = 50
"""Messages pushed before the loop may do something else, such as read receipts."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Messages for one device, in order: what each will be answered with, and its bytes."""

    device: Jid
    ids: list[str]
    stanzas: list[tuple[Key, bytes]] = field(repr=False)


def prepare_texts(customer: Customer, texts: list[str], device: int | None = None) -> Prepared:
    """Encrypt and encode texts for one linked device of the shop, by default the first.

    The session moves on with each text: release all that was prepared, in this order. Raises LookupError
    where no device is linked.
    """
    return customer.loop.call(_prepare, customer, texts, device)


def _prepare(customer: Customer, texts: list[str], device: int | None) -> Prepared:
    devices = customer.shop.devices
    # a client on the wire has a Noise key, an in-process companion has none
    linked = [number for number in sorted(devices) if devices[number].noise_key is not None]
    if device is None and not linked:
        raise LookupError("the shop has no linked device")
    target = Jid(customer.shop.lid, LID_SERVER, linked[0] if device is None else device)
    sender = Jid(customer.user.lid, LID_SERVER)
    head: dict[str, Value] = {
        "from": sender,
        "type": "text",
        "notify": customer.user.push_name,
        "addressing_mode": "lid",
        "sender_pn": customer.user.phone_jid,
    }
    ids, stanzas = [], []
    for text in texts:
        message_id = customer.new_message_id()
        part = customer.composer.encrypted_node(target, payload.with_secret(payload.text(text)))
        attrs = {**head, "id": message_id, "t": customer.network.now()}
        ids.append(message_id)
        stanzas.append((Key("message", message_id, sender), encode(Node("message", attrs, [part]))))
    return Prepared(target, ids, stanzas)


async def release(network: Network, *batches: Prepared) -> list[str]:
    """Push everything that was prepared, taking one of each batch in turn; give the ids in that order."""
    ids = []
    rounds = itertools.zip_longest(*(prepared.stanzas for prepared in batches))
    for number, row in enumerate(rounds, start=1):
        for prepared, stanza in zip(batches, row, strict=True):
            if stanza is not None:
                network.put_encoded(prepared.device, *stanza)
                ids.append(stanza[0].id)
        if number % BATCH == 0:
            await asyncio.sleep(0)
    return ids
