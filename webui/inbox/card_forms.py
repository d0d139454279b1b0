"""A place, a contact, a poll or a sticker as an answer: a form for each, in a dialog or as a page of its own."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from daemon.desk import replies as door
from daemon.desk import settings
from daemon.desk import shown as desk_shown
from daemon.desk.file_storage import FileRefused
from daemon.domain import outgoing_cards
from daemon.domain.desk import ClaimedByAnother, OnlyTheAssignee, Status
from daemon.domain.map_links import PositionError, parse_position
from daemon.domain.messages import Author
from daemon.domain.outgoing_cards import MOST_OPTIONS, CardError
from daemon.domain.phone_numbers import PhoneError, format_phone, parse_phone
from daemon.domain.turns import AlreadyAnswered, Closer, MoreCame, NotAnswerable
from daemon.store import accounts, conversation_list, threads, turns
from daemon.store.conversation_list import Summary
from webui.auth import the_admin
from webui.base import errors, layout
from webui.base.context import services
from webui.inbox import actions, attachments, bubble, more_came, replies, row, turn_mark
from webui.inbox.more_came import MoreNotice

pages = Blueprint("card_forms", __name__)
pages.before_request(actions.only_admins)


def _(text: str) -> str:
    return text


TITLES = {
    "location": _("Send a location"),
    "contact": _("Send a contact"),
    "poll": _("Send a poll"),
    "sticker": _("Send a sticker"),
}
WRONG = {
    ("position", "format"): _("Write two numbers like -6.175392, 106.827153, or paste a link from Google Maps."),
    ("position", "short_link"): _(
        "A short link does not say where it leads. Open it, then copy the long address or the two numbers."
    ),
    ("position", "nowhere"): _("There is no such place: the first number is at most 90, the second 180."),
    ("number", "format"): _("This is no phone number. Write it like 0812 3456 7890, or with its country code."),
    ("question", "empty"): _("Write something first."),
    ("options", "too_few"): _("Write at least two answers."),
    ("options", "too_many"): _("WhatsApp takes twelve answers at most."),
    ("options", "twice"): _("Two answers are the same."),
    ("picture", "empty"): _("Choose a picture first."),
    ("picture", "no_picture"): _("No sticker can be made of this. Take a JPEG, PNG, WebP or GIF."),
}
# what a sticker can be made of, whatever its name says
_PICTURES = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
)
TOO_LONG = _("This is too long. Shorten it.")


@dataclass(frozen=True, slots=True)
class CardForm:
    """One form as it stands: what was typed, what is wrong with it, and what it says of the page it came from."""

    what: str
    values: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    wrong: Mapping[str, str] = field(default_factory=dict)
    turn_id: int | None = None
    shown: int | None = None
    quoted: int | None = None
    request_key: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    error: str | None = None
    notice: turn_mark.Mark | None = None
    is_overtaken: bool = False
    claimed_by: str | None = None
    more: MoreNotice | None = None

    @property
    def title(self) -> str:
        """What it is for."""
        return gettext(TITLES[self.what])


# what the door for replies is given
Content = dict[str, Any]
Reader = Callable[[MultiDict[str, str], int], Content]


@pages.get("/c/<id:conversation_id>/send/<what>")
def page(conversation_id: int, what: str) -> Any:
    """An empty form, of a page that says what it has shown; any other leads to its thread first."""
    if what not in TITLES:
        abort(404)
    with services().database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
        if about is None:
            abort(404)
        if about.status == Status.RESOLVED or not request.args.get("shown"):
            return redirect(url_for("inbox.thread", conversation_id=conversation_id))
        values = _first_values(conn, about, what)
    form = _of_page(what, request.args, values=values)
    return _render(conversation_id, form)


@pages.post("/c/<id:conversation_id>/send/<what>")
def send(conversation_id: int, what: str) -> Any:
    """Queue it through the desk's one door, or say what is in the way, with everything that was typed."""
    if what not in TITLES:
        abort(404)
    form = _of_page(what, request.form, values=request.form, options=tuple(request.form.getlist("option")))
    if form.shown is None:
        return _refuse(conversation_id, 400, replace(form, error=" ".join(map(gettext, errors.SENTENCES[400]))))
    try:
        content = _READERS[what](request.form, conversation_id)
    except CardError as error:
        words = gettext(WRONG.get((error.field, error.reason), TOO_LONG))
        return _refuse(conversation_id, 422, replace(form, wrong={error.field: words}))
    except FileRefused as error:
        return _refuse(conversation_id, 422, replace(form, wrong={"picture": attachments.refusal(error.reason)}))
    return _through_the_door(conversation_id, form, content)


