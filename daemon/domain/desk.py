"""The shared desk's own values: who did what, how urgent it is, who is answering."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from daemon.domain.messages import Author

# A claim that is not renewed by typing ends after this.
CLAIM_LASTS = timedelta(seconds=30)
# Resolving can be taken back for so long, and the question for a rating leaves only then.
UNDO_LASTS = timedelta(seconds=8)
# and is taken: a click in the last moment is still on its way
UNDO_TAKEN = UNDO_LASTS + timedelta(seconds=2)


class Priority(StrEnum):
    """How urgent a conversation is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Status(StrEnum):
    """Where a conversation stands."""

    UNASSIGNED = "unassigned"
    ASSIGNED = "assigned"
    RESOLVED = "resolved"


class Box(StrEnum):
    """Which conversations a list shows."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    ALL = "all"
    RESOLVED = "resolved"
    # all that are switched on, those in which nothing waits, too
    GROUPS = "groups"


class Assign(StrEnum):
    """How conversations find an admin by themselves."""

    OFF = "off"
    LEAST_BUSY = "least_busy"
    ROUND_ROBIN = "round_robin"


class Action(StrEnum):
    """What the owner's log knows; ANSWER_REFUSED counts the second answers that were prevented."""

    LOGIN = "login"
    LOGIN_FAILED = "login.failed"
    LOGOUT = "logout"
    ADMIN_CHANGED = "admin.changed"
    SETTING_CHANGED = "setting.changed"
    ASSIGNED = "assigned"
    ASSIGNED_AUTOMATICALLY = "assigned.automatically"
    TRANSFERRED = "transferred"
    LOOKED_AT_WHAT_WAS_GIVEN = "given.seen"
    RETURNED = "returned"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLAIM_TAKEN_OVER = "claim.taken_over"
    HANDLED = "handled"
    UNHANDLED = "unhandled"
    ANSWER_REFUSED = "answer.refused"
    PRIORITY_CHANGED = "priority.changed"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    CONTACT_CHANGED = "contact.changed"
    CONTACT_FORGOTTEN = "contact.forgotten"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    CONTACT_MERGED = "contact.merged"
    CONTACTS_IMPORTED = "contacts.imported"
    CONTACTS_EXPORTED = "contacts.exported"
    CHAT_STARTED = "chat.started"
    FIRST_WORDS_REFUSED = "first_words.refused"
    REPLY_DECIDED = "reply.decided"
    REPLY_EDITED = "reply.edited"
    REPLY_DELETED = "reply.deleted"
    GROUP_SWITCHED = "group.switched"
    AWAY = "away"
    BACK = "back"
    ALARM = "alarm"
    RATED = "rated"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from which network address (None for the machine itself)."""

    author: Author
    admin_id: int | None = None
    address: str | None = None


# what the desk does by itself: assignment by rule, giving back, alarms
THE_DESK = Actor(Author.BOT)
# whoever may run `balas`: a person, but nobody knows which
COMMAND_LINE = Actor(Author.ADMIN)


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody is answering a conversation; void from `expires_at` on."""

    conversation_id: int
    admin_id: int
    name: str
    tab: str
    taken_at: datetime
    expires_at: datetime


class ClaimedByAnother(Exception):
    """A colleague is answering this right now; taking over is possible, but must be meant."""

    def __init__(self, claim: Claim) -> None:
        super().__init__("a colleague is answering this")
        self.claim = claim


class OnlyTheAssignee(Exception):
    """Strict mode: the conversation belongs to somebody else, whose name this carries."""

    def __init__(self, name: str) -> None:
        super().__init__("only the assignee may answer")
        self.name = name


class FieldError(Exception):
    """Something typed can't be kept as it is; `field` names the form field, `reason` is a stable word."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
