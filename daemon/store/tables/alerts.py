"""Tables of the alerts outside the inbox: what is wrong, where alerts go, and what is on its way there."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from auth_store.tables import UtcTime, metadata
from daemon.store.sql import partial_index

# One state that is, or was, wrong: with an account's link and desk (account_id) or with the machine (none).
# Raised once, however often it is looked at; `since` begins anew while nobody could look.
alert = Table(
    "alert",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id")),
    Column("about", String(12), nullable=False),
    Column("step", String(12), nullable=False),
    Column("level", Integer, nullable=False),
    # what its sentences need: counts, reasons, moments
    Column("details", JSON, nullable=False),
    Column("since", UtcTime, nullable=False),
    # when it was last looked at while a time was running: its waiting, or its having been well
    Column("seen_at", UtcTime, nullable=False),
    Column("raised_at", UtcTime),
    Column("reminded_at", UtcTime),
    Column("well_since", UtcTime),
    Column("cleared_at", UtcTime),
    partial_index(
        "uq_alert_open", "account_id", "about", unique=True, where="cleared_at IS NULL AND account_id IS NOT NULL"
    ),
    partial_index(
        "uq_alert_open_machine", "about", unique=True, where="cleared_at IS NULL AND account_id IS NULL"
    ),
)

# Where alerts go. The address holds passwords: pages and logs only ever see `shown`.
alert_channel = Table(
    "alert_channel",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("service", String(80), nullable=False),
    Column("shown", String(200), nullable=False),
    Column("added_at", UtcTime, nullable=False),
    # failures in a row, and when the next attempt is allowed
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("retry_at", UtcTime),
    Column("good_at", UtcTime),
    Column("failed_at", UtcTime),
    Column("failed_why", String(12)),
    Index(None, "url", unique=True),
)

# One message to one channel, written together with the decision to send it; due, sending, sent or failed.
alert_delivery = Table(
    "alert_delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("channel_id", Integer, ForeignKey("alert_channel.id", ondelete="CASCADE"), nullable=False),
    # none for a test that somebody asked for
    Column("alert_id", Integer, ForeignKey("alert.id", ondelete="CASCADE")),
    Column("kind", String(8), nullable=False),
    Column("title", String(200), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("ended_at", UtcTime),
    partial_index("ix_alert_delivery_waiting", "channel_id", "id", where="state IN ('due', 'sending')"),
    Index(None, "alert_id"),
)

# What the owner chose about alerts, one set for all accounts; `daemon.domain.alerts.AlertChoices` knows all names.
alert_choice = Table(
    "alert_choice",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", JSON(none_as_null=True)),
)
