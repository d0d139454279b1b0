"""Browsers of all kinds on the inbox: those that read along, one that stops reading, some that vanish."""

import json
import secrets
import socket
import struct
import threading
import time
from collections import Counter
from contextlib import suppress
from urllib.parse import urlsplit

from websockets import Origin
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.bench.browser_admin import BrowserAdmin

# seconds between two pages that a reader opens, and before he connects again
PAGE_EVERY, AGAIN = 4.0, 0.5


class Strangers:
    """`readers` websockets that follow everything and come back with their cursor, as the page's script does."""

    def __init__(self, admin: BrowserAdmin, readers: int) -> None:
        self.counts: Counter[str] = Counter()
        self._admin = admin
        self._stop = threading.Event()
        self._stalled: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._read, args=(n,), daemon=True) for n in range(readers)]
        self._threads.append(threading.Thread(target=self._leaf, daemon=True))

    def __enter__(self) -> "Strangers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
        for sock in self._stalled:
            sock.close()

    def stall(self) -> None:
        """A browser that shows everything and never reads a byte of it."""
        self._stalled.append(self._open(receive_buffer=4096))

    def vanish(self) -> None:
        """Machines that go away: out of a websocket, in the middle of a form, with a line that is no HTTP."""
        _reset(self._open())
        for words in (
            b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nusername=",
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"GET /",
        ):
            line = self._line()
            line.sendall(words)
            _reset(line)

    def _read(self, i: int) -> None:
        cursor = None
        while not self._stop.is_set():
            query = "" if cursor is None else f"?cursor={cursor}"
            try:
                with connect(
                    f"{self._admin.url.replace('http', 'ws', 1)}/live{query}",
                    additional_headers={"Cookie": self._admin.cookies},
                    origin=Origin(self._admin.url),
                    ping_interval=None,
                    close_timeout=1,
                ) as ws:
                    self.counts["connected"] += 1
                    ws.send(json.dumps({"open": i + 1, "box": "all"}))
                    while not self._stop.is_set():
                        with suppress(TimeoutError):
                            said = json.loads(ws.recv(1.0))
                            cursor = said.get("seq", cursor)
                            self.counts[said["type"]] += 1
                            if said["type"] == "ping":
                                ws.send("{}")
            except (OSError, WebSocketException):
                self.counts["cut"] += 1
                self._stop.wait(AGAIN)

    def _leaf(self) -> None:
        """Open one page after the other."""
        i = 0
        while not self._stop.wait(PAGE_EVERY):
            i += 1
            with suppress(OSError, RuntimeError):
                self._admin.page(("/", "/c/1", "/link", "/log", "/c/2")[i % 5])
                self.counts["pages"] += 1

    def _line(self, receive_buffer: int = 0) -> socket.socket:
        line = socket.socket()
        if receive_buffer:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        line.settimeout(20)
        where = urlsplit(self._admin.url)
        line.connect((where.hostname, where.port))
        return line

    def _open(self, receive_buffer: int = 0) -> socket.socket:
        """A websocket by hand: a library would read."""
        line = self._line(receive_buffer)
        line.sendall(
            (
                f"GET /live HTTP/1.1\r\nHost: {urlsplit(self._admin.url).netloc}\r\nOrigin: {self._admin.url}\r\n"
                f"Cookie: {self._admin.cookies}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
            ).encode()
        )
        if b" 101 " not in line.recv(64):
            raise RuntimeError("the websocket was not opened")
        said = b'{"open": 1, "box": "all"}'
        mask = secrets.token_bytes(4)
        line.sendall(bytes([0x81, 0x80 | len(said)]) + mask + bytes(b ^ mask[n % 4] for n, b in enumerate(said)))
        time.sleep(0.2)
        return line


def _reset(line: socket.socket) -> None:
    """Close without a farewell."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()
