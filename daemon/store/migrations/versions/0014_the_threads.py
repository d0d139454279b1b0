"""A customer's conversations are read as one thread, page by page."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_index(op.f("ix_message_contact_id_sent_at_id"), "message", ["contact_id", "sent_at", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_message_contact_id_sent_at_id"), "message")
