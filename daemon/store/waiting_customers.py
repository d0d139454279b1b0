"""Who waits, for an answer or for a person's decision: found by index, a portion at a time."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
)

from daemon.domain.desk import CLAIM_LASTS
from daemon.store.claims import ends_between
from daemon.store.conversations import is_answered_here, is_unresolved, is_with_person
from daemon.store.portions import MOST_ROWS
from daemon.store.prepared_statement import Prepared
from daemon.store.sql import by_index
from daemon.store.tables.core import conversation, message, turn
from daemon.store.tables.desk import audit, claim
from daemon.store.undecided import by_conversation, needs_decision

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WaitingCustomer:
    """A customer who waits, and whose he is: for an answer to `turn_id`, or for what a person decides.

    Without an open turn `turn_id` is the one that the undecided reply was to answer, or the newest.
    """

    conversation_id: int
    turn_id: int | None
    opened_at: datetime
    assignee_id: int | None


Statement = Select[*tuple[Any, ...]]

_account_id = bindparam("account_id", type_=Integer)
_is_open = (turn.c.account_id == _account_id) & turn.c.closed_at.is_(None)
_is_undecided = needs_decision & by_index(message.c.conversation_id) & (message.c.account_id == _account_id)
_anybody = Prepared(
    select(or_(select(turn.c.id).where(_is_open).exists(), select(message.c.id).where(_is_undecided).exists()))
)


def is_anybody_waiting(conn: Connection, account_id: int) -> bool:
    """Whether an account has an open turn, or a reply that needs a decision, at all (asked at every look)."""
    found = _anybody.run(conn, {"account_id": account_id})
    return found is not None and bool(found[0])


_since, _now, _latest = (bindparam(name, type_=turn.c.opened_at.type) for name in ("since", "now", "latest"))
_his = conversation.c.assignee_id
_claimed = select(claim.c.conversation_id).where(
    claim.c.conversation_id == conversation.c.id, ends_between(_now, _latest)
)
_open_turn = turn.alias("open_turn")
# the customer's first words, or what is undecided, whichever came first
_either = case(
    (_open_turn.c.opened_at < by_conversation.c.since, _open_turn.c.opened_at), else_=by_conversation.c.since
)
# what is the matter with those who wait, given since when they do
Condition = Callable[[ColumnElement[Any]], ColumnElement[bool]]


def _for_an_answer(among: bool, condition: Condition) -> Statement:
    """The open turns of conversations in which nothing needs a decision; all in the order of the index."""
    undecided = select(message.c.id).where(message.c.conversation_id == turn.c.conversation_id, needs_decision)
    statement = (
        select(conversation.c.id, turn.c.id.label("turn_id"), turn.c.opened_at.label("since"), _his)
        .select_from(turn)
        .join(conversation, conversation.c.id == turn.c.conversation_id)
        .where(turn.c.closed_at.is_(None), is_answered_here, ~undecided.exists(), condition(turn.c.opened_at))
    )
    if among:
        return statement.where(turn.c.conversation_id.in_(bindparam("conversation_ids", expanding=True)))
    return statement.where(_is_open).order_by(turn.c.opened_at, turn.c.id)


def _for_a_decision(among: bool, condition: Condition) -> Statement:
    """The conversations in which a reply needs a decision, each by its open turn if it has one: never many."""
    statement = (
        select(conversation.c.id, turn.c.id.label("turn_id"), _either.label("since"), _his)
        .select_from(by_conversation)
        .join(conversation, conversation.c.id == by_conversation.c.conversation_id)
        .outerjoin(
            _open_turn, (_open_turn.c.conversation_id == conversation.c.id) & _open_turn.c.closed_at.is_(None)
        )
        .outerjoin(turn, turn.c.id == func.coalesce(_open_turn.c.id, by_conversation.c.turn_id))
        .where(conversation.c.account_id == _account_id, is_answered_here, condition(_either))
        .order_by(_either, turn.c.id)
    )
    return (
        statement.where(conversation.c.id.in_(bindparam("conversation_ids", expanding=True)))
        if among
        else statement
    )


@cache
def _statements(condition: Condition, among: bool) -> tuple[Statement, Statement]:
    return (
        _for_an_answer(among, condition).limit(MOST_ROWS),
        _for_a_decision(among, condition).limit(MOST_ROWS),
    )


def _run(
    conn: Connection,
    condition: Condition,
    account_id: int,
    conversation_ids: Collection[int] | None,
    **values: object,
) -> list[Row[*tuple[Any, ...]]]:
    """MOST_ROWS of those who wait, the longest waiting first; all, or only those of some conversations."""
    values["account_id"] = account_id
    if conversation_ids is not None:
        values["conversation_ids"] = list(conversation_ids)
    both = _statements(condition, conversation_ids is not None)
    rows = [row for statement in both for row in conn.execute(statement, values)]
    return sorted(rows, key=lambda row: (row.since, row.turn_id or 0))[:MOST_ROWS]


def _customer(row: Row[*tuple[Any, ...]]) -> WaitingCustomer:
    return WaitingCustomer(row.id, row.turn_id, row.since, row.assignee_id)


_is_gone = _his.not_in(bindparam("reachable", expanding=True))


def _is_left_lying(since: ColumnElement[Any]) -> ColumnElement[bool]:
    held = _claimed.where(claim.c.admin_id == _his)
    in_it = message.c.conversation_id == conversation.c.id
    wrote = select(message.c.id).where(in_it, message.c.arrived_at > _since, message.c.admin_id == _his)
    of_it = audit.c.conversation_id == conversation.c.id
    did = select(audit.c.id).where(of_it, audit.c.at > _since, audit.c.admin_id == _his)
    # after an outage words arrive long after they were sent
    was_there = select(message.c.id).where(message.c.turn_id == turn.c.id, message.c.arrived_at <= _since)
    was_there_then = or_(turn.c.id.is_(None), was_there.exists())
    silent = ~held.exists() & was_there_then & ~wrote.exists() & ~did.exists()
    return (
        is_unresolved
        & _his.is_not(None)
        & (func.coalesce(conversation.c.assigned_at, since) <= _since)
        & (_is_gone | ((since <= _since) & silent))
    )


def left_lying(
    conn: Connection,
    account_id: int,
    since: datetime,
    reachable: Collection[int],
    now: datetime,
    conversation_ids: Collection[int] | None = None,
) -> list[tuple[WaitingCustomer, bool]]:
    """Who has waited for his assignee since a moment, MOST_ROWS of them; each with whether the assignee is gone.

    Gone is who is not among the `reachable`. Of the others those who have since given no sign: neither written
    there (a note counts) nor done anything nor claimed it, although the customer's words were there by then. Only
    these `conversation_ids`, if given.
    """
    values = {"since": since, "now": now, "latest": now + CLAIM_LASTS, "reachable": list(reachable)}
    rows = _run(conn, _is_left_lying, account_id, conversation_ids, **values)
    return [(_customer(row), row.assignee_id not in reachable) for row in rows]


def _is_unalarmed(since: ColumnElement[Any]) -> ColumnElement[bool]:
    return (since <= _since) & turn.c.id.is_not(None) & turn.c.alarmed_at.is_(None)


def unalarmed(
    conn: Connection, account_id: int, since: datetime, conversation_ids: Collection[int] | None = None
) -> list[WaitingCustomer]:
    """Who has waited since a moment or longer and is not known to the team, MOST_ROWS of them.

    Also in a resolved conversation, while a reply of it needs a decision: resolving settles nothing.
    """
    rows = _run(conn, _is_unalarmed, account_id, conversation_ids, since=since)
    return [_customer(row) for row in rows]


def _is_earlier(since: ColumnElement[Any]) -> ColumnElement[bool]:
    return since <= _since


@cache
def _counts() -> tuple[Select[int], Select[int]]:
    answers, decisions = _for_an_answer(False, _is_earlier), _for_a_decision(False, _is_earlier)
    return (
        select(func.count()).select_from(answers.order_by(None).subquery()),
        select(func.count()).select_from(decisions.order_by(None).subquery()),
    )


def count_waiting(conn: Connection, account_id: int, since: datetime) -> int:
    """How many customers have waited since a moment or longer, for an answer or a decision."""
    values = {"account_id": account_id, "since": since}
    return sum(conn.execute(count, values).scalar_one() for count in _counts())


def _is_unassigned(since: ColumnElement[Any]) -> ColumnElement[bool]:
    is_after = tuple_(since, turn.c.id) > tuple_(_since, bindparam("after_id", type_=Integer))
    # a group is the whole team's until somebody takes it
    return is_with_person & is_unresolved & _his.is_(None) & is_after & ~_claimed.exists()


def unassigned(
    conn: Connection,
    account_id: int,
    now: datetime,
    after: WaitingCustomer | None = None,
    conversation_ids: Collection[int] | None = None,
) -> list[WaitingCustomer]:
    """Which person waits, belongs to nobody and is answered by nobody this moment; MOST_ROWS, `after` another."""
    start = {"since": after.opened_at if after else _EVER, "after_id": (after.turn_id or 0) if after else 0}
    values = start | {"now": now, "latest": now + CLAIM_LASTS}
    rows = _run(conn, _is_unassigned, account_id, conversation_ids, **values)
    return [_customer(row) for row in rows]
