"""Places, people, polls and the like as cards in a thread; and the way to somebody whose number is on one."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, g, redirect, url_for
from flask_babel import format_currency, gettext, ngettext
from flask_login import login_required
from werkzeug.wrappers import Response

from daemon.domain.ids import PHONE_SERVER, Address
from daemon.domain.message_kinds import MessageKind
from daemon.domain.phone_numbers import PhoneError, parse_phone
from daemon.domain.time import from_unix
from daemon.store import contacts, conversations
from daemon.store.threads import Bubble
from webui.base import formatting
from webui.base.context import services
from webui.inbox import row

log = logging.getLogger(__name__)


def _(text: str) -> str:
    return text


pages = Blueprint("cards", __name__)

_MAP = "https://www.google.com/maps/search/"
# a page of Balas's that begins a chat with a number
_NEW_CHAT = "new_chat.page"
PAYMENTS = {
    "request": _("Somebody asks for money"),
    "sent": _("Money was sent"),
    "declined": _("A request for money was declined"),
    "cancelled": _("A request for money was taken back"),
    "invitation": _("An invitation to pay by WhatsApp"),
    "invoice": _("Invoice"),
}
ORDER_STATES = {"accepted": _("Accepted"), "declined": _("Declined")}


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number on a contact card; `digits` are WhatsApp's, if they are known."""

    shown: str
    digits: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody on a contact card."""

    name: str
    initials: str
    numbers: list[PhoneNumber]


@dataclass(frozen=True, slots=True)
class ShownCard:
    """One card; `shape` says how it is drawn, `says_all` that nothing of the message's text is missing on it.

    `facts` are short lines under the title, `note` is what only the phone can do.
    """

    shape: str
    title: str
    facts: list[str] = field(default_factory=list)
    description: str = ""
    options: list[str] = field(default_factory=list)
    people: list[Contact] = field(default_factory=list)
    map_url: str | None = None
    copy: str | None = None
    link: str | None = None
    note: str = ""
    says_all: bool = True


def shown(bubble: Bubble) -> ShownCard | None:
    """A message's card; None if it has none, or too little is known of it."""
    reader = _CARDS.get(bubble.kind)
    if reader is None:
        return None
    try:
        card = reader(bubble.media or {}, bubble.text or "")
        # the card is as it was sent: what was put in its stead stands below
        return replace(card, says_all=False) if card and bubble.edited and bubble.text else card
    except Exception as error:
        # as an older version, or a hand, has written it
        log.error("the card of message %d can't be drawn: %s", bubble.id, type(error).__name__)
        return None


def _place(about: dict[str, Any], text: str) -> ShownCard:
    where = _position(about)
    title = _word(about, "name") or _word(about, "address") or text or row.kind_label(MessageKind.LOCATION)
    address = _word(about, "address")
    return ShownCard(
        "place",
        title,
        facts=[address] if address and address != title else [where] if where and not address else [],
        map_url=_map(where) if where else None,
        copy=where,
        note=gettext("Live location: Balas shows where it began. The phone shows where it is now.")
        if about.get("is_live")
        else "",
        says_all=not text or text in (title, address),
    )


def _people(about: dict[str, Any], text: str) -> ShownCard:
    people = [_person(one) for one in _dicts(about.get("contacts"))]
    known = bool(people) and any(one.numbers for one in people)
    title = text or row.kind_label(MessageKind.CONTACT)
    note = "" if known else gettext(MessageKind.CONTACT.info.instead)
    if left_out := about.get("left_out"):
        note = ngettext(
            "%(num)d more contact is on the phone.", "%(num)d more contacts are on the phone.", int(left_out)
        )
    return ShownCard("people", title, people=people or [Contact(title, row.initials(title), [])], note=note)


def _person(one: dict[str, Any]) -> Contact:
    numbers = [_number(number) for number in _dicts(one.get("numbers"))]
    name = _word(one, "name") or (numbers[0].shown if numbers else row.kind_label(MessageKind.CONTACT))
    return Contact(name, row.initials(name), numbers)


def _number(one: dict[str, Any]) -> PhoneNumber:
    written, digits = _word(one, "number"), _word(one, "wa") or None
    if digits is None:
        try:
            digits = parse_phone(written, services().config.country)
        except PhoneError:
            return PhoneNumber(written, None)
    return PhoneNumber(formatting.phone(digits) or written, digits)


def _poll(about: dict[str, Any], text: str) -> ShownCard | None:
    options = _lines(about.get("options"))
    if not options:
        return None
    many = gettext("Several answers may be chosen.") if about.get("many") else gettext("One answer may be chosen.")
    note = gettext("Open the phone to see the votes.")
    return ShownCard(
        "poll", _word(about, "question") or text.partition("\n")[0], [many], options=options, note=note
    )


def _event(about: dict[str, Any], text: str) -> ShownCard:
    where = _position(about)
    facts = [gettext("Canceled")] if about.get("canceled") else []
    facts += [when] if (when := _when(about)) else []
    facts += [_word(about, "place")] if _word(about, "place") else []
    if about.get("is_call"):
        facts.append(gettext("As a call on WhatsApp"))
    return ShownCard(
        "event",
        text or row.kind_label(MessageKind.EVENT),
        facts,
        _word(about, "description"),
        map_url=_map(where) if where else None,
        copy=where,
        link=_word(about, "link") or None,
        note=gettext("Open the phone to answer, and to see who comes."),
    )


