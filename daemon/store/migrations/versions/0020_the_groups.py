"""Groups can be switched on, their members are known, and each of them has a reaction of his own."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "group_chat",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(12), nullable=False, server_default="off"),
        sa.Column("is_left", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("only_admins_write", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("is_admin", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_group_chat_contact_id_contact")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_group_chat_account_id_account")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_group_chat")),
    )
    op.create_index("ix_group_chat_account_id_mode", "group_chat", ["account_id", "mode"])
    op.create_table(
        "group_member",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(80), nullable=False),
        sa.Column("alternative", sa.String(80), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_group_member_contact_id_contact")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_group_member_account_id_account")),
        sa.PrimaryKeyConstraint("contact_id", "address", name=op.f("pk_group_member")),
    )
    op.create_index("ix_group_member_account_id_address", "group_member", ["account_id", "address"])
    op.create_index(
        "ix_conversation_group", "conversation", ["account_id", "last_at"], sqlite_where=sa.text("kind = 'group'")
    )
    # what was kept of groups so far stays hidden: none is switched on
    op.execute(
        "INSERT INTO group_chat (contact_id, account_id) SELECT id, account_id FROM contact WHERE kind = 'group'"
    )
    op.execute(
        "UPDATE conversation SET status = 'resolved', resolved_at = last_at"
        " WHERE kind = 'group' AND status <> 'resolved'"
    )
    op.create_table(
        "reaction_by",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("by_me", sa.Boolean(), nullable=False),
        sa.Column("who", sa.String(80), nullable=False, server_default=""),
        sa.Column("emoji", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_reaction_message_id_message")),
        sa.PrimaryKeyConstraint("message_id", "by_me", "who", name=op.f("pk_reaction")),
    )
    op.execute(
        "INSERT INTO reaction_by (message_id, by_me, emoji, at) SELECT message_id, by_me, emoji, at FROM reaction"
    )
    op.drop_table("reaction")
    op.rename_table("reaction_by", "reaction")


def downgrade() -> None:
    op.drop_table("group_member")
    op.drop_table("group_chat")
