"""Send one message, and say for certain, if it can be said, whether it left."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from neonize.exc import SendMessageError
from neonize.proto.Neonize_pb2 import JID
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message
from neonize.utils.enum import ChatPresence, ChatPresenceMedia, ReceiptType

from daemon.domain.groups import LEFT_GROUP
from daemon.domain.ids import Address, ChatKind
from daemon.domain.time import from_unix
from daemon.whatsapp.client import WhatsApp

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the server answered: WhatsApp's id and its time (whole seconds)."""

    wa_id: str
    at: datetime


class SendFailed(Exception):
    """A reply did not leave: `permanent` means that trying again will not help."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


class NotConnected(Exception):
    """Nothing leaves now, this reply or another."""


class SendUncertain(Exception):
    """The frame may have left; only a receipt or a person can tell."""


# in whatsmeow's send errors before a frame is written: it is the link, not the reply
_NO_LINK = (
    "client is nil",
    "store doesn't contain a device",
    "websocket not connected",
    "websocket disconnected",
    "context canceled",
    "context deadline exceeded",
)
# beginnings of those that no further attempt will mend: an unknown number
_FINAL = ("no LID found",)
# a group that the number is not in, or that is no more (whatsmeow's errors.go), or as the server refuses a message
LEFT = ("not participating in that group", "that group does not exist")
_LEFT_CODES = ("server returned error 403", "server returned error 401")
_TIMED_OUT = "info query timed out"
_REFUSED = "server returned error"


def send(whatsapp: WhatsApp, to: Address, message: Message, on_id: Callable[[str], None]) -> Sent:
    """Send a message (`daemon.whatsapp.compose`); `on_id` gets its id on this thread before the frame leaves.

    Waits up to 75 s for the server's answer, and before the
    frame leaves up to 75 s for each of the library's questions (devices, keys); see `Sender.is_stuck`.
    Raises NotConnected, SendFailed or SendUncertain.
    """
    seen: list[str] = []
    turn = whatsapp.gate.enter()

    def note(wa_id: str) -> None:
        # what was encrypted is written by now
        whatsapp.gate.leave(turn)
        on_id(wa_id)
        seen.append(wa_id)

    whatsapp.hook.expect_id(note)
    try:
        response = whatsapp.client.send_message(jid_of(to), message)
    except SendMessageError as error:
        words = str(error)
        if to.kind == ChatKind.GROUP and (words.startswith(_LEFT_CODES) or any(sign in words for sign in LEFT)):
            raise SendFailed(LEFT_GROUP, permanent=True) from None
        if words.startswith(_REFUSED):
            raise SendFailed(words[:80], permanent=True) from None
        if seen:
            raise SendUncertain from None
        if any(sign in words for sign in _NO_LINK):
            raise NotConnected from None
        final = words.startswith(_FINAL) and _TIMED_OUT not in words
        raise SendFailed(words.split(":")[0][:80], permanent=final) from None
    except Exception as error:
        # without an id no frame was written: the hook ends the process otherwise
        log.error("a reply could not be sent: %s", type(error).__name__)
        raise (SendUncertain() if seen else SendFailed(type(error).__name__, permanent=False)) from None
    finally:
        whatsapp.hook.expect_nothing()
        whatsapp.gate.leave(turn)
    return Sent(str(response.ID), from_unix(response.Timestamp))


def show_typing(whatsapp: WhatsApp, to: Address, typing: bool) -> None:
    """Tell a customer that somebody types, or has stopped.

    Raises SendPresenceError if WhatsApp refuses it.
    """
    state = ChatPresence.CHAT_PRESENCE_COMPOSING if typing else ChatPresence.CHAT_PRESENCE_PAUSED
    whatsapp.client.send_chat_presence(jid_of(to), state, ChatPresenceMedia.CHAT_PRESENCE_MEDIA_TEXT)


def mark_read(whatsapp: WhatsApp, chat: Address, writer: Address, wa_ids: Sequence[str], at: datetime) -> None:
    """Mark a writer's messages in a chat as read, at WhatsApp's time `at`; nothing tells whether it arrived.

    Raises MarkReadError if it could not leave.
    """
    seconds = int(at.timestamp())
    whatsapp.client.mark_read(
        *wa_ids, chat=jid_of(chat), sender=jid_of(writer), receipt=ReceiptType.READ, timestamp=seconds
    )


def jid_of(address: Address) -> JID:
    """An address as neonize wants it, without its device."""
    return JID(User=address.user, Server=address.server, RawAgent=0, Device=0, Integrator=0, IsEmpty=False)
