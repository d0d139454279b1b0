"""Send one reply, and say for certain, if it can be said, whether it left."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from neonize.exc import SendMessageError
from neonize.proto.Neonize_pb2 import JID
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import ExtendedTextMessage, Message
from neonize.utils.enum import ChatPresence, ChatPresenceMedia

from daemon.domain.ids import Address
from daemon.domain.messages import Quoted
from daemon.domain.time import from_unix
from daemon.whatsapp import quotes
from daemon.whatsapp.client import WhatsApp


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


class SendUncertain(Exception):
    """The frame may have left; only a receipt or a person can tell."""


# beginnings of whatsmeow's send errors that are raised before a frame is written
_NOT_SENT = ("client is nil", "store doesn't contain a device", "failed to get device list", "no LID found")
_REFUSED = "server returned error"


def send_text(
    whatsapp: WhatsApp,
    to: Address,
    text: str,
    quoted: tuple[Quoted, Address] | None,
    on_id: Callable[[str], None],
) -> Sent:
    """Send a text; `on_id` gets WhatsApp's message id on this thread before the frame leaves.

    `quoted` is the message replied to, and its author. Waits up to 75 s for the server's answer.
    Raises SendFailed or SendUncertain.
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
        response = whatsapp.client.send_message(_jid(to), _message(text, quoted))
    except SendMessageError as error:
        words = str(error)
        if words.startswith(_REFUSED):
            raise SendFailed(words[:80], permanent=True) from None
        if not seen and words.startswith(_NOT_SENT):
            raise SendFailed(words.split(":")[0][:80], permanent=words.startswith(_NOT_SENT[3])) from None
        if not seen:
            raise SendFailed("not connected", permanent=False) from None
        raise SendUncertain from None
    finally:
        whatsapp.hook.expect_nothing()
        whatsapp.gate.leave(turn)
    return Sent(str(response.ID), from_unix(response.Timestamp))


def show_typing(whatsapp: WhatsApp, to: Address, typing: bool) -> None:
    """Tell a customer that somebody types, or has stopped.

    Raises SendPresenceError if WhatsApp refuses it.
    """
    state = ChatPresence.CHAT_PRESENCE_COMPOSING if typing else ChatPresence.CHAT_PRESENCE_PAUSED
    whatsapp.client.send_chat_presence(_jid(to), state, ChatPresenceMedia.CHAT_PRESENCE_MEDIA_TEXT)


def _message(text: str, quoted: tuple[Quoted, Address] | None) -> Message:
    if quoted is None:
        return Message(conversation=text)
    reply = ExtendedTextMessage(text=text)
    quotes.fill(reply.contextInfo, *quoted)
    return Message(extendedTextMessage=reply)


def _jid(address: Address) -> JID:
    return JID(User=address.user, Server=address.server, RawAgent=0, Device=0, Integrator=0, IsEmpty=False)
