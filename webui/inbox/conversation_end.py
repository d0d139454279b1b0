"""Where an earlier conversation ended in its customer's thread: who resolved it, when, and how it was rated."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import Connection

from daemon.domain.desk import Status
from daemon.store import ratings, thread_places
from daemon.store.conversation_list import Summary
from webui.base import formatting


@dataclass(frozen=True, slots=True)
class ConversationEnd:
    """The line under an earlier conversation's last message."""

    conversation_id: int
    words: str
    score: int | None


def read(
    conn: Connection, earlier: dict[int, Summary], last_shown: dict[int, int], now: datetime
) -> dict[int, ConversationEnd]:
    """The ends of these conversations by their last messages, as far as those are in `last_shown`."""
    ended = [one for one in earlier.values() if one.status == Status.RESOLVED and one.resolved_at]
    places = thread_places.last_messages(conn, [one.id for one in ended])
    ended = [one for one in ended if one.id in places and places[one.id][1] == last_shown.get(one.id)]
    scores = ratings.scores(conn, [one.id for one in ended]) if ended else {}
    return {last_shown[one.id]: ConversationEnd(one.id, _words(one, now), scores.get(one.id)) for one in ended}


def _words(about: Summary, now: datetime) -> str:
    assert about.resolved_at is not None
    when = formatting.moment(about.resolved_at, now)
    return gettext("Resolved by %(name)s, %(when)s", name=about.resolved_by_name or "Balas", when=when)
