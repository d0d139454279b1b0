"""How far a file is on its way to WhatsApp: told, not too often, and never by a process that has died."""

import secrets

import pytest
from sqlalchemy import func, select

from daemon.desk import outgoing
from daemon.desk.outgoing import Decision
from daemon.domain.links import LinkState
from daemon.domain.messages import Delivery
from daemon.domain.time import utc_now
from daemon.domain.transfers import BROUGHT
from daemon.store import outgoing_files
from daemon.store.events import EventKind
from daemon.store.tables.core import event_log
from tests.session.test_files_out import files_of, keep
from tests.support.inbox import only, row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.server.media_host import Trick

pytestmark = pytest.mark.wire


def percent(shop: Shop, message_id: int) -> int | None:
    found: int | None = (shop.bubble(message_id).media or {}).get(BROUGHT)
    return found


def test_a_slow_upload_is_told_until_its_process_dies_and_ends_when_it_is_taken_back(own_shop: Shop) -> None:
    shop, customer = own_shop, own_shop.wa.add_customer("Ibu Pelan")
    customer.send_text("ada katalog?")
    question = only(shop, customer.name)
    with shop.wa.faults.media_tricks(Trick.READS_SLOWLY):
        content = secrets.token_bytes(12_000_000)
        message_id = shop.answer(customer.name, "", keep(shop, content, "a.bin", "application/octet-stream"))
        first = wait_until(lambda: percent(shop, message_id), 60, "a number")
        wait_until(lambda: (percent(shop, message_id) or 0) > first, 30, "a larger number")
        transfer = shop.bubble(message_id).transfer
        assert transfer is not None
        assert transfer.has_begun
        with shop.database.read() as conn:
            told = select(func.count()).where(event_log.c.kind == EventKind.UPLOAD_PROGRESS.value)
            assert conn.execute(told).scalar_one() <= 20
        session = shop.pid("session")
        assert session is not None
        shop.kill("session")
        # the next one takes away what the dead one has said, before it begins anew
        wait_until(lambda: percent(shop, message_id) is None, 30, "no number")
        shop.wait_for_successor("session", session)
        shop.wait_for(LinkState.ONLINE)
        wait_until(lambda: percent(shop, message_id), 60, "a number again")
        with shop.database.write() as conn:
            decided = outgoing.decide(conn, question.conversation_id, message_id, Decision.TAKE_BACK, utc_now())
        assert decided
        wait_until(lambda: shop.pid("download") is None, 30, "the upload's end")
    assert shop.bubble(message_id).delivery == Delivery.DISCARDED
    assert row(shop, customer.name).waiting_since is not None
    shop.answer(customer.name, "maaf, salah berkas")
    customer.wait_for_text("maaf, salah berkas", 20)
    assert files_of(customer) == []
    with shop.database.read() as conn:
        assert outgoing_files.next_due(conn, shop.account_id, utc_now()) is None
