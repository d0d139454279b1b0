"""The websocket under gunicorn: who may open it, what it says, how it resumes."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from daemon.domain.desk import Action
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.store import audit, claims, conversations, events, messages, presence
from tests.support.staffed_books import StaffedBooks
from tests.support.waiting import wait_until
from tests.webui.conftest import Server, Visitor

Message = dict[str, Any]


@contextmanager
def tab(server: Server, visitor: Visitor, cursor: int, **shows: Any) -> Iterator[ClientConnection]:
    """A tab's websocket, told what the tab shows and already heard its hello."""
    headers = {"Cookie": f"balas={visitor.cookie}", "Accept-Language": "en"}
    address = f"{server.url.replace('http', 'ws')}/live?cursor={cursor}"
    with connect(address, origin=Origin(server.url), additional_headers=headers) as socket:
        assert hear(socket, "hello")["seq"] == cursor
        socket.send(json.dumps({"open": None, "box": "all", "page": None, **shows, "cursor": cursor}))
        yield socket


def hear(socket: ClientConnection, kind: str, fits: Callable[[Message], bool] = lambda _: True) -> Message:
    """The next message of a kind; others are skipped."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        message: Message = json.loads(socket.recv(timeout=30))
        if message["type"] == kind and fits(message):
            return message
    raise AssertionError(f"no {kind}")


def refused(server: Server, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as caught:
        connect(f"{server.url.replace('http', 'ws')}/live?cursor=0", **options)
    return caught.value.response.status_code


def test_strangers_and_other_origins_are_refused(server: Server, sari: Visitor) -> None:
    cookie = {"Cookie": f"balas={sari.cookie}"}
    assert refused(server, origin=server.url) == 401
    assert refused(server, origin=server.url, additional_headers={"Cookie": "balas=forged"}) == 401
    assert refused(server, origin="https://evil.example", additional_headers=cookie) == 403
    assert refused(server, origin="null", additional_headers=cookie) == 403
    assert refused(server, additional_headers=cookie) == 403


def test_a_new_message_reaches_list_and_open_thread(server: Server, sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id, other = shop.new_customer("Ibu Ratna", "halo"), shop.new_customer("Pak Joko", "pagi")
    with tab(server, sari, shop.cursor(), open=conversation_id) as socket:
        shop.customer_writes(other, "di luar")
        assert "di luar" in hear(socket, "row")["html"]
        message_id = shop.customer_writes(conversation_id, "di dalam")
        bubble = hear(socket, "bubble")
        assert (bubble["conversation"], bubble["id"]) == (conversation_id, message_id)
        assert "di dalam" in bubble["html"]
        assert hear(socket, "thread")["turn_id"] == shop.open_turn(conversation_id)
        assert "di dalam" in hear(socket, "row")["html"]
        assert hear(socket, "counts")["all"] == 2


def test_the_thread_is_told_who_closed_the_turn(server: Server, sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    turn = shop.open_turn(conversation_id)
    with tab(server, sari, shop.cursor(), open=conversation_id) as socket:
        shop.shop_wrote(conversation_id, "sudah dari HP", Author.PHONE, delivery=Delivery.SENT.value)
        told = hear(socket, "thread", lambda message: message["turn_id"] is None)
        assert told["answered_turn"] == turn
        assert "From the phone" in told["notice"]
        assert "sudah dari HP" in told["notice"]


def test_a_tab_resumes_from_its_cursor(server: Server, sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    cursor = shop.cursor()
    for n in range(5):
        shop.customer_writes(conversation_id, f"terlewat {n}")
    with tab(server, sari, cursor, open=conversation_id) as socket:
        heard = [hear(socket, "bubble") for _ in range(5)]
        assert ["terlewat" in message["html"] for message in heard] == [True] * 5
        assert heard[-1]["seq"] <= shop.cursor()
        assert "terlewat 4" in hear(socket, "row")["html"]


def test_the_cursor_moves_only_with_the_last_piece_of_a_portion(
    server: Server, sari: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    before = shop.cursor()
    with tab(server, sari, before, open=conversation_id) as socket:
        opened = shop.cursor()
        shop.customer_writes(conversation_id, "satu")
        assert before <= hear(socket, "bubble")["seq"] <= opened
        assert hear(socket, "counts")["seq"] == shop.cursor()


def test_a_cursor_from_before_the_log_was_pruned_gets_a_resync(
    server: Server, sari: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    cursor = shop.cursor()
    for n in range(3):
        shop.customer_writes(conversation_id, str(n))
    shop.write(lambda conn: events.prune(conn, utc_now() + timedelta(hours=1)))
    with tab(server, sari, cursor) as socket:
        assert hear(socket, "resync")["seq"] == shop.cursor()
    with tab(server, sari, 10**9) as socket:
        hear(socket, "resync")


def test_a_backlog_is_one_resync_instead_of_hundreds_of_pieces(
    server: Server, sari: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    cursor = shop.cursor()
    for n in range(300):
        shop.customer_writes(conversation_id, str(n))
    with tab(server, sari, cursor, open=conversation_id) as socket:
        assert json.loads(socket.recv(timeout=30))["type"] == "resync"


def test_a_burst_while_connected_never_queues_more_than_a_page(
    server: Server, sari: Visitor, shop: StaffedBooks
) -> None:
    conversation_ids = [shop.new_customer(f"Pelanggan {n}", "halo") for n in range(150)]
    with tab(server, sari, shop.cursor()) as socket, shop.database.write() as conn:
        for conversation_id in conversation_ids:
            kind = events.EventKind.CONVERSATION_CHANGED
            events.append(conn, shop.account_id, kind, utc_now(), conversation_id)
        conn.commit()
        kind = "presence"
        while kind in ("presence", "caught-up"):  # of the tab's own arrival
            kind = json.loads(socket.recv(timeout=30))["type"]
        assert kind == "resync"


def test_ticks_and_reactions_reach_the_open_thread(server: Server, sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    own = shop.shop_wrote(conversation_id, "ya", Author.BOT, delivery=Delivery.SENT.value)
    with tab(server, sari, shop.cursor(), open=conversation_id) as socket:
        shop.changed(conversation_id, own, lambda conn: messages.raise_delivery(conn, own, Delivery.READ))
        hear(socket, "bubble", lambda message: 'data-delivery="read"' in message["html"])
        shop.changed(conversation_id, own, lambda conn: messages.react(conn, own, False, "🙏", utc_now()))
        hear(socket, "bubble", lambda message: "🙏" in message["html"])


def test_typing_is_told_but_never_replayed(server: Server, sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    cursor = shop.cursor()

    def types(kind: events.EventKind) -> None:
        shop.write(lambda conn: events.append(conn, shop.account_id, kind, utc_now(), conversation_id))

    types(events.EventKind.TYPING)
    with tab(server, sari, cursor) as socket:
        types(events.EventKind.TYPING_STOPPED)
        assert hear(socket, "typing") | {"seq": 0} == {
            "type": "typing",
            "conversation": conversation_id,
            "on": False,
            "seq": 0,
        }


def test_the_link_is_told_to_everyone_and_its_codes_to_the_owner(
    server: Server, sari: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    with (
        tab(server, sari, shop.cursor(), box=None, page="link") as owner,
        tab(server, budi, shop.cursor(), box=None, page="link") as admin,
        tab(server, budi, shop.cursor()) as inbox,
    ):
        # the owner's open page asks for codes by itself
        hear(owner, "link")
        assert shop.link_row().pair_until is not None
        shop.link(LinkState.PAIRING, qr="https://wa.me/settings/linked_devices#a,b,c,d,1")
        pairing = hear(owner, "link", lambda message: "pairing" in message["html"].partition("data-reason")[0])
        assert 'class="qr"' in pairing["html"]
        assert (
            'class="qr"'
            not in hear(admin, "link", lambda message: 'data-state="pairing"' in message["html"])["html"]
        )
        banner = hear(inbox, "banner", lambda message: message["state"] == "pairing")
        assert banner["can_send"] is False
        shop.link(LinkState.OFFLINE, LinkReason.NETWORK)
        assert "can&#39;t reach WhatsApp" in hear(inbox, "banner", lambda m: m["state"] == "offline")["html"]


def test_each_admin_hears_his_own_counts(server: Server, sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    with tab(server, sari, shop.cursor()) as hers, tab(server, budi, shop.cursor()) as his:
        shop.write(lambda conn: conversations.assign(conn, conversation_id, shop.budi.id, utc_now()))
        shop.customer_writes(conversation_id, "lagi")
        assert hear(hers, "counts")["mine"] == 0
        assert hear(his, "counts")["mine"] == 1


def test_nonsense_from_a_tab_does_no_harm(server: Server, sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    with tab(server, sari, shop.cursor()) as socket:
        for text in (
            "",
            "[]",
            "{",
            '{"open": "x", "box": 7, "page": [], "cursor": -1}',
            '{"open": 1e400}',
            '{"box": []}',
        ):
            socket.send(text)
        socket.send(json.dumps({"box": "all", "open": conversation_id, "cursor": shop.cursor()}))
        shop.customer_writes(conversation_id, "masih hidup")
        assert "masih hidup" in hear(socket, "bubble")["html"]


def test_open_tabs_do_not_hold_up_the_end_of_the_process(
    server: Server, sari: Visitor, shop: StaffedBooks
) -> None:
    with tab(server, sari, shop.cursor()) as socket:
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 4
        with pytest.raises(ConnectionClosed, match="1001"):
            hear(socket, "the end")


def test_the_log_names_no_customer_and_no_words(server: Server, sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "rahasia besar", phone="6281234567890")
    with tab(server, sari, shop.cursor(), open=conversation_id) as socket:
        shop.customer_writes(conversation_id, "rahasia kedua")
        hear(socket, "bubble")
    server.stop()
    log = server.log.read_text()
    for secret in ("rahasia", "6281234567890", "Ratna", sari.cookie):
        assert secret not in log


def test_a_tab_that_joins_while_all_is_quiet_hears_the_first_message(
    server: Server, sari: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    with tab(server, sari, shop.cursor()):
        # the follower now waits for the next commit, knowing the first tab only
        cursor = shop.cursor()
        shop.customer_writes(conversation_id, "sebelum")
        with tab(server, sari, cursor, open=conversation_id) as socket:
            hear(socket, "bubble", lambda message: "sebelum" in message["html"])
            shop.customer_writes(conversation_id, "sesudah")
            hear(socket, "bubble", lambda message: "sesudah" in message["html"])


def claim_of(shop: StaffedBooks, conversation_id: int) -> str | None:
    with shop.database.read() as conn:
        found = claims.holder(conn, conversation_id, utc_now())
    return found.name if found else None


def is_here(shop: StaffedBooks, name: str) -> bool:
    with shop.database.read() as conn:
        return any(one.is_here for one in presence.team(conn, utc_now()) if one.name == name)


def test_typing_claims_the_conversation_until_the_field_is_empty(
    server: Server, sari: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    with tab(server, sari, shop.cursor(), open=conversation_id) as socket:
        socket.send(json.dumps({"typing": conversation_id}))
        wait_until(lambda: claim_of(shop, conversation_id) == "Sari")
        socket.send(json.dumps({"typing": None}))
        wait_until(lambda: claim_of(shop, conversation_id) is None)


def test_a_claim_ends_with_its_websocket(server: Server, sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    with tab(server, sari, shop.cursor(), open=conversation_id) as socket:
        socket.send(json.dumps({"typing": conversation_id}))
        wait_until(lambda: claim_of(shop, conversation_id) == "Sari")
    wait_until(lambda: claim_of(shop, conversation_id) is None)


def test_the_second_to_type_is_told_who_answers_and_may_take_over(
    server: Server, sari: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    cursor = shop.cursor()
    with (
        tab(server, sari, cursor, open=conversation_id) as first,
        tab(server, budi, cursor, open=conversation_id) as second,
    ):
        first.send(json.dumps({"typing": conversation_id}))
        wait_until(lambda: claim_of(shop, conversation_id) == "Sari")
        second.send(json.dumps({"typing": conversation_id}))
        claimed = hear(second, "claimed")
        assert (claimed["conversation"], claimed["name"]) == (conversation_id, "Sari")
        assert "Sari is answering this" in claimed["html"]
        second.send(json.dumps({"typing": conversation_id, "take_over": True}))
        wait_until(lambda: claim_of(shop, conversation_id) == "Budi")
    with shop.database.read() as conn:
        (line,) = [
            e for e in audit.in_thread(conn, conversation_id, None, None) if e.action == Action.CLAIM_TAKEN_OVER
        ]
    assert (line.admin_name, line.subject_name) == ("Budi", "Sari")


@pytest.mark.parametrize("nonsense", ["1", -1, 0, 1.5, True, {}, [], 10**18])
def test_nonsense_instead_of_a_conversation_claims_nothing(
    server: Server, sari: Visitor, shop: StaffedBooks, nonsense: Any
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    with tab(server, sari, shop.cursor(), open=conversation_id) as socket:
        socket.send(json.dumps({"typing": nonsense}))
        socket.send(json.dumps({"typing": 999_999}))
        shop.customer_writes(conversation_id, "masih hidup")
        hear(socket, "bubble")
    assert claim_of(shop, conversation_id) is None


def test_an_open_tab_means_that_its_admin_is_here(server: Server, sari: Visitor, shop: StaffedBooks) -> None:
    assert not is_here(shop, "Sari")
    with tab(server, sari, shop.cursor()):
        assert is_here(shop, "Sari")
        assert not is_here(shop, "Budi")
    assert is_here(shop, "Sari")  # a reload takes a moment
    later = utc_now() + presence.GRACE + timedelta(seconds=30)
    wait_until(lambda: not any(one.is_here for one in shop.write(lambda conn: presence.team(conn, later))))
