"""What a customer is called: the shop's name for him, else the one he gave himself; and what he is found by."""

from collections.abc import Collection

from sqlalchemy import Connection, func, select, update

from daemon.domain.contact_names import normal
from daemon.store.sql import changed
from daemon.store.tables.core import contact
from daemon.store.tables.wire_columns import WireString

# the name that is shown everywhere
shown_name = func.coalesce(contact.c.shop_name, contact.c.name, type_=WireString(200))


def set_shop_name(conn: Connection, contact_id: int, name: str | None) -> bool:
    """Call a customer by the shop's name for him (None: by his own again); False if he is called so already."""
    new = update(contact).where(contact.c.id == contact_id, contact.c.shop_name.is_distinct_from(name))
    if not changed(conn, new.values(shop_name=name)):
        return False
    list_by_names(conn, [contact_id])
    return True


def list_by_names(conn: Connection, contact_ids: Collection[int]) -> None:
    """Let these be found by the names that they have now."""
    rows = conn.execute(
        select(contact.c.id, contact.c.shop_name, contact.c.name).where(contact.c.id.in_(contact_ids))
    ).all()
    for row in rows:
        words = normal(row.shop_name, row.name) or None
        conn.execute(update(contact).where(contact.c.id == row.id).values(listed_name=words))
