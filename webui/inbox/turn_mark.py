"""Handled-marks in words: who answered a turn, from where and when, or since when its customer waits."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from daemon.domain.desk import Status
from daemon.domain.messages import Author
from daemon.domain.turns import HandledMark
from daemon.store.conversation_list import Summary
from daemon.store.turns import TurnState
from webui.base import formatting
from webui.inbox import row


def _(text: str) -> str:
    return text


ANSWERED = {
    Author.ADMIN: _("Answered by %(name)s · inbox · %(when)s"),
    Author.BOT: _("Answered by the bot · %(when)s"),
    Author.PHONE: _("Answered on the phone · %(when)s"),
    Author.COMPANION: _("Answered on WhatsApp Web or another linked device · %(when)s"),
}
SEEN = {
    Author.PHONE: _("Seen on the phone %(when)s"),
    Author.COMPANION: _("Seen on another linked device %(when)s"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Who answered a turn: "Sari, 14.05" and the words."""

    who: str
    when: str
    text: str


@dataclass(frozen=True, slots=True)
class TurnMark:
    """What stands under a customer's run of messages; `state` is open, answered or handled."""

    turn_id: int
    conversation_id: int
    after: int | None
    state: str
    words: str
    acknowledged: bool
    alarmed: bool
    seen: str | None
    message_id: int | None
    can_mark: bool
    can_undo: bool


def notice(handled: HandledMark, now: datetime) -> Mark:
    """A mark as whoever was slower is told it."""
    who = row.author(handled.closer.author, handled.name)
    return Mark(who, formatting.moment(handled.closed_at, now), handled.text or "")


def under(about: Summary, turn: TurnState, after: int | None, is_last: bool, now: datetime) -> TurnMark:
    """A turn's mark, to stand after the message `after`; only the last turn can be opened again."""
    resolved = about.status == Status.RESOLVED
    return TurnMark(
        turn_id=turn.id,
        conversation_id=about.id,
        after=after,
        state=_state(turn.mark),
        words=_words(turn, now),
        acknowledged=turn.mark is None and turn.acknowledged_at is not None,
        alarmed=turn.mark is None and turn.alarmed_at is not None,
        seen=_seen(about, turn, after, now),
        message_id=turn.mark.message_id if turn.mark else None,
        can_mark=turn.mark is None and not resolved,
        can_undo=turn.mark is not None and turn.mark.message_id is None and is_last and not resolved,
    )


def _state(mark: HandledMark | None) -> str:
    if mark is None:
        return "open"
    return "handled" if mark.message_id is None else "answered"


def _words(turn: TurnState, now: datetime) -> str:
    mark = turn.mark
    if mark is None:
        return gettext("Waiting since %(when)s", when=formatting.moment(turn.opened_at, now))
    when = formatting.moment(mark.closed_at, now)
    name = row.author(mark.closer.author, mark.name)
    if mark.message_id is None:
        return gettext("Marked as handled by %(name)s · %(when)s", name=name, when=when)
    # an answer has an author; the customer's own message never closes a turn
    return gettext(ANSWERED[mark.closer.author], name=name, when=when)


def _seen(about: Summary, turn: TurnState, after: int | None, now: datetime) -> str | None:
    """Another device of ours has read all of an open turn."""
    at, by = about.seen_elsewhere_at, about.seen_elsewhere_by
    if turn.mark is not None or at is None or after is None or (about.seen_elsewhere_message_id or 0) < after:
        return None
    return gettext(SEEN.get(by or Author.COMPANION, SEEN[Author.COMPANION]), when=formatting.moment(at, now))
