"""Edits, deletions and reactions of ours leave like replies, and what stood there before is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "message_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("admin_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("wa_id", sa.String(64), nullable=True),
        sa.Column("queued_at", sa.BigInteger(), nullable=False),
        sa.Column("sending_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(200), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_message_change_account_id_account")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_change_message_id_message")),
        sa.ForeignKeyConstraint(["admin_id"], ["admin.id"], name=op.f("fk_message_change_admin_id_admin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_change")),
    )
    op.create_index("ix_message_change_message_id", "message_change", ["message_id"])
    op.create_index("ix_message_change_wa_id", "message_change", ["account_id", "wa_id"])
    op.create_index(
        "ix_message_change_unsettled",
        "message_change",
        ["account_id", "state"],
        sqlite_where=sa.text("state IN ('queued', 'sending', 'uncertain')"),
    )
    op.create_table(
        "message_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_version_message_id_message")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_version")),
    )
    op.create_index("ix_message_version_message_id", "message_version", ["message_id"])
