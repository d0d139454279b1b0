"""Chats with disappearing messages, on the wire: our replies carry the chat's time, until it is turned off."""

from typing import Any

import pytest

from tests.support.inbox import row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.wire.protos import e2e

pytestmark = pytest.mark.wire

WEEK = 604_800


def expiring(text: str, seconds: int) -> Any:
    message = e2e.Message()
    message.extendedTextMessage.text = text
    message.extendedTextMessage.contextInfo.expiration = seconds
    return message


def setting(seconds: int) -> Any:
    message = e2e.Message()
    message.protocolMessage.type = e2e.ProtocolMessage.EPHEMERAL_SETTING
    message.protocolMessage.ephemeralExpiration = seconds
    return message


def test_replies_in_such_a_chat_disappear_like_the_customers_messages(shop: Shop) -> None:
    customer = shop.wa.add_customer("Ibu Lenyap")
    customer.send_raw(expiring("ini akan hilang", WEEK))
    shop.wait_for_text("ini akan hilang")
    assert row(shop, customer.name).disappearing == WEEK
    shop.answer(customer.name, "baik, Bu")
    got = customer.wait_for_text("baik, Bu", 30)
    assert got.message.extendedTextMessage.contextInfo.expiration == WEEK
    assert not got.message.HasField("conversation")
    # turned off: what leaves from now on stays
    customer.send_raw(setting(0))
    wait_until(lambda: row(shop, customer.name).disappearing == 0, 20, "the setting")
    customer.send_text("sudah saya matikan")
    shop.wait_for_text("sudah saya matikan")
    shop.answer(customer.name, "terima kasih")
    got = customer.wait_for_text("terima kasih", 30)
    assert got.message.conversation == "terima kasih"
    # and on again by the setting alone
    customer.send_raw(setting(WEEK))
    wait_until(lambda: row(shop, customer.name).disappearing == WEEK, 20, "the setting")
