"""The simulated WhatsApp as tests, benchmarks and the demo use it: synchronous, from any thread."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tests.whatsapp_server.actors import elsewhere
from tests.whatsapp_server.actors.companion import Companion
from tests.whatsapp_server.actors.customer import RELEASE_TIMEOUT, Customer
from tests.whatsapp_server.actors.group import GroupChat
from tests.whatsapp_server.actors.loop import LoopThread
from tests.whatsapp_server.actors.person import PersonActor as Person
from tests.whatsapp_server.actors.phone import Phone
from tests.whatsapp_server.actors.prepared import Prepared, release
from tests.whatsapp_server.actors.values import Surroundings
from tests.whatsapp_server.clock import Clock
from tests.whatsapp_server.fault_control import FaultControl
from tests.whatsapp_server.launcher import environment
from tests.whatsapp_server.server.endpoint import Endpoint
from tests.whatsapp_server.server.network import Network
from tests.whatsapp_server.wire.node import Node

SHOP_PHONE = "6281230000001"
SHOP_NAME = "Toko Kita"

_FIRST_CUSTOMER_PHONE = 6281310000001
_FIRST_LID = 118000000000011
_LID_STEP = 7001

T = TypeVar("T")


class WhatsAppServer:
    """A WhatsApp on loopback with one shop account: `with WhatsAppServer() as wa:`.

    `environment` goes into the initial environment of a child that loads neonize; `phone` is the shop's
    phone, `faults` breaks things, `clock` shifts the server's time, `network` and `endpoint` are the parts
    below (their methods belong on the loop: `wa.loop.call(...)`).
    """

    def __init__(
        self,
        *,
        shop_phone: str = SHOP_PHONE,
        shop_name: str = SHOP_NAME,
        folder: Path | None = None,
        port: int = 0,
    ) -> None:
        self._shop = shop_phone, shop_name
        self._own_folder = folder is None
        self._folder = Path(tempfile.mkdtemp(prefix="whatsapp-server-")) if folder is None else folder
        self._port = port
        self._lids = 0
        self.clock = Clock()
        self.loop = LoopThread()
        self.network = Network(self.clock)
        self.customers: list[Customer] = []
        self.phones: list[Phone] = []

    # --- life ---

    def start(self) -> Self:
        """Start the loop and listen."""
        self.loop.start()
        self.endpoint = self.loop.call(Endpoint, self.network, self._folder)
        self.endpoint.on_change = self.loop.announce_change
        self.loop.run(self.endpoint.start(port=self._port))
        self.surroundings = Surroundings(self.network, self.endpoint.media, self.loop)
        self.phone = self.add_account(*self._shop)
        self.faults = FaultControl(self.loop, self.endpoint.faults, self.phone)
        return self

    def stop(self) -> None:
        """Cut all connections and end the thread."""
        self.loop.run(self.endpoint.stop())
        self.loop.stop()
        if self._own_folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs in its initial environment to reach this server."""
        return environment(self.endpoint.port, self.endpoint.tls.authority_file, self.endpoint.noise.root.public)

    # --- people ---

    def add_account(self, phone: str, name: str = SHOP_NAME) -> Phone:
        """Register another shop; give its phone."""
        user = self.loop.call(self.network.add_user, phone, self._next_lid(), name)
        self.phones.append(self.loop.call(Phone, self.surroundings, user))
        return self.phones[-1]

    def add_companion(self, name: str = "Chrome") -> Companion:
        """Link an in-process companion to the shop's number."""
        return self.phone.add_companion(name)

    def add_customer(
        self, name: str, phone: str | None = None, lid: str | None = None, *, shop: Phone | None = None
    ) -> Customer:
        """Register a customer of a shop, by default of the first one; numbers are made up where none is given."""
        phone = phone or str(_FIRST_CUSTOMER_PHONE + len(self.customers))
        user = self.loop.call(self.network.add_user, phone, lid or self._next_lid(), name)
        customer = self.loop.call(Customer, self.surroundings, user, (shop or self.phone).user)
        self.customers.append(customer)
        return customer

    def add_group(
        self,
        subject: str,
        *members: Customer,
        by_lid: bool = True,
        announcement: bool = False,
        with_shop: bool = True,
    ) -> GroupChat:
        """Found a group of customers (the first is its admin) and the shop; `by_lid` is how it names people."""
        everybody: list[Person] = [*members, self.phone] if with_shop else list(members)
        return self.loop.call(
            GroupChat, self.surroundings, subject, everybody, by_lid=by_lid, announcement=announcement
        )

    def send_undecryptable(self, customer: Customer, text: str = "rusak", *, answer: bool = True) -> str:
        """Send a text the shop cannot read; its retry receipt is answered, or with `answer=False` ignored.

        Gives the id.
        """
        customer.answers_retries = answer
        return customer.send_text(text, damaged=True)

    def release(self, *prepared: Prepared) -> list[str]:
        """Push what several customers prepared, one of each in turn, as fast as it goes; give the ids."""
        return self.loop.run(release(self.network, *prepared), timeout=RELEASE_TIMEOUT)

    def post_newsletter(self, text: str) -> str:
        """Post in a channel that the shop follows; give the message's id."""
        return self.loop.call(elsewhere.newsletter, self.network, self.phone.user, text)

    # --- looking ---

    def connected(self, number: int | None = None, phone: Phone | None = None) -> bool:
        """Tell whether a linked client (by default any real one) is logged in and takes its stanzas."""
        account = phone or self.phone

        def look() -> bool:
            numbers = account.linked_numbers() if number is None else [number]
            connections = [self.endpoint.connection_of(account.user.phone_jid.with_device(n)) for n in numbers]
            return any(connection is not None and connection.active for connection in connections)

        return self.loop.call(look)

    @property
    def logins(self) -> list[float]:
        """Real times (Unix seconds) of all attempts to log in."""
        return self.loop.call(lambda: list(self.endpoint.logins))

    def stanzas(self, tag: str | None = None) -> list[Node]:
        """Give what clients sent, oldest first: all stanzas, or those with a tag."""
        return self.loop.call(lambda: [node for _, node in self.endpoint.stanzas if tag in (None, node.tag)])

    def waiting(self, number: int | None = None) -> int:
        """Give how many stanzas wait to be answered by a linked client, by default by all real ones."""

        def count() -> int:
            numbers = self.phone.linked_numbers() if number is None else [number]
            devices = self.phone.user.devices
            return sum(len(devices[n].mailbox.waiting) for n in numbers if n in devices)

        return self.loop.call(count)

    def wait_until(self, predicate: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:
        """Wait until a predicate gives something true; give that. Raises TimeoutError."""
        return self.loop.wait_until(predicate, timeout, what)

    def _next_lid(self) -> str:
        self._lids += 1
        return str(_FIRST_LID + self._lids * _LID_STEP)
