"""Quick replies: `/shortcut` in the reply field, the team's and everybody's own; each a text, a file or both."""

import re
from datetime import datetime

from sqlalchemy import Connection

from daemon.desk.replies import LONGEST_REPLY
from daemon.domain.attachments import OutgoingFile
from daemon.domain.desk import Action, Actor, FieldError
from daemon.domain.text_cleaning import clean
from daemon.store import audit, quick_replies

SHORTCUT = re.compile(r"[\w-]+")
LONGEST_SHORTCUT = 32
MOST = 500


def save(
    conn: Connection,
    account_id: int,
    quick_reply_id: int | None,
    admin_id: int | None,
    shortcut: str,
    text: str,
    actor: Actor,
    now: datetime,
    file: OutgoingFile | None = None,
) -> int:
    """Keep a quick reply (a new one without an id) for the team (`admin_id` None) or for its writer.

    The shortcut may be typed with its slash; it is kept in lower case. `file` lies below the folder of attachments
    already; the one that it replaces goes with the next sweep, unless a message has it. Raises FieldError for
    `shortcut` (empty, format, too_long: 32, taken), `text` (empty, too_long: 65,536) or `quick_reply` (unknown,
    too_many: 500).
    """
    name, content = clean(shortcut).removeprefix("/").lower(), clean(text)
    _check(name, content, file is not None)
    before = quick_replies.get(conn, account_id, quick_reply_id) if quick_reply_id is not None else None
    if admin_id not in (None, actor.admin_id) or (quick_reply_id is not None and not _may_touch(before, actor)):
        raise FieldError("quick_reply", "unknown")
    known = quick_replies.of(conn, account_id, admin_id)
    if any(one.shortcut == name and one.id != quick_reply_id for one in known):
        raise FieldError("shortcut", "taken")
    if quick_reply_id is None:
        if len(known) >= MOST:
            raise FieldError("quick_reply", "too_many")
        quick_reply_id = quick_replies.add(conn, account_id, admin_id, name, content, file)
    else:
        quick_replies.change(conn, quick_reply_id, admin_id, name, content, file)
    if admin_id is None or (before is not None and before.admin_id is None):
        _log(conn, account_id, before, name, actor, now)
    return quick_reply_id


def delete(conn: Connection, account_id: int, quick_reply_id: int, actor: Actor, now: datetime) -> bool:
    """Throw a quick reply away; False if there is none that this admin could throw away."""
    before = quick_replies.get(conn, account_id, quick_reply_id)
    if before is None or not _may_touch(before, actor):
        return False
    quick_replies.drop(conn, quick_reply_id)
    if before.admin_id is None:
        _log(conn, account_id, before, None, actor, now)
    return True


def _check(name: str, content: str, has_file: bool) -> None:
    if not name:
        raise FieldError("shortcut", "empty")
    if len(name) > LONGEST_SHORTCUT:
        raise FieldError("shortcut", "too_long")
    if not SHORTCUT.fullmatch(name):
        raise FieldError("shortcut", "format")
    if not content and not has_file:
        raise FieldError("text", "empty")
    if len(content) > LONGEST_REPLY:
        raise FieldError("text", "too_long")


def _may_touch(one: quick_replies.QuickReply | None, actor: Actor) -> bool:
    """The team's belong to all (who of them may, the page decides), one's own to oneself."""
    return one is not None and one.admin_id in (None, actor.admin_id)


def _log(
    conn: Connection,
    account_id: int,
    before: quick_replies.QuickReply | None,
    after: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    detail = {"name": "quick_reply", "before": before.shortcut if before else None, "after": after}
    audit.record(conn, account_id, Action.SETTING_CHANGED, actor, now, detail=detail)
