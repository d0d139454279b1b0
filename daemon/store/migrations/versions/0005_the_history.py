"""The history that the phone uploads: its parts until they are imported, and how far it is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("link", sa.Column("history_state", sa.String(length=12), server_default="", nullable=False))
    op.add_column("link", sa.Column("history_percent", sa.Integer(), nullable=True))
    op.add_column("link", sa.Column("history_messages", sa.Integer(), server_default="0", nullable=False))
    op.add_column("link", sa.Column("history_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "history_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_history_part_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history_part")),
    )
    name = op.f("ix_history_part_account_id_digest")
    op.create_index(name, "history_part", ["account_id", "digest"], unique=True)
