"""neonize as it comes, with a handler that does nothing but count: the yardstick of the ingest bench.

`python -m tests.bench.raw_client FILE`: prints `qr TEXT`, `online`, and after each 20 messages `seen N`. Each
sender's first message is answered once, so that both sides of the encrypted session are established.
"""

import sys
import threading
from queue import SimpleQueue

import pylibmagic  # noqa: F401
from neonize.client import NewClient
from neonize.events import ConnectedEv, MessageEv
from neonize.proto.Neonize_pb2 import JID
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import Message


def main() -> None:
    """Connect and count."""
    client = NewClient(sys.argv[1], uuid="raw")
    seen = 0
    greeted: set[str] = set()
    strangers: SimpleQueue[JID] = SimpleQueue()

    def greet() -> None:
        while True:
            client.send_message(strangers.get(), Message(conversation="ok"))

    threading.Thread(target=greet, daemon=True).start()

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
        if seen % 20 == 0:
            print("seen", seen, flush=True)
        if event.Info.MessageSource.Chat.User not in greeted:
            greeted.add(event.Info.MessageSource.Chat.User)
            strangers.put(event.Info.MessageSource.Chat)

    client.connect()


if __name__ == "__main__":
    main()
