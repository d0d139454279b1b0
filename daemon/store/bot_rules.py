"""What the bot says to which words, in the order in which the rules are tried."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from daemon.store.tables.desk import bot_rule


@dataclass(frozen=True, slots=True)
class BotRule:
    """One keyword rule; `closes` says that its answer leaves nothing for a person to do."""

    id: int
    position: int
    keywords: tuple[str, ...]
    answer: str
    closes: bool
    is_enabled: bool

    def to_json(self) -> dict[str, Any]:
        """The same for the owner's log."""
        return {**asdict(self), "keywords": list(self.keywords)}


_rules = select(
    bot_rule.c.id,
    bot_rule.c.position,
    bot_rule.c.keywords,
    bot_rule.c.answer,
    bot_rule.c.closes,
    bot_rule.c.is_enabled,
)


def listing(conn: Connection, account_id: int) -> list[BotRule]:
    """All rules of an account, first tried first."""
    rows = conn.execute(
        _rules.where(bot_rule.c.account_id == account_id).order_by(bot_rule.c.position, bot_rule.c.id)
    )
    return [BotRule(r.id, r.position, tuple(r.keywords), r.answer, r.closes, r.is_enabled) for r in rows]


def add(conn: Connection, account_id: int, values: dict[str, Any]) -> int:
    """Store a rule behind all others; returns its id."""
    last = conn.execute(select(func.max(bot_rule.c.position)).where(bot_rule.c.account_id == account_id)).scalar()
    position = 1 if last is None else last + 1
    return conn.execute(
        insert(bot_rule).values(account_id=account_id, position=position, **values).returning(bot_rule.c.id)
    ).scalar_one()


def change(conn: Connection, rule_id: int, values: dict[str, Any]) -> None:
    """Change columns of a rule."""
    conn.execute(update(bot_rule).where(bot_rule.c.id == rule_id).values(**values))


def remove(conn: Connection, rule_id: int) -> None:
    """Forget a rule."""
    conn.execute(delete(bot_rule).where(bot_rule.c.id == rule_id))
