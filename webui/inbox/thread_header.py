"""What the head of a thread offers: colleagues to hand over to, priorities, and who alone may answer."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import Connection

from auth_store import admins
from daemon.desk import settings
from daemon.domain.desk import Priority
from daemon.store import presence
from webui.inbox import attachments, row


def _(text: str) -> str:
    return text


PLACES = {"here": _("Here"), "away": _("Away"), "offline": _("Not here")}


@dataclass(frozen=True, slots=True)
class Colleague:
    """One admin as the team sees him; `place` is here, away or offline."""

    id: int
    name: str
    username: str
    initials: str
    tone: int
    place: str

    @property
    def place_label(self) -> str:
        """Where he is, in words."""
        return gettext(PLACES[self.place])


@dataclass(frozen=True, slots=True)
class ThreadHeader:
    """What the head and the reply field of every thread of an account are given."""

    colleagues: list[Colleague]
    strict: bool
    # bytes of a file that the team sends
    largest_upload: int

    @property
    def priorities(self) -> list[tuple[str, str]]:
        """Every priority with its word, the most urgent first."""
        return [(one.value, gettext(row.PRIORITIES[one])) for one in reversed(Priority)]


def read(conn: Connection, account_id: int, now: datetime) -> ThreadHeader:
    """The header as it stands."""
    chosen = settings.load(conn, account_id)
    return ThreadHeader(team(conn, now), chosen.strict, chosen.largest_upload * attachments.MB)


def team(conn: Connection, now: datetime) -> list[Colleague]:
    """Everybody who may log in, those who are here first."""
    usernames = {one.id: one.username for one in admins.everyone(conn)}
    found = [_colleague(one, usernames[one.admin_id]) for one in presence.team(conn, now)]
    return sorted(found, key=lambda one: list(PLACES).index(one.place))


def _colleague(one: presence.TeamMember, username: str) -> Colleague:
    place = "away" if one.away_since is not None else "here" if one.is_here else "offline"
    return Colleague(
        id=one.admin_id,
        name=one.name,
        username=username,
        initials=row.initials(one.name),
        tone=one.admin_id % row.TONES,
        place=place,
    )
