"""A client made of our own wire code, blocking, for testing the server without the real library."""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from collections import deque
from pathlib import Path

from tests.whatsapp_server.server.websocket import BINARY
from tests.whatsapp_server.wire.certificates import trusts_chain
from tests.whatsapp_server.wire.frames import CONNECTION_HEADER, FrameBuffer, pack
from tests.whatsapp_server.wire.jid import SERVER, Jid
from tests.whatsapp_server.wire.keys import KeyPair
from tests.whatsapp_server.wire.node import Node, decode, encode
from tests.whatsapp_server.wire.noise import Initiator, Transport
from tests.whatsapp_server.wire.protos import wa6

TIMEOUT = 5.0


class WireClient:
    """Goes through the proxy, TLS and the websocket, shakes hands, then sends and receives stanzas."""

    def __init__(self, port: int, authority_file: Path, noise_root: bytes, static: KeyPair) -> None:
        self._socket = _tunnel(port, authority_file)
        self._frames = FrameBuffer(expect_header=False)
        self._pieces: deque[bytes] = deque()
        self._buffer = b""
        self._count = 0
        self._static, self._root = static, noise_root
        self._noise: Transport | None = None

    def login(self, jid: Jid) -> None:
        """Shake hands as a linked device."""
        self.shake_hands(wa6.ClientPayload(username=int(jid.user), device=jid.device, passive=True, pull=True))

    def shake_hands(self, payload: object) -> None:
        """Shake hands with any ClientPayload."""
        noise = Initiator(self._static, lambda chain, key: trusts_chain(chain, key, self._root, time.time()))
        self._write(CONNECTION_HEADER + pack(noise.hello()))
        transport, finish = noise.finish(self._piece(), payload.SerializeToString())  # type: ignore[attr-defined]
        self._write(pack(finish))
        self._noise = transport

    def send(self, node: Node) -> None:
        """Send a stanza."""
        assert self._noise is not None
        self._write(pack(self._noise.encrypt(encode(node))))

    def ask(self, namespace: str, kind: str, *content: Node) -> Node:
        """Send an info query and give its answer; what comes in between is dropped."""
        self._count += 1
        query_id = f"test-{self._count}"
        attrs: dict[str, str | Jid] = {"to": SERVER, "id": query_id, "xmlns": namespace, "type": kind}
        self.send(Node("iq", attrs, list(content) or None))
        return self.wait_for(lambda node: node.tag == "iq" and node.get("id") == query_id)

    def receive(self) -> Node:
        """Give the next stanza. Raises TimeoutError or ConnectionError."""
        assert self._noise is not None
        return decode(self._noise.decrypt(self._piece()))

    def wait_for(self, wanted) -> Node:  # type: ignore[no-untyped-def]
        """Give the next stanza that satisfies a predicate."""
        while True:
            node = self.receive()
            if wanted(node):
                return node

    def close(self) -> None:
        """Cut the connection."""
        self._socket.close()

    def _write(self, data: bytes) -> None:
        mask = secrets.token_bytes(4)
        masked = bytes(byte ^ mask[index & 3] for index, byte in enumerate(data))
        length = len(data)
        size = bytes((128 | length,)) if length < 126 else bytes((128 | 126,)) + length.to_bytes(2, "big")
        self._socket.sendall(bytes((128 | BINARY,)) + size + mask + masked)

    def _piece(self) -> bytes:
        while not self._pieces:
            self._pieces.extend(self._frames.feed(self._message()))
        return self._pieces.popleft()

    def _message(self) -> bytes:
        while True:
            head = self._take(2)
            size = head[1]
            if size >= 126:
                size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
            payload = self._take(size)
            if head[0] & 15 == BINARY:
                return payload

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("the server has closed")
            self._buffer += data
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


def _tunnel(port: int, authority_file: Path) -> ssl.SSLSocket:
    opened: list[socket.socket] = [socket.create_connection(("127.0.0.1", port), TIMEOUT)]
    try:
        opened[0].sendall(b"CONNECT web.whatsapp.com:443 HTTP/1.1\r\nHost: web.whatsapp.com:443\r\n\r\n")
        _header(opened[0], b"200")
        context = ssl.create_default_context(cafile=str(authority_file))
        # the default from Python 3.13 on
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        secured = context.wrap_socket(opened[0], server_hostname="web.whatsapp.com")
        opened.append(secured)
        secured.sendall(
            b"GET /ws/chat HTTP/1.1\r\nHost: web.whatsapp.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        _header(secured, b"101")
    except BaseException:
        for connection in opened:
            connection.close()
        raise
    return secured


def _header(connection: socket.socket, status: bytes) -> None:
    """Read an HTTP header byte by byte, so that nothing behind it is taken."""
    header = b""
    while not header.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            raise ConnectionError("the server has closed")
        header += byte
    if header.split(b" ", 2)[1] != status:
        raise ConnectionError(header.partition(b"\r\n")[0].decode())
