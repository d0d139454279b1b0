"""The file of the session's keys belongs to the library: whoever else looks into it takes nothing away from it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from auth_store.files import session_path
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Delivery
from tests.support.shop import Shop
from tests.support.waiting import wait_until

pytestmark = pytest.mark.wire


def deleted_files(pid: int) -> list[str]:
    """Files that a process still writes to although their names are gone."""
    links = [fd for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()]
    return [name for fd in links if "session" in (name := os.readlink(fd)) and name.endswith(" (deleted)")]


def test_what_looks_into_the_keys_takes_no_lock_away_from_the_library(shop: Shop) -> None:
    customer = shop.wa.add_customer("Kunci")
    customer.send_text("halo kunci")
    shop.wait_for_text("halo kunci")
    # the library passes it over: its place is found with what its file says of the customer's addresses
    customer.send_content(b"\x0a\xff\xff\xff\xff\x0f rusak")
    customer.send_text("lalu")
    kinds = {MessageKind.TEXT, MessageKind.UNREADABLE}
    wait_until(lambda: {bubble.kind for bubble in shop.bubbles(customer.name)} == kinds)
    session = shop.pid("session")
    assert session is not None
    # as a backup does
    with closing(sqlite3.connect(session_path(shop.config.data, shop.account_id))) as other:
        other.execute("SELECT count(*) FROM whatsmeow_sessions").fetchall()
    assert deleted_files(session) == []
    for number in range(3):
        shop.wait_for_delivery(shop.answer(customer.name, f"jawaban {number}"), Delivery.DELIVERED)
        customer.send_text(f"terus {number}")
        shop.wait_for_text(f"terus {number}")
    shop.kill("session")
    shop.wait_for_successor("session", session)
    shop.wait_for_delivery(shop.answer(customer.name, "jawaban sesudahnya"), Delivery.DELIVERED)
    assert (customer.dropped, customer.undecryptable) == ([], [])
    assert customer.received[-1].text == "jawaban sesudahnya"
