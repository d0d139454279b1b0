"""Files that came with messages, as a thread shows them."""

import re
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext

from daemon.domain.attachments import (
    GONE,
    IS_MADE,
    LARGEST_FILE,
    ODD,
    SMALL,
    THUMBNAIL,
    WAITS,
    MissingFile,
    file_end,
)
from daemon.domain.file_types import PICTURES, SOUNDS, VIDEOS, plain
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Delivery
from daemon.i18n.catalogue import translate
from daemon.store.threads import Bubble
from webui.base import formatting
from webui.base.context import services


def _(text: str) -> str:
    return text


# What stands in the bubble of a file that is not here.
OPEN_THE_PHONE = _("open the phone to see it")
MISSING = {
    MissingFile.LARGE: _("too large for Balas: open the phone to see it"),
    MissingFile.DEADLY: _("can't be fetched safely: open the phone to see it"),
    MissingFile.EXPIRED: _("WhatsApp no longer has it: open the phone to see it"),
    MissingFile.DAMAGED: _("it is damaged: open the phone to see it"),
    MissingFile.FAILED: _("could not be fetched: open the phone to see it"),
}
NO_ROOM = _("no room for it on Balas's computer: open the phone to see it")
# and of one that is
CANT_BE_SHOWN = _("can't be shown here")
# given up, and another attempt of the customer's may come through
_ASKED_FOR = frozenset(MISSING) - {MissingFile.LARGE}
# what has its room in a thread before its file is here
_SEEN = (MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.STICKER)
SEND_IT_AGAIN = _("Sorry, we can't open this any more. Could you send it once again, please? Thank you!")

# pixels of a picture in its bubble, and of a sticker, at most; of a small one, at least
WIDEST, TALLEST, STICKER, NARROWEST = 330, 400, 160, 160
# a picture that is longer than that is cut: it is seen whole when it is opened
_LONGEST_RATIO = 2.5
# no length, size or side
_ABSURD = 2**53
_FILE_TYPE = re.compile(r".+\.([A-Za-z0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file inside a bubble; one that has not been downloaded has no `url`: `missing` says why.

    `small` is what the thread shows of a picture, `preview` what travelled in the message; `width` and `height` in
    pixels of the page, 0 if nobody knows; `is_coming`: a picture's room is kept, it may still be fetched; `wave`
    64 loudnesses in hex; `ask` what the customer is asked with.
    """

    shape: str
    url: str | None
    missing: str | None
    name: str | None
    detail: str
    small: str | None = None
    preview: str | None = None
    width: int = 0
    height: int = 0
    seconds: int = 0
    length: str = ""
    wave: str = ""
    is_gif: bool = False
    is_made: bool = False
    is_coming: bool = False
    ask: str | None = None


def shown(bubble: Bubble) -> ShownFile | None:
    """How a message's media appears in its thread; None for a message without."""
    if not bubble.kind.info.has_file:
        return None
    about = bubble.media or {}
    url = url_for("media.file", message_id=bubble.id) if about.get("file") else None
    shape = _shape(bubble.kind, about) if url else "none"
    name, seconds = about.get("name"), _number(about, "seconds")
    width, height = _fitted(about, STICKER if bubble.kind == MessageKind.STICKER else WIDEST)
    can_ask = not bubble.from_me and not bubble.revoked and about.get(GONE) in _ASKED_FOR
    return ShownFile(
        shape=shape,
        url=url,
        missing=gettext(_why_missing(about)) if url is None else None,
        name=name if isinstance(name, str) else None,
        detail=" · ".join(_details(bubble.kind, about)),
        small=url_for("media.small", message_id=bubble.id) if url and about.get(SMALL) else url,
        preview=url_for("media.preview", message_id=bubble.id) if about.get(THUMBNAIL) else None,
        width=width,
        height=height,
        seconds=seconds,
        length=formatting.length(seconds) if seconds else "",
        wave=str(about.get("waveform") or ""),
        is_gif=bool(about.get("gif")),
        is_made=bool(about.get(IS_MADE)) and bubble.delivery == Delivery.QUEUED,
        is_coming=bool(width) and url is None and bubble.kind in _SEEN and GONE not in about,
        ask=ask_again() if can_ask else None,
    )


def ask_again() -> str:
    """What asks a customer to send a file once more, in the shop's language."""
    return translate(services().config.language)(SEND_IT_AGAIN)


def why_missing(bubble: Bubble) -> str:
    """Why a message's file is not here, in words."""
    return gettext(_why_missing(bubble.media or {}))


def _why_missing(about: dict[str, Any]) -> str:
    gone, size = about.get(GONE), about.get("size")
    if gone in MISSING:
        return MISSING[gone]
    if isinstance(size, int) and size > LARGEST_FILE:
        return MISSING[MissingFile.LARGE]
    return NO_ROOM if about.get(WAITS) else OPEN_THE_PHONE


def _shape(kind: MessageKind, about: dict[str, Any]) -> str:
    mime = plain(str(about.get("mime") or ""))
    if about.get(ODD):
        return "download"
    if kind == MessageKind.STICKER and mime in PICTURES:
        return "sticker"
    for shape, mimes in (("image", PICTURES), ("audio", SOUNDS), ("video", VIDEOS)):
        if mime in mimes:
            return shape
    return "download"


def _details(kind: MessageKind, about: dict[str, Any]) -> list[str]:
    """Type, pages, length, size, as far as they are known."""
    found = []
    if kind == MessageKind.DOCUMENT and (type_ := _type(about)):
        found.append(type_)
    if pages := _number(about, "pages"):
        found.append(ngettext("%(num)s page", "%(num)s pages", pages))
    if seconds := _number(about, "seconds"):
        found.append(formatting.length(seconds))
    if size := _number(about, "size"):
        found.append(formatting.size(size))
    is_shown = kind != MessageKind.STICKER or plain(str(about.get("mime") or "")) in PICTURES
    if about.get("file") and (about.get(ODD) or not is_shown):
        found.append(gettext(CANT_BE_SHOWN))
    return found


def _type(about: dict[str, Any]) -> str:
    """What people call the type of a document: PDF, DOCX."""
    end = file_end(str(about.get("mime") or ""))
    if end != ".bin":
        return end[1:].upper()
    named = _FILE_TYPE.fullmatch(str(about.get("name") or ""))
    return named[1].upper() if named else ""


def _fitted(about: dict[str, Any], widest: int) -> tuple[int, int]:
    """Width and height of a picture in the page; whatever its sender says, it is neither a thread nor a wall."""
    width, height = _number(about, "width"), _number(about, "height")
    if not width or not height:
        return 0, 0
    ratio = min(max(width / height, 1 / _LONGEST_RATIO), _LONGEST_RATIO)
    tallest = STICKER if widest == STICKER else TALLEST
    shown_width = min(widest, tallest * ratio, max(width, NARROWEST))
    return round(shown_width), round(shown_width / ratio)


def _number(about: dict[str, Any], name: str) -> int:
    value = about.get(name)
    return int(value) if isinstance(value, int | float) and 0 < value < _ABSURD else 0
