"""Missed calls are remembered until it is known what has become of them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "phone_call",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("address", sa.String(80), nullable=False),
        sa.Column("alternative", sa.String(80), nullable=True),
        sa.Column("participant", sa.String(80), nullable=True),
        sa.Column("is_video", sa.Boolean(name="is_video"), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_phone_call_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", "call_id", name=op.f("pk_phone_call")),
    )
    op.create_index(
        "ix_phone_call_ringing",
        "phone_call",
        ["account_id", "arrived_at"],
        sqlite_where=sa.text("state = 'ringing'"),
    )


def downgrade() -> None:
    op.drop_table("phone_call")
