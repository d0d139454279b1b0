"""The primary phone: sightings of it, and what its silence means."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_evidence_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "kind", name=op.f("pk_evidence")),
    )
    op.add_column("link", sa.Column("phone_seen_at", sa.BigInteger(), nullable=True))
    op.add_column("link", sa.Column("phone_seen_by", sa.String(length=12), nullable=True))
    op.add_column("link", sa.Column("phone_step", sa.String(length=8), server_default="fine", nullable=False))
    op.add_column("link", sa.Column("phone_back_at", sa.BigInteger(), nullable=True))
    op.add_column("link", sa.Column("pinged_at", sa.BigInteger(), nullable=True))
    op.add_column("link", sa.Column("heard_at", sa.BigInteger(), nullable=True))
    op.add_column("link", sa.Column("listening_since", sa.BigInteger(), nullable=True))
