"""The attempts to log in: remembered across restarts, so that a restart is no way around their limit."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("link", sa.Column("tries_in_vain", sa.Integer(), server_default="0", nullable=False))
    op.add_column("link", sa.Column("tries_earlier", sa.Integer(), server_default="0", nullable=False))
    op.add_column("link", sa.Column("tried_at", sa.BigInteger(), nullable=True))
