"""The log's lines as sentences; what an older Balas wrote without detail still makes one."""

from typing import Any

from flask_babel import gettext

from daemon.desk import settings
from daemon.domain import alerts
from daemon.domain.desk import Action, Priority
from daemon.domain.field_types import ChoiceField, SettingField
from daemon.store.audit import AuditEntry

LONGEST_VALUE = 60


def _(text: str) -> str:
    return text


# What the owner can look for: a word, its label, and the lines that belong to it.
KINDS = {
    "logins": (_("Logins"), (Action.LOGIN, Action.LOGIN_FAILED, Action.LOGOUT)),
    "settings": (
        _("Settings and accounts"),
        (Action.SETTING_CHANGED, Action.ADMIN_CHANGED, Action.GROUP_SWITCHED),
    ),
    "assigned": (
        _("Who has which chat"),
        (
            Action.ASSIGNED,
            Action.ASSIGNED_AUTOMATICALLY,
            Action.TRANSFERRED,
            Action.LOOKED_AT_WHAT_WAS_GIVEN,
            Action.RETURNED,
        ),
    ),
    "answers": (
        _("Answers and take-overs"),
        (
            Action.CLAIM_TAKEN_OVER,
            Action.ANSWER_REFUSED,
            Action.CHAT_STARTED,
            Action.FIRST_WORDS_REFUSED,
            Action.REPLY_DECIDED,
            Action.REPLY_EDITED,
            Action.REPLY_DELETED,
            Action.HANDLED,
            Action.UNHANDLED,
        ),
    ),
    "chats": (
        _("Closed, tagged, noted"),
        (
            Action.RESOLVED,
            Action.REOPENED,
            Action.PRIORITY_CHANGED,
            Action.TAGGED,
            Action.UNTAGGED,
            Action.CONTACT_CHANGED,
            Action.CONTACT_FORGOTTEN,
            Action.BLOCKED,
            Action.UNBLOCKED,
            Action.CONTACT_MERGED,
            Action.CONTACTS_IMPORTED,
            Action.CONTACTS_EXPORTED,
            Action.RATED,
        ),
    ),
    "presence": (_("Away and back"), (Action.AWAY, Action.BACK)),
    "alarms": (_("Alerts"), (Action.ALARM,)),
}

SENTENCES = {
    Action.LOGIN: _("Logged in"),
    Action.LOGIN_FAILED: _("Tried to log in with a wrong password"),
    Action.LOGOUT: _("Logged out"),
    Action.ADMIN_CHANGED: _("Changed the account of %(name)s"),
    Action.SETTING_CHANGED: _("Changed “%(setting)s”"),
    Action.GROUP_SWITCHED: _("Changed what a group does here"),
    Action.ASSIGNED: _("Gave the chat to %(name)s"),
    Action.ASSIGNED_AUTOMATICALLY: _("The chat went to %(name)s"),
    Action.TRANSFERRED: _("Passed the chat on to %(name)s"),
    Action.LOOKED_AT_WHAT_WAS_GIVEN: _("Opened what was given to them"),
    Action.RETURNED: _("Gave the chat back to the queue"),
    Action.RESOLVED: _("Resolved the chat"),
    Action.REOPENED: _("Opened the chat again"),
    Action.CLAIM_TAKEN_OVER: _("Took over what %(name)s was answering"),
    Action.HANDLED: _("Marked as needing no reply"),
    Action.UNHANDLED: _("Took back “needs no reply”"),
    Action.ANSWER_REFUSED: _("Was about to answer what somebody else had answered"),
    Action.PRIORITY_CHANGED: _("Changed the priority"),
    Action.TAGGED: _("Added a tag"),
    Action.UNTAGGED: _("Removed a tag"),
    Action.CONTACT_CHANGED: _("Changed the customer's details"),
    Action.CONTACT_FORGOTTEN: _("Forgot the customer"),
    Action.BLOCKED: _("Blocked the customer"),
    Action.UNBLOCKED: _("Unblocked the customer"),
    Action.CONTACT_MERGED: _("Made one customer of two"),
    Action.CONTACTS_IMPORTED: _("Took customers in from a file"),
    Action.CONTACTS_EXPORTED: _("Took all customers out as a file"),
    Action.CHAT_STARTED: _("Wrote to somebody first"),
    Action.FIRST_WORDS_REFUSED: _("Was about to write to more strangers than is safe"),
    Action.REPLY_DECIDED: _("Decided about a reply that was held, uncertain or unreadable"),
    Action.REPLY_EDITED: _("Changed the words of a message"),
    Action.REPLY_DELETED: _("Deleted a message for everyone"),
    Action.AWAY: _("%(name)s is away"),
    Action.BACK: _("%(name)s is back"),
    Action.ALARM: _("The customer has waited too long"),
    Action.RATED: _("The customer gave a rating"),
}
ACCOUNT_SENTENCES = {
    "created": _("Set up the account"),
    "password": _("Chose a new password"),
    "added": _("Added the account of %(name)s"),
    "added_owner": _("Added the account of %(name)s, an owner"),
    "invited": _("Made a link for a new admin"),
    "invited_owner": _("Made a link for a new owner"),
    "link": _("Made a link for a new password of %(name)s"),
    "disabled": _("Closed the account of %(name)s"),
    "enabled": _("Opened the account of %(name)s again"),
}
# By the word for it in the log: the desk's choices, the alerts', and what else is called a setting there.
SETTINGS = {
    **settings.FIELDS,
    **{f"alert_{name}": field for name, field in alerts.FIELDS.items()},
    "alert_channel": SettingField(_("Where alerts go")),
    "bot_rule": SettingField(_("Rules")),
    "quick_reply": SettingField(_("Quick replies")),
    "tag": SettingField(_("Tags")),
}
PRIORITIES = {
    Priority.LOW: _("Low"),
    Priority.NORMAL: _("Normal"),
    Priority.HIGH: _("High"),
    Priority.URGENT: _("Urgent"),
}


