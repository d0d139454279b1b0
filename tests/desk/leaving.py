"""What must be true at the moment a reply leaves, read from the rows: no row tells it afterwards."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.desk import CLAIM_LASTS


def leaving(conn: Connection) -> tuple[int, int]:
    """The reply that is just leaving, and the newest message at this moment."""
    row = conn.exec_driver_sql(
        "SELECT message_id, (SELECT max(id) FROM message) FROM outbox WHERE state = 'sending'"
    ).one()
    return row[0], row[1]


def overtaken(conn: Connection, message_id: int, decided_upto: int, known_upto: int) -> bool:
    """Whether the customer had an answer from elsewhere that was in the inbox before this reply left.

    A person's decision covers what he could see: messages up to `decided_upto`; `known_upto` is the newest
    message at the moment of leaving.
    """
    rows = conn.exec_driver_sql(
        "SELECT theirs.id FROM message ours JOIN message theirs ON theirs.contact_id = ours.contact_id"
        " WHERE ours.id = ? AND theirs.id > max(ours.id, ?) AND theirs.id <= ?"
        " AND theirs.author IN ('phone', 'companion') AND NOT theirs.is_automatic AND theirs.revoked_at IS NULL"
        # while he was taken for two customers nobody could know
        " AND NOT EXISTS (SELECT 1 FROM contact twin WHERE twin.merged_into = ours.contact_id)"
        # what is older than the question is no answer to it
        " AND theirs.sent_at >= coalesce((SELECT min(said.sent_at) FROM message said"
        " WHERE said.turn_id = ours.turn_id AND said.author = 'customer'), ours.sent_at)",
        (message_id, decided_upto, known_upto),
    )
    return rows.first() is not None


def wanted_of_bot(conn: Connection, message_id: int, now: datetime) -> bool:
    """Whether the bot may say this now: to an open turn or as its answer, and while nobody is answering."""
    row = conn.exec_driver_sql(
        "SELECT turn.closed_at IS NULL OR turn.closing_message_id = message.id,"
        " EXISTS (SELECT 1 FROM claim WHERE claim.conversation_id = message.conversation_id"
        " AND expires_at > ? AND expires_at <= ?)"
        " FROM message LEFT JOIN turn ON turn.id = message.turn_id"
        " WHERE message.id = ? AND message.author = 'bot'",
        (*(round(moment.timestamp() * 1000) for moment in (now, now + CLAIM_LASTS)), message_id),
    ).first()
    return row is None or (bool(row[0]) and not row[1])
