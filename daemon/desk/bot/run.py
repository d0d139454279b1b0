"""The bot: for each turn with something new it decides, speaks, or leaves it to people."""

import logging
from collections.abc import Collection
from contextlib import closing
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from daemon.desk import replies
from daemon.desk.bot.decide import BotVerdict, Said, Situation, decide, grace_ends, shortest_grace
from daemon.desk.settings import DeskSettings
from daemon.domain.links import can_send
from daemon.domain.messages import Author
from daemon.domain.turns import AlreadyAnswered, Closer, NotAnswerable
from daemon.store import bot_rules, bot_turns, clock, links, presence, waiting_customers
from daemon.store.bot_turns import WaitingTurn
from daemon.store.busy import is_busy
from daemon.store.links import Link
from daemon.store.portions import MOST_ROWS, Portion

log = logging.getLogger(__name__)


def tend(
    conn: Connection,
    account_id: int,
    chosen: DeskSettings,
    now: datetime,
    zone: ZoneInfo,
    shop: str,
    turn_ids: Collection[int] | None = None,
) -> bool:
    """Decide about turns that are due, in the caller's write transaction: what is decided on is still so.

    A portion of them, or of these `turn_ids`, which were found before; True if some may be left. A turn that fails
    is left to people, and holds up no other.
    """
    portion = Portion()
    found = due(conn, account_id, chosen, now, turn_ids)
    if not found:
        return False
    link = links.get(conn, account_id)
    rules = bot_rules.listing(conn, account_id)
    somebody_there = any(colleague.takes_work for colleague in presence.team(conn, now))
    for waiting in portion.of(found):
        try:
            with conn.begin_nested():
                situation = _situation(conn, waiting, link, somebody_there, shop)
                verdict = decide(situation, chosen, rules, now, zone)
                if verdict.at > now or not verdict.final:
                    continue
                said = _speak(conn, waiting, verdict, now) if verdict.key else None
                bot_turns.note(conn, waiting.turn_id, said or waiting.newest_id)
        except Exception as error:
            if is_busy(error):
                raise
            # one customer's words must not silence the bot for all others: this turn is people's
            log.error("the bot leaves turn %d to people: %s", waiting.turn_id, type(error).__name__)
            bot_turns.note(conn, waiting.turn_id, waiting.newest_id)
    return portion.is_used_up


def due(
    conn: Connection,
    account_id: int,
    chosen: DeskSettings,
    now: datetime,
    turn_ids: Collection[int] | None = None,
) -> list[WaitingTurn]:
    """Turns whose grace time is over, as far as their newest message tells: the first MOST_ROWS of them."""
    if not chosen.bot or not waiting_customers.is_anybody_waiting(conn, account_id):
        return []
    link = links.get(conn, account_id)
    if not _is_online(link):
        return []
    waiting = bot_turns.waiting(conn, account_id, now, now - shortest_grace(chosen.grace), turn_ids)
    with closing(waiting):
        over = (
            one
            for one in waiting
            if grace_ends(one.turn_id, chosen.grace, one.newest_arrived_at, link.online_at) <= now
        )
        return list(islice(over, MOST_ROWS))


def _is_online(link: Link) -> bool:
    """Whether the link is up and the backlog in: only then it is known what the phone has answered."""
    return can_send(link.state) and link.backlog_total is None


def _situation(conn: Connection, waiting: WaitingTurn, link: Link, somebody_there: bool, shop: str) -> Situation:
    lines = bot_turns.newest_lines(conn, waiting.conversation_id)
    lead = clock.lead(conn, link.account_id)
    news = [
        Said(line.text, min(line.sent_at + lead, line.arrived_at), line.arrived_at)
        for line in reversed(lines)
        if line.turn_id == waiting.turn_id and line.author == Author.CUSTOMER and line.id > waiting.dealt_with_id
    ]
    return Situation(
        messages=news,
        turn_id=waiting.turn_id,
        online=_is_online(link),
        online_since=link.online_at,
        customer_spoke_last=bool(lines) and lines[0].author == Author.CUSTOMER,
        spoke_in_turn=waiting.acknowledged_at is not None,
        is_new=waiting.is_first and not bot_turns.was_written_to(conn, waiting.conversation_id),
        somebody_there=somebody_there,
        spoken=bot_turns.spoken(conn, waiting.contact_id),
        name=waiting.contact_name or "",
        shop=shop,
    )


def _speak(conn: Connection, waiting: WaitingTurn, verdict: BotVerdict, now: datetime) -> int | None:
    """Say it through the one door; None if it can't be said (a text that grew too long, say)."""
    assert verdict.key is not None
    try:
        if verdict.closes:
            return replies.answer(
                conn,
                waiting.conversation_id,
                Closer(Author.BOT),
                verdict.text,
                now,
                turn_id=waiting.turn_id,
                bot_key=verdict.key,
            )
        return replies.acknowledge(conn, waiting.conversation_id, waiting.turn_id, verdict.text, verdict.key, now)
    except (NotAnswerable, AlreadyAnswered) as error:
        log.warning("the bot's %s was not sent: %s", verdict.key, type(error).__name__)
        return None
