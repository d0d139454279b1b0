"""Blocking a customer, and unblocking: done once WhatsApp has confirmed it, else the form says why not."""

from datetime import datetime
from typing import Any

from flask import Blueprint, abort
from flask_babel import gettext
from sqlalchemy import Connection

from daemon.desk import block_request, no_reply_needed
from daemon.desk.questions import NotOnline
from daemon.domain.desk import Actor, OnlyTheAssignee
from daemon.domain.pace import TooFast
from daemon.domain.questions import Stage
from daemon.domain.turns import MoreCame
from daemon.store import conversation_list, turns
from webui.auth import the_actor, the_admin
from webui.base.context import services
from webui.base.questions import wait_for
from webui.inbox import actions, more_came

pages = Blueprint("blocking", __name__)
pages.before_request(actions.only_admins)


def _(text: str) -> str:
    return text


OFFLINE = _("WhatsApp is not connected, so nothing has changed. Try again once the link is back.")
UNCONFIRMED = _("WhatsApp has not confirmed this. Look again in a moment.")
TOO_OFTEN = _("That was often in a short time. Wait a little.")


@pages.post("/c/<id:conversation_id>/block")
def block(conversation_id: int) -> Any:
    """Block the customer; what he has said, as far as the page had shown it, needs no reply any more."""
    shown = more_came.required()
    return _carry_out(conversation_id, True, shown)


@pages.post("/c/<id:conversation_id>/unblock")
def unblock(conversation_id: int) -> Any:
    """Let the customer write again."""
    return _carry_out(conversation_id, False, None)


def _carry_out(conversation_id: int, wanted: bool, shown: int | None) -> Any:
    actor, now = the_actor(), services().clock()
    try:
        with services().database.write() as conn:
            about = conversation_list.summary(conn, conversation_id)
            if about is None or about.is_forgotten:
                abort(404)
            asked = block_request.ask(conn, about, wanted, actor, now, is_owner=the_admin().is_owner)
    except NotOnline:
        return actions.refuse(conversation_id, {"block": gettext(OFFLINE)})
    except TooFast:
        return actions.refuse(conversation_id, {"block": gettext(TOO_OFTEN)})
    except LookupError:
        abort(404)
    except OnlyTheAssignee as error:
        return actions.refuse(conversation_id, {"block": gettext("Only %(name)s may do this.", name=error.name)})
    found = wait_for(asked.id)
    if found is None or found.stage(services().clock()) != Stage.ANSWERED:
        return actions.refuse(conversation_id, {"block": gettext(UNCONFIRMED)})
    if shown is not None:
        with services().database.write() as conn:
            _close(conn, conversation_id, actor, services().clock(), shown)
    return actions.done(conversation_id, details=1)


def _close(conn: Connection, conversation_id: int, actor: Actor, now: datetime, shown: int) -> None:
    turn_id = turns.current(conn, conversation_id)
    if turn_id is None:
        return
    try:
        no_reply_needed.mark(conn, conversation_id, turn_id, actor, now, shown)
    except MoreCame:
        # none of it was on the page: it stays open, and is seen
        return
