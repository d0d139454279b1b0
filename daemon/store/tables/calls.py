"""Calls that rang, and what became of them."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table

from auth_store.tables import UtcTime, metadata
from daemon.store.sql import partial_index
from daemon.store.tables.wire_columns import WireString

# What WhatsApp tells of a call comes in parts, and a part may come twice, late, or after a crash. `address` and
# `alternative` are the chat that it belongs to, `participant` who rang in a group, `at` WhatsApp's time of the
# first part. The line in the conversation is a message; this row goes some weeks later.
phone_call = Table(
    "phone_call",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("call_id", WireString(64), primary_key=True),
    Column("address", WireString(80), nullable=False),
    Column("alternative", WireString(80)),
    Column("participant", WireString(80)),
    Column("is_video", Boolean(name="is_video"), nullable=False),
    Column("state", String(12), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("arrived_at", UtcTime, nullable=False),
    partial_index("ix_phone_call_ringing", "account_id", "arrived_at", where="state = 'ringing'"),
)
