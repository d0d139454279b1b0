"""neonize as it comes, with a handler that does nothing but count: the yardstick of the ingest bench.

`python -m tests.bench.raw_client FILE`: prints `qr TEXT`, `online`, and after each 100 messages `seen N UNIXTIME`.
"""

import sys
import time

import pylibmagic  # noqa: F401
from neonize.client import NewClient
from neonize.events import ConnectedEv, MessageEv


def main() -> None:
    """Connect and count."""
    client = NewClient(sys.argv[1], uuid="raw")
    seen = 0

    @client.event.qr
    def _qr(_: NewClient, text: bytes) -> None:
        print("qr", text.decode(), flush=True)

    @client.event(ConnectedEv)
    def _connected(_: NewClient, event: ConnectedEv) -> None:
        print("online", flush=True)

    @client.event(MessageEv)
    def _message(_: NewClient, event: MessageEv) -> None:
        nonlocal seen
        seen += 1
        if seen % 100 == 0:
            print("seen", seen, time.time(), flush=True)

    client.connect()


if __name__ == "__main__":
    main()
