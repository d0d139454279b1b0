"""Rows of the store as people read them: what the templates of list and thread are given."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext, ngettext

from daemon.desk.decisions import Decision
from daemon.domain.messages import Author, Delivery, MessageKind
from daemon.domain.turns import HandledMark
from daemon.store.conversations import Status, Summary
from daemon.store.messages import Bubble
from webui import media, texts

# Tones that an avatar can have; a contact keeps its own.
TONES = 6
PREVIEW_LENGTH = 140
LONG_WAIT = timedelta(minutes=30)


def _(text: str) -> str:
    return text


KINDS = {
    MessageKind.IMAGE: _("Photo"),
    MessageKind.VIDEO: _("Video"),
    MessageKind.VOICE: _("Voice message"),
    MessageKind.AUDIO: _("Audio"),
    MessageKind.DOCUMENT: _("Document"),
    MessageKind.STICKER: _("Sticker"),
    MessageKind.LOCATION: _("Location"),
    MessageKind.CONTACT: _("Contact card"),
    MessageKind.POLL: _("Poll"),
    MessageKind.UNKNOWN: _("Message"),
    MessageKind.UNREADABLE: _("Waiting for this message"),
}
PLACEHOLDERS = {
    MessageKind.UNKNOWN: _("Balas can't show this kind of message. Open the phone to see it."),
    MessageKind.UNREADABLE: _("Waiting for this message. Open WhatsApp on the phone to see it."),
    MessageKind.CONTACT: _("Open the phone to see the contact."),
    MessageKind.POLL: _("Open the phone to see the poll."),
}
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
TROUBLES = {
    Delivery.FAILED: _("Not sent. The customer has not received this."),
    Delivery.UNCERTAIN: _("We don't know whether this was sent. Look on the phone before you send it again."),
    Delivery.HELD: _("Not sent: somebody answered on the phone or another linked device just before."),
    Delivery.DISCARDED: _("Discarded. The customer has not received this."),
    Delivery.CANCELLED: _("Stopped, because somebody answered just before."),
}
DECISIONS = {
    Delivery.HELD: ((Decision.SEND_ANYWAY, _("Send anyway")), (Decision.DISCARD, _("Discard"))),
    Delivery.UNCERTAIN: ((Decision.ARRIVED, _("It has arrived")), (Decision.SEND_AGAIN, _("Send again"))),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A customer's name as shown, with initials and tone for the avatar, and the number if it is not the name."""

    name: str
    initials: str
    tone: int
    phone: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation in the list."""

    id: int
    person: Person
    at: int
    time: str
    preview: str
    kind: str | None
    delivery: str | None
    delivery_label: str
    unread: int
    unread_label: str
    status: str
    assignee_id: int | None
    assignee: str | None
    waiting_since: str | None
    waiting: str
    waits_long: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One bubble of a thread."""

    id: int
    at: int
    iso: str
    day: str
    day_label: str
    time: str
    own: bool
    author: str
    kind: str
    kind_label: str
    text: str
    placeholder: str | None
    file: media.Shown | None
    delivery: str | None
    delivery_label: str
    trouble: str | None
    decisions: list[tuple[str, str]]
    edited: bool
    revoked: bool
    history: bool
    quoted: str | None
    quoted_own: bool
    reactions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """Who answered a turn: "Sari, 14.05" and the words."""

    who: str
    when: str
    text: str


def person(name: str | None, phone: str | None, contact_id: int) -> Person:
    """A customer by the given name, else by number, else by our own number for him."""
    number = texts.phone(phone)
    given = (name or "").strip()
    shown = given or number or gettext("Customer %(number)d", number=contact_id)
    return Person(shown, _initials(given), contact_id % TONES, number if given else None)


def row(about: Summary, now: datetime) -> Row:
    """A conversation as the list shows it."""
    waits = now - about.waiting_since if about.waiting_since else timedelta(0)
    own = about.last_from_me and about.last_delivery
    return Row(
        id=about.id,
        person=person(about.contact_name, about.contact_phone, about.contact_id),
        at=_milliseconds(about.last_at),
        time=texts.short_moment(about.last_at, now),
        preview=_preview(about),
        kind=about.last_kind.value if about.last_kind not in (None, MessageKind.TEXT) else None,
        delivery=about.last_delivery.value if own and about.last_delivery else None,
        delivery_label=gettext(DELIVERIES[about.last_delivery]) if own and about.last_delivery else "",
        unread=about.unread,
        unread_label="999+" if about.unread > 999 else str(about.unread),
        status=about.status.value,
        assignee_id=about.assignee_id,
        assignee=about.assignee_name if about.status == Status.ASSIGNED else None,
        waiting_since=about.waiting_since.isoformat() if about.waiting_since else None,
        waiting=texts.duration(waits),
        waits_long=waits >= LONG_WAIT,
    )


def message(bubble: Bubble, now: datetime) -> Message:
    """A message as its thread shows it."""
    own = bubble.from_me
    delivery = bubble.delivery if own else None
    return Message(
        id=bubble.id,
        at=_milliseconds(bubble.sent_at),
        iso=bubble.sent_at.isoformat(),
        day=texts.local(bubble.sent_at).date().isoformat(),
        day_label=texts.day(bubble.sent_at, now),
        time=texts.clock_time(bubble.sent_at),
        own=own,
        author=author(bubble.author, bubble.admin_name) if own else "",
        kind=bubble.kind.value,
        kind_label=gettext(KINDS[bubble.kind]) if bubble.kind in KINDS else "",
        text=bubble.text or "",
        placeholder=gettext(PLACEHOLDERS[bubble.kind]) if bubble.kind in PLACEHOLDERS else None,
        file=media.shown(bubble),
        delivery=delivery.value if delivery else None,
        delivery_label=gettext(DELIVERIES[delivery]) if delivery else "",
        trouble=gettext(TROUBLES[delivery]) if delivery in TROUBLES else None,
        decisions=[(name.value, gettext(words)) for name, words in DECISIONS.get(delivery, ())]
        if delivery
        else [],
        edited=bubble.edited,
        revoked=bubble.revoked,
        history=bubble.is_history,
        quoted=bubble.quoted_text,
        quoted_own=bool(bubble.quoted_from_me),
        reactions=bubble.reactions,
    )


def mark(handled: HandledMark, now: datetime) -> Mark:
    """A handled-mark in words."""
    who = author(handled.closer.author, handled.name)
    return Mark(who, texts.moment(handled.closed_at, now), handled.text or "")


def author(who: Author, admin_name: str | None) -> str:
    """Who wrote with the shop's number."""
    return admin_name or gettext("An admin") if who == Author.ADMIN else gettext(AUTHORS[who])


def unread_in_words(count: int) -> str:
    """For those who hear the list instead of seeing it."""
    return ngettext("%(num)d new message", "%(num)d new messages", count)


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _preview(about: Summary) -> str:
    if about.last_revoked:
        return gettext("Message deleted")
    line = " ".join((about.last_text or "")[: PREVIEW_LENGTH * 2].split())[:PREVIEW_LENGTH]
    if line or about.last_kind is None:
        return line
    return gettext(KINDS[about.last_kind]) if about.last_kind in KINDS else ""


def _initials(name: str) -> str:
    words = [word for word in name.split() if unicodedata.category(word[0])[0] in "LN"]
    return "".join(word[0] for word in words[:2]).upper()
