"""Customers' profile pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "contact_picture",
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(160), nullable=True),
        sa.Column("wa_id", sa.String(64), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_contact_picture_contact_id_contact")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_contact_picture_account_id_account")
        ),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact_picture")),
    )


def downgrade() -> None:
    op.drop_table("contact_picture")
