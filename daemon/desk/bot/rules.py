"""The owner's keyword rules: checked, kept in order, and every change in the log."""

import re
from datetime import datetime

from sqlalchemy import Connection

from daemon.desk.replies import check_text
from daemon.domain.desk import Action, Actor, FieldError
from daemon.domain.keywords import fold
from daemon.domain.turns import NotAnswerable
from daemon.store import audit, bot_rules
from daemon.store.bot_rules import BotRule

MOST_RULES = 200
MOST_KEYWORDS = 100
LONGEST_KEYWORD = 100

# as people separate words in the scripts they write
_SEPARATORS = re.compile(r"[,\n\r;،؛、，；]")


def save(
    conn: Connection,
    account_id: int,
    rule_id: int | None,
    keywords: str,
    answer: str,
    closes: bool,
    is_enabled: bool,
    actor: Actor,
    now: datetime,
) -> int:
    """Keep a rule, or add one behind the others (`rule_id` None); returns its id.

    `keywords` are separated by commas or line ends. Raises FieldError, and changes nothing: for `keywords` (empty,
    unusable: punctuation alone, too_many: 100, too_long: 100 characters), `answer` (empty, too_long: 65,536) or
    `rule` (too_many: 200, unknown).
    """
    values = {
        "keywords": list(_keywords(keywords)),
        "answer": _answer(answer),
        "closes": closes,
        "is_enabled": is_enabled,
    }
    rules = bot_rules.listing(conn, account_id)
    if rule_id is None:
        if len(rules) >= MOST_RULES:
            raise FieldError("rule", "too_many")
        rule_id = bot_rules.add(conn, account_id, values)
        _log(conn, account_id, rule_id, None, _find(conn, account_id, rule_id), actor, now)
        return rule_id
    before = next((rule for rule in rules if rule.id == rule_id), None)
    if before is None:
        raise FieldError("rule", "unknown")
    bot_rules.change(conn, rule_id, values)
    _log(conn, account_id, rule_id, before, _find(conn, account_id, rule_id), actor, now)
    return rule_id


def delete(conn: Connection, account_id: int, rule_id: int, actor: Actor, now: datetime) -> bool:
    """Forget a rule; False if there is none of that id."""
    before = _find(conn, account_id, rule_id)
    if before is None:
        return False
    bot_rules.remove(conn, rule_id)
    _log(conn, account_id, rule_id, before, None, actor, now)
    return True


def move(conn: Connection, account_id: int, rule_id: int, up: bool, actor: Actor, now: datetime) -> bool:
    """Let a rule change places with its neighbour; False if there is no such rule, or none beyond it."""
    rules = bot_rules.listing(conn, account_id)
    place = next((i for i, rule in enumerate(rules) if rule.id == rule_id), None)
    if place is None or not 0 <= (other := place + (-1 if up else 1)) < len(rules):
        return False
    mine, theirs = rules[place], rules[other]
    bot_rules.change(conn, mine.id, {"position": theirs.position})
    bot_rules.change(conn, theirs.id, {"position": mine.position})
    _log(conn, account_id, rule_id, mine, _find(conn, account_id, rule_id), actor, now)
    return True


def _find(conn: Connection, account_id: int, rule_id: int) -> BotRule | None:
    return next((rule for rule in bot_rules.listing(conn, account_id) if rule.id == rule_id), None)


def _keywords(text: str) -> tuple[str, ...]:
    """The keywords of a form, tidied; the same word in another spelling counts once."""
    by_words: dict[str, str] = {}
    for part in _SEPARATORS.split(text):
        if keyword := " ".join(part.split()):
            by_words.setdefault(fold(keyword), keyword)
    if not by_words:
        raise FieldError("keywords", "empty")
    if " " in by_words:
        raise FieldError("keywords", "unusable")
    if len(by_words) > MOST_KEYWORDS:
        raise FieldError("keywords", "too_many")
    if any(len(keyword) > LONGEST_KEYWORD for keyword in by_words.values()):
        raise FieldError("keywords", "too_long")
    return tuple(by_words.values())


def _answer(text: str) -> str:
    try:
        return check_text(text)
    except NotAnswerable as error:
        raise FieldError("answer", error.reason) from None


def _log(
    conn: Connection,
    account_id: int,
    rule_id: int,
    before: BotRule | None,
    after: BotRule | None,
    actor: Actor,
    now: datetime,
) -> None:
    if before == after:
        return
    detail = {
        "name": "bot_rule",
        "rule": rule_id,
        "before": before.to_json() if before else None,
        "after": after.to_json() if after else None,
    }
    audit.record(conn, account_id, Action.SETTING_CHANGED, actor, now, detail=detail)
