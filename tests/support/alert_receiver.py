"""A service that takes alerts: a real HTTP server on loopback that answers as the test wants."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any


class Receiver:
    """What has arrived, and how the next messages are answered (`hangs`: not at all, until it is released)."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.status = 200
        self.hangs = False
        self.released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                receiver.messages.append(json.loads(self.rfile.read(length)))
                if receiver.hangs:
                    receiver.released.wait(30)
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """Its address as an owner would type it, with a password in it."""
        return f"json://toko:s3kr1t-w0rd@127.0.0.1:{self.server.server_port}/alerts"

    @property
    def titles(self) -> list[str]:
        """The titles of what has arrived."""
        return [message["title"] for message in self.messages]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A service that answers."""
    found = Receiver()
    try:
        yield found
    finally:
        found.released.set()
        found.server.shutdown()
        found.server.server_close()


class Mailbox:
    """A mail server on loopback that keeps what it is given; it knows one password, or takes none at all."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.is_open = True
        mailbox = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 mail\r\n")
                while line := self.rfile.readline():
                    word = line.split()[0].upper() if line.split() else b""
                    if word == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        mail = b"".join(iter(self.rfile.readline, b".\r\n"))
                        mailbox.mails.append(mail)
                    denied = word == b"AUTH" and not mailbox.is_open
                    answers = {
                        b"EHLO": b"250-mail\r\n250 AUTH PLAIN",
                        b"QUIT": b"221 bye",
                        b"AUTH": b"235 welcome",
                    }
                    self.wfile.write((b"535 no" if denied else answers.get(word, b"250 ok")) + b"\r\n")
                    if word == b"QUIT":
                        return

        self.server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """Its address as an owner would type it."""
        port = self.server.server_address[1]
        return f"mailto://toko:s3kr1t-w0rd@127.0.0.1:{port}?from=balas@toko.example&to=sari@toko.example&mode=insecure"


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server that answers."""
    found = Mailbox()
    try:
        yield found
    finally:
        found.server.shutdown()
        found.server.server_close()
