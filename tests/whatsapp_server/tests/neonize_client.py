"""A child process that drives the real neonize: commands in, events out, one JSON object a line.

Run as a plain script (`python neonize_client.py session.db [--debug]`) with WhatsAppServer.environment in its
initial environment. Standard library and neonize only, so that nothing of the product takes part.

In: {"call": 1, "do": "send_text", …}, the names of Commands' methods and their arguments.

Out: {"reply": 1, "value": …} or {"reply": 1, "error": "…"}, and {"event": "message", …}.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
import threading
from typing import Any

# neonize prints to stdout: the lines get a descriptor of their own, and everything else goes to stderr
OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)

import pylibmagic  # noqa: E402, F401  carries libmagic, which neonize wants
from neonize import client as neonize_client  # noqa: E402
from neonize import events  # noqa: E402
from neonize.utils import enum  # noqa: E402
from neonize.utils.jid import build_jid  # noqa: E402

_lock = threading.Lock()


def say(**fields: Any) -> None:
    """Write one line."""
    with _lock:
        OUT.write(json.dumps(fields) + "\n")
        OUT.flush()


def jid_text(jid: Any) -> str:
    """Give an address as text, empty for none."""
    if not jid.Server:
        return ""
    device = f":{jid.Device}" if jid.Device else ""
    return f"{jid.User}{device}@{jid.Server}"


def parse_jid(text: str) -> Any:
    """Read `user@server`, or a phone number."""
    user, _, server = text.partition("@")
    return build_jid(user, server or "s.whatsapp.net")


def info_fields(info: Any) -> dict[str, Any]:
    """Give what every message event says about its message."""
    source = info.MessageSource
    return {
        "id": info.ID,
        "chat": jid_text(source.Chat),
        "sender": jid_text(source.Sender),
        "sender_alt": jid_text(source.SenderAlt),
        "recipient_alt": jid_text(source.RecipientAlt),
        "from_me": source.IsFromMe,
        "type": info.Type,
        "media_type": info.MediaType,
        "category": info.Category,
        "edit": info.Edit,
        "push_name": info.Pushname,
        "timestamp": info.Timestamp,
    }


class Commands:
    """What the parent may ask for."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.messages: dict[str, Any] = {}

    def pair_code(self, phone: str) -> str:
        """Ask for an eight-letter code."""
        return str(
            self.client.PairPhone(
                phone,
                True,
                client_name=neonize_client.ClientName.LINUX,
                client_type=neonize_client.ClientType.CHROME,
            )
        )

    def send_text(self, to: str, text: str) -> dict[str, Any]:
        """Send a text."""
        response = self.client.send_message(parse_jid(to), neonize_client.Message(conversation=text))
        return {"id": response.ID, "chat": jid_text(response.Chat), "timestamp": response.Timestamp}

    def reply(self, message_id: str, text: str) -> str:
        """Reply to a received message."""
        return str(self.client.reply_message(text, self.messages[message_id]).ID)

    def react(self, chat: str, sender: str, message_id: str, emoji: str) -> str:
        """React to a message."""
        reaction = self.client.build_reaction(parse_jid(chat), parse_jid(sender), message_id, emoji)
        return str(self.client.send_message(parse_jid(chat), reaction).ID)

    def send_image(self, to: str, data: str, caption: str = "") -> str:
        """Send a picture (base64)."""
        return str(self.client.send_image(parse_jid(to), base64.b64decode(data), caption=caption).ID)

    def download(self, message_id: str) -> str:
        """Download a received message's file; give it in base64."""
        return base64.b64encode(self.client.download_any(self.messages[message_id].Message)).decode()

    def mark_read(self, chat: str, message_id: str) -> None:
        """Send a read receipt."""
        jid = parse_jid(chat)
        self.client.mark_read(message_id, chat=jid, sender=jid, receipt=enum.ReceiptType.READ)

    def is_connected(self) -> bool:
        """Tell whether the socket is up."""
        return bool(self.client.is_connected)

    def disconnect(self) -> None:
        """Close the socket."""
        self.client.disconnect()

    def logout(self) -> None:
        """Unlink this device."""
        self.client.logout()

    def stop(self) -> None:
        """End `connect`."""
        self.client.stop()


