"""What the bot decides, and the steps that explain it: no database, no clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.desk.bot.decide import BotVerdict, Said, Situation, Why, decide, grace_ends
from daemon.desk.settings import DeskSettings
from daemon.domain.hours import Hours, parse_spans
from daemon.store.bot_rules import BotRule
from tests.support.builders import NOON

JAKARTA = ZoneInfo("Asia/Jakarta")
CLOSED_NOW = Hours((parse_spans("13-17"),) * 7)
CHOSEN = DeskSettings(bot=True, greeting="Halo {name}!", away="Kami buka {hours}", busy="Sebentar ya", grace=20)
SHIPPING = BotRule(7, 1, ("ongkir", "ongkos kirim"), "Ongkir mulai 9 ribu", closes=True, is_enabled=True)
PRICE = BotRule(3, 2, ("harga",), "Lihat {shop}", closes=False, is_enabled=True)


def said(text: str | None = "halo", ago: float = 60.0) -> Said:
    at = NOON - timedelta(seconds=ago)
    return Said(text, at, at)


def verdict(
    situation: Situation | None = None,
    chosen: DeskSettings = CHOSEN,
    rules: tuple[BotRule, ...] = (SHIPPING, PRICE),
) -> BotVerdict:
    return decide(situation or Situation((said(),)), chosen, rules, NOON, JAKARTA)


def why(found: BotVerdict, name: str) -> Why:
    (step,) = [step for step in found.steps if step.name == name]
    return step.why


def test_a_new_customer_is_greeted_by_name() -> None:
    found = verdict(Situation((said(),), name="Ani"))
    assert (found.key, found.text, found.closes) == ("greeting", "Halo Ani!", False)
    assert why(found, "greeting") == Why.NEW_CONTACT


def test_a_keyword_comes_before_everything_else() -> None:
    found = verdict(Situation((said("berapa ONGKIR kak?"),)), replace(CHOSEN, hours=CLOSED_NOW))
    assert (found.key, found.closes) == ("rule:7", True)
    assert found.steps[-1].values == {"rule": 7, "position": 1, "keyword": "ongkir"}


def test_any_of_the_new_messages_may_hold_the_keyword() -> None:
    found = verdict(Situation((said("halo", 70), said("harga?", 65), said(None, 60)), shop="Toko Kita"))
    assert (found.key, found.text, found.closes) == ("rule:3", "Lihat Toko Kita", False)


def test_a_phrase_does_not_reach_from_one_message_into_the_next() -> None:
    assert verdict(Situation((said("ongkos"), said("kirim")))).key == "greeting"


def test_the_rule_with_the_lowest_position_wins_and_later_ones_are_not_tried() -> None:
    found = verdict(Situation((said("harga dan ongkir"),)), rules=(PRICE, SHIPPING))
    assert found.key == "rule:7"
    assert not [step for step in found.steps if step.name == "rule:3"]


def test_a_rule_that_is_switched_off_is_passed_over() -> None:
    found = verdict(Situation((said("harga dan ongkir"),)), rules=(replace(SHIPPING, is_enabled=False), PRICE))
    assert (found.key, why(found, "rule:7")) == ("rule:3", Why.SWITCHED_OFF)


def test_outside_opening_hours_the_away_message_says_when_the_shop_opens() -> None:
    found = verdict(chosen=replace(CHOSEN, hours=CLOSED_NOW))
    assert (found.key, found.text, found.closes) == ("away", "Kami buka 13:00–17:00", False)


def test_when_nobody_is_there_the_customer_is_asked_for_patience() -> None:
    found = verdict(Situation((said(),), somebody_there=False))
    assert (found.key, why(found, "away")) == ("busy", Why.SHOP_OPEN)


def test_an_empty_text_is_off_and_the_next_one_is_tried() -> None:
    found = verdict(Situation((said(),), somebody_there=False), replace(CHOSEN, busy="  "))
    assert (found.key, why(found, "busy")) == ("greeting", Why.SWITCHED_OFF)


def test_a_known_customer_in_opening_hours_is_left_to_people() -> None:
    found = verdict(Situation((said(),), is_new=False))
    assert (found.key, found.text, found.final) == (None, "", True)
    assert why(found, "greeting") == Why.KNOWN_CONTACT


@pytest.mark.parametrize(
    ("situation", "step", "reason"),
    [
        (Situation((said(),), online=False), "online", Why.NOT_ONLINE),
        (Situation((said(),), is_person=False), "person", Why.NO_PERSON),
        (Situation((said(),), is_open=False), "open", Why.TURN_CLOSED),
        (Situation((said(),), is_claimed=True), "unclaimed", Why.CLAIMED),
        (Situation(()), "new", Why.NOTHING_NEW),
        (Situation((said(ago=1801),)), "new", Why.TOO_OLD),
        (Situation((said(),), customer_spoke_last=False), "customer_last", Why.NOT_THE_CUSTOMERS_TURN),
    ],
)
def test_the_bot_stays_silent(situation: Situation, step: str, reason: Why) -> None:
    found = verdict(situation)
    assert (found.key, why(found, step)) == (None, reason)
    assert not [s for s in found.steps if s.name == "greeting"]


def test_a_bot_that_is_off_stays_silent() -> None:
    assert why(verdict(chosen=replace(CHOSEN, bot=False)), "bot") == Why.BOT_OFF


@pytest.mark.parametrize(
    "passing", [{"online": False}, {"is_claimed": True}, {"online": False, "is_claimed": True}]
)
def test_what_passes_in_time_is_looked_at_again(passing: dict[str, bool]) -> None:
    assert not verdict(Situation((said(),), **passing)).final  # type: ignore[arg-type]
    assert verdict(Situation((said(),), is_open=False, **passing)).final  # type: ignore[arg-type]


def test_old_messages_are_not_searched_for_keywords() -> None:
    found = verdict(Situation((said("ongkir?", 1900), said("halo?", 10))))
    assert found.key == "greeting"
    assert verdict(Situation((said("ongkir?", 1900),)), replace(CHOSEN, too_old=0)).key == "rule:7"


def test_the_age_of_a_message_is_whatsapps_not_that_of_its_arrival() -> None:
    late = Said("halo", NOON - timedelta(hours=9), NOON - timedelta(seconds=60))
    assert why(verdict(Situation((late,))), "new") == Why.TOO_OLD


def test_each_text_is_said_once_in_the_time_the_shop_sets() -> None:
    hours_ago = {"away": NOON - timedelta(hours=11), "rule:7": NOON - timedelta(hours=11)}
    closed = replace(CHOSEN, hours=CLOSED_NOW)
    asked = Situation((said("ongkir"),), spoken=hours_ago, is_new=False)
    found = verdict(asked, closed)
    assert (found.key, why(found, "rule:7"), why(found, "away")) == (None, Why.SAID_BEFORE, Why.SAID_BEFORE)
    assert verdict(asked, replace(closed, again_after=11)).key == "rule:7"
    assert verdict(asked, replace(closed, again_after=0)).key == "rule:7"


def test_a_rule_that_was_said_already_does_not_make_room_for_a_worse_one() -> None:
    before = {"rule:7": NOON - timedelta(hours=1)}
    found = verdict(Situation((said("harga ongkir"),), spoken=before, somebody_there=False))
    assert found.key == "busy"


def test_within_a_turn_the_bot_is_polite_once_but_may_still_answer_a_keyword() -> None:
    greeted = Situation((said("dan ongkirnya? ongkir"),), spoke_in_turn=True)
    assert verdict(greeted).key == "rule:7"
    found = verdict(replace(greeted, messages=(said("halo?"),), somebody_there=False))
    assert (found.key, why(found, "busy")) == (None, Why.SPOKE_ALREADY)


def test_the_grace_time_begins_with_the_last_message_and_again_with_the_links_return() -> None:
    first = verdict(Situation((said(ago=60),))).at
    later = verdict(Situation((said(ago=60), said(ago=5)))).at
    assert later - first == timedelta(seconds=55)
    back = verdict(Situation((said(ago=60),), online_since=NOON)).at
    assert back - first == timedelta(seconds=60)


@given(st.integers(0, 2**40), st.integers(0, 3600))
def test_the_jitter_is_a_quarter_either_way_and_the_same_at_every_look(turn: int, grace: int) -> None:
    at = grace_ends(turn, grace, NOON, None)
    assert timedelta(seconds=grace * 0.75) <= at - NOON <= timedelta(seconds=grace * 1.25)
    assert at == grace_ends(turn, grace, NOON, NOON - timedelta(days=1))


def test_turns_that_begin_together_are_not_answered_in_one_breath() -> None:
    assert len({grace_ends(turn, 20, NOON, None) for turn in range(1, 101)}) == 100


SITUATIONS = st.builds(
    Situation,
    st.lists(
        st.builds(said, st.sampled_from([None, "halo", "ongkir", "harga ongkos kirim"]), st.floats(0, 4000)),
        max_size=4,
    ),
    turn_id=st.integers(0, 9999),
    online=st.booleans(),
    is_person=st.booleans(),
    is_open=st.booleans(),
    is_claimed=st.booleans(),
    customer_spoke_last=st.booleans(),
    spoke_in_turn=st.booleans(),
    is_new=st.booleans(),
    somebody_there=st.booleans(),
    spoken=st.dictionaries(
        st.sampled_from(["away", "busy", "greeting", "rule:7", "rule:3"]),
        st.datetimes(datetime(2026, 11, 21), datetime(2026, 11, 22, 5), timezones=st.just(UTC)),  # noqa: DTZ001
    ),
)
SETTINGS = st.builds(
    DeskSettings,
    bot=st.booleans(),
    greeting=st.sampled_from(["", "Halo"]),
    away=st.sampled_from(["", "Tutup"]),
    busy=st.sampled_from(["", "Sibuk"]),
    hours=st.sampled_from([Hours(), CLOSED_NOW]),
    again_after=st.integers(0, 24),
    too_old=st.integers(0, 60),
)


@given(SITUATIONS, SETTINGS)
def test_whatever_happens_the_bot_keeps_its_rules_and_can_explain_itself(
    situation: Situation, chosen: DeskSettings
) -> None:
    found = decide(situation, chosen, (SHIPPING, PRICE), NOON, JAKARTA)
    assert found.steps
    if found.key is None:
        assert not found.steps[-1].passed or not all(step.passed for step in found.steps)
        assert not found.closes
        return
    assert chosen.bot and situation.online and situation.is_person and situation.is_open  # noqa: PT018
    assert situation.customer_spoke_last and not situation.is_claimed and situation.messages  # noqa: PT018
    assert found.text
    before = situation.spoken.get(found.key)
    assert before is None or NOON - before >= timedelta(hours=chosen.again_after)
    assert found.closes == (found.key == "rule:7")
    assert found.key.startswith("rule:") or not situation.spoke_in_turn
    assert found.steps[-1].name == found.key
