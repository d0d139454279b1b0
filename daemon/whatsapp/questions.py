"""Asks WhatsApp what nothing but the library can ask: info queries, which encrypt nothing.

Each waits up to 75 s for the server (whatsmeow's request.go). Between the login and the end of a session only.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from neonize.exc import GetGroupInfoError, GetProfilePictureError, IsOnWhatsAppError, NeonizeError
from neonize.utils.enum import BlocklistAction

from daemon.domain.groups import GroupTold
from daemon.domain.ids import Address, parse_address
from daemon.domain.questions import QuestionKind, Unanswered
from daemon.whatsapp import group_info
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.send import LEFT, jid_of
from daemon.whatsapp.translate import address_of
from daemon.whatsapp.wire_text import identifier, word


class NoAnswer(Exception):
    """Why there is none; `error` is None if it was the link: it may be asked again."""

    def __init__(self, error: Unanswered | None) -> None:
        super().__init__(error.value if error else "not connected")
        self.error = error


# of one number; the rest is left to the phone
_MOST_GROUPS = 2000
# neonize's word for an empty list
_NOTHING = "Function returned nothing."
# whatsmeow's errors.go, as they begin or as they are
_NO_LINK = ("websocket not connected", "websocket disconnected", "client is nil", "context canceled")
# whatsmeow's ErrProfilePictureUnauthorized and ErrProfilePictureNotSet
_NO_PICTURE = ("hidden their profile picture", "does not have a profile picture")
# characters; WhatsApp's have some 300
_LONGEST_URL = 2000
_MOST_BLOCKED = 10_000
_TIMED_OUT = "info query timed out"
_TOO_MANY = "status 429"
_STATUS = "info query returned status"


def ask(whatsapp: WhatsApp, kind: QuestionKind, subject: str) -> dict[str, Any]:
    """The answer, as `QuestionKind` describes it; raises NoAnswer.

    Of a picture it has the `url`, which the library does not fetch, and the `wa_id`.
    """
    try:
        return _ASKERS[kind](whatsapp, parse_address(subject))
    except NeonizeError as error:
        raise NoAnswer(_reason(str(error))) from None
    except ValueError:
        raise NoAnswer(Unanswered.FAILED) from None


def _reason(words: str) -> Unanswered | None:
    if any(sign in words for sign in _NO_LINK):
        return None
    if _TIMED_OUT in words:
        return Unanswered.TIMED_OUT
    if _TOO_MANY in words:
        return Unanswered.TOO_MANY
    return Unanswered.REFUSED if _STATUS in words else Unanswered.FAILED


def _is_on_whatsapp(whatsapp: WhatsApp, asked: Address) -> dict[str, Any]:
    try:
        # E.164 with its plus: without it the server may take the digits for a number of our own country
        found = whatsapp.client.is_on_whatsapp(f"+{asked.user}")
    except IsOnWhatsAppError as error:
        if str(error) != _NOTHING:
            raise
        found = []
    there = next((one for one in found if one.IsIn), None)
    address = address_of(there.JID) if there is not None else None
    return {
        "in": there is not None,
        "lid": address.user if address and address.is_lid and address.user.isdecimal() else None,
        # the reply may hold only one of both, and another writing of the number
        "phone": address.user if address and address.is_phone and address.user.isdecimal() else None,
    }


def _profile_picture(whatsapp: WhatsApp, asked: Address) -> dict[str, Any]:
    try:
        found = whatsapp.client.get_profile_picture(jid_of(asked))
    except GetProfilePictureError as error:
        if not any(words in str(error) for words in _NO_PICTURE):
            raise
        return {"url": None, "wa_id": None}
    url, wa_id = word(found.URL, _LONGEST_URL), identifier(found.ID)[:64]
    return {"url": url or None, "wa_id": wa_id or None}


def _block(whatsapp: WhatsApp, asked: Address) -> dict[str, Any]:
    whatsapp.client.update_blocklist(jid_of(asked), BlocklistAction.BLOCK)
    return {}


def _unblock(whatsapp: WhatsApp, asked: Address) -> dict[str, Any]:
    whatsapp.client.update_blocklist(jid_of(asked), BlocklistAction.UNBLOCK)
    return {}


def _blocklist(whatsapp: WhatsApp, asked: Address) -> dict[str, Any]:
    found = whatsapp.client.get_blocklist().JIDs
    if len(found) > _MOST_BLOCKED:
        raise ValueError("nobody has blocked so many")
    return {"everybody": [str(address.bare()) for jid in found if (address := address_of(jid)) is not None]}


def _group(whatsapp: WhatsApp, asked: Address) -> dict[str, Any]:
    try:
        found = whatsapp.client.get_group_info(jid_of(asked))
    except GetGroupInfoError as error:
        if not any(sign in str(error) for sign in LEFT):
            raise
        return GroupTold(str(asked), is_left=True).as_answer()
    return group_info.told(found).as_answer()


def _joined_groups(whatsapp: WhatsApp, asked: Address) -> dict[str, Any]:
    found = islice(whatsapp.client.get_joined_groups(), _MOST_GROUPS)
    return {"groups": [group_info.told(one, with_members=False).as_answer() for one in found]}


_ASKERS: dict[QuestionKind, Callable[[WhatsApp, Address], dict[str, Any]]] = {
    QuestionKind.IS_ON_WHATSAPP: _is_on_whatsapp,
    QuestionKind.PROFILE_PICTURE: _profile_picture,
    QuestionKind.BLOCK: _block,
    QuestionKind.UNBLOCK: _unblock,
    QuestionKind.BLOCKLIST: _blocklist,
    QuestionKind.GROUP: _group,
    QuestionKind.JOINED_GROUPS: _joined_groups,
}
