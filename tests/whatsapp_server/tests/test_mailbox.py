"""The queue of one device, and what moves between devices, without sockets."""

from __future__ import annotations

from tests.whatsapp_server.server.mailbox import WINDOW, Key, Mailbox, key_of, key_of_answer
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.node import Node, encode

BUDI = Jid("111", "lid")


def message(number: int) -> Node:
    return Node("message", {"from": BUDI, "id": str(number), "type": "text"}, b"x")


def test_what_was_delivered_is_delivered_again_until_it_is_settled() -> None:
    mailbox, seen = Mailbox(), list[Node]()
    mailbox.attach(seen.append)
    mailbox.put(message(1))
    mailbox.detach()
    mailbox.attach(seen.append)
    assert [node.get("offline") for node in seen] == ["", "0"]
    assert mailbox.settle(key_of(message(1)))
    mailbox.detach()
    mailbox.attach(seen.append)
    assert len(seen) == 2


def test_encoded_and_plain_stanzas_keep_their_order_through_a_queue() -> None:
    mailbox, seen = Mailbox(), list[Node]()
    mailbox.put_encoded(Key("message", "1", BUDI), encode(message(1)))
    mailbox.put(message(2))
    mailbox.attach(seen.append)
    mailbox.put_encoded(Key("message", "3", BUDI), encode(message(3)))
    assert [node.get("id") for node in seen] == ["1", "2", "3"]


def test_no_more_than_a_window_is_under_way_and_the_rest_follows_in_order() -> None:
    mailbox, seen = Mailbox(), list[Node]()
    mailbox.attach(seen.append)
    for number in range(WINDOW + 50):
        mailbox.put(message(number))
    assert len(seen) == WINDOW
    for number in range(WINDOW + 50):
        assert mailbox.settle(key_of(message(number)))
    assert [node.get("id") for node in seen] == [str(number) for number in range(WINDOW + 50)]
    assert not mailbox.waiting


def test_what_ends_the_backlog_comes_after_all_of_it() -> None:
    mailbox, seen = Mailbox(), list[Node]()
    for number in range(WINDOW + 5):
        mailbox.put(message(number))
    mailbox.attach(seen.append)
    mailbox.pass_behind(Node("ib"))
    mailbox.put(message(WINDOW + 5))
    assert len(seen) == WINDOW
    for number in range(10):
        mailbox.settle(key_of(message(number)))
    assert [node.tag for node in seen[-2:]] == ["ib", "message"]


def test_a_receipt_is_answered_by_an_ack_of_its_type() -> None:
    receipt = Node("receipt", {"from": BUDI, "id": "3EB0", "type": "read"})
    ack = Node("ack", {"class": "receipt", "id": "3EB0", "to": BUDI, "type": "read"})
    assert key_of(receipt) == key_of_answer(ack)
    assert key_of(receipt) != key_of_answer(Node("ack", {**ack.attrs, "type": "retry"}))


def test_a_message_is_answered_whatever_its_type() -> None:
    assert key_of(message(1)) == key_of_answer(Node("ack", {"class": "message", "id": "1", "to": BUDI}))
