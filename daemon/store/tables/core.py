"""Accounts, links, contacts, conversations, messages, turns, outbox and the event log."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from auth_store.tables import UtcTime, metadata
from daemon.store.sql import partial_index
from daemon.store.tables.wire_columns import WireDetails, WireString, WireText


def _account() -> Column[int]:
    return Column("account_id", Integer, ForeignKey("account.id"), nullable=False)


# One linked number.
account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("phone", String(32)),
    Column("lid", String(32)),
    Column("device", Integer),
    Column("created_at", UtcTime, nullable=False),
    Column("linked_at", UtcTime),
    Index(None, "name", unique=True),
)

# Where an account's link stands, and what people want of it. One row an account, written by its session,
# its supervisor (state) and the inbox or command line (wish).
link = Table(
    "link",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("reason", String(24), nullable=False, server_default=""),
    Column("detail", String(64)),
    Column("since", UtcTime, nullable=False),
    Column("retry_at", UtcTime),
    Column("online_at", UtcTime),
    Column("qr", Text),
    Column("qr_expires_at", UtcTime),
    Column("pair_code", String(16)),
    Column("backlog_total", Integer),
    Column("backlog_done", Integer),
    # pairing codes are only shown while somebody wants one
    Column("pair_until", UtcTime),
    Column("pair_phone", String(20)),
    Column("wish", String(16), nullable=False, server_default=""),
    # what the primary phone's silence means (daemon/desk/primary_phone.py), and when it was last asked for a sign
    # of life
    Column("phone_seen_at", UtcTime),
    Column("phone_seen_by", String(12)),
    Column("phone_step", String(8), nullable=False, server_default="fine"),
    Column("phone_back_at", UtcTime),
    Column("pinged_at", UtcTime),
    # when we were last known to be online, and since when without a long gap
    Column("heard_at", UtcTime),
    Column("listening_since", UtcTime),
    # the earlier conversations that the phone uploads after linking: how far it says it is, in percent, how many
    # messages were new to us, and when it last sent some
    Column("history_state", String(12), nullable=False, server_default=""),
    Column("history_percent", Integer),
    Column("history_messages", Integer, nullable=False, server_default="0"),
    Column("history_at", UtcTime),
    # the attempts to log in (daemon/domain/login_attempts.py)
    Column("tries_in_vain", Integer, nullable=False, server_default="0"),
    Column("tries_earlier", Integer, nullable=False, server_default="0"),
    Column("tried_at", UtcTime),
    # seconds that our clock is ahead of WhatsApp's (negative: behind it), as last seen
    Column("clock_lead", Integer),
)

# A part of that history as the phone sent it, until it is imported; then the row remains without its data, so
# that the same part is not imported again.
history_part = Table(
    "history_part",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(),
    Column("digest", String(64), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("progress", Integer),
    Column("data", LargeBinary),
    Column("arrived_at", UtcTime, nullable=False),
    Index(None, "account_id", "digest", unique=True),
)

# When the primary phone was last alive: the latest sighting of each kind, with WhatsApp's own time.
evidence = Table(
    "evidence",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("at", UtcTime, nullable=False),
)

# A customer (or a group, kept apart by kind). Addresses are aliases; a merged contact points to its survivor.
contact = Table(
    "contact",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(),
    Column("kind", String(12), nullable=False),
    Column("lid", WireString(64)),
    Column("phone", WireString(32)),
    Column("name", WireString(200)),
    Column("created_at", UtcTime, nullable=False),
    Column("merged_into", Integer, ForeignKey("contact.id")),
    # what the shop wants to remember about him
    Column("note", Text),
    # since then nobody knows who he was
    Column("forgotten_at", UtcTime),
    # since when he is blocked on WhatsApp, as far as we have been told
    Column("blocked_at", UtcTime),
    partial_index("ix_contact_blocked", "account_id", where="blocked_at IS NOT NULL"),
    # what the shop calls him, and the names as lists are ordered and searched by (domain/contact_names.py)
    Column("shop_name", String(80)),
    Column("listed_name", String(400)),
    # after how many seconds WhatsApp deletes the chat's messages (0: never), and its time of the newest word on it
    Column("disappearing", Integer, nullable=False, server_default="0"),
    Column("disappearing_at", UtcTime),
    Index("ix_contact_listed", "account_id", "kind", "listed_name", "id"),
)

contact_alias = Table(
    "contact_alias",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("server", String(24), primary_key=True),
    Column("user", WireString(64), primary_key=True),
    Column("contact_id", Integer, ForeignKey("contact.id"), nullable=False),
    Index(None, "contact_id"),
)

conversation = Table(
    "conversation",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(),
    Column("contact_id", Integer, ForeignKey("contact.id"), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("status", String(12), nullable=False),
    Column("assignee_id", Integer, ForeignKey("admin.id")),
    Column("previous_id", Integer, ForeignKey("conversation.id")),
    Column("created_at", UtcTime, nullable=False),
    Column("assigned_at", UtcTime),
    Column("resolved_at", UtcTime),
    # the newest message, kept here so that the list need not look for it
    Column("last_message_id", Integer),
    Column("last_at", UtcTime, nullable=False),
    # messages up to this id have been seen in the inbox; what is unread is counted from it
    Column("seen_message_id", Integer, nullable=False, server_default="0"),
    # when the customer was last seen typing; empty once he has stopped
    Column("typing_at", UtcTime),
    Column("priority", String(8), nullable=False, server_default="normal"),
    # the last message that another own device has read, and which device (an author)
    Column("seen_elsewhere_message_id", Integer),
    Column("seen_elsewhere_by", String(12)),
    Column("seen_elsewhere_at", UtcTime),
    Column("resolved_by_id", Integer, ForeignKey("admin.id")),
    partial_index("uq_conversation_unresolved", "contact_id", unique=True, where="status <> 'resolved'"),
    # as the list shows them; the time in it costs a message a page (5 % of its time at most)
    partial_index("ix_conversation_unresolved", "account_id", "kind", "last_at", where="status <> 'resolved'"),
    # who has how many
    partial_index(
        "ix_conversation_owner", "account_id", "kind", "status", "assignee_id", where="status <> 'resolved'"
    ),
    # groups go on, resolved or not
    partial_index("ix_conversation_group", "account_id", "last_at", where="kind = 'group'"),
    partial_index("ix_conversation_resolved", "account_id", "resolved_at", where="status = 'resolved'"),
    # a customer's earlier conversations
    Index(None, "contact_id", "resolved_at"),
)

# What the customer has said since the last reply; its closing is the handled-mark.
turn = Table(
    "turn",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(),
    Column("conversation_id", Integer, ForeignKey("conversation.id"), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("closed_by", String(12)),
    Column("closed_by_admin_id", Integer, ForeignKey("admin.id")),
    Column("closed_by_device", Integer),
    Column("closing_message_id", Integer),
    # the bot was polite; the customer still waits for a person
    Column("acknowledged_at", UtcTime),
    # the team was told that the customer waits too long
    Column("alarmed_at", UtcTime),
    # the bot has dealt with the turn's messages up to this one
    Column("bot_message_id", Integer, nullable=False, server_default="0"),
    partial_index("uq_turn_open", "conversation_id", unique=True, where="closed_at IS NULL"),
    # who waits, the longest waiting first
    partial_index("ix_turn_open", "account_id", "opened_at", where="closed_at IS NULL"),
    partial_index("ix_turn_closing_message", "closing_message_id", where="closing_message_id IS NOT NULL"),
    Index(None, "conversation_id", "id"),
)

# what only a person can settle, and what was asked for again (`store.undecided`)
UNDECIDED = "delivery IN ('held', 'uncertain') OR retry_asked_at IS NOT NULL"

message = Table(
    "message",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(),
    Column("conversation_id", Integer, ForeignKey("conversation.id"), nullable=False),
    Column("contact_id", Integer, ForeignKey("contact.id"), nullable=False),
    Column("turn_id", Integer, ForeignKey("turn.id")),
    # WhatsApp's id; unknown until a queued reply is about to leave
    Column("wa_id", WireString(64)),
    Column("from_me", Boolean(name="from_me"), nullable=False),
    Column("author", String(12), nullable=False),
    Column("admin_id", Integer, ForeignKey("admin.id")),
    Column("device", Integer),
    Column("participant", WireString(80)),
    Column("kind", String(16), nullable=False),
    Column("text", WireText),
    Column("quoted_wa_id", WireString(64)),
    Column("media", WireDetails(none_as_null=True)),
    Column("raw", LargeBinary),
    Column("sent_at", UtcTime, nullable=False),
    Column("arrived_at", UtcTime, nullable=False),
    Column("delivery", String(12)),
    Column("is_history", Boolean(name="is_history"), nullable=False, server_default="0"),
    Column("edited_at", UtcTime),
    Column("revoked_at", UtcTime),
    # which of the bot's texts it is: greeting, away, busy, rating, thanks or rule:ID
    Column("bot_key", String(24)),
    # sent by WhatsApp Business on the phone by itself: it answers nobody
    Column("is_automatic", Boolean(name="is_automatic"), nullable=False, server_default="0"),
    # when we heard that a device of the customer's asks for it again (our clock: we wait what follows), and
    # since when it counts as unreadable there; sent again: only the latter is set; read after all: neither
    Column("retry_asked_at", UtcTime),
    Column("unreadable_at", UtcTime),
    # it was longer than what we keep
    Column("is_cut", Boolean(name="is_cut"), nullable=False, server_default="0"),
    # WhatsApp's id first: receipts ask by it alone
    Index("uq_message_wa_id", "wa_id", "contact_id", "from_me", unique=True),
    Index(None, "conversation_id", "sent_at", "id"),
    # a customer's conversations are one thread
    Index(None, "contact_id", "sent_at", "id"),
    partial_index("ix_message_turn", "turn_id", where="turn_id IS NOT NULL"),
    partial_index("ix_message_phone", "account_id", "sent_at", where="author = 'phone'"),
    partial_index("ix_message_bot", "contact_id", "bot_key", where="bot_key IS NOT NULL"),
    # replies that wait for a person's decision, or may soon (`store.undecided`)
    partial_index("ix_message_undecided", "conversation_id", where=UNDECIDED),
)

reaction = Table(
    "reaction",
    metadata,
    Column("message_id", Integer, ForeignKey("message.id"), primary_key=True),
    Column("by_me", Boolean(name="by_me"), primary_key=True),
    # whose it is inside a group; else empty
    Column("who", WireString(80), primary_key=True, server_default=""),
    Column("emoji", WireString(32), nullable=False),
    Column("at", UtcTime, nullable=False),
)

# Every sighting of a message by another device, kept as it came.
receipt = Table(
    "receipt",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("wa_id", String(64), primary_key=True),
    Column("user", String(80), primary_key=True),
    Column("device", Integer, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("at", UtcTime, nullable=False),
)

# Replies on their way out; the message row holds the text, this row the journey.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(),
    Column("message_id", Integer, ForeignKey("message.id"), nullable=False),
    Column("state", String(12), nullable=False),
    # given by the browser: the same form sent twice is one reply
    Column("request_key", String(64)),
    Column("wa_id", String(64)),
    Column("queued_at", UtcTime, nullable=False),
    Column("sending_at", UtcTime),
    Column("sent_at", UtcTime),
    Column("error", String(200)),
    # not to be tried before (empty: at once), and how often it was taken out to be sent
    Column("due_at", UtcTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # the newest message of all when it was last taken out: what has a higher id came while it was under way
    Column("newest_message_id", Integer),
    Index(None, "message_id", unique=True),
    Index(None, "request_key", unique=True),
    partial_index("ix_outbox_waiting", "account_id", "id", where="state = 'queued'"),
    # what is on its way, or waits for a person
    partial_index(
        "ix_outbox_unsettled",
        "account_id",
        "state",
        where="state IN ('queued', 'sending', 'held', 'uncertain')",
    ),
    Index("ix_outbox_wa_id", "account_id", "wa_id"),
)

# Attachments that are still to be fetched from WhatsApp's servers.
download = Table(
    "download",
    metadata,
    Column("message_id", Integer, ForeignKey("message.id"), primary_key=True),
    _account(),
    Column("next_at", UtcTime, nullable=False),
    Column("failures", Integer, nullable=False),
    # written before an attempt begins; how many attempts ended with their process
    Column("begun_at", UtcTime),
    Column("deaths", Integer, nullable=False, server_default="0"),
)

# Messages of forgotten customers, by the SHA-256 of their WhatsApp id: what is still under way must not bring them
# back.
forgotten_message = Table(
    "forgotten_message",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("forgotten_at", UtcTime, nullable=False),
)

# The only notification there is: one row a fact, written in the fact's own transaction. Pruning spares the
# newest row, so that ids never come again.
event_log = Table(
    "event_log",
    metadata,
    Column("seq", Integer, primary_key=True),
    _account(),
    Column("kind", String(24), nullable=False),
    Column("conversation_id", Integer),
    Column("message_id", Integer),
    Column("at", UtcTime, nullable=False),
    Column("audit_id", Integer),
)
