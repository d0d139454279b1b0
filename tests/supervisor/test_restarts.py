"""Stops, crashes and restarts lose nothing and repeat nothing; what runs keeps its secrets."""

import base64
import http.client
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest
from sqlalchemy import func, select

from daemon.domain.desk import Box
from daemon.domain.links import LinkState
from daemon.domain.messages import Delivery
from daemon.store.conversation_list import listing
from daemon.store.links import Link
from daemon.store.tables.core import message, turn
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

pytestmark = pytest.mark.wire


def works(shop: Shop, text: str) -> None:
    """The link is online, a customer's message arrives once, and the answer reaches the customer once."""
    shop.wait_for(LinkState.ONLINE, 40)
    customer = shop.wa.add_customer(f"Rina {text}")
    customer.send_text(text)
    shop.wait_for_text(text)
    shop.wait_for_delivery(shop.answer(customer.name, f"jawab {text}"), Delivery.DELIVERED)
    assert shop.texts(customer.name) == [text, f"jawab {text}"]
    assert [one.text for one in customer.received] == [f"jawab {text}"]


def page(shop: Shop, path: str) -> int:
    """The inbox's answer to a visit; 0 if there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", shop.config.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def stream(customer: Customer, texts: list[str]) -> threading.Thread:
    """Send texts one after the other, in the background."""

    def send() -> None:
        for text in texts:
            customer.send_text(text)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def states_until_online(shop: Shop) -> Iterator[Link]:
    """Every look at the link until it is online."""
    while (link := shop.link()).state != LinkState.ONLINE:
        yield link


def test_a_message_that_came_while_the_daemon_was_down_is_there_once_it_is_back(shop: Shop) -> None:
    shop.stop()
    shop.wa.add_customer("Malam").send_text("jam segini masih buka?")
    shop.start()
    shop.wait_for_text("jam segini masih buka?", 40)
    works(shop, "pagi")
    assert shop.texts("Malam") == ["jam segini masih buka?"]


def test_a_restart_is_online_again_without_a_new_scan(shop: Shop) -> None:
    devices = shop.wa.phone.linked_numbers()
    shop.stop()
    assert shop.link().state == LinkState.STOPPED
    shop.start()
    seen = {link.state for link in states_until_online(shop)}
    assert not seen & {LinkState.PAIRING, LinkState.LINKING, LinkState.LOGGED_OUT}
    assert shop.wa.phone.linked_numbers() == devices
    works(shop, "setelah mulai lagi")


def test_a_stop_while_messages_stream_in_loses_none_and_repeats_none(shop: Shop) -> None:
    customer = shop.wa.add_customer("Deras")
    texts = [f"deras {n}" for n in range(300)]
    sending = stream(customer, texts)
    shop.wait_for_text("deras 0")
    shop.stop()
    sending.join()
    shop.start()
    wait_until(lambda: len(shop.texts("Deras")) >= 300, 40, "all of them")
    works(shop, "setelah deras")
    assert shop.texts("Deras") == texts


def test_a_long_backlog_is_counted_before_the_link_is_online(shop: Shop) -> None:
    people = [shop.wa.add_customer(f"Tumpuk {n}") for n in range(6)]
    shop.stop()
    # enough to be still arriving when the inbox has started as well
    for i in range(250):
        for person in people:
            person.send_text(f"{person.name}: {i}")
    shop.start()
    seen = list(states_until_online(shop))
    # until the server has said how much there is, it is only known that something may come
    catching_up = [link for link in seen if link.state == LinkState.CATCHING_UP and link.backlog_total]
    assert {link.backlog_total for link in catching_up} == {1500}
    done = [link.backlog_done or 0 for link in catching_up]
    assert done == sorted(done)
    assert 0 < done[-1] <= 1500
    assert (shop.link().backlog_total, shop.link().backlog_done) == (None, None)
    for person in people:
        wait_until(lambda person=person: len(shop.texts(person.name)) == 250)
        assert shop.texts(person.name) == [f"{person.name}: {n}" for n in range(250)]


def test_a_killed_inbox_comes_back_and_the_link_never_notices(shop: Shop) -> None:
    before, logins = shop.processes(), len(shop.wa.logins)
    shop.kill("inbox")
    wait_until(lambda: (new := shop.processes().get("inbox")) and new.pid != before["inbox"].pid, 20, "an inbox")
    wait_until(lambda: page(shop, "/login") == 200, 20, "the login page")
    assert shop.processes()["session"].pid == before["session"].pid
    assert len(shop.wa.logins) == logins
    works(shop, "kotak masuk baru")


def test_a_killed_worker_of_the_inbox_is_replaced(shop: Shop) -> None:
    old = shop.processes()["worker"].pid
    shop.kill("worker")
    wait_until(lambda: (new := shop.processes().get("worker")) and new.pid != old, 20, "a worker")
    wait_until(lambda: page(shop, "/login") == 200, 20, "the login page")


def test_a_killed_session_leaves_the_inbox_alone(shop: Shop) -> None:
    before = shop.processes()
    shop.kill("session")
    wait_until(lambda: (new := shop.processes().get("session")) and new.pid != before["session"].pid)
    works(shop, "sesi baru")
    assert shop.processes()["inbox"].pid == before["inbox"].pid


def kill_supervisor(shop: Shop) -> list[psutil.Process]:
    """SIGKILL the daemon; gives the processes it leaves behind."""
    left = [process for role, process in shop.processes().items() if role != "supervisor"]
    assert len(left) == 3
    shop.kill("supervisor")
    assert shop.process is not None
    shop.process.wait(5)
    return left


def test_nothing_outlives_a_killed_supervisor(shop: Shop) -> None:
    left = kill_supervisor(shop)
    _, alive = psutil.wait_procs(left, timeout=20)
    assert not alive
    shop.start()
    works(shop, "setelah supervisor mati")


def test_a_new_supervisor_can_start_right_after_the_old_one_was_killed(shop: Shop) -> None:
    customer = shop.wa.add_customer("Langsung")
    left = kill_supervisor(shop)
    customer.send_text("di tengah-tengah")
    shop.start()
    works(shop, "langsung mulai")
    assert shop.texts("Langsung") == ["di tengah-tengah"]
    assert shop.process is not None
    assert shop.process.poll() is None
    assert not {process.pid for process in left} & {process.pid for process in shop.processes().values()}


def test_a_second_session_for_the_same_keys_is_refused_by_the_lock(shop: Shop) -> None:
    logins = len(shop.wa.logins)
    second = subprocess.run(
        [sys.executable, "-m", "daemon.session", "--account", str(shop.account_id)],
        env={**shop.environment, "NEONIZE_BOT_TAG": "off"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode != 0
    assert "Another process has this account's keys open." in second.stderr
    assert "Traceback" not in second.stderr
    assert len(shop.wa.logins) == logins
    assert shop.link().state == LinkState.ONLINE
    works(shop, "tetap satu")


def test_recent_history_is_imported_without_opening_work(new_shop: Shop) -> None:
    old = new_shop.wa.add_customer("Langganan")
    lines = [("in", "bulan lalu saya pesan", 9000.0), ("out", "terima kasih kak", 8000.0), ("in", "enak!", 7000.0)]
    new_shop.wa.phone.remember(old, *lines)
    new_shop.pair()
    wait_until(lambda: len(new_shop.bubbles("Langganan")) == 3, what="the history")
    bubbles = new_shop.bubbles("Langganan")
    assert [(b.text, b.from_me) for b in bubbles] == [(text, way == "out") for way, text, _ in lines]
    assert all(bubble.is_history for bubble in bubbles)
    with new_shop.database.read() as conn:
        (line,) = listing(conn, new_shop.account_id, Box.ALL, 0)
        assert (line.unread, line.waiting_since) == (0, None)
        assert conn.execute(select(func.count()).select_from(turn)).scalar_one() == 0
    old.send_text("pesan lagi dong")
    new_shop.wait_for_text("pesan lagi dong")
    with new_shop.database.read() as conn:
        (line,) = listing(conn, new_shop.account_id, Box.ALL, 0)
        assert line.unread == 1
        assert line.waiting_since is not None
        assert conn.execute(select(func.count()).select_from(message)).scalar_one() == 4


def private_keys(shop: Shop) -> tuple[bytes, ...]:
    """The secret keys of the linked device."""
    file = shop.folder / "keys" / f"session-{shop.account_id}.db"
    with closing(sqlite3.connect(file)) as conn:
        found: tuple[bytes, ...] = conn.execute(
            "select noise_key, identity_key, adv_key from whatsmeow_device"
        ).fetchone()
    return found


def test_no_text_number_code_or_key_is_logged_or_shown_in_the_process_list(new_shop: Shop) -> None:
    shop, wa = new_shop, new_shop.wa
    customer, member = wa.add_customer("Nama Rahasia"), wa.add_customer("Anggota Rahasia")
    wa.phone.remember(customer, ("in", "kata-rahasia history", 9000.0))
    code = wait_until(lambda: shop.link().qr, 30, "a code")
    shop.pair()
    (token,) = re.findall(r"/setup/(\S+)", shop.log())
    assert page(shop, f"/setup/{token}") == 200
    edited = customer.send_text("kata-rahasia text")
    customer.send_image(b"kata-rahasia image", "kata-rahasia caption")
    customer.send_document(b"kata-rahasia data", "kata-rahasia.pdf")
    customer.edit(edited, "kata-rahasia edit")
    wa.send_undecryptable(customer, "kata-rahasia unreadable")
    wa.send_undecryptable(member, "kata-rahasia lost", answer=False)
    member.send_in_group("kata-rahasia group")
    wa.phone.send_text(member, "kata-rahasia phone")
    customer.typing()
    shop.wait_for_text("kata-rahasia unreadable")
    shop.wait_for_text("kata-rahasia phone")
    wa.faults.refuse_sends("479")
    shop.wait_for_delivery(shop.answer(customer.name, "kata-rahasia refused"), Delivery.FAILED)
    shop.wait_for_delivery(shop.answer(customer.name, "kata-rahasia reply"), Delivery.DELIVERED)
    wa.faults.unknown_receipt_type(customer, "3EB0AAAABBBBCCCCDDDD")
    wa.faults.connect_failure("503")
    wait_until(lambda: "the session will start anew" in shop.log(), 20, "the session's end")
    works(shop, "kata-rahasia after")
    lines = [" ".join(process.cmdline()) for process in shop.processes().values()]
    shop.stop()
    keys = private_keys(shop)
    log = shop.log()
    assert log.count("the link ended") >= 2
    people = [customer, member, wa.phone]
    secrets = [
        *("kata-rahasia", "Nama Rahasia", "Anggota Rahasia", code.partition("#")[2][:40]),
        *(digits for person in people for digits in (person.phone_number, person.lid)),
        *(key.hex() for key in keys),
        *(base64.b64encode(key).decode() for key in keys),
    ]
    for secret in secrets:
        assert secret not in log
        assert not [line for line in lines if secret in line]
    assert log.count(token) == 1  # once, for the owner, and not in a line about the visit
