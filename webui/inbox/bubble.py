"""Messages as a thread shows them: words for every kind, every delivery, and what can be decided."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext
from markupsafe import Markup, escape

from daemon.desk.outgoing import Decision
from daemon.desk.unreadable_replies import UnreadableDecision
from daemon.domain import forwarding
from daemon.domain.emoji import are_emoji_alone
from daemon.domain.message_changes import ChangeKind, PendingChange
from daemon.domain.message_kinds import NOTICES, PLACEHOLDERS, MessageKind
from daemon.domain.messages import REACHED_WHATSAPP, Author, Delivery, OutboxState
from daemon.store.threads import Bubble
from webui.base import formatting
from webui.inbox import cards, group_writer, link_card, media, message_text, row, transfer
from webui.inbox.group_writer import ShownWriter

log = logging.getLogger(__name__)


def _(text: str) -> str:
    return text


# not within an e-mail address
_MENTION = re.compile(r"(?<![\w.@&;-])@[a-z0-9][a-z0-9._-]*\b", re.IGNORECASE)
TROUBLES = {
    Delivery.FAILED: _("Not sent. The customer has not received this."),
    Delivery.UNCERTAIN: _("We don't know whether this was sent. Look on the phone before you send it again."),
    Delivery.HELD: _("Not sent: somebody may have answered on the phone or another linked device meanwhile."),
    Delivery.DISCARDED: _("Discarded. The customer has not received this."),
    Delivery.CANCELLED: _("Stopped, because the chat had gone on before this could leave."),
}
# the same inside a group
LEFT_GROUP = _("Not sent: this number is no longer in the group.")
NOT_IN_GROUP = _("Not sent. Nobody in the group has received this.")
# sent, but asked for again in vain: by the only device that has it, or by one of several
UNREADABLE = _("The customer's phone could not read this.")
UNREADABLE_ON_ONE = _("One of the customer's devices could not read this.")
SENT_AGAIN = _("The customer's phone could not read this. It was sent again.")
# a held reply, by whose answer was faster
HELD_BY = {
    Author.PHONE: _("Not sent: the phone answered at %(time)s, before this could leave."),
    Author.COMPANION: _("Not sent: another linked device answered at %(time)s, before this could leave."),
}
DECISIONS = {
    Delivery.HELD: ((Decision.SEND_ANYWAY, _("Send anyway")), (Decision.DISCARD, _("Discard"))),
    Delivery.UNCERTAIN: ((Decision.ARRIVED, _("It has arrived")), (Decision.SEND_AGAIN, _("Send again"))),
}
FILE_DECISIONS = ((Decision.TRY_AGAIN, _("Try again")),)
TRANSFER_DECISIONS = ((Decision.TAKE_BACK, _("Take back")),)
UNREADABLE_DECISIONS = (
    (UnreadableDecision.SEND_COPY, _("Send again")),
    (UnreadableDecision.SETTLE, _("It is settled")),
)


# a change of ours that its customer may not have yet
CHANGES = {
    (ChangeKind.EDIT, OutboxState.QUEUED): _("The new words are on their way:"),
    (ChangeKind.EDIT, OutboxState.UNCERTAIN): _("We don't know whether the customer has the new words:"),
    (ChangeKind.EDIT, OutboxState.FAILED): _("The customer still has the old words. These did not leave:"),
    (ChangeKind.REVOKE, OutboxState.QUEUED): _("It is being deleted for everyone."),
    (ChangeKind.REVOKE, OutboxState.UNCERTAIN): _("We don't know whether it was deleted. Look on the phone."),
    (ChangeKind.REVOKE, OutboxState.FAILED): _("It was not deleted: the customer still has it."),
    (ChangeKind.REACTION, OutboxState.QUEUED): _("A reaction is on its way:"),
    (ChangeKind.REACTION, OutboxState.UNCERTAIN): _("We don't know whether this reaction has arrived:"),
    (ChangeKind.REACTION, OutboxState.FAILED): _("This reaction did not leave:"),
}


# by voice, and as a video
CALLS = {
    MessageKind.CALL: (_("Missed call %(time)s"), _("Missed video call %(time)s")),
    MessageKind.ANSWERED_CALL: (
        _("Call answered on the phone %(time)s"),
        _("Video call answered on the phone %(time)s"),
    ),
}

# what the customer does not have as it is shown here
_NO_MESSAGES = PLACEHOLDERS | NOTICES | {MessageKind.NOTE}


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change that is not with WhatsApp yet, under its message; `is_open` if a person decides about it."""

    id: int
    words: str
    text: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One bubble of a thread."""

    id: int
    conversation_id: int
    at: int
    iso: str
    day: str
    day_label: str
    time: str
    own: bool
    author: str
    kind: str
    kind_label: str
    icon: str
    text: str
    placeholder: str | None
    file: media.ShownFile | None
    card: cards.ShownCard | None
    delivery: str | None
    delivery_label: str
    trouble: str | None
    decisions: list[tuple[str, str]]
    transfer: transfer.ShownTransfer | None
    edited: bool
    revoked: bool
    history: bool
    quoted: str | None
    quoted_own: bool
    reactions: tuple[str, ...]
    is_note: bool
    is_view_once: bool
    is_automatic: bool
    is_cut: bool
    # the words as they are drawn, and whether that is all there is of them; folded up at first; emoji alone
    words: Markup
    is_plain: bool
    is_long: bool
    is_emoji: bool
    quoted_id: int | None
    changes: list[ShownChange]
    earlier_texts: tuple[str, ...]
    # what the message's menu offers, and to whom: its writer, and the owner
    can: str
    admin_id: int | None
    # that it was passed on, in words; the card of a link in it
    forwarded: str
    link: link_card.LinkCard | None
    # inside a group
    writer: ShownWriter | None
    quoted_by: str
    in_group: bool


def show(bubble: Bubble, now: datetime) -> ShownMessage:
    """A message as its thread shows it; one that can't be shown is one of unknown kind, and stops no other."""
    try:
        return _show(bubble, now)
    except Exception as error:
        log.error("message %d can't be shown: %s", bubble.id, type(error).__name__)
        return _show(
            replace(
                bubble,
                kind=MessageKind.UNKNOWN,
                text=None,
                media=None,
                quoted_text=None,
                quoted_kind=None,
                sent_at=now,
            ),
            now,
        )


