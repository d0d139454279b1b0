"""What the page of whoever decides had shown, and the word that the customer has written more than that."""

import re
from dataclasses import dataclass

from flask import abort, request
from flask_babel import ngettext


@dataclass(frozen=True, slots=True)
class MoreNotice:
    """The word itself, and the conversation whose newest messages it leads to."""

    conversation_id: int
    words: str


def shown() -> int | None:
    """The last message that the form's page had shown; None from a page that is older than this field."""
    told = request.form.get("shown", "")
    if not re.fullmatch(r"\d{0,15}", told, re.ASCII):
        abort(400)
    return int(told) if told else None


def required() -> int:
    """As `shown`; a page that can't tell is too old for a decision."""
    told = shown()
    return told if told is not None else abort(400)


def still_waiting(conversation_id: int, count: int) -> MoreNotice | None:
    """What was decided is done, for what the page had shown."""
    words = ngettext(
        "%(num)d more message came and is still waiting.",
        "%(num)d more messages came and are still waiting.",
        count,
    )
    return MoreNotice(conversation_id, words) if count else None


def look_first(conversation_id: int, count: int) -> MoreNotice:
    """Nothing was done."""
    words = ngettext(
        "%(num)d more message came: look at it first.", "%(num)d more messages came: look at them first.", count
    )
    return MoreNotice(conversation_id, words)


def in_address(conversation_id: int) -> MoreNotice | None:
    """For a browser without scripts, which is sent on to the thread."""
    told = request.args.get("more", "")
    return still_waiting(conversation_id, int(told)) if re.fullmatch(r"\d{1,4}", told, re.ASCII) else None
