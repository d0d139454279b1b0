"""Customers' profile pictures, as far as WhatsApp shows them to us."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from auth_store.tables import UtcTime, metadata
from daemon.store.tables.wire_columns import WireString

# One row a customer whose picture was asked for. `file` names it below the folder of attachments; without one
# there is none, or he hides it. Asked for again when his chat is opened after `next_at`.
contact_picture = Table(
    "contact_picture",
    metadata,
    Column("contact_id", Integer, ForeignKey("contact.id"), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("file", String(160)),
    # WhatsApp's id of it: the same is not fetched again
    Column("wa_id", WireString(64)),
    Column("next_at", UtcTime, nullable=False),
)
