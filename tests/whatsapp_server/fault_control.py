"""Faults for tests: server/faults.py, callable from any thread, with devices named the way tests name them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.actors.loop import LoopThread
from tests.whatsapp_server.actors.phone import Phone
from tests.whatsapp_server.server.faults import ALWAYS, Faults
from tests.whatsapp_server.server.media_host import Trick
from tests.whatsapp_server.wire.jid import Jid


class FaultControl:
    """Breaks things on purpose. A `number` is a device of the first account; without one all clients are meant."""

    def __init__(self, loop: LoopThread, faults: Faults, phone: Phone) -> None:
        self._loop = loop
        self._faults = faults
        self._phone = phone

    def drop_connection(self, number: int | None = None) -> int:
        """Cut connections without a word; give how many."""
        return self._loop.call(self._faults.drop_connection, self._jid(number))

    def stop_answering_pings(self) -> None:
        """Leave keep-alive pings unanswered; the sockets stay open."""
        self._loop.call(self._faults.stop_answering_pings)

    def resume_pings(self) -> None:
        """Answer keep-alive pings again."""
        self._loop.call(self._faults.resume_pings)

    def stream_error(self, code: str, number: int | None = None) -> int:
        """End streams with "515", "503", "device_removed", "replaced" or any other code; give how many."""
        return self._loop.call(self._faults.stream_error, code, self._jid(number))

    def connect_failure(self, reason: int | str, /, times: float = 1, **attrs: str) -> None:
        """Answer the next logins with a failure (401, 403, 405, 503, …); a ban is 402 with `code` and `expire`."""
        self._loop.call(self._faults.connect_failure, reason, times, **attrs)

    def refuse_logins(self, seconds: float = ALWAYS) -> None:
        """Refuse the websocket for some seconds, or until `accept_logins`."""
        self._loop.call(self._faults.refuse_logins, seconds)

    def accept_logins(self) -> None:
        """Lift `refuse_logins` and connect failures that are left."""
        self._loop.call(self._faults.accept_logins)

    def hold_acks(self) -> None:
        """Stop acknowledging sent messages; they are delivered all the same."""
        self._loop.call(self._faults.hold_acks)

    def release_acks(self) -> None:
        """Acknowledge what was held, and go on as usual."""
        self._loop.call(self._faults.release_acks)

    def refuse_sends(self, code: str = "479", times: int = 1, number: int | None = None) -> None:
        """Answer the next sent messages with an error; they reach nobody."""
        self._loop.call(self._faults.refuse_sends, code, times, self._jid(number))

    def hand_out_codes(self, count: int) -> None:
        """Give unlinked clients so many QR codes in a set: fewer than six last 20 s each."""
        self._loop.call(setattr, self._faults, "codes_in_a_set", count)

    def leave_unanswered(self, *namespaces: str) -> None:
        """Give queries of these namespaces no answer ("usync": device lists), and all others one again."""
        self._loop.call(setattr, self._faults, "unanswered", set(namespaces))

    def refuse_queries(self, *namespaces: str) -> None:
        """Answer queries of these namespaces with an error 500, and all others as usual."""
        self._loop.call(setattr, self._faults, "refused", set(namespaces))

    def name_numbers(self, manner: str = "") -> None:
        """Name a number that is looked up by "lid" alone, by "phone" alone, one that is not there not at all.

        That is "nameless"; without a manner as usual.
        """
        self._loop.call(setattr, self._faults, "directory", manner)

    def refuse_pair_codes(self, code: int | None = 429) -> None:
        """Refuse requests for an eight-letter code, or with None grant them again."""
        self._loop.call(setattr, self._faults, "pair_code_error", code)

    def unknown_receipt_type(self, customer: Customer, message_id: str, kind: str = "server-error") -> None:
        """Send the shop a receipt of a type that its library cannot map."""
        shop = self._phone.user
        self._loop.call(self._faults.receipt, customer.user.lid_jid, shop.lid_jid, message_id, kind)

    def fail_media(self, status: int | None) -> None:
        """Answer downloads with an HTTP status, or None to serve them again."""
        self._loop.call(setattr, self._faults, "media_status", status)

    @contextmanager
    def media_tricks(self, trick: Trick) -> Iterator[None]:
        """Uploads meet a host that does this."""
        self._loop.call(setattr, self._faults, "media_trick", trick)
        try:
            yield
        finally:
            self._loop.call(setattr, self._faults, "media_trick", None)

    def _jid(self, number: int | None) -> Jid | None:
        return None if number is None else self._phone.user.phone_jid.with_device(number)
