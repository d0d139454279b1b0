"""The inbox's one page: the list, a thread beside it, and everything from one view of the database."""

import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from flask import abort, render_template, request
from flask_wtf.csrf import generate_csrf
from sqlalchemy import Connection

from daemon.desk import notes, resolving
from daemon.domain.attachments import OutgoingFile
from daemon.domain.desk import Box, Claim, Status
from daemon.store import (
    claims,
    conversation_list,
    conversations,
    events,
    groups,
    handovers,
    links,
    messages,
    tags,
    threads,
    turns,
)
from daemon.store.conversation_list import Summary
from webui.auth import the_admin
from webui.base import link_panel
from webui.base.context import services, the_account
from webui.inbox import attachments, bubble, contact_card, media, more_came, row, thread, thread_header, turn_mark

LIST_LENGTH = 60
# what a message's menu offers at once; every other emoji can be typed
REACTIONS = ("👍", "❤️", "😂", "😮", "😢", "🙏")


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the reply field when a page is shown again: nothing typed may be lost."""

    text: str = ""
    notice: turn_mark.Mark | None = None
    claimed_by: str | None = None
    error: str | None = None
    turn_id: int | None = None
    mode: str = "reply"
    # the message that the reply quotes, or whose words it replaces
    quoted: int | None = None
    # what is attached
    files: tuple[OutgoingFile, ...] = ()
    edits: int | None = None
    # the customer has asked something new since the answer that the notice is about
    is_overtaken: bool = False
    request_key: str = field(default_factory=lambda: secrets.token_urlsafe(16))


def render(conversation_id: int | None, draft: Draft | None = None, **more: Any) -> str:
    """The whole page, with the cursor it was read at."""
    now = services().clock()
    with services().database.read() as conn:
        mentions = {one.conversation_id for one in notes.unseen_mentions(conn, the_admin().id)}
        values: dict[str, Any] = {
            "cursor": events.last_seq(conn),
            "link": None,
            "csrf": generate_csrf(),
            "me": the_admin().id,
            "mentions": mentions,
            "wrong": {},
            "typed": {},
        }
        account = the_account(conn)
        held = {one.conversation_id: one for one in claims.held(conn, account.id, now)} if account else {}
        if account:
            values["link"] = link_panel.show(account, links.get(conn, account.id), now, owner=False)
        values |= _list(conn, account.id if account else None, held, mentions, now)
        if conversation_id is not None:
            wide = "details" in request.args or "wrong" in more
            values |= _thread(conn, conversation_id, held, now, draft, wide)
        values["colleagues"] = thread_header.team(conn, now)
    return render_template("inbox/page.html", **values | more)


def _list(
    conn: Connection, account_id: int | None, held: dict[int, Claim], mentions: set[int], now: datetime
) -> dict[str, Any]:
    box, tag_id = _chosen_box(), _chosen_tag()
    found: list[Summary] = []
    counts = dict.fromkeys(Box, 0)
    every: list[tags.Tag] = []
    has_groups = False
    if account_id is not None:
        me = the_admin().id
        found = conversation_list.listing(conn, account_id, box, me, LIST_LENGTH + 1, _before(), tag_id)
        counts |= conversation_list.counts(conn, account_id, me)
        every = tags.every(conn, account_id)
        has_groups = groups.any_on(conn, account_id)
    given = handovers.unseen(conn, [about.id for about in found[:LIST_LENGTH]])
    rows = [
        row.show(about, now, held.get(about.id), about.id in mentions, about.id in given)
        for about in found[:LIST_LENGTH]
    ]
    return {
        "box": box.value,
        "rows": rows,
        "older_rows": rows[-1].at if len(found) > LIST_LENGTH else None,
        "counts": {place.value: count for place, count in counts.items()},
        "every_tag": every,
        "has_groups": has_groups,
        "tag": next((one for one in every if one.id == tag_id), None),
    }


def _thread(
    conn: Connection, conversation_id: int, held: dict[int, Claim], now: datetime, draft: Draft | None, wide: bool
) -> dict[str, Any]:
    about = conversation_list.summary(conn, conversation_id)
    if about is None:
        abort(404)
    open_turn = turns.current(conn, conversation_id)
    if draft is None:
        draft = _chosen_draft(conn, conversation_id, open_turn)
    elif draft.notice is not None and open_turn is not None:
        # this page shows the new question: it is what the text answers when it is sent again
        draft = replace(draft, turn_id=open_turn, is_overtaken=True)
    claim, header = held.get(conversation_id), thread_header.read(conn, about.account_id, now)
    strict = header.strict and about.status == Status.ASSIGNED
    found = thread.read(conn, about, now)
    newer = conversations.current(conn, about.contact_id) if about.status == Status.RESOLVED else None
    return {
        "about": row.show(about, now, claim),
        "header": header,
        "thread": found,
        # the newest messages are not in an older part
        "shown": 0 if found.is_older_part else messages.newest_id(conn, conversation_id),
        "more": more_came.in_address(conversation_id),
        "newer": newer.conversation_id if newer else None,
        "claim": claim if claim and claim.admin_id != the_admin().id else None,
        "locked_by": about.assignee_name if strict and about.assignee_id not in (None, the_admin().id) else None,
        "draft": draft,
        "draft_about": _draft_about(conn, conversation_id, draft, now),
        "attached": attachments.shown(draft.files) if draft else [],
        "menu_for": _menu_for(conn, conversation_id, now),
        "reactions": REACTIONS,
        "can_undo": resolving.can_undo(about, the_admin().id, now),
        "resolved_by": row.resolver(about),
        "card": contact_card.read(conn, about, now) if wide else None,
    }


def _chosen_draft(conn: Connection, conversation_id: int, open_turn: int | None) -> Draft:
    """An empty field, or one that quotes or edits the message in the address (a browser without scripts)."""
    if (found := _addressed(conn, conversation_id, "edit")) is not None:
        return Draft(found.text or "", turn_id=open_turn, edits=found.id)
    quoted = _addressed(conn, conversation_id, "quote")
    # the file of that message did not come
    words = media.ask_again() if quoted and "ask" in request.args else ""
    return Draft(words, turn_id=open_turn, quoted=quoted.id if quoted else None)


def _draft_about(
    conn: Connection, conversation_id: int, draft: Draft, now: datetime
) -> bubble.ShownMessage | None:
    """The message that stands above the field."""
    message_id = draft.edits or draft.quoted
    found = _of_the_thread(conn, conversation_id, message_id) if message_id else None
    return bubble.show(found, now) if found else None


def _menu_for(conn: Connection, conversation_id: int, now: datetime) -> bubble.ShownMessage | None:
    """The message whose menu the address opens (a browser without scripts)."""
    found = _addressed(conn, conversation_id, "message")
    return bubble.show(found, now) if found else None


def _addressed(conn: Connection, conversation_id: int, name: str) -> threads.Bubble | None:
    wish = request.args.get(name, "")
    return _of_the_thread(conn, conversation_id, int(wish)) if re.fullmatch(r"\d{1,15}", wish, re.ASCII) else None


def _of_the_thread(conn: Connection, conversation_id: int, message_id: int) -> threads.Bubble | None:
    """A message of the conversation, or of an earlier one of the same customer."""
    found = threads.bubble(conn, message_id)
    about = conversation_list.summary(conn, conversation_id) if found else None
    return found if found and about and found.contact_id == about.contact_id else None


def _chosen_box() -> Box:
    wish = request.args.get("box", "")
    return Box(wish) if wish in set(Box) else Box.ALL


def _chosen_tag() -> int | None:
    wish = request.args.get("tag", "")
    return int(wish) if re.fullmatch(r"\d{1,15}", wish) else None


def _before() -> datetime | None:
    """Where an older part of the list begins, as milliseconds in the address."""
    wish = request.args.get("older", "")
    return datetime.fromtimestamp(int(wish) / 1000, UTC) if re.fullmatch(r"\d{1,14}", wish) else None
