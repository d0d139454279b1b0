"""The sockets: an HTTP proxy whose every CONNECT leads here, TLS behind it, then the websocket or a media request.

The client believes to be connected to web.whatsapp.com; HTTPS_PROXY and SSL_CERT_FILE in its initial
environment bring it here.
"""

from __future__ import annotations

import asyncio
import ssl
import time
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path

from tests.whatsapp_server.server.connection import Connection
from tests.whatsapp_server.server.faults import Faults, stream_error
from tests.whatsapp_server.server.https import HttpsProtocol
from tests.whatsapp_server.server.iq import IqHandler
from tests.whatsapp_server.server.media_host import MediaHost
from tests.whatsapp_server.server.network import Network
from tests.whatsapp_server.server.records import DeviceRecord
from tests.whatsapp_server.wire.certificates import NoiseAuthority, TlsAuthority
from tests.whatsapp_server.wire.jid import Jid
from tests.whatsapp_server.wire.node import Node

STANZAS_KEPT = 20_000
HEADER_MAX = 16_384


class Endpoint:
    """The listening server. Make it on the loop, `await start()`, `await stop()`; `port` is the proxy's.

    `on_change` is called after each stanza of a client, each login and each end of a connection.
    """

    def __init__(self, network: Network, folder: Path) -> None:
        self.network = network
        # the real client checks the certificate by its own clock, not by ours
        self.noise = NoiseAuthority.create(time.time())
        self.tls = TlsAuthority.create(folder)
        self.media = MediaHost()
        self.iq = IqHandler()
        self.connections: set[Connection] = set()
        self.logged_in: dict[Jid, Connection] = {}
        self.logins: list[float] = []
        self.faults = Faults(network, self.connections)
        self.media.fail_with = lambda: self.faults.media_status
        self.media.trick = lambda: self.faults.media_trick
        self.stanzas: deque[tuple[Jid | None, Node]] = deque(maxlen=STANZAS_KEPT)
        self.troubles: list[str] = []
        self.on_change: Callable[[], None] = lambda: None
        self.port = 0
        self.ssl_context: ssl.SSLContext = self.tls.server_context()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._transports: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()
        network.removal_hooks.append(self._device_removed)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: ProxyProtocol(self), host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut all connections and stop listening."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.abort()
        for task in list(self._tasks):
            task.cancel()
        for transport in list(self._transports):
            transport.abort()
        # transports close in one of the loop's next turns, TLS above the socket
        for _ in range(3):
            await asyncio.sleep(0)

    def connection_of(self, jid: Jid) -> Connection | None:
        """Find the connection of a device that is logged in, by either address."""
        device = self.network.device_at(jid)
        return None if device is None else self.logged_in.get(device.phone_jid)

    def replace_others(self, newcomer: Connection, device: DeviceRecord) -> None:
        """The same device logs in again: the older connection is told and closed."""
        other = self.logged_in.get(device.phone_jid)
        if other is not None and other is not newcomer:
            other.end(stream_error("replaced"))

    def note_stanza(self, connection: Connection, node: Node) -> None:
        """Keep what a client sent, for assertions."""
        device = connection.device
        self.stanzas.append((None if device is None else device.phone_jid, node))
        self.on_change()

    def log_trouble(self, text: str) -> None:
        """Keep what a client did wrong (malformed frames, failed handshakes): names of errors, no content."""
        self.troubles.append(text)

    def note_refusal(self) -> None:
        """Count a refused websocket as an attempt to log in."""
        self.logins.append(time.time())

    def opened(self, transport: asyncio.Transport) -> None:
        """Remember a socket, to cut it when the server stops."""
        self._transports.add(transport)

    def run(self, task: asyncio.Task[None]) -> None:
        """Hold a background task until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _device_removed(self, device: DeviceRecord) -> None:
        connection = self.logged_in.get(device.phone_jid)
        if connection is not None:
            connection.end(stream_error("device_removed"))


class ProxyProtocol(asyncio.Protocol):
    """A CONNECT request: whatever its target, it is answered, and TLS begins."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._transport: asyncio.Transport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._endpoint.opened(transport)

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        assert transport is not None
        self._buffer += data
        if b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > HEADER_MAX:
                transport.abort()
            return
        method, _, _ = self._buffer.partition(b" ")
        if method != b"CONNECT":
            transport.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
            transport.close()
            return
        transport.pause_reading()
        transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        loop = asyncio.get_running_loop()
        self._endpoint.run(loop.create_task(self._secure(loop, transport)))

    async def _secure(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        endpoint = self._endpoint
        protocol = HttpsProtocol(endpoint)
        try:
            secured = await loop.start_tls(transport, protocol, endpoint.ssl_context, server_side=True)
        except OSError as error:
            # a client that is killed meanwhile has done nothing wrong
            if isinstance(error, ssl.SSLError):
                endpoint.log_trouble(f"TLS: {type(error).__name__}")
            transport.abort()
            return
        if secured is not None:
            protocol.secured(secured)
