"""Questions to WhatsApp that the session asks for others, and what is counted that has a pace."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("error", sa.String(16), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_question_account_id_account")),
        sa.ForeignKeyConstraint(["asked_by"], ["admin.id"], name=op.f("fk_question_asked_by_admin")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    op.create_index("ix_question_account_id_subject", "question", ["account_id", "subject"])
    op.create_index(
        "ix_question_open", "question", ["account_id", "id"], sqlite_where=sa.text("answered_at IS NULL")
    )
    op.create_table(
        "pace_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(24), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_pace_mark_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pace_mark")),
    )
    op.create_index("ix_pace_mark_account_id_what_at", "pace_mark", ["account_id", "what", "at"])


def downgrade() -> None:
    op.drop_table("pace_mark")
    op.drop_table("question")