def _through_the_door(conversation_id: int, form: CardForm, content: Content) -> Any:
    now = services().clock()
    try:
        with services().database.write() as conn:
            message_id = door.answer(
                conn,
                conversation_id,
                Closer(Author.ADMIN, the_admin().id),
                "",
                now,
                turn_id=form.turn_id,
                request_key=form.request_key,
                follow_up=bool(request.form.get("follow_up")),
                take_over=bool(request.form.get("take_over")),
                address=request.remote_addr,
                shown=form.shown,
                quoted=form.quoted,
                **content,
            )
            later = desk_shown.still_waiting(conn, conversation_id, form.shown or 0)
    except AlreadyAnswered as error:
        replies.note_refusal(conversation_id)
        with services().database.read() as conn:
            open_turn = turns.current(conn, conversation_id)
        noticed = replace(form, notice=turn_mark.notice(error.mark, now), is_overtaken=open_turn is not None)
        return _refuse(conversation_id, 409, replace(noticed, turn_id=open_turn or form.turn_id))
    except ClaimedByAnother as error:
        return _refuse(conversation_id, 409, replace(form, claimed_by=error.claim.name))
    except OnlyTheAssignee as error:
        sentence = gettext("Only %(name)s may answer this.", name=error.name)
        return _refuse(conversation_id, 409, replace(form, error=sentence))
    except NotAnswerable as error:
        return _refuse(conversation_id, 422, replace(form, error=gettext(replies.REFUSALS[error.reason])))
    except MoreCame as error:
        more = more_came.look_first(conversation_id, error.count)
        return _refuse(conversation_id, 409, replace(form, more=more))
    return replies.sent(conversation_id, message_id, later)


def _of_page(what: str, told: Mapping[str, str], **more: Any) -> CardForm:
    """What the page in the browser says of itself; 400 if no page of ours says so."""
    numbers = {name: told.get(name, "") for name in ("turn_id", "shown", "quoted")}
    key = told.get("request_key", "")
    if not all(re.fullmatch(r"\d{0,15}", one, re.ASCII) for one in numbers.values()):
        abort(400)
    if not re.fullmatch(r"[\w-]{0,64}", key, re.ASCII):
        abort(400)
    page: dict[str, Any] = {name: int(one) if one else None for name, one in numbers.items()}
    if key:
        page["request_key"] = key
    return CardForm(what, **page, **more)


def _first_values(conn: Connection, about: Summary, what: str) -> dict[str, str]:
    """The shop's own place stands in the form already."""
    chosen = settings.load(conn, about.account_id)
    if what == "location" and chosen.place_position:
        return {
            "name": chosen.place_name or services().config.shop,
            "address": chosen.place_address,
            "position": chosen.place_position,
        }
    return {"who": "other"}


def _place(typed: MultiDict[str, str], conversation_id: int) -> Content:
    try:
        lat, lng = parse_position(typed.get("position", ""))
    except PositionError as error:
        raise CardError("position", str(error)) from None
    return {"card": outgoing_cards.place(lat, lng, typed.get("name", ""), typed.get("address", ""))}


def _contact(typed: MultiDict[str, str], conversation_id: int) -> Content:
    if typed.get("who") == "shop":
        with services().database.read() as conn:
            phone = _own_number(conn, conversation_id)
        if not phone:
            abort(409)
        return {"card": outgoing_cards.contact(services().config.shop, phone)}
    try:
        digits = parse_phone(typed.get("number", "")[:100], services().config.country)
    except PhoneError:
        raise CardError("number", "format") from None
    return {"card": outgoing_cards.contact(typed.get("name", ""), digits)}


def _own_number(conn: Connection, conversation_id: int) -> str | None:
    about = conversation_list.summary(conn, conversation_id)
    return accounts.get(conn, about.account_id).phone if about else abort(404)


def _poll(typed: MultiDict[str, str], conversation_id: int) -> Content:
    options = typed.getlist("option")[: 2 * MOST_OPTIONS]
    card = outgoing_cards.poll(typed.get("question", ""), options, many=bool(typed.get("many")))
    return {"card": card}


def _sticker(typed: MultiDict[str, str], conversation_id: int) -> Content:
    upload = request.files.get("picture")
    if upload is None or not upload.filename:
        raise CardError("picture", "empty")
    head = upload.stream.read(16)
    upload.stream.seek(0)
    mime = next((mime for magic, mime in _PICTURES if magic.match(head)), None)
    if mime is None:
        raise CardError("picture", "no_picture")
    file = attachments.keep_one(conversation_id, upload.stream, upload.filename, mime)
    return {"files": [replace(file, mime=mime, is_sticker=True)]}


_READERS: dict[str, Reader] = {
    "location": _place,
    "contact": _contact,
    "poll": _poll,
    "sticker": _sticker,
}


def _refuse(conversation_id: int, code: int, form: CardForm) -> Any:
    return _render(conversation_id, form), code


def _render(conversation_id: int, form: CardForm) -> Any:
    """The form alone for a script that has sent it, a page for everybody else."""
    with services().database.read() as conn:
        about = conversation_list.summary(conn, conversation_id)
        if about is None:
            abort(404)
        phone = accounts.get(conn, about.account_id).phone
        quoted = threads.bubble(conn, form.quoted) if form.quoted else None
        now = services().clock()
        values = {
            "form": form,
            "about": row.show(about, now, None),
            "quoted": bubble.show(quoted, now) if quoted and quoted.conversation_id == conversation_id else None,
            "csrf": generate_csrf(),
            "own_number": format_phone(phone) if phone else None,
            "most_options": MOST_OPTIONS,
        }
        if errors.wants_json():
            return jsonify(form=render_template("inbox/_card_form.html", **values))
        return layout.show("inbox/card_form.html", conn, **values)
