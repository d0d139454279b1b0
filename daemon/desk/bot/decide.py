"""What the bot says to a customer and why: pure, so that the test page and the worker decide alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from daemon.desk.settings import DeskSettings
from daemon.domain import keywords, placeholders
from daemon.store.bot_rules import BotRule

GREETING, AWAY, BUSY = "greeting", "away", "busy"


class Why(StrEnum):
    """Why a step of the decision went as it did; the inbox has a sentence for each."""

    OK = "ok"
    BOT_OFF = "bot_off"
    NOT_ONLINE = "not_online"
    NO_PERSON = "no_person"
    TURN_CLOSED = "turn_closed"
    CLAIMED = "claimed"
    NOTHING_NEW = "nothing_new"
    TOO_OLD = "too_old"
    # the customer has not written since the bot (or somebody else) wrote
    NOT_THE_CUSTOMERS_TURN = "not_the_customers_turn"
    SWITCHED_OFF = "switched_off"
    NO_KEYWORD = "no_keyword"
    KEYWORD = "keyword"
    SAID_BEFORE = "said_before"
    SPOKE_ALREADY = "spoke_already"
    SHOP_OPEN = "shop_open"
    SHOP_CLOSED = "shop_closed"
    SOMEBODY_THERE = "somebody_there"
    NOBODY_THERE = "nobody_there"
    KNOWN_CONTACT = "known_contact"
    NEW_CONTACT = "new_contact"


class DecisionStep(NamedTuple):
    """One question on the way to the verdict (its name for rules: `rule:ID`), the answer and its reason."""

    name: str
    passed: bool
    why: Why
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the customer that the bot has not dealt with; times as WhatsApp and as we counted them."""

    text: str | None
    sent_at: datetime
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything the bot looks at; the defaults are those of a new customer writing to a shop that works.

    `spoken` holds when each of the bot's texts last went to this contact (by `bot_key`).
    """

    messages: Sequence[Said]
    turn_id: int = 0
    online: bool = True
    online_since: datetime | None = None
    is_person: bool = True
    is_open: bool = True
    is_claimed: bool = False
    customer_spoke_last: bool = True
    spoke_in_turn: bool = False
    is_new: bool = True
    somebody_there: bool = True
    spoken: Mapping[str, datetime] = field(default_factory=dict)
    name: str = ""
    shop: str = ""


@dataclass(frozen=True, slots=True)
class BotVerdict:
    """What the bot says (`key` None: nothing), whether that closes the turn, and when its grace time is over.

    `final` says that waiting changes nothing: the bot has dealt with these messages.
    """

    steps: Sequence[DecisionStep]
    at: datetime
    key: str | None = None
    text: str = ""
    closes: bool = False
    final: bool = True


# these pass in time: the link comes back, a claim ends without an answer
_PASSING = {Why.NOT_ONLINE, Why.CLAIMED}


def grace_ends(turn_id: int, grace: int, last_arrived: datetime, online_since: datetime | None) -> datetime:
    """When the bot may speak: `grace` seconds give or take a quarter after the last message, or the link's return.

    The jitter follows from the turn, so that it is the same at every look.
    """
    since = max(last_arrived, online_since) if online_since else last_arrived
    share = turn_id * 2654435761 % 2**32 / 2**32
    return since + timedelta(seconds=grace * (0.75 + share / 2))


def shortest_grace(grace: int) -> timedelta:
    """No turn's grace time is shorter than this."""
    return timedelta(seconds=grace * 0.75)


def decide(
    situation: Situation, chosen: DeskSettings, rules: Sequence[BotRule], now: datetime, zone: ZoneInfo
) -> BotVerdict:
    """What the bot says now, or would say once its grace time is over."""
    fresh = [said for said in situation.messages if not _is_too_old(said, chosen, now)]
    gates = _gates(situation, chosen, fresh)
    last_arrived = max((said.arrived_at for said in situation.messages), default=now)
    at = grace_ends(situation.turn_id, chosen.grace, last_arrived, situation.online_since)
    closed_gates = {gate.why for gate in gates if not gate.passed}
    if closed_gates:
        return BotVerdict(gates, at, final=not closed_gates <= _PASSING)
    steps, text, closes = _choose(situation, chosen, rules, fresh, now, zone)
    key = steps[-1].name if steps and steps[-1].passed else None
    hours = placeholders.opening(chosen.hours, now, zone)
    filled = placeholders.fill(text, name=situation.name, shop=situation.shop, hours=hours)
    return BotVerdict([*gates, *steps], at, key, filled, closes)


