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
class Avoided:
    """Whom a conversation should not go to straight away, having come back from him; `strictly`: not at all."""

    admin_id: int
    strictly: bool


def deal(
    waiting: Sequence[int],
    candidates: Iterable[Candidate],
    how: Assign,
    avoided: Mapping[int, Avoided],
    now: datetime,
) -> list[tuple[int, int]]:
    """Deal conversations out, the first one first; gives (conversation, admin) pairs.

    What nobody has room for, or nobody else may have, keeps waiting.
    """
    by_admin = {candidate.admin_id: candidate for candidate in candidates}
    dealt: list[tuple[int, int]] = []
    for conversation_id in waiting:
        chosen = _choose(by_admin.values(), how, avoided.get(conversation_id))
        if chosen is None:
            continue
        dealt.append((conversation_id, chosen.admin_id))
        given_at = now + timedelta(milliseconds=len(dealt))
        by_admin[chosen.admin_id] = replace(chosen, has=chosen.has + 1, given_at=given_at)
    return dealt


def _choose(candidates: Iterable[Candidate], how: Assign, avoided: Avoided | None) -> Candidate | None:
    free = [candidate for candidate in candidates if candidate.room]
    others = [candidate for candidate in free if avoided is None or candidate.admin_id != avoided.admin_id]
    if not others and (avoided is None or avoided.strictly):
        return None
    if how == Assign.ROUND_ROBIN:
        return min(others or free, key=_longest_ago, default=None)
    return min(others or free, key=lambda candidate: (candidate.has, *_longest_ago(candidate)), default=None)


def _longest_ago(candidate: Candidate) -> tuple[datetime, int]:
    return candidate.given_at or _NEVER, candidate.admin_id
