"""WhatsApp's addresses, times, and how long to wait."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.ids import Address, ChatKind, Party, parse_address
from daemon.domain.time import from_unix
from daemon.supervisor.backoff import delay
from tests.support.builders import both

USERS = st.text("0123456789", min_size=1, max_size=15)


@given(USERS, st.sampled_from(["lid", "s.whatsapp.net", "g.us"]), st.integers(0, 99))
def test_an_address_reads_back_as_it_was_written(user: str, server: str, device: int) -> None:
    address = Address(user, server, device)
    assert parse_address(str(address)) == address
    assert address.bare() == Address(user, server)
    assert address.kind == (ChatKind.GROUP if server == "g.us" else ChatKind.PERSON)


@pytest.mark.parametrize("text", ["", "62812", "62812@", "62812:x@lid"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_address(text)


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        ("hosted", ChatKind.PERSON),
        ("newsletter", ChatKind.NEWSLETTER),
        ("broadcast", ChatKind.BROADCAST),
        ("bot", ChatKind.OTHER),
        ("new.server", ChatKind.OTHER),
    ],
)
def test_only_persons_and_groups_are_chats(server: str, kind: ChatKind) -> None:
    assert Address("1", server).kind == kind
    assert Address("status", "broadcast").kind == ChatKind.STATUS


def test_a_party_knows_both_addresses_whichever_comes_first() -> None:
    party = both("551", "62811")
    assert party.alternative is not None
    for found in (party, Party(party.alternative, party.address)):
        assert (found.lid, found.phone) == ("551", "62811")
    assert (Party(party.address).phone, Party(party.alternative).lid) == (None, None)


def test_times_are_aware_and_absurd_ones_harmless() -> None:
    assert from_unix(0) == datetime(1970, 1, 1, tzinfo=UTC)
    for absurd in (1e30, -1e30, float("nan"), 2**63):
        assert from_unix(absurd) == from_unix(0)


@pytest.mark.parametrize(
    ("failures", "shortest", "longest"),
    [(0, 0.25, 0.5), (1, 0.5, 1), (2, 1, 2), (5, 8, 16), (9, 128, 256), (10, 150, 300), (10_000, 150, 300)],
)
def test_the_wait_doubles_to_five_minutes_and_jitter_takes_half_at_most(
    failures: int, shortest: float, longest: float
) -> None:
    waits = [delay(failures, random.Random(seed)).total_seconds() for seed in range(200)]
    assert shortest <= min(waits) < shortest * 1.05
    assert longest * 0.95 < max(waits) <= longest


def test_two_shops_do_not_come_in_step() -> None:
    assert len({delay(9, random.Random(seed)) for seed in range(20)}) == 20


@pytest.mark.parametrize("seed", range(20))
def test_a_day_offline_is_never_more_than_one_attempt_a_minute_after_the_first_ten(seed: int) -> None:
    rng, at, attempts = random.Random(seed), timedelta(), []
    while at < timedelta(days=1):
        at += delay(len(attempts), rng)
        attempts.append(at)
    later = attempts[9:]
    assert all(b - a >= timedelta(minutes=1) for a, b in pairwise(later))
    # quick while it may be a hiccup, patient when it is not, never asleep
    assert attempts[3] < timedelta(seconds=10)
    assert all(b - a <= timedelta(minutes=5) for a, b in pairwise(attempts))
    assert 24 * 12 <= len(attempts) <= 24 * 24 + 10