def _when(about: dict[str, Any]) -> str:
    starts, ends = (about.get(name) for name in ("starts", "ends"))
    if not isinstance(starts, int):
        return ""
    now, begin = services().clock(), from_unix(starts)
    words = gettext("%(day)s at %(time)s", day=formatting.day(begin, now), time=formatting.clock_time(begin))
    return f"{words} – {_until(begin, from_unix(ends), now)}" if isinstance(ends, int) and ends > starts else words


def _until(begin: datetime, end: datetime, now: datetime) -> str:
    if formatting.local(begin).date() == formatting.local(end).date():
        return formatting.clock_time(end)
    return gettext("%(day)s at %(time)s", day=formatting.day(end, now), time=formatting.clock_time(end))


def _product(about: dict[str, Any], text: str) -> ShownCard:
    title = _word(about, "title") or row.kind_label(MessageKind.PRODUCT)
    price, before = _price(about), _price(about, "before")
    facts = [gettext("%(price)s, before: %(before)s", price=price, before=before) if before else price]
    return _info(about, title, [one for one in facts if one], text, MessageKind.PRODUCT)


def _order(about: dict[str, Any], text: str) -> ShownCard:
    title = _word(about, "title") or row.kind_label(MessageKind.ORDER)
    facts = []
    if isinstance(items := about.get("items"), int):
        facts.append(ngettext("%(num)d item", "%(num)d items", items))
    facts += [_price(about)] if _price(about) else []
    if (state := about.get("status")) in ORDER_STATES:
        facts.append(gettext(ORDER_STATES[state]))
    return _info(about, title, facts, text, MessageKind.ORDER)


def _payment(about: dict[str, Any], text: str) -> ShownCard:
    what = PAYMENTS.get(str(about.get("what")), MessageKind.PAYMENT.info.label)
    return _info(about, gettext(what), [_price(about)] if _price(about) else [], text, MessageKind.PAYMENT)


def _choices(about: dict[str, Any], text: str) -> ShownCard:
    title = _word(about, "title") or ("" if text else row.kind_label(MessageKind.CHOICES))
    facts = [gettext("With a picture or a file that only the phone shows.")] if about.get("has_attachment") else []
    return ShownCard(
        "choices",
        title,
        [*facts, *([_word(about, "footer")] if _word(about, "footer") else [])],
        "" if text == title else text,
        _lines(about.get("options")),
        note=gettext("Open the phone to choose."),
    )


def _invite(about: dict[str, Any], text: str) -> ShownCard:
    title = _word(about, "group") or row.kind_label(MessageKind.INVITE)
    facts = [row.kind_label(MessageKind.INVITE)] if _word(about, "group") else []
    return _info(about, title, facts, text, MessageKind.INVITE)


def _info(about: dict[str, Any], title: str, facts: list[str], text: str, kind: MessageKind) -> ShownCard:
    description = _word(about, "description")
    return ShownCard(
        "info", title, facts, description, note=gettext(kind.info.instead), says_all=text in ("", title)
    )


def _price(about: dict[str, Any], name: str = "amount") -> str:
    amount, currency = about.get(name), _word(about, "currency")
    if not isinstance(amount, int | float) or not currency:
        return ""
    # nobody writes cents of a rupiah
    if amount == int(amount):
        return str(format_currency(amount, currency, format="¤#,##0", currency_digits=False))
    return str(format_currency(amount, currency))


def _position(about: dict[str, Any]) -> str | None:
    lat, lng = about.get("lat"), about.get("lng")
    if not isinstance(lat, int | float) or not isinstance(lng, int | float):
        return None
    return f"{lat:.6f},{lng:.6f}"


def _map(position: str) -> str:
    return f"{_MAP}?{urlencode({'api': 1, 'query': position})}"


def _word(about: dict[str, Any], name: str) -> str:
    value = about.get(name)
    return value if isinstance(value, str) else ""


def _lines(values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _dicts(values: Any) -> Iterator[dict[str, Any]]:
    return (value for value in (values if isinstance(values, list) else ()) if isinstance(value, dict))


_CARDS: dict[MessageKind, Callable[[dict[str, Any], str], ShownCard | None]] = {
    MessageKind.LOCATION: _place,
    MessageKind.CONTACT: _people,
    MessageKind.POLL: _poll,
    MessageKind.EVENT: _event,
    MessageKind.PRODUCT: _product,
    MessageKind.ORDER: _order,
    MessageKind.PAYMENT: _payment,
    MessageKind.CHOICES: _choices,
    MessageKind.INVITE: _invite,
}


@pages.get("/write-to/<digits>")
@login_required  # type: ignore[untyped-decorator]
def write_to(digits: str) -> Response:
    """To the chat with a number: the one that there is, else a new one."""
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        abort(404)
    with services().database.read() as conn:
        contact_id = contacts.find(conn, g.account_id, Address(digits, PHONE_SERVER)) if g.account_id else None
        here = conversations.current(conn, contact_id) if contact_id is not None else None
        conversation_id = here.conversation_id if here else None
        if conversation_id is None and contact_id is not None:
            conversation_id = conversations.last_resolved(conn, contact_id)
    if conversation_id is not None:
        return redirect(url_for("inbox.thread", conversation_id=conversation_id))
    if _NEW_CHAT not in current_app.view_functions:
        abort(404)
    return redirect(url_for(_NEW_CHAT, number=digits))
