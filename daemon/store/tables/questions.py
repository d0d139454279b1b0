"""Questions that the session asks WhatsApp for others, and how often what has a pace was done."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table

from auth_store.tables import UtcTime, metadata
from daemon.store.sql import partial_index
from daemon.store.tables.wire_columns import WireString

# Written by whoever wants to know, answered by the account's session while its link is up; deleted soon after. The
# subject is somebody's address: it goes with him when he is forgotten.
question = Table(
    "question",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("subject", WireString(80), nullable=False),
    Column("asked_by", Integer, ForeignKey("admin.id")),
    Column("asked_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    # when it was answered, or given up: then `error` says why
    Column("answered_at", UtcTime),
    Column("answer", JSON(none_as_null=True)),
    Column("error", String(16)),
    Index(None, "account_id", "subject"),
    partial_index("ix_question_open", "account_id", "id", where="answered_at IS NULL"),
)

# One row a time that something was done which has a pace, for a day; not to whom.
pace_mark = Table(
    "pace_mark",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("what", String(24), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "account_id", "what", "at"),
)
