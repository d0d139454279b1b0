"""The shared desk: claims, presence, tags, notes, the bot, the log of what people did, ratings."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "bot_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("closes", sa.Boolean(name="closes"), server_default="0", nullable=False),
        sa.Column("is_enabled", sa.Boolean(name="is_enabled"), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_bot_rule_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bot_rule")),
    )
    op.create_index(op.f("ix_bot_rule_account_id_position"), "bot_rule", ["account_id", "position"], unique=False)
    op.create_table(
        "presence",
        sa.Column("tab", sa.String(length=32), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.id"], name=op.f("fk_presence_admin_id_admin")),
        sa.PrimaryKeyConstraint("tab", name=op.f("pk_presence")),
    )
    op.create_index(op.f("ix_presence_admin_id"), "presence", ["admin_id"], unique=False)
    op.create_table(
        "quick_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=True),
        sa.Column("shortcut", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_quick_reply_account_id_account")),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.id"], name=op.f("fk_quick_reply_admin_id_admin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quick_reply")),
    )
    op.create_index("uq_quick_reply_own", "quick_reply", ["account_id", "admin_id", "shortcut"], unique=True)
    op.create_index(
        "uq_quick_reply_team",
        "quick_reply",
        ["account_id", "shortcut"],
        unique=True,
        sqlite_where=sa.text("admin_id IS NULL"),
    )
    op.create_table(
        "seat",
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.Column("away_since", sa.BigInteger(), nullable=True),
        sa.Column("most_conversations", sa.Integer(), nullable=True),
        sa.Column("given_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.id"], name=op.f("fk_seat_admin_id_admin")),
        sa.PrimaryKeyConstraint("admin_id", name=op.f("pk_seat")),
    )
    op.create_table(
        "setting",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_setting_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "name", name=op.f("pk_setting")),
    )
    op.create_table(
        "tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_tag_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
    )
    op.create_index(op.f("ix_tag_account_id_name"), "tag", ["account_id", "name"], unique=True)
    op.create_table(
        "contact_field",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_field_contact_id_contact")),
        sa.PrimaryKeyConstraint("contact_id", "name", name=op.f("pk_contact_field")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=12), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.Integer(), nullable=True),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_audit_account_id_account")),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.id"], name=op.f("fk_audit_admin_id_admin")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_audit_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["subject_id"], ["admin.id"], name=op.f("fk_audit_subject_id_admin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_action_at"), "audit", ["action", "at"], unique=False)
    op.create_index(op.f("ix_audit_conversation_id_id"), "audit", ["conversation_id", "id"], unique=False)
    op.create_table(
        "claim",
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.Column("tab", sa.String(length=32), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_claim_account_id_account")),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.id"], name=op.f("fk_claim_admin_id_admin")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_claim_conversation_id_conversation")
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_claim")),
    )
    op.create_index(op.f("ix_claim_tab"), "claim", ["tab"], unique=False)
    op.create_table(
        "conversation_tag",
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_conversation_tag_conversation_id_conversation")
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_conversation_tag_tag_id_tag")),
        sa.PrimaryKeyConstraint("conversation_id", "tag_id", name=op.f("pk_conversation_tag")),
    )
    op.create_index(op.f("ix_conversation_tag_tag_id"), "conversation_tag", ["tag_id"], unique=False)
    op.create_table(
        "rating",
        sa.Column("conversation_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_rating_account_id_account")),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.id"], name=op.f("fk_rating_admin_id_admin")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_rating_contact_id_contact")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_rating_conversation_id_conversation")
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_rating")),
    )
    op.create_index(
        "ix_rating_waiting", "rating", ["contact_id"], unique=False, sqlite_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "mention",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.id"], name=op.f("fk_mention_admin_id_admin")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_mention_message_id_message")),
        sa.PrimaryKeyConstraint("message_id", "admin_id", name=op.f("pk_mention")),
    )
    op.create_index(
        "ix_mention_unseen", "mention", ["admin_id"], unique=False, sqlite_where=sa.text("seen_at IS NULL")
    )
    op.add_column("contact", sa.Column("note", sa.Text(), nullable=True))
    op.add_column(
        "conversation", sa.Column("priority", sa.String(length=8), server_default="normal", nullable=False)
    )
    op.add_column("conversation", sa.Column("seen_elsewhere_message_id", sa.Integer(), nullable=True))
    op.add_column("conversation", sa.Column("seen_elsewhere_by", sa.String(length=12), nullable=True))
    op.add_column("conversation", sa.Column("seen_elsewhere_at", sa.BigInteger(), nullable=True))
    # written out: SQLite adds a reference only together with its column
    op.execute(
        "ALTER TABLE conversation ADD COLUMN resolved_by_id INTEGER"
        " CONSTRAINT fk_conversation_resolved_by_id_admin REFERENCES admin (id)"
    )
    op.create_index(
        "ix_conversation_resolved",
        "conversation",
        ["account_id", "resolved_at"],
        unique=False,
        sqlite_where=sa.text("status = 'resolved'"),
    )
    op.create_index(
        op.f("ix_conversation_contact_id_resolved_at"), "conversation", ["contact_id", "resolved_at"], unique=False
    )
    op.add_column("event_log", sa.Column("audit_id", sa.Integer(), nullable=True))
    op.add_column("message", sa.Column("bot_key", sa.String(length=24), nullable=True))
    op.add_column(
        "message", sa.Column("is_automatic", sa.Boolean(name="is_automatic"), server_default="0", nullable=False)
    )
    op.create_index(
        "ix_message_phone",
        "message",
        ["account_id", "sent_at"],
        unique=False,
        sqlite_where=sa.text("author = 'phone'"),
    )
    op.create_index(
        "ix_message_bot",
        "message",
        ["contact_id", "bot_key"],
        unique=False,
        sqlite_where=sa.text("bot_key IS NOT NULL"),
    )
    op.add_column("turn", sa.Column("acknowledged_at", sa.BigInteger(), nullable=True))
    op.add_column("turn", sa.Column("alarmed_at", sa.BigInteger(), nullable=True))
    op.add_column("turn", sa.Column("bot_message_id", sa.Integer(), server_default="0", nullable=False))
