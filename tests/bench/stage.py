"""What the faults of the soak may touch: the shop, its WhatsApp, its processes, a customer of their own."""

import random
import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.domain.links import LinkState
from tests.bench.browser_admin import BrowserAdmin
from tests.bench.strangers import Strangers
from tests.bench.traffic import Traffic
from tests.support.shop import Shop
from tests.whatsapp_server.wire.node import Node


class Stage:
    """What a fault may touch. `at` waits for a state that the link passes through."""

    def __init__(
        self,
        shop: Shop,
        traffic: Traffic,
        owner: BrowserAdmin,
        strangers: Strangers,
        seed: int,
        at: Callable[[LinkState], object],
        disk: Path | None,
    ) -> None:
        self.shop, self.traffic, self.owner, self.strangers = shop, traffic, owner, strangers
        self.wa = shop.wa
        self.faults = shop.wa.faults
        self.dice = random.Random(seed)
        self.at = at
        self.disk = disk
        self.unlucky = traffic.add_other("Sial")
        self.silent = traffic.add_other("Diam")

    def say(self, damaged: bool = False, answer: bool = True) -> str:
        """A message of a customer who is there for faults; gives its id."""
        words = f"pesan {secrets.token_hex(4)}"
        customer = self.unlucky if answer else self.silent
        if damaged:
            wa_id = self.wa.send_undecryptable(customer, words, answer=answer)
        else:
            wa_id = customer.send_text(words)
        self.traffic.written[wa_id] = words
        return wa_id

    def stanza(self, *nodes: Node | bytes) -> None:
        """Send the session whatever one wants."""
        (device,) = self.wa.phone.linked_numbers()
        jid = self.wa.phone.user.phone_jid.with_device(device)

        def send() -> None:
            connection = self.wa.endpoint.connection_of(jid)
            if connection is None:
                return
            for node in nodes:
                if isinstance(node, bytes):
                    connection.send_encoded(node)
                else:
                    connection.send(node)

        self.wa.loop.call(send)

    @contextmanager
    def held(self, role: str) -> Iterator[None]:
        """A process that gets no time."""
        process = self.shop.processes()[role]
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)
