"""Customers who have come back: earlier conversations of theirs, resolved at given times."""

from datetime import datetime, timedelta

from sqlalchemy import update

from daemon.desk import conversations as desk
from daemon.domain.ids import ChatKind
from daemon.domain.time import utc_now
from daemon.store import conversations
from daemon.store.tables.core import message
from tests.support.staffed_books import StaffedBooks
from tests.webui.desk import by


def contact_of(shop: StaffedBooks, conversation_id: int) -> int:
    with shop.database.read() as conn:
        return conversations.contacts_of(conn, [conversation_id])[conversation_id]


def say(shop: StaffedBooks, conversation_id: int, *texts: str, days_ago: float) -> list[int]:
    """A customer's messages of some days ago, a second apart."""
    begun = utc_now() - timedelta(days=days_ago)
    return [
        shop.customer_writes(conversation_id, text, at=begun + timedelta(seconds=n))
        for n, text in enumerate(texts)
    ]


def end(shop: StaffedBooks, conversation_id: int, days_ago: float) -> datetime:
    """Sari resolves it, some days ago."""
    at = utc_now() - timedelta(days=days_ago)
    shop.write(lambda conn: desk.resolve(conn, conversation_id, by(shop.sari), at))
    return at


def comes_back(shop: StaffedBooks, conversation_id: int) -> int:
    """The next conversation of the same customer."""
    contact_id = contact_of(shop, conversation_id)
    found: int = shop.write(
        lambda conn: conversations.start(conn, shop.account_id, contact_id, ChatKind.PERSON, utc_now())
    )
    return found


def three_conversations(shop: StaffedBooks, name: str = "Ibu Ratna", lines: int = 3) -> list[int]:
    """A customer's first two, resolved ten and five days ago, and the one of today."""
    first = shop.new_customer(name, phone="6281234567890")
    say(shop, first, *(f"pertama-{n}." for n in range(lines)), days_ago=11)
    end(shop, first, 10)
    second = comes_back(shop, first)
    say(shop, second, *(f"kedua-{n}." for n in range(lines)), days_ago=6)
    end(shop, second, 5)
    third = comes_back(shop, second)
    say(shop, third, *(f"ketiga-{n}." for n in range(lines)), days_ago=0.01)
    return [first, second, third]


def quotes(shop: StaffedBooks, quoting: int, quoted: int) -> None:
    """One message replies to another."""
    with shop.database.write() as conn:
        wa_id = conn.exec_driver_sql("SELECT wa_id FROM message WHERE id = ?", (quoted,)).scalar()
        conn.execute(update(message).where(message.c.id == quoting).values(quoted_wa_id=wa_id))
