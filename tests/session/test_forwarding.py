"""A message that is passed on, on the wire: who gets it sees the words, the file and that it was forwarded."""

import secrets

import pytest

from daemon.desk import forwarding
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import messages
from daemon.store.threads import Bubble
from tests.session.test_files_out import PDF, gets_file, parts
from tests.support.inbox import becomes, last_mark, only, row
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer

pytestmark = pytest.mark.wire


def asks(shop: Shop, text: str) -> Customer:
    customer = shop.wa.add_customer(f"Ibu {secrets.token_hex(3)}")
    customer.send_text(text)
    only(shop, customer.name)
    return customer


def forwards(shop: Shop, found: Bubble, to: str) -> int:
    """As the inbox does it for Sari, whose page shows everything."""
    file, there = forwarding.file_of(shop.folder, shop.account_id, found), row(shop, to).id
    with shop.database.write() as conn:
        sari = Closer(Author.ADMIN, shop._sari(conn))
        shown = messages.newest_id(conn, there)
        return forwarding.forward(conn, found.conversation_id, found.id, there, file, sari, utc_now(), shown=shown)


def test_words_and_a_file_are_passed_on_and_answer_who_waits_there(shop: Shop) -> None:
    supplier, customer = asks(shop, "stok ada 20 dus"), asks(shop, "stoknya berapa?")
    forwards(shop, only(shop, supplier.name), customer.name)
    got = wait_until(lambda: [one for one in customer.received if one.message.HasField("extendedTextMessage")])[0]
    passed_on = got.message.extendedTextMessage
    assert passed_on.text == "stok ada 20 dus"
    assert (passed_on.contextInfo.isForwarded, passed_on.contextInfo.forwardingScore) == (True, 1)
    assert last_mark(shop, customer.name).closer.author == Author.ADMIN
    assert row(shop, supplier.name).waiting_since is not None, "who wrote it still waits"

    supplier.send_document(PDF, "harga.pdf", "application/pdf", caption="yang baru")
    wait_until(lambda: len(shop.bubbles(supplier.name)) == 2)
    document = becomes(shop, shop.bubbles(supplier.name)[-1], lambda b: bool((b.media or {}).get("file")))
    sent = forwards(shop, document, customer.name)
    about = parts(gets_file(customer))
    assert (about.fileName, about.caption) == ("harga.pdf", "yang baru")
    assert about.contextInfo.isForwarded
    assert customer.file_of(gets_file(customer)) == PDF
    # and once more: what the shop wrote itself is not counted again
    other = asks(shop, "minta daftar harga")
    forwards(shop, shop.bubble(sent), other.name)
    assert parts(gets_file(other)).contextInfo.forwardingScore == 1
