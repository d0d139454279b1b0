"""Edits, deletions and reactions on the wire: the customer's own device has them, each once, whatever crashes."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from daemon.desk import message_changes
from daemon.domain.desk import Actor
from daemon.domain.message_changes import ChangeKind
from daemon.domain.messages import Author, Delivery, OutboxState
from daemon.domain.time import utc_now
from daemon.store import message_changes as store
from tests.support.inbox import row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.wire.protos import e2e

pytestmark = pytest.mark.wire


class Answered:
    """A customer with the shop's answer, which he has."""

    def __init__(self, shop: Shop, name: str) -> None:
        self.shop, self.customer = shop, shop.wa.add_customer(name)
        self.asked = self.customer.send_text(f"masih ada? {name}")
        shop.wait_for_text(f"masih ada? {name}")
        self.reply = shop.answer(name, "masih, Kak")
        shop.wait_for_delivery(self.reply, Delivery.DELIVERED)
        self.chat = row(shop, name).id
        self.reply_id = shop.journey(self.reply).wa_id

    def does(self, change: Callable[[Connection, Actor], Any]) -> None:
        with self.shop.database.write() as conn:
            change(conn, Actor(Author.ADMIN, self.shop._sari(conn)))

    def edits(self, text: str) -> None:
        self.does(
            lambda conn, sari: message_changes.edit(conn, self.chat, self.reply, text, sari, False, utc_now())
        )

    def pending(self) -> list[tuple[ChangeKind, OutboxState]]:
        with self.shop.database.read() as conn:
            found = store.pending(conn, [self.reply]).get(self.reply, [])
        return [(one.kind, one.state) for one in found]


def edited(customer: Customer) -> list[tuple[str, str]]:
    """Which messages were edited on the customer's device, and into what."""
    changes = [one.message.editedMessage.message.protocolMessage for one in customer.received]
    edits = [
        one for one in changes if one.type == e2e.ProtocolMessage.MESSAGE_EDIT and one.HasField("editedMessage")
    ]
    return [(one.key.ID, one.editedMessage.conversation) for one in edits]


def test_an_edit_reaches_the_message_that_the_customer_has(shop: Shop) -> None:
    here = Answered(shop, "Sunting Kita")
    here.edits("masih, Bu")
    wait_until(lambda: shop.bubble(here.reply).edited)
    assert shop.bubble(here.reply).text == "masih, Bu"
    assert edited(here.customer) == [(here.reply_id, "masih, Bu")]
    [sent] = [one for one in here.customer.received if one.edit]
    assert sent.edit == "1"


def test_a_reaction_names_whose_message_it_is(shop: Shop) -> None:
    here = Answered(shop, "Reaksi Kita")
    question = shop.bubbles(here.customer.name)[0].id
    for message_id, key in ((question, (here.asked, False)), (here.reply, (here.reply_id, True))):
        here.does(
            lambda conn, sari, message_id=message_id: message_changes.react(
                conn, here.chat, message_id, "👍", sari, utc_now()
            )
        )
        wait_until(lambda message_id=message_id: shop.bubble(message_id).reactions == ("👍",))
        reaction = here.customer.received[-1].message.reactionMessage
        # by the customer's device: what we call ours
        assert (reaction.text, (reaction.key.ID, reaction.key.fromMe)) == ("👍", key)
        assert reaction.key.remoteJID.endswith(("@lid", "@s.whatsapp.net"))


def test_a_deleted_answer_is_gone_there_and_its_customer_waits(shop: Shop) -> None:
    here = Answered(shop, "Hapus Kita")
    here.does(lambda conn, sari: message_changes.revoke(conn, here.chat, here.reply, sari, False, utc_now()))
    wait_until(lambda: shop.bubble(here.reply).revoked)
    sent = here.customer.received[-1]
    assert (sent.message.protocolMessage.type, sent.message.protocolMessage.key.ID, sent.edit) == (
        e2e.ProtocolMessage.REVOKE,
        here.reply_id,
        "7",
    )
    assert row(shop, here.customer.name).waiting_since is not None


def test_an_edit_whose_session_is_killed_before_its_acknowledgement_is_settled_by_the_receipt(shop: Shop) -> None:
    here = Answered(shop, "Sunting Mati")
    shop.wa.faults.hold_acks()
    here.edits("masih, Bu")
    wait_until(lambda: edited(here.customer), what="the edit on the customer's device")
    session = shop.pid("session")
    assert session is not None
    shop.kill("session")
    shop.wa.faults.release_acks()
    shop.wait_for_successor("session", session)
    wait_until(lambda: shop.bubble(here.reply).text == "masih, Bu", what="the receipt")
    assert (here.pending(), edited(here.customer)) == ([], [(here.reply_id, "masih, Bu")])
