"""What can go wrong on purpose. Everything here runs on the simulator's loop; world.py wraps it for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.whatsapp_server.server.media_host import Trick
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.node import Node

if TYPE_CHECKING:
    from tests.whatsapp_server.server.connection import Connection
    from tests.whatsapp_server.server.network import Network

ALWAYS = float("inf")

NAMED_STREAM_ERRORS = {
    "device_removed": Node("stream:error", {"code": "401"}, [Node("conflict", {"type": "device_removed"})]),
    "replaced": Node("stream:error", {}, [Node("conflict", {"type": "replaced"})]),
}
"""Stream errors that are known by their conflict (whatsmeow connectionevents.go, handleStreamError)."""


@dataclass(slots=True)
class ConnectFailure:
    """What the next logins are answered with; `times` counts down."""

    attrs: dict[str, str]
    times: float = 1


def stream_error(code: str) -> Node:
    """Build a stream error by its number, or by a name of NAMED_STREAM_ERRORS."""
    return NAMED_STREAM_ERRORS.get(code) or Node("stream:error", {"code": code})


@dataclass(slots=True)
class Faults:
    """Faults of the server: of open connections, of the next logins, and of the routing.

    `media_status` is an HTTP status that every media request fails with, None for none; `media_trick` is what
    uploads meet; `pair_code_error` the
    code that requests for an eight-letter code are refused with; `codes_in_a_set` how many QR codes an unlinked
    client is given (six are worth 160 s; fewer are worth 20 s each: whatsmeow qrchan.go, emitQRs);
    `directory` says how a number that is looked up is named: "" by hidden id and number, "lid" by hidden id alone,
    "phone" by number alone, "nameless": one that is not there has no name at all;
    `unanswered` the namespaces of queries that get no answer, `refused` of those that get an error.
    """

    network: Network
    connections: set[Connection]
    answers_pings: bool = True
    refuse_until: float = 0.0
    media_status: int | None = None
    media_trick: Trick | None = None
    pair_code_error: int | None = None
    codes_in_a_set: int = 6
    unanswered: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    directory: str = ""
    failures: list[ConnectFailure] = field(default_factory=list)

    def drop_connection(self, jid: Jid | None = None) -> int:
        """Cut the connections of one device, or of all, without a word. Gives how many were cut."""
        chosen = self._chosen(jid)
        for connection in chosen:
            connection.abort()
        return len(chosen)

    def stop_answering_pings(self) -> None:
        """Leave keep-alive pings unanswered; the sockets stay open."""
        self.answers_pings = False

    def resume_pings(self) -> None:
        """Answer keep-alive pings again."""
        self.answers_pings = True

    def stream_error(self, code: str, jid: Jid | None = None) -> int:
        """End streams with a number ("515", "503", …), "device_removed" or "replaced".

        Gives how many were ended.
        """
        chosen = self._chosen(jid)
        for connection in chosen:
            connection.end(stream_error(code))
        return len(chosen)

    def connect_failure(self, reason: int | str, /, times: float = 1, **attrs: str) -> None:
        """Answer the next logins with `<failure reason=… …>`; a ban (402) wants `code` and `expire` in `attrs`."""
        self.failures.append(ConnectFailure({"reason": str(reason), **attrs}, times))

    def refuse_logins(self, seconds: float = ALWAYS) -> None:
        """Refuse the websocket with HTTP 503 for some time (of the network's clock), or until `accept_logins`."""
        self.refuse_until = self.network.clock() + seconds

    def accept_logins(self) -> None:
        """Lift `refuse_logins` and forget the connect failures that are left."""
        self.refuse_until = 0.0
        self.failures.clear()

    def refuses(self) -> bool:
        """Tell whether websockets are refused now."""
        return self.network.clock() < self.refuse_until

    def take_failure(self) -> Node | None:
        """Give what this login is to be answered with, if it is to fail."""
        if not self.failures:
            return None
        failure = self.failures[0]
        failure.times -= 1
        if failure.times <= 0:
            self.failures.pop(0)
        return Node("failure", dict(failure.attrs))

    def hold_acks(self) -> None:
        """Stop acknowledging sent messages (they are delivered all the same)."""
        self.network.router.hold_acks = True

    def release_acks(self) -> None:
        """Acknowledge what was held, and go on as usual."""
        self.network.router.release_acks()

    def refuse_sends(self, code: str, times: int = 1, jid: Jid | None = None) -> None:
        """Answer the next messages that one device, or any, sends with an error, and deliver them to nobody."""
        device = None if jid is None else self.network.device_at(jid)
        self.network.router.refusals.extend([(code, device)] * times)

    def receipt(self, sender: Jid, to: Jid, message_id: str, kind: str) -> None:
        """Send a receipt of any type to every device of `to`, such as the unknown "server-error"."""
        user = self.network.user_of(to)
        if user is None:
            raise LookupError(f"no user {to}")
        attrs: dict[str, str | Jid] = {
            "from": sender,
            "id": message_id,
            "type": kind,
            "t": self.network.now(),
        }
        for device in user.devices.values():
            device.mailbox.put(Node("receipt", dict(attrs)))

    def _chosen(self, jid: Jid | None) -> list[Connection]:
        chosen = [connection for connection in self.connections if connection.device is not None]
        if jid is None:
            return chosen
        device = self.network.device_at(jid)
        return [connection for connection in chosen if connection.device is device]
