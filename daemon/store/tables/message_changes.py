"""What people of ours change in messages that are there, on its way out; and what stood there before."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from auth_store.tables import UtcTime, metadata
from daemon.store.sql import partial_index
from daemon.store.tables.wire_columns import WireText

# An edit, a deletion for everyone or a reaction: the outbox's counterpart for sends that are no message of their
# own. `message_id` is what is changed, `text` the new words or the emoji. Until it is `sent`, the message itself
# is as the customer has it.
message_change = Table(
    "message_change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("message_id", Integer, ForeignKey("message.id"), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("text", WireText),
    Column("admin_id", Integer, ForeignKey("admin.id")),
    Column("state", String(12), nullable=False),
    Column("wa_id", String(64)),
    Column("queued_at", UtcTime, nullable=False),
    Column("sending_at", UtcTime),
    Column("error", String(200)),
    # as in the outbox
    Column("due_at", UtcTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Index(None, "message_id"),
    Index("ix_message_change_wa_id", "account_id", "wa_id"),
    partial_index(
        "ix_message_change_unsettled",
        "account_id",
        "state",
        where="state IN ('queued', 'sending', 'uncertain')",
    ),
)

# The words that an edit has replaced, whoever made it.
message_version = Table(
    "message_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", Integer, ForeignKey("message.id"), nullable=False),
    Column("text", WireText),
    # WhatsApp's time of the edit
    Column("until", UtcTime, nullable=False),
    Index(None, "message_id"),
)
