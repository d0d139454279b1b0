"""The table of link states, row by row, and a sentence for all that can be recorded."""

import ast
from itertools import product
from pathlib import Path

import pytest

from daemon.domain.links import ALLOWED, NEXT_STEP, LinkReason, LinkState, NextStep, can_send, may_follow
from daemon.domain.sentences.link import SENTENCES, sentence
from daemon.session.link_recorder import _STILL_TRUE

ROOT = Path(__file__).parents[2] / "daemon"
# who records the state of a link
ROOMS = ("whatsapp", "session", "supervisor")
LIVE = {LinkState.CONNECTING, LinkState.CATCHING_UP, LinkState.ONLINE, LinkState.UNSTABLE}


def test_every_state_has_a_row_and_a_next_step() -> None:
    assert set(ALLOWED) == set(NEXT_STEP) == set(LinkState)


@pytest.mark.parametrize(("before", "after"), list(product(LinkState, LinkState)))
def test_a_state_follows_exactly_where_the_table_says_so(before: LinkState, after: LinkState) -> None:
    assert may_follow(before, after) == (before == after or after in ALLOWED[before])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # nothing is online without connecting first
        *((state, LinkState.ONLINE) for state in LinkState if state not in {*LIVE, LinkState.LINKING}),
        # what a person or a date must end is not ended by a late report of the old session
        (LinkState.LOGGED_OUT, LinkState.REFUSED),
        (LinkState.REPLACED, LinkState.REFUSED),
        (LinkState.BANNED, LinkState.ONLINE),
        (LinkState.UNLINKED, LinkState.LINKING),
        (LinkState.ONLINE, LinkState.PAIRING),
    ],
)
def test_these_never_follow(before: LinkState, after: LinkState) -> None:
    assert not may_follow(before, after)


def test_every_state_can_be_reached_from_unlinked_and_left_again() -> None:
    def reachable(start: LinkState) -> set[LinkState]:
        found, look = {start}, [start]
        while look:
            new = ALLOWED[look.pop()] - found
            found |= new
            look += new
        return found

    for state in LinkState:
        assert reachable(state) == set(LinkState)


@pytest.mark.parametrize("state", list(LinkState))
def test_replies_leave_only_over_a_live_link(state: LinkState) -> None:
    assert can_send(state) == (state in {LinkState.ONLINE, LinkState.UNSTABLE})


@pytest.mark.parametrize("state", [s for s in LinkState if NEXT_STEP[s] != NextStep.NOTHING])
def test_whoever_acts_next_can_connect_or_pair(state: LinkState) -> None:
    after = LinkState.PAIRING if NEXT_STEP[state] == NextStep.PAIR else LinkState.CONNECTING
    assert may_follow(state, after)


def recorded() -> set[tuple[LinkState, LinkReason]]:
    """Every (state, reason) that is written out in one call of the programs that record them."""
    found = set()
    for source in [path for room in ROOMS for path in (ROOT / room).glob("*.py")]:
        for call in ast.walk(ast.parse(source.read_text())):
            if not isinstance(call, ast.Call):
                continue
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            if any(isinstance(value, ast.Name) and value.id == "reason" for value in given):
                continue  # found out at run time: these are listed below
            words = [ast.unparse(value).partition(".") for value in given if isinstance(value, ast.Attribute)]
            states = [LinkState[name] for of, _, name in words if of == "LinkState"]
            reasons = [LinkReason[name] for of, _, name in words if of == "LinkReason"] or [LinkReason.NONE]
            found |= set(product(states, reasons))
    return found


def test_everything_that_can_be_recorded_has_its_own_sentences() -> None:
    codes = {(LinkState.PAIRING, reason) for reason in _STILL_TRUE}
    ends = {
        (LinkState.UNLINKED, LinkReason.CODES_EXPIRED),
        (LinkState.LOGGED_OUT, LinkReason.PHONE_GONE),
        (LinkState.LOGGED_OUT, LinkReason.ACCOUNT_BLOCKED),
        (LinkState.LOGGED_OUT, LinkReason.UNLINKED_BY_PHONE),
    }
    found = recorded()
    assert (LinkState.OFFLINE, LinkReason.SESSION_DIED) in found
    assert len(found) > 12
    # a start after a crash has no reason of its own: it is told as a lost connection
    assert (found | codes | ends) - {(LinkState.OFFLINE, LinkReason.NONE)} <= set(SENTENCES)


@pytest.mark.parametrize(("state", "reason"), list(product(LinkState, LinkReason)))
def test_whatever_is_recorded_says_what_happened_what_works_and_what_to_do(
    state: LinkState, reason: LinkReason
) -> None:
    said = sentence(state, reason)
    for part in (said.happened, said.works, said.todo):
        assert part
        assert part[0].isupper()
        assert part.endswith(".")