def _show(bubble: Bubble, now: datetime) -> ShownMessage:
    own, text = bubble.from_me, bubble.text or ""
    names = group_writer.names(bubble.in_group)
    is_note = bubble.kind == MessageKind.NOTE
    words = mentions(text) if is_note else message_text.rich(text, group_writer.mentions(names))
    # as it is copied, quoted and edited
    text = group_writer.named(text, names)
    delivery = bubble.delivery if own else None
    card = cards.shown(bubble)
    return ShownMessage(
        id=bubble.id,
        conversation_id=bubble.conversation_id,
        at=row.milliseconds(bubble.sent_at),
        iso=bubble.sent_at.isoformat(),
        day=formatting.local(bubble.sent_at).date().isoformat(),
        day_label=formatting.day(bubble.sent_at, now),
        time=formatting.clock_time(bubble.sent_at),
        own=own,
        author=row.author(bubble.author, bubble.admin_name) if own else "",
        kind=bubble.kind.value,
        kind_label=row.kind_label(bubble.kind),
        icon=bubble.kind.info.icon,
        text=text,
        placeholder=None if card else _placeholder(bubble),
        file=media.shown(bubble),
        card=card,
        delivery=delivery.value if delivery else None,
        delivery_label=gettext(row.DELIVERIES[delivery]) if delivery else "",
        trouble=_trouble(bubble, delivery),
        decisions=_decisions(bubble, delivery),
        transfer=transfer.shown(bubble, now),
        edited=bubble.edited,
        revoked=bubble.revoked,
        history=bubble.is_history,
        quoted=_quoted(bubble),
        quoted_own=bool(bubble.quoted_from_me),
        reactions=group_writer.counted(bubble.reactions),
        is_note=bubble.kind == MessageKind.NOTE,
        is_view_once=bool((bubble.media or {}).get("view_once")),
        is_automatic=bubble.is_automatic,
        is_cut=bubble.is_cut,
        words=words,
        is_plain=words == escape(text),
        is_long=len(text) > message_text.LONG,
        is_emoji=are_emoji_alone(text),
        quoted_id=bubble.quoted_message_id,
        changes=[_change(one) for one in bubble.pending],
        earlier_texts=bubble.earlier_texts,
        can=" ".join(_can(bubble)),
        admin_id=bubble.admin_id,
        forwarded=_forwarded(bubble),
        link=link_card.of(bubble),
        writer=group_writer.shown(bubble.in_group.writer) if bubble.in_group and not own else None,
        quoted_by=group_writer.quoted_by(bubble.in_group, bool(bubble.quoted_from_me)),
        in_group=bubble.in_group is not None,
    )


