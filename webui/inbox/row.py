"""Conversations and people as they are read: what the template of the list is given."""

import logging
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask_babel import gettext, ngettext

from daemon.domain.desk import Claim, Priority, Status
from daemon.domain.ids import ChatKind
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery
from daemon.store.conversation_list import Summary
from daemon.store.groups import Group
from daemon.store.tags import Tag
from webui.base import formatting
from webui.inbox import group_writer, profile_picture

log = logging.getLogger(__name__)

# Tones that an avatar can have; a contact keeps its own.
TONES = 6
PREVIEW_LENGTH = 140
LONG_WAIT = timedelta(minutes=30)


def _(text: str) -> str:
    return text


AUTHORS = {
    Author.BOT: _("Bot"),
    Author.PHONE: _("From the phone"),
    Author.COMPANION: _("From a linked device"),
}
DELIVERIES = {
    Delivery.QUEUED: _("Waiting to be sent"),
    Delivery.SENDING: _("Being sent"),
    Delivery.SENT: _("Sent"),
    Delivery.DELIVERED: _("Delivered"),
    Delivery.READ: _("Read"),
    Delivery.PLAYED: _("Played"),
    Delivery.FAILED: _("Not sent"),
    Delivery.UNCERTAIN: _("Perhaps not sent"),
    Delivery.HELD: _("Waiting for your decision"),
    Delivery.DISCARDED: _("Discarded"),
    Delivery.CANCELLED: _("Stopped"),
}
PRIORITIES = {
    Priority.LOW: _("Low"),
    Priority.NORMAL: _("Normal"),
    Priority.HIGH: _("High"),
    Priority.URGENT: _("Urgent"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A customer's name as shown, with initials and tone for the avatar, and the phone if it is not the name."""

    name: str
    initials: str
    tone: int
    phone: str | None
    # the address of his profile picture
    picture: str | None = None
    # what stands for initials
    icon: str = "person"


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation in the list."""

    id: int
    person: Person
    at: int
    time: str
    preview: str
    icon: str
    delivery: str | None
    delivery_label: str
    unread: int
    unread_label: str
    status: str
    assignee_id: int | None
    assignee: str | None
    # since the customer's first unanswered words: he waits for an answer, or for what somebody decides
    waiting_since: str | None
    needs_decision: bool
    waiting: str
    waits_long: bool
    is_forgotten: bool
    is_blocked: bool
    is_alarmed: bool
    priority: str
    priority_label: str
    # of the conversation, and of the customer
    tags: tuple[Tag, ...]
    contact_tags: tuple[Tag, ...]
    claim: Claim | None
    is_mentioned: bool
    # to whom it is new: he was given it and has not looked yet
    given_to: int | None
    # of a group: what is the matter with it, whether it can be written to, whether it is shown at all
    group: str = ""
    group_takes: bool = True
    group_is_on: bool = False
    # after how long WhatsApp deletes its messages, in words; empty if it keeps them
    disappearing: str = ""

    @property
    def all_tags(self) -> list[tuple[Tag, bool]]:
        """Every tag once, the customer's first, and whether it is the customer's."""
        theirs = {one.id for one in self.contact_tags}
        own = [(one, False) for one in self.tags if one.id not in theirs]
        return [*((one, True) for one in self.contact_tags), *own]


def person(about: Summary) -> Person:
    """A conversation's customer, or its group."""
    if about.kind == ChatKind.GROUP:
        given = gettext("Forgotten group") if about.is_forgotten else (about.contact_name or "").strip()
        shown = given or gettext("Group %(number)d", number=about.contact_id)
        return Person(shown, "", about.contact_id % TONES, None, icon="team")
    name = gettext("Forgotten customer") if about.is_forgotten else about.contact_name
    return person_of(about.contact_id, name, about.contact_phone, profile_picture.address(about))


def person_of(contact_id: int, name: str | None, digits: str | None, picture: str | None = None) -> Person:
    """A customer by his name, else by phone, else by our own id for him."""
    phone, given = formatting.phone(digits), (name or "").strip()
    shown = given or phone or gettext("Customer %(number)d", number=contact_id)
    return Person(shown, initials(given), contact_id % TONES, phone if given else None, picture)


def show(
    about: Summary, now: datetime, claim: Claim | None = None, mentioned: bool = False, is_given: bool = False
) -> Row:
    """A conversation as the list shows it: who is answering it right now, whether it is new to its assignee.

    One that can't be shown keeps its place without a name and words, and stops no other.
    """
    try:
        return _show(about, now, claim, mentioned, is_given)
    except Exception as error:
        log.error("conversation %d can't be shown: %s", about.id, type(error).__name__)
        bare = replace(about, contact_name=None, contact_phone=None, last_text=None, last_kind=MessageKind.UNKNOWN)
        bare = replace(bare, last_at=now, resolved_at=None, waiting_since=None, undecided_since=None)
        return _show(bare, now, claim, mentioned, is_given)


def _show(about: Summary, now: datetime, claim: Claim | None, mentioned: bool, is_given: bool) -> Row:
    at = about.listed_at
    since = min((at for at in (about.waiting_since, about.undecided_since) if at), default=None)
    waits = now - since if since else timedelta(0)
    own = about.last_from_me and about.last_delivery
    return Row(
        id=about.id,
        person=person(about),
        at=milliseconds(at),
        time=formatting.short_moment(at, now),
        preview=_preview(about),
        icon=about.last_kind.info.icon if about.last_kind else "",
        delivery=about.last_delivery.value if own and about.last_delivery else None,
        delivery_label=gettext(DELIVERIES[about.last_delivery]) if own and about.last_delivery else "",
        unread=about.unread,
        unread_label="999+" if about.unread > 999 else str(about.unread),
        status=about.status.value,
        assignee_id=about.assignee_id,
        assignee=about.assignee_name if about.status == Status.ASSIGNED else None,
        waiting_since=since.isoformat() if since else None,
        needs_decision=about.undecided_since is not None,
        waiting=formatting.duration(waits),
        waits_long=waits >= LONG_WAIT,
        is_forgotten=about.is_forgotten,
        is_blocked=about.is_blocked,
        is_alarmed=about.alarmed_at is not None,
        priority=about.priority.value,
        priority_label=gettext(PRIORITIES[about.priority]),
        tags=about.tags,
        contact_tags=about.contact_tags,
        claim=claim,
        is_mentioned=mentioned,
        given_to=about.assignee_id if is_given else None,
        disappearing=_after(about.disappearing),
        group=group_state(about.group) if about.group else "",
        group_takes=about.group is None or about.group.may_write,
        group_is_on=about.group is not None and about.group.is_on,
    )


def group_state(group: Group) -> str:
    """What is the matter with a group, or how many are in it."""
    if group.is_left:
        return gettext("This number is no longer in the group")
    size = ngettext("%(num)d member", "%(num)d members", group.size) if group.size else ""
    silent = "" if group.may_write else gettext("only its admins may write")
    return " · ".join(part for part in (size, silent) if part)


def _after(seconds: int) -> str:
    """A time as WhatsApp's apps say it: 24 hours, 7 days, 90 days."""
    if not seconds:
        return ""
    hours = max(1, round(seconds / 3600))
    if hours <= 24 or hours % 24:
        return ngettext("%(num)d hour", "%(num)d hours", hours)
    return ngettext("%(num)d day", "%(num)d days", hours // 24)


def author(who: Author, admin_name: str | None) -> str:
    """Who wrote in the shop's name."""
    return admin_name or gettext("An admin") if who == Author.ADMIN else gettext(AUTHORS[who])


def resolver(about: Summary) -> str:
    """Who resolved a conversation."""
    return about.resolved_by_name or gettext("An admin")


def kind_label(kind: MessageKind) -> str:
    """What a kind of message is called; plain text has no name."""
    return gettext(kind.info.label) if kind.info.label else ""


def unread_in_words(count: int) -> str:
    """For those who hear the list instead of seeing it."""
    return ngettext("%(num)d new message", "%(num)d new messages", count)


def milliseconds(at: datetime) -> int:
    """A moment as browsers count it."""
    return round(at.timestamp() * 1000)


def _preview(about: Summary) -> str:
    if about.last_revoked:
        return gettext("Message deleted")
    line = " ".join((about.last_text or "")[: PREVIEW_LENGTH * 2].split())[:PREVIEW_LENGTH]
    if not line and about.last_kind is not None:
        line = kind_label(about.last_kind)
    writer = group_writer.shown(about.last_writer) if not about.last_from_me else None
    return f"{writer.name}: {line}" if writer and line else line


def initials(name: str) -> str:
    """The first letters of a name, for an avatar."""
    words = [word for word in name.split() if unicodedata.category(word[0])[0] in "LN"]
    return "".join(word[0] for word in words[:2]).upper()
