"""What a link goes through and what it never does, and a sentence for all that can be recorded."""

import ast
from itertools import pairwise, product
from pathlib import Path

import pytest

from daemon.domain.links import (
    ALLOWED,
    NEXT_STEP,
    LinkReason,
    LinkState,
    NextStep,
    can_send,
    is_online,
    may_follow,
)
from daemon.domain.sentences.link import SENTENCES, sentence
from daemon.session.link_recorder import _STILL_TRUE

ROOT = Path(__file__).parents[2] / "daemon"
# who records the state of a link
ROOMS = ("whatsapp", "session", "supervisor")
S = LinkState
UP = {S.CATCHING_UP, S.ONLINE, S.UNSTABLE}
# how WhatsApp ends a connection
ENDS = {S.LOGGED_OUT, S.REPLACED, S.BANNED, S.OUTDATED, S.REFUSED}


def pairs(before: set[LinkState], after: set[LinkState]) -> set[tuple[LinkState, LinkState]]:
    """Every step from one of these states to another of those."""
    return {(one, then) for one, then in product(before, after) if one != then}


def test_every_state_has_a_row_and_a_next_step() -> None:
    assert set(ALLOWED) == set(NEXT_STEP) == set(LinkState)


NEVER = {
    "a number that no phone has linked is up": pairs({S.UNLINKED, S.LOGGED_OUT, S.PAIRING}, UP),
    "a link is up without connecting first": pairs(
        {S.OFFLINE, S.STOPPED, S.REFUSED, S.REPLACED, S.OUTDATED, S.BANNED}, UP
    ),
    "a phone accepts without a code that was shown": pairs({*LinkState} - {S.PAIRING}, {S.LINKING}),
    "codes are shown over a link that works": pairs(UP, {S.PAIRING}),
    "a logged-out link is told anew by a late report": pairs({S.LOGGED_OUT}, ENDS),
    "a ban is lifted or covered up by a late report": pairs({S.BANNED}, ENDS),
    "a link that another Balas has taken is told anew by a late report": pairs({S.REPLACED}, ENDS),
    "a version that is too old is covered up by a late report": pairs({S.OUTDATED}, ENDS),
    "a Balas that is switched off hears from WhatsApp": pairs({S.STOPPED}, ENDS),
}


@pytest.mark.parametrize("steps", NEVER.values(), ids=NEVER)
def test_it_never_happens_that(steps: set[tuple[LinkState, LinkState]]) -> None:
    assert {step for step in steps if may_follow(*step)} == set()


PATHS = {
    "a number is linked": [S.UNLINKED, S.PAIRING, S.LINKING, S.CONNECTING, S.CATCHING_UP, S.ONLINE],
    "nobody scans the code": [S.UNLINKED, S.PAIRING, S.UNLINKED, S.PAIRING],
    "the phone could not link": [S.PAIRING, S.LINKING, S.UNLINKED],
    "the connection is slow for a while": [S.ONLINE, S.UNSTABLE, S.ONLINE],
    "the connection is cut": [S.ONLINE, S.OFFLINE, S.CONNECTING, S.OFFLINE, S.CONNECTING, S.CATCHING_UP, S.ONLINE],
    "the library logs in anew by itself": [S.ONLINE, S.CATCHING_UP, S.ONLINE],
    "the phone removes Balas": [S.ONLINE, S.LOGGED_OUT, S.PAIRING, S.LINKING, S.CONNECTING, S.ONLINE],
    "the owner unlinks the number": [S.ONLINE, S.UNLINKED, S.PAIRING],
    "WhatsApp bans for a while, twice": [S.ONLINE, S.BANNED, S.CONNECTING, S.BANNED, S.CONNECTING, S.ONLINE],
    "WhatsApp refuses for a while": [S.CONNECTING, S.REFUSED, S.CONNECTING, S.REFUSED, S.CONNECTING, S.ONLINE],
    "another Balas has the link": [S.ONLINE, S.REPLACED, S.CONNECTING, S.ONLINE],
    "a newer Balas is installed": [S.CONNECTING, S.OUTDATED, S.STOPPED, S.CONNECTING, S.ONLINE],
    **{f"WhatsApp says {end.value}": [S.ONLINE, end, S.CONNECTING, S.CATCHING_UP, end] for end in sorted(ENDS)},
    **{f"Balas is switched off while {state.value}": [state, S.STOPPED, S.CONNECTING] for state in LinkState},
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_it_can_happen_that(path: list[LinkState]) -> None:
    assert [step for step in pairwise(path) if not may_follow(*step)] == []


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


def test_replies_leave_only_over_a_link_that_answers_and_has_caught_up() -> None:
    assert {state for state in LinkState if can_send(state)} == {S.ONLINE}
    assert {state for state in LinkState if is_online(state)} == {S.ONLINE, S.UNSTABLE}


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


def test_whatever_is_recorded_says_what_happened_what_works_and_what_to_do() -> None:
    def is_said(part: str) -> bool:
        return part[:1].isupper() and part.endswith(".")

    said = {pair: sentence(*pair) for pair in product(LinkState, LinkReason)}
    assert {p: s for p, s in said.items() if not all(map(is_said, (s.happened, s.works, s.todo)))} == {}
