"""What must be true of a shop's books at every moment, read from the rows themselves."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.desk import CLAIM_LASTS, Box
from daemon.store import claims, conversation_list

# where a reply of ours is that has left, or will
_GOES = ("queued", "sending", "sent", "uncertain")
_FORGOTTEN = "SELECT id FROM contact WHERE forgotten_at IS NOT NULL"
# of a forgotten customer only empty shells are left
_KNOWN = f"conversation_id IN (SELECT id FROM conversation WHERE contact_id NOT IN ({_FORGOTTEN}))"


def broken(
    conn: Connection,
    account_id: int,
    now: datetime,
    decided: Collection[int] = (),
    saw: Mapping[tuple[int, int], int] | None = None,
) -> list[str]:
    """Every rule that the books break, with the rows.

    `decided` are messages that a person chose to send; `saw` has, by admin and moment (Unix milliseconds), the
    last message that the page had shown on which he closed something.
    """
    return [
        *_turns(conn),
        *_marks(conn),
        *_unseen(conn, saw or {}),
        *_answers(conn, decided),
        *_outbox(conn),
        *_conversations(conn),
        *_claims(conn, account_id, now),
        *_lists(conn, account_id),
        *_forgotten(conn),
    ]


def _turns(conn: Connection) -> Iterator[str]:
    yield from _rows(
        conn,
        "a closed turn without a mark",
        "SELECT id FROM turn WHERE (closed_at IS NULL) <> (closed_by IS NULL)"
        " OR (closed_by = 'admin' AND closed_by_admin_id IS NULL)"
        " OR (closed_at IS NULL AND closing_message_id IS NOT NULL)",
    )
    yield from _rows(
        conn,
        "a question that was asked after its answer from elsewhere",
        "SELECT message.id FROM turn JOIN message ON message.turn_id = turn.id"
        " JOIN conversation ON conversation.id = turn.conversation_id"
        " JOIN message answer ON answer.id = turn.closing_message_id"
        " WHERE turn.closed_by IN ('phone', 'companion') AND message.author = 'customer'"
        " AND message.sent_at > answer.sent_at AND conversation.status <> 'resolved'",
    )
    yield from _rows(
        conn,
        "more than one open turn in a conversation",
        "SELECT conversation_id FROM turn WHERE closed_at IS NULL GROUP BY 1 HAVING count(*) > 1",
    )
    yield from _rows(
        conn,
        "a message in somebody else's conversation",
        "SELECT message.id FROM message JOIN conversation ON conversation.id = message.conversation_id"
        " WHERE message.contact_id <> conversation.contact_id",
    )
    yield from _rows(
        conn,
        "a customer's message that belongs to no turn of its conversation",
        "SELECT message.id FROM message LEFT JOIN turn ON turn.id = message.turn_id"
        " WHERE message.author = 'customer' AND NOT message.is_history"
        f" AND turn.conversation_id IS NOT message.conversation_id AND message.{_KNOWN}",
    )


def _marks(conn: Connection) -> Iterator[str]:
    """What a turn was closed by: an answer that the customer has, or gets."""
    marked = (
        "SELECT turn.id, message.id, message.author, turn.closed_by, outbox.state FROM turn"
        " LEFT JOIN message ON message.id = turn.closing_message_id"
        " LEFT JOIN outbox ON outbox.message_id = message.id"
        f" WHERE turn.closing_message_id IS NOT NULL AND turn.{_KNOWN}"
    )
    yield from _rows(
        conn,
        "closed by an answer that is not the closer's",
        f"{marked} AND (message.author IS NOT turn.closed_by OR message.admin_id IS NOT turn.closed_by_admin_id)",
    )
    yield from _rows(
        conn,
        "closed by a reply that never goes out: held, failed, discarded, cancelled",
        f"{marked} AND turn.closed_by IN ('admin', 'bot') AND coalesce(outbox.state, '') NOT IN {_GOES}",
    )
    yield from _rows(
        conn, "closed by an answer that was deleted for everyone", f"{marked} AND message.revoked_at IS NOT NULL"
    )
    yield from _rows(
        conn,
        "closed by what the phone had sent by itself",
        f"{marked} AND message.is_automatic"
        # what was resolved before anybody knew it stays closed
        " AND NOT EXISTS (SELECT 1 FROM audit WHERE audit.conversation_id = turn.conversation_id"
        " AND action = 'resolved')",
    )
    yield from _rows(
        conn,
        "closed by a reply that the customer's device can't read",
        f"{marked} AND message.unreadable_at IS NOT NULL",
    )
    yield from _rows(
        conn,
        "closed by somebody without a reply who was not asked",
        "SELECT id FROM turn WHERE closed_at IS NOT NULL AND closing_message_id IS NULL AND closed_by <> 'admin'",
    )


def _unseen(conn: Connection, saw: Mapping[tuple[int, int], int]) -> Iterator[str]:
    rows = conn.exec_driver_sql(
        "SELECT turn.closed_by_admin_id, turn.closed_at, message.id FROM turn"
        " JOIN message ON message.turn_id = turn.id"
        " WHERE turn.closed_by = 'admin' AND message.author = 'customer' AND NOT message.is_history"
    )
    for admin_id, closed_at, message_id in rows:
        if message_id > saw.get((admin_id, closed_at), message_id):
            yield f"a question in a closed turn that its closer had not seen: {message_id}"


def _answers(conn: Connection, decided: Collection[int]) -> Iterator[str]:
    rows = conn.exec_driver_sql(
        "SELECT message.turn_id, message.id FROM message JOIN outbox ON outbox.message_id = message.id"
        " WHERE message.turn_id IS NOT NULL AND (message.bot_key IS NULL"
        " OR message.id IN (SELECT closing_message_id FROM turn))"
        # what was deleted again, or could not be read, has answered nobody
        " AND message.revoked_at IS NULL AND message.unreadable_at IS NULL"
        f" AND outbox.state IN {_GOES}"
    ).all()
    counts = Counter(turn_id for turn_id, message_id in rows if message_id not in decided)
    yield from (f"two answers to one turn: {turn_id}" for turn_id, count in counts.items() if count > 1)
    yield from _rows(
        conn,
        "a customer who waits although a person's answer is on its way to him, or there",
        "SELECT turn.id, message.id FROM turn JOIN message ON message.turn_id = turn.id"
        " JOIN outbox ON outbox.message_id = message.id"
        " WHERE turn.closed_at IS NULL AND message.author = 'admin'"
        f" AND outbox.state IN {_GOES} AND message.revoked_at IS NULL AND message.unreadable_at IS NULL"
        " AND message.id > (SELECT max(id) FROM message said"
        " WHERE said.turn_id = turn.id AND said.author = 'customer')"
        # what could not be read has had a copy, which may have failed
        " AND NOT EXISTS (SELECT 1 FROM receipt WHERE receipt.wa_id = message.wa_id AND receipt.kind = 'retry')"
        # somebody wanted it so
        " AND NOT EXISTS (SELECT 1 FROM audit WHERE audit.conversation_id = turn.conversation_id"
        " AND action IN ('unhandled', 'reopened'))",
    )


def _outbox(conn: Connection) -> Iterator[str]:
    yield from _rows(
        conn,
        "a reply that is not once in the outbox",
        "SELECT message.id, count(outbox.id) FROM message LEFT JOIN outbox ON outbox.message_id = message.id"
        f" WHERE message.author IN ('admin', 'bot') AND message.kind <> 'note' AND message.{_KNOWN}"
        " GROUP BY message.id"
        " HAVING count(outbox.id) <> 1",
    )
    yield from _rows(
        conn,
        "a bubble that says something else than the outbox",
        "SELECT message.id, message.delivery, outbox.state FROM outbox"
        " JOIN message ON message.id = outbox.message_id"
        " WHERE message.delivery IS NOT outbox.state"
        " AND NOT (outbox.state = 'sent' AND message.delivery IN ('sent', 'delivered', 'read', 'played'))",
    )
    yield from _rows(
        conn,
        "an internal note on its way out",
        "SELECT message.id FROM message JOIN outbox ON outbox.message_id = message.id WHERE message.kind = 'note'",
    )


def _conversations(conn: Connection) -> Iterator[str]:
    yield from _rows(
        conn,
        "an open turn in a resolved conversation",
        "SELECT turn.id FROM turn JOIN conversation ON conversation.id = turn.conversation_id"
        " WHERE turn.closed_at IS NULL AND conversation.status = 'resolved'",
    )
    yield from _rows(
        conn,
        "more than one unresolved conversation with a customer",
        "SELECT contact_id FROM conversation WHERE status <> 'resolved' GROUP BY 1 HAVING count(*) > 1",
    )
    yield from _rows(
        conn,
        "assigned to nobody, or unassigned but somebody's",
        "SELECT id, status, assignee_id FROM conversation"
        " WHERE status <> 'resolved' AND (status = 'assigned') <> (assignee_id IS NOT NULL)",
    )
    yield from _rows(
        conn,
        "resolved without a time, or the other way round",
        "SELECT id FROM conversation WHERE (status = 'resolved') <> (resolved_at IS NOT NULL)",
    )
    yield from _rows(
        conn,
        "a conversation that a message of another customer is in",
        "SELECT message.id FROM message JOIN conversation ON conversation.id = message.conversation_id"
        " WHERE message.contact_id <> conversation.contact_id",
    )


def _claims(conn: Connection, account_id: int, now: datetime) -> Iterator[str]:
    latest = round((now + CLAIM_LASTS).timestamp() * 1000)
    held = {claim.conversation_id for claim in claims.held(conn, account_id, now)}
    outlasting = set(
        conn.exec_driver_sql(f"SELECT conversation_id FROM claim WHERE expires_at > {latest}").scalars()
    )
    yield from (f"a claim that outlasts its time: {conversation_id}" for conversation_id in held & outlasting)
    yield from _rows(
        conn,
        "a claim on a resolved conversation",
        "SELECT claim.conversation_id FROM claim JOIN conversation ON conversation.id = claim.conversation_id"
        f" WHERE conversation.status = 'resolved' AND claim.expires_at > {round(now.timestamp() * 1000)}"
        f" AND claim.expires_at <= {latest}",
    )


def _lists(conn: Connection, account_id: int) -> Iterator[str]:
    waiting = set(conn.exec_driver_sql("SELECT conversation_id FROM turn WHERE closed_at IS NULL").scalars().all())
    shown = conversation_list.listing(conn, account_id, Box.ALL, 0, limit=1_000_000)
    listed = {row.id for row in shown if row.waiting_since is not None}
    if waiting != listed:
        yield f"waiting conversations are not shown as waiting: {waiting ^ listed}"
    unread = Counter(
        conn.exec_driver_sql(
            "SELECT conversation_id FROM message JOIN conversation ON conversation.id = conversation_id"
            " WHERE author = 'customer' AND NOT is_history AND message.id > seen_message_id"
        ).scalars()
    )
    for row in shown:
        if row.unread != unread[row.id]:
            yield f"unread in {row.id}: {row.unread} instead of {unread[row.id]}"
    owners = Counter(row.assignee_id for row in shown)
    for admin_id in {*owners, 0} - {None}:
        counts = conversation_list.counts(conn, account_id, admin_id or 0)
        expected = (len(shown), owners[admin_id], owners[None])
        found = (counts[Box.ALL], counts[Box.MINE], counts[Box.UNASSIGNED])
        if found != expected:
            yield f"counts of {admin_id}: {found} instead of {expected}"


def _forgotten(conn: Connection) -> Iterator[str]:
    theirs = f"IN ({_FORGOTTEN})"
    yield from _rows(
        conn,
        "something that a forgotten customer said or was told",
        "SELECT message.id FROM message LEFT JOIN outbox ON outbox.message_id = message.id"
        f" WHERE contact_id {theirs} AND (text IS NOT NULL OR message.wa_id IS NOT NULL OR outbox.id IS NOT NULL)",
    )
    yield from _rows(
        conn,
        "a forgotten customer who waits, or is at home somewhere",
        f"SELECT id, status FROM conversation WHERE contact_id {theirs} AND (status <> 'resolved'"
        " OR EXISTS (SELECT 1 FROM turn WHERE conversation_id = conversation.id AND closed_at IS NULL))",
    )
    yield from _rows(
        conn,
        "an address of a forgotten customer",
        f"SELECT contact_id FROM contact_alias WHERE contact_id {theirs}",
    )


def _rows(conn: Connection, what: str, query: str) -> Iterator[str]:
    yield from (f"{what}: {tuple(row)}" for row in conn.exec_driver_sql(query))
