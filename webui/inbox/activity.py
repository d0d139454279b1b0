"""What happened to a conversation, as one thin line each between its messages."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from daemon.domain.desk import Action, Priority
from daemon.domain.messages import Author
from daemon.store.audit import AuditEntry
from webui.base import formatting
from webui.inbox import row


def _(text: str) -> str:
    return text


# HANDLED has no line of its own: the turn's mark says it in the same place.
SENTENCES = {
    Action.ASSIGNED: _("%(by)s gave this to %(to)s"),
    Action.ASSIGNED_AUTOMATICALLY: _("Given to %(to)s automatically"),
    Action.TRANSFERRED: _("%(by)s handed this over to %(to)s"),
    Action.RETURNED: _("%(by)s put this back for everyone"),
    Action.RESOLVED: _("%(by)s resolved this"),
    Action.REOPENED: _("%(by)s opened this again"),
    Action.CLAIM_TAKEN_OVER: _("%(by)s took over the reply from %(to)s"),
    Action.UNHANDLED: _("%(by)s: this needs a reply after all"),
    Action.PRIORITY_CHANGED: _("%(by)s set the priority: %(priority)s"),
    Action.ALARM: _("The customer has been waiting too long"),
    Action.BLOCKED: _("%(by)s blocked this customer"),
    Action.UNBLOCKED: _("%(by)s unblocked this customer"),
    Action.RATED: _("The customer's rating: %(score)s of 5"),
}
RETURNED_BECAUSE = {
    "offline": _("Back for everyone: %(to)s is not here"),
    "silent": _("Back for everyone: %(to)s has not answered"),
}
TONES = {Action.ALARM: "bad", Action.RESOLVED: "good", Action.RATED: "good"}


@dataclass(frozen=True, slots=True)
class Activity:
    """One line of the desk's log inside a thread."""

    id: int
    at: int
    iso: str
    day: str
    day_label: str
    time: str
    action: str
    tone: str
    words: str


def show(entry: AuditEntry, now: datetime) -> Activity | None:
    """A line in words; None for what the thread says already."""
    words = _words(entry)
    if words is None:
        return None
    return Activity(
        id=entry.id,
        at=row.milliseconds(entry.at),
        iso=entry.at.isoformat(),
        day=formatting.local(entry.at).date().isoformat(),
        day_label=formatting.day(entry.at, now),
        time=formatting.clock_time(entry.at),
        action=entry.action.value,
        tone=TONES.get(entry.action, ""),
        words=words,
    )


def _words(entry: AuditEntry) -> str | None:
    sentence = SENTENCES.get(entry.action)
    if sentence is None:
        return None
    if entry.action == Action.ASSIGNED and entry.subject_id == entry.admin_id:
        sentence = _("%(by)s took this")
    if entry.action == Action.RETURNED and entry.detail.get("why") in RETURNED_BECAUSE:
        sentence = RETURNED_BECAUSE[entry.detail["why"]]
    return gettext(
        sentence,
        by=entry.admin_name or (gettext("An admin") if entry.actor == Author.ADMIN else "Balas"),
        to=entry.subject_name or gettext("An admin"),
        priority=_priority(entry.detail.get("after")),
        score=entry.detail.get("score", "?"),
    )


def _priority(name: object) -> str:
    known = {priority.value: words for priority, words in row.PRIORITIES.items()}
    return gettext(known.get(str(name), row.PRIORITIES[Priority.NORMAL]))
