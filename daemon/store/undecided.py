"""Replies that only a person can settle, and everybody who waits: for an answer, or for such a decision."""

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, union_all

from daemon.domain.messages import Author, Delivery
from daemon.store.conversations import is_answered_here, is_resolved
from daemon.store.sql import by_index, written_out
from daemon.store.tables.core import conversation, message, turn
from daemon.store.turns import every_open

_is_stuck = message.c.delivery.in_([written_out(Delivery.HELD), written_out(Delivery.UNCERTAIN)])
# in the words of the partial index
_in_index = or_(_is_stuck, message.c.retry_asked_at.is_not(None))
_is_unreadable = and_(message.c.unreadable_at.is_not(None), message.c.revoked_at.is_(None))
# the question for a rating, and the thanks for one: nobody waits for them
_is_awaited = or_(message.c.author == written_out(Author.ADMIN), message.c.turn_id.is_not(None))

# held, uncertain, or unreadable for a device of the customer's; what is settled is not in the index any more
needs_decision: ColumnElement[bool] = and_(_in_index, or_(_is_stuck, _is_unreadable), _is_awaited)
# those and the ones that may be unreadable soon: for these, time alone brings something due
_every_undecided = and_(
    by_index(message.c.conversation_id),
    _in_index,
    or_(_is_stuck, message.c.unreadable_at.is_(None), _is_unreadable),
)
any_undecided: ColumnElement[bool] = select(message.c.id).where(_every_undecided).exists()

_newest = turn.alias("newest")
_newest_turn = (
    select(func.max(_newest.c.id)).where(_newest.c.conversation_id == message.c.conversation_id).scalar_subquery()
)
# what the reply was to answer; that the team was told about a follow-up is noted at the newest turn
_turn_of = turn.alias("turn_of")
_undecided = message.outerjoin(_turn_of, _turn_of.c.id == func.coalesce(message.c.turn_id, _newest_turn))
# since the customer's first words in that turn, or since the reply was written
_since = case((message.c.turn_id.is_(None), message.c.arrived_at), else_=_turn_of.c.opened_at)

# of the conversation in the enclosing query
since_in_conversation = (
    select(func.min(_since, type_=turn.c.opened_at.type))
    .select_from(_undecided)
    .where(needs_decision, message.c.conversation_id == conversation.c.id)
    .correlate(conversation)
    .scalar_subquery()
)
alarmed_in_conversation = (
    select(func.max(_turn_of.c.alarmed_at, type_=turn.c.alarmed_at.type))
    .select_from(_undecided)
    .where(needs_decision, message.c.conversation_id == conversation.c.id)
    .correlate(conversation)
    .scalar_subquery()
)

# everybody who waits, by conversation: one row for its open turn, one for each reply that needs a decision
waiting = union_all(
    select(
        turn.c.account_id,
        turn.c.conversation_id,
        turn.c.id.label("turn_id"),
        turn.c.opened_at.label("since"),
        turn.c.alarmed_at,
        (turn.c.closed_at.is_(None)).label("is_open"),
    ).where(every_open),
    select(
        message.c.account_id,
        message.c.conversation_id,
        _turn_of.c.id,
        _since.label("since"),
        _turn_of.c.alarmed_at,
        message.c.id.is_(None).label("is_open"),
    )
    .select_from(_undecided)
    .where(needs_decision, by_index(message.c.conversation_id)),
).subquery("waiting")


# those replies by conversation: since when, and what the first of them was to answer (a turn's id rises with time)
by_conversation = (
    select(
        message.c.conversation_id,
        func.min(_since, type_=turn.c.opened_at.type).label("since"),
        func.min(_turn_of.c.id).label("turn_id"),
    )
    .select_from(_undecided)
    .where(needs_decision, by_index(message.c.conversation_id))
    .group_by(message.c.conversation_id)
    .subquery("undecided")
)


def resolved_conversations(conn: Connection, account_id: int) -> list[int]:
    """The resolved conversations in which a reply needs a decision."""
    found = select(message.c.conversation_id).where(needs_decision, by_index(message.c.conversation_id))
    rows = conn.execute(
        select(conversation.c.id).where(
            conversation.c.id.in_(found), conversation.c.account_id == account_id, is_resolved, is_answered_here
        )
    )
    return list(rows.scalars())
