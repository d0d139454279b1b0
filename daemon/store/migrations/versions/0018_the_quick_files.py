"""A quick reply may bring a file."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("quick_reply", sa.Column("file", sa.String(160), nullable=True))
    op.add_column("quick_reply", sa.Column("file_mime", sa.String(100), nullable=True))
    op.add_column("quick_reply", sa.Column("file_size", sa.Integer(), nullable=True))
    op.add_column("quick_reply", sa.Column("file_name", sa.String(120), nullable=True))
    op.create_index("ix_quick_reply_file", "quick_reply", ["file"])


def downgrade() -> None:
    op.drop_index("ix_quick_reply_file", "quick_reply")
    for name in ("file", "file_mime", "file_size", "file_name"):
        op.drop_column("quick_reply", name)