def _is_too_old(said: Said, chosen: DeskSettings, now: datetime) -> bool:
    return chosen.too_old > 0 and now - said.sent_at > timedelta(minutes=chosen.too_old)


def _gates(situation: Situation, chosen: DeskSettings, fresh: Sequence[Said]) -> list[DecisionStep]:
    """What must be so before the bot says anything at all."""
    age = Why.TOO_OLD if situation.messages else Why.NOTHING_NEW
    conditions = (
        ("bot", chosen.bot, Why.BOT_OFF),
        ("online", situation.online, Why.NOT_ONLINE),
        ("person", situation.is_person, Why.NO_PERSON),
        ("open", situation.is_open, Why.TURN_CLOSED),
        ("unclaimed", not situation.is_claimed, Why.CLAIMED),
        ("new", bool(fresh), age),
        ("customer_last", situation.customer_spoke_last, Why.NOT_THE_CUSTOMERS_TURN),
    )
    return [DecisionStep(name, passed, Why.OK if passed else why, {}) for name, passed, why in conditions]


def _choose(
    situation: Situation,
    chosen: DeskSettings,
    rules: Sequence[BotRule],
    fresh: Sequence[Said],
    now: datetime,
    zone: ZoneInfo,
) -> tuple[list[DecisionStep], str, bool]:
    """The texts in their order until one fits: the steps, then the last one's text and whether it closes."""
    steps: list[DecisionStep] = []
    words = [keywords.fold(said.text or "") for said in fresh]
    for rule in sorted(rules, key=lambda rule: (rule.position, rule.id)):
        name = f"rule:{rule.id}"
        values: dict[str, Any] = {"rule": rule.id, "position": rule.position}
        if not rule.is_enabled:
            steps.append(DecisionStep(name, False, Why.SWITCHED_OFF, values))
            continue
        keyword = next(filter(None, (keywords.first_match(rule.keywords, text) for text in words)), None)
        if keyword is None:
            steps.append(DecisionStep(name, False, Why.NO_KEYWORD, values))
            continue
        values["keyword"] = keyword
        if (before := _said_before(name, situation, chosen, now)) is None:
            steps.append(DecisionStep(name, True, Why.KEYWORD, values))
            return steps, rule.answer, rule.closes
        # the first rule that fits is the one: a later one would only fit worse
        steps.append(DecisionStep(name, False, Why.SAID_BEFORE, values | {"at": before}))
        break
    for name, text, fits, why in (
        (AWAY, chosen.away, *_either(not chosen.hours.is_open(now, zone), Why.SHOP_CLOSED, Why.SHOP_OPEN)),
        (BUSY, chosen.busy, *_either(not situation.somebody_there, Why.NOBODY_THERE, Why.SOMEBODY_THERE)),
        (GREETING, chosen.greeting, *_either(situation.is_new, Why.NEW_CONTACT, Why.KNOWN_CONTACT)),
    ):
        before = _said_before(name, situation, chosen, now)
        if not text.strip():
            steps.append(DecisionStep(name, False, Why.SWITCHED_OFF, {}))
        elif not fits:
            steps.append(DecisionStep(name, False, why, {}))
        elif situation.spoke_in_turn:
            steps.append(DecisionStep(name, False, Why.SPOKE_ALREADY, {}))
        elif before is not None:
            steps.append(DecisionStep(name, False, Why.SAID_BEFORE, {"at": before}))
        else:
            return [*steps, DecisionStep(name, True, why, {})], text, False
    return steps, "", False


def _either(fits: bool, why: Why, why_not: Why) -> tuple[bool, Why]:
    return fits, why if fits else why_not


def _said_before(key: str, situation: Situation, chosen: DeskSettings, now: datetime) -> datetime | None:
    """When this text last went to this contact, if it may not go again yet."""
    at = situation.spoken.get(key)
    return at if at is not None and now - at < timedelta(hours=chosen.again_after) else None