def _quoted(bubble: Bubble) -> str | None:
    """What a message answers: its words, or what it was."""
    if bubble.quoted_text or bubble.quoted_kind is None:
        return bubble.quoted_text
    return row.kind_label(bubble.quoted_kind)


def _can(bubble: Bubble) -> Iterator[str]:
    """What can be done with a message; whether it is too late, or somebody else's, is seen when it is done."""
    if bubble.text:
        yield "copy"
    if bubble.revoked or bubble.kind in _NO_MESSAGES:
        return
    has_left = not bubble.from_me or bubble.delivery is None or bubble.delivery in REACHED_WHATSAPP
    if has_left:
        yield from ("quote", "react")
        if forwarding.can_be(bubble.kind):
            yield "forward"
    if bubble.from_me and (has_left or bubble.delivery in (Delivery.QUEUED, Delivery.HELD)):
        yield "delete"
        if bubble.kind == MessageKind.TEXT:
            yield "edit"


def _forwarded(bubble: Bubble) -> str:
    times = forwarding.times_of(bubble.media)
    if not times or bubble.revoked:
        return ""
    return gettext("Forwarded many times") if times >= forwarding.MANY_FORWARDS else gettext("Forwarded")


def _change(one: PendingChange) -> ShownChange:
    state = OutboxState.QUEUED if one.state == OutboxState.SENDING else one.state
    return ShownChange(one.id, gettext(CHANGES[one.kind, state]), one.text or "", state != OutboxState.QUEUED)


def _placeholder(bubble: Bubble) -> str | None:
    if bubble.kind in CALLS:
        is_video = bool((bubble.media or {}).get("video"))
        return gettext(CALLS[bubble.kind][is_video], time=formatting.clock_time(bubble.sent_at))
    kind = bubble.kind.info
    words = (bubble.from_me and kind.instead_own) or kind.instead
    return gettext(words) if words else None


def _trouble(bubble: Bubble, delivery: Delivery | None) -> str | None:
    if delivery == Delivery.HELD and bubble.closed_at and bubble.closed_by in HELD_BY:
        return gettext(HELD_BY[bubble.closed_by], time=formatting.clock_time(bubble.closed_at))
    if delivery == Delivery.FAILED and bubble.in_group:
        return gettext(LEFT_GROUP if bubble.in_group.has_left else NOT_IN_GROUP)
    if delivery in TROUBLES:
        return gettext(TROUBLES[delivery])
    if bubble.was_sent_again:
        return gettext(SENT_AGAIN)
    if bubble.is_unreadable:
        return gettext(UNREADABLE if delivery == Delivery.SENT else UNREADABLE_ON_ONE)
    return None


def _decisions(bubble: Bubble, delivery: Delivery | None) -> list[tuple[str, str]]:
    offered: Sequence[tuple[Decision | UnreadableDecision, str]] = DECISIONS.get(delivery, ()) if delivery else ()
    if delivery == Delivery.FAILED and bubble.kind.info.has_file:
        offered = FILE_DECISIONS
    if delivery == Delivery.QUEUED and bubble.transfer is not None:
        offered = TRANSFER_DECISIONS
    if not offered and bubble.is_unreadable and delivery not in TROUBLES:
        offered = UNREADABLE_DECISIONS
    return [(decision.value, gettext(words)) for decision, words in offered]


def mentions(text: str) -> Markup:
    """A note's text with the colleagues it calls marked; everything else is plain text."""
    return Markup(_MENTION.sub(r'<b class="mention">\g<0></b>', str(escape(text))))  # noqa: S704 (escaped)