def sentence(entry: AuditEntry) -> str:
    """What was done, in one sentence without a full stop."""
    name = entry.subject_name or entry.admin_name or gettext("an admin")
    detail = entry.detail
    what = detail.get("what")
    if entry.action == Action.ADMIN_CHANGED and what in ACCOUNT_SENTENCES:
        return gettext(ACCOUNT_SENTENCES[what], name=name)
    if entry.action == Action.SETTING_CHANGED:
        return _setting(entry)
    said = gettext(SENTENCES[entry.action], name=name)
    more = _more(entry.action, detail)
    return f"{said}: {more}" if more else said


def _setting(entry: AuditEntry) -> str:
    detail = entry.detail
    name = str(detail.get("name", ""))
    field = SETTINGS.get(name, SettingField(name))
    said = gettext(SENTENCES[Action.SETTING_CHANGED], setting=gettext(field.name_in_log))
    before, after = _value(field, detail.get("before")), _value(field, detail.get("after"))
    if (subject := entry.subject_name) is not None:
        said += f" ({subject})"
    thing = detail.get("after") or detail.get("before")
    if isinstance(thing, dict):
        words = ", ".join(map(str, thing.get("keywords", ())))
        return f"{said}: {_short(words)}" if words else said
    if name == "quick_reply":
        return f"{said}: /{thing}"
    return f"{said}: {before} → {after}" if before is not None and after is not None else said


def _value(field: SettingField, value: Any) -> str | None:
    """A choice in a few words; None for what has too many."""
    if isinstance(value, bool):
        return gettext("on") if value else gettext("off")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        if isinstance(field, ChoiceField) and value in field.options:
            return gettext(field.options[value])
        return f"“{_short(value)}”" if value else gettext("empty")
    return None


def _more(action: Action, detail: dict[str, Any]) -> str:
    """The part of a line's detail that says more than the sentence."""
    if action == Action.PRIORITY_CHANGED:
        wish = detail.get("after")
        return gettext(PRIORITIES[Priority(wish)]) if wish in set(Priority) else ""
    keys = {Action.TAGGED: "tag", Action.UNTAGGED: "tag", Action.RATED: "score", Action.CONTACT_CHANGED: "field"}
    found = detail.get(keys.get(action, ""))
    return _short(str(found)) if found is not None else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_VALUE else line[: LONGEST_VALUE - 1] + "…"
