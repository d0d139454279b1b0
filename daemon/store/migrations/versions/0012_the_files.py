"""Files leave like replies: brought to WhatsApp's media hosts first."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "outgoing_file",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(160), nullable=False),
        sa.Column("uploaded", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=True),
        sa.Column("thumbnail", sa.LargeBinary(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_outgoing_file_message_id_message")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_outgoing_file_account_id_account")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_outgoing_file")),
    )
    op.create_index("ix_outgoing_file_file", "outgoing_file", ["file"])
    op.create_index(
        "ix_outgoing_file_waiting",
        "outgoing_file",
        ["account_id", "next_at"],
        sqlite_where=sa.text("uploaded_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("outgoing_file")