def subscribe(client: Any, commands: Commands) -> None:
    """Turn neonize's events into lines."""

    def on_qr(_: Any, data: bytes) -> None:
        say(event="qr", text=data.decode())

    def on_message(_: Any, message: Any) -> None:
        commands.messages[message.Info.ID] = message
        say(
            event="message",
            **info_fields(message.Info),
            text=message.Message.conversation or message.Message.extendedTextMessage.text,
            kinds=[field.name for field, _ in message.Message.ListFields()],
            raw=base64.b64encode(message.Message.SerializeToString()).decode(),
            retries=message.RetryCount,
            requested=message.UnavailableRequestID,
        )

    def on_receipt(_: Any, receipt: Any) -> None:
        source = receipt.MessageSource
        say(
            event="receipt",
            ids=list(receipt.MessageIDs),
            kind=receipt.ReceiptType.Name(receipt.Type),
            chat=jid_text(source.Chat),
            sender=jid_text(source.Sender),
            from_me=source.IsFromMe,
        )

    def on_undecryptable(_: Any, message: Any) -> None:
        say(event="undecryptable", **info_fields(message.Info), unavailable=message.IsUnavailable)

    def on_history(_: Any, history: Any) -> None:
        data = history.Data
        say(
            event="history",
            type=data.SyncType if hasattr(data, "SyncType") else data.syncType,
            raw=base64.b64encode(data.SerializeToString()).decode(),
        )

    def on_offline_completed(_: Any, completed: Any) -> None:
        say(event="offline_completed", count=completed.Count)

    def on_typing(_: Any, presence: Any) -> None:
        source = presence.MessageSource
        say(event="typing", sender=jid_text(source.Sender), state=presence.State)

    client.qr(on_qr)
    client.event(events.MessageEv)(on_message)
    client.event(events.ReceiptEv)(on_receipt)
    client.event(events.UndecryptableMessageEv)(on_undecryptable)
    client.event(events.HistorySyncEv)(on_history)
    client.event(events.OfflineSyncCompletedEv)(on_offline_completed)
    client.event(events.ChatPresenceEv)(on_typing)
    _subscribe_simple(client)


def _subscribe_simple(client: Any) -> None:
    """Events of which only the name, or the text form, matters."""
    names = {
        "pair_status": events.PairStatusEv,
        "connected": events.ConnectedEv,
        "disconnected": events.DisconnectedEv,
        "logged_out": events.LoggedOutEv,
        "stream_replaced": events.StreamReplacedEv,
        "stream_error": events.StreamErrorEv,
        "temporary_ban": events.TemporaryBanEv,
        "client_outdated": events.ClientOutdatedEv,
        "connect_failure": events.ConnectFailureEv,
        "keep_alive_timeout": events.KeepAliveTimeoutEv,
        "keep_alive_restored": events.KeepAliveRestoredEv,
        "offline_preview": events.OfflineSyncPreviewEv,
    }
    for name, kind in names.items():
        client.event(kind)(lambda _, event, name=name: say(event=name, detail=str(event)))


def listen(commands: Commands) -> None:
    """Take commands until the parent closes the pipe, each in a thread: a send may wait for 75 seconds."""
    for line in sys.stdin:
        request = json.loads(line)
        threading.Thread(target=_answer, args=(commands, request), daemon=True).start()
    os._exit(0)


def _answer(commands: Commands, request: dict[str, Any]) -> None:
    call, name = request.pop("call"), request.pop("do")
    try:
        say(reply=call, value=getattr(commands, name)(**request))
    except BaseException as error:  # the parent decides what an error means
        say(reply=call, error=f"{type(error).__name__}: {error}")


def main() -> None:
    """Connect and stay."""
    if "--debug" in sys.argv:
        logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)
        logging.getLogger("neonize").setLevel(logging.DEBUG)
        logging.getLogger("neonize.client").setLevel(logging.DEBUG)
        logging.getLogger("whatsmeow").setLevel(logging.DEBUG)
    client = neonize_client.NewClient(f"{sys.argv[1]}?_journal_mode=WAL&_busy_timeout=10000&_foreign_keys=on&z=")
    commands = Commands(client)
    subscribe(client, commands)
    threading.Thread(target=listen, args=(commands,), daemon=True).start()
    try:
        client.connect()
    except BaseException as error:
        say(event="connect_raised", detail=f"{type(error).__name__}: {error}")
    say(event="connect_returned")
    os._exit(0)


if __name__ == "__main__":
    main()
