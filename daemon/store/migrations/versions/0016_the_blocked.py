"""Customers that are blocked on WhatsApp."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("contact", sa.Column("blocked_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_contact_blocked", "contact", ["account_id"], sqlite_where=sa.text("blocked_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_contact_blocked", "contact")
    op.drop_column("contact", "blocked_at")
