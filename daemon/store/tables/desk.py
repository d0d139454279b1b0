"""Tables of the shared desk: who is here, who is writing, what the bot says, what people noted and decided."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from auth_store.tables import UtcTime, metadata
from daemon.store.sql import partial_index


def _account() -> Column[int]:
    return Column("account_id", Integer, ForeignKey("account.id"), nullable=False)


# "I am answering this": a lease on a conversation's turn; void after `expires_at`, whoever still has the row.
claim = Table(
    "claim",
    metadata,
    Column("conversation_id", Integer, ForeignKey("conversation.id"), primary_key=True),
    _account(),
    Column("admin_id", Integer, ForeignKey("admin.id"), nullable=False),
    # the browser tab that holds it: the claim goes with the tab
    Column("tab", String(32), nullable=False),
    Column("taken_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Index(None, "tab"),
)

# An admin's place at the desk: away or not, and how many conversations he takes by himself.
seat = Table(
    "seat",
    metadata,
    Column("admin_id", Integer, ForeignKey("admin.id"), primary_key=True),
    Column("away_since", UtcTime),
    Column("most_conversations", Integer),
    # when conversations were last given to him: round-robin goes on from there
    Column("given_at", UtcTime),
)

# One open browser tab; its process renews `seen_at`, so that a crash ends it as well.
presence = Table(
    "presence",
    metadata,
    Column("tab", String(32), primary_key=True),
    Column("admin_id", Integer, ForeignKey("admin.id"), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("left_at", UtcTime),
    Index(None, "admin_id"),
)

# The shop's choices about its desk, by name (`daemon.desk.settings` knows them all).
setting = Table(
    "setting",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("value", JSON, nullable=False),
)

# What people did, for the owner to read: who, when, from where. Never changed.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    # logins belong to no account
    Column("account_id", Integer, ForeignKey("account.id")),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(12), nullable=False),
    Column("admin_id", Integer, ForeignKey("admin.id")),
    Column("action", String(32), nullable=False),
    Column("conversation_id", Integer, ForeignKey("conversation.id")),
    # the admin it was done to: who got the conversation, whose claim was taken over
    Column("subject_id", Integer, ForeignKey("admin.id")),
    Column("detail", JSON(none_as_null=True)),
    Column("address", String(64)),
    Index(None, "conversation_id", "id"),
    Index(None, "action", "at"),
)

tag = Table(
    "tag",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(),
    Column("name", String(40), nullable=False),
    Column("colour", String(12), nullable=False, server_default="grey"),
    # it stays when nobody has it any more
    Column("is_kept", Boolean(name="is_kept"), nullable=False, server_default="0"),
    Index(None, "account_id", "name", unique=True),
)

conversation_tag = Table(
    "conversation_tag",
    metadata,
    Column("conversation_id", Integer, ForeignKey("conversation.id"), primary_key=True),
    Column("tag_id", Integer, ForeignKey("tag.id"), primary_key=True),
    Index(None, "tag_id"),
)

# Tags of the customer himself, which stay when a conversation is resolved.
contact_tag = Table(
    "contact_tag",
    metadata,
    Column("contact_id", Integer, ForeignKey("contact.id"), primary_key=True),
    Column("tag_id", Integer, ForeignKey("tag.id"), primary_key=True),
    Index(None, "tag_id"),
)

# What the shop knows about a customer, in fields of its own ("Size": "XL").
contact_field = Table(
    "contact_field",
    metadata,
    Column("contact_id", Integer, ForeignKey("contact.id"), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

# Somebody was named in an internal note (a message of kind "note").
mention = Table(
    "mention",
    metadata,
    Column("message_id", Integer, ForeignKey("message.id"), primary_key=True),
    Column("admin_id", Integer, ForeignKey("admin.id"), primary_key=True),
    Column("seen_at", UtcTime),
    partial_index("ix_mention_unseen", "admin_id", where="seen_at IS NULL"),
)

# `/shortcut` in the reply field; without an admin it is the whole team's.
quick_reply = Table(
    "quick_reply",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(),
    Column("admin_id", Integer, ForeignKey("admin.id")),
    Column("shortcut", String(32), nullable=False),
    Column("text", Text, nullable=False),
    # what goes with it: named as in `outgoing_file`; what it is, bytes, what the customer sees as its name
    Column("file", String(160)),
    Column("file_mime", String(100)),
    Column("file_size", Integer),
    Column("file_name", String(120)),
    partial_index("uq_quick_reply_team", "account_id", "shortcut", unique=True, where="admin_id IS NULL"),
    Index("uq_quick_reply_own", "account_id", "admin_id", "shortcut", unique=True),
    Index(None, "file"),
)

# What the bot says to which words; the first rule by position wins.
bot_rule = Table(
    "bot_rule",
    metadata,
    Column("id", Integer, primary_key=True),
    _account(),
    Column("position", Integer, nullable=False),
    Column("keywords", JSON, nullable=False),
    Column("answer", Text, nullable=False),
    # an answer that closes the turn; otherwise the customer still waits for a person
    Column("closes", Boolean(name="closes"), nullable=False, server_default="0"),
    Column("is_enabled", Boolean(name="is_enabled"), nullable=False, server_default="1"),
    Index(None, "account_id", "position"),
)

# "How was it, from 1 to 5?", asked once after a conversation was resolved.
rating = Table(
    "rating",
    metadata,
    Column("conversation_id", Integer, ForeignKey("conversation.id"), primary_key=True),
    _account(),
    Column("contact_id", Integer, ForeignKey("contact.id"), nullable=False),
    # who resolved it: the score is his
    Column("admin_id", Integer, ForeignKey("admin.id")),
    Column("asked_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("score", Integer),
    # answered or lapsed: the customer's next message ends the waiting either way
    Column("ended_at", UtcTime),
    partial_index("ix_rating_waiting", "contact_id", where="ended_at IS NULL"),
)
