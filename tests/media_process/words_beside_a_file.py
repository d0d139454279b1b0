"""Somebody's words and a file beside them over one slow line: how long the words take, and what the file gets."""

import socket
import statistics
import threading
import time

from daemon.media_process.giving_way import GivingWay
from tests.bench import slow_line

KBIT, SECONDS = 400, 6.0


def main() -> None:
    """Print the words' median time there and back in ms, and the file's share of the line."""
    slow_line.enter()
    server = socket.create_server(("127.0.0.1", 0))
    address = server.getsockname()
    slow_line.narrow(address[1], KBIT)
    threading.Thread(target=_serve, args=(server,), daemon=True).start()
    took: list[float] = []
    threading.Thread(target=_talk, args=(address, took), daemon=True).start()
    with socket.create_connection(address) as line:
        line.sendall(b"file")
        way, sent, end = GivingWay(line, 4000), 0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            piece = way.piece(65_536)
            line.sendall(bytes(piece))
            sent += piece
    print(statistics.median(took) * 1000, sent * 8 / 1000 / KBIT / SECONDS)


def _serve(server: socket.socket) -> None:
    while True:
        threading.Thread(target=_listen, args=(server.accept()[0],), daemon=True).start()


def _listen(line: socket.socket) -> None:
    is_file = line.recv(4) == b"file"
    while piece := line.recv(65_536):
        if not is_file:
            line.sendall(piece)


def _talk(address: tuple[str, int], took: list[float]) -> None:
    with socket.create_connection(address) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(b"word")
        while True:
            begun = time.monotonic()
            line.sendall(bytes(100))
            line.recv(100)
            took.append(time.monotonic() - begun)
            time.sleep(0.02)


if __name__ == "__main__":
    main()
