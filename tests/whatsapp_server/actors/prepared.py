"""Texts encrypted and encoded ahead of time, for measuring the receiving side only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.whatsapp_server.server.mailbox import Key
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
    linked = [number for number in sorted(customer.shop.devices) if number]
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


async def release(customer: Customer, prepared: Prepared) -> list[str]:
    """Push everything that was prepared; give the ids."""
    for start in range(0, len(prepared.stanzas), BATCH):
        for key, data in prepared.stanzas[start : start + BATCH]:
            customer.network.put_encoded(prepared.device, key, data)
        await asyncio.sleep(0)
    return prepared.ids
