"""Who has how many conversations is counted from an index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_index(
        "ix_conversation_owner",
        "conversation",
        ["account_id", "kind", "status", "assignee_id"],
        sqlite_where=sa.text("status <> 'resolved'"),
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_owner", "conversation")
