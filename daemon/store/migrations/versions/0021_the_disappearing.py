"""Chats whose messages WhatsApp deletes after a time."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("contact", sa.Column("disappearing", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("contact", sa.Column("disappearing_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("contact", "disappearing_at")
    op.drop_column("contact", "disappearing")
