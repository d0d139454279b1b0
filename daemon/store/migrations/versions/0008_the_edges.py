"""Replies are tried on time and counted, downloads survive deaths, the clock and the unreadable are known."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("outbox", sa.Column("newest_message_id", sa.Integer(), nullable=True))
    op.add_column("message", sa.Column("retry_asked_at", sa.BigInteger(), nullable=True))
    op.add_column("message", sa.Column("unreadable_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_message_undecided",
        "message",
        ["conversation_id"],
        sqlite_where=sa.text("delivery IN ('held', 'uncertain') OR retry_asked_at IS NOT NULL"),
    )
    op.add_column("message", sa.Column("is_cut", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("download", sa.Column("begun_at", sa.BigInteger(), nullable=True))
    op.add_column("download", sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("link", sa.Column("clock_lead", sa.Integer(), nullable=True))
    op.create_table(
        "forgotten_message",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("forgotten_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_forgotten_message_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_forgotten_message")),
    )
