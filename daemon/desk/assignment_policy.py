"""Who gets the next conversation: the least busy colleague, or the one whose turn it is. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from daemon.domain.desk import Assign

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A colleague who takes work: how much he has, how much he takes at most, when he was last given some."""

    admin_id: int
    has: int
    most: int
    given_at: datetime | None

    @property
    def room(self) -> bool:
        """Whether he takes another one."""
        return self.has < self.most


@dataclass(frozen=True, slots=True)
class Shy:
    """Whom a conversation should not go to straight away, having come back from him; `strictly`: not at all."""

    admin_id: int
    strictly: bool


def deal(
    waiting: Sequence[int], places: Iterable[Candidate], how: Assign, shy: Mapping[int, Shy], now: datetime
) -> list[tuple[int, int]]:
    """Deal conversations out, the first one first; gives (conversation, admin) pairs.

    What nobody has room for, or nobody else may have, keeps waiting.
    """
    table = {place.admin_id: place for place in places}
    dealt: list[tuple[int, int]] = []
    for conversation_id in waiting:
        chosen = _choose(table.values(), how, shy.get(conversation_id))
        if chosen is None:
            continue
        dealt.append((conversation_id, chosen.admin_id))
        given_at = now + timedelta(milliseconds=len(dealt))
        table[chosen.admin_id] = replace(chosen, has=chosen.has + 1, given_at=given_at)
    return dealt


def _choose(places: Iterable[Candidate], how: Assign, shy: Shy | None) -> Candidate | None:
    free = [place for place in places if place.room]
    others = [place for place in free if shy is None or place.admin_id != shy.admin_id]
    if not others and (shy is None or shy.strictly):
        return None
    if how == Assign.ROUND_ROBIN:
        return min(others or free, key=_longest_ago, default=None)
    return min(others or free, key=lambda place: (place.has, *_longest_ago(place)), default=None)


def _longest_ago(place: Candidate) -> tuple[datetime, int]:
    return place.given_at or _NEVER, place.admin_id
