"""Groups of the number: what the shop wants of each, what WhatsApp tells of it, and who is in it."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from auth_store.tables import metadata
from daemon.store.tables.wire_columns import WireString

# Beside a contact of the kind `group`, which holds its address and its name. Without a row it is off.
group_chat = Table(
    "group_chat",
    metadata,
    Column("contact_id", Integer, ForeignKey("contact.id"), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("mode", String(12), nullable=False, server_default="off"),
    # the number has left it, or was taken out
    Column("is_left", Boolean(name="is_left"), nullable=False, server_default="0"),
    Column("only_admins_write", Boolean(name="only_admins_write"), nullable=False, server_default="0"),
    Column("is_admin", Boolean(name="is_admin"), nullable=False, server_default="0"),
    Column("size", Integer),
    Index(None, "account_id", "mode"),
)

# Who is in a group that is switched on, or has written there.
group_member = Table(
    "group_member",
    metadata,
    Column("contact_id", Integer, ForeignKey("contact.id"), primary_key=True),
    # as the group names him, and by the other name of the two (user@server)
    Column("address", WireString(80), primary_key=True),
    Column("alternative", WireString(80)),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    # what he calls himself
    Column("name", WireString(200)),
    Column("is_admin", Boolean(name="is_admin"), nullable=False, server_default="0"),
    Index(None, "account_id", "address"),
)
