"""What the busy path asks for is found by an index, however many rows there are."""

from alembic import op
from sqlalchemy import text

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for name, table, columns, where in (
        ("ix_message_turn", "message", ["turn_id"], "turn_id IS NOT NULL"),
        ("ix_turn_closing_message", "turn", ["closing_message_id"], "closing_message_id IS NOT NULL"),
        ("ix_turn_open", "turn", ["account_id", "opened_at"], "closed_at IS NULL"),
        (
            "ix_outbox_unsettled",
            "outbox",
            ["account_id", "state"],
            "state IN ('queued', 'sending', 'held', 'uncertain')",
        ),
    ):
        op.create_index(op.f(name), table, columns, sqlite_where=text(where))
    # the list shows the newest first
    op.drop_index(op.f("ix_conversation_unresolved"), "conversation")
    op.create_index(
        op.f("ix_conversation_unresolved"),
        "conversation",
        ["account_id", "kind", "last_at"],
        sqlite_where=text("status <> 'resolved'"),
    )
