"""What systemd is told about us: a datagram a word, by the protocol of sd_notify(3)."""

import logging
import os
import socket
from collections.abc import MutableMapping

log = logging.getLogger(__name__)

# sd_watchdog_enabled(3) advises to give the sign of life twice as often as it is asked for
_SIGNS_IN_A_TERM = 2


class ServiceManager:
    """Talks to the service manager that started us, and to nobody if there is none."""

    def __init__(self, environ: MutableMapping[str, str] | None = None) -> None:
        """Takes the service manager's words out of the environment: our children are not the service."""
        given = os.environ if environ is None else environ
        self._address = given.pop("NOTIFY_SOCKET", "")
        usec, pid = given.pop("WATCHDOG_USEC", ""), given.pop("WATCHDOG_PID", "")
        ours = pid in ("", str(os.getpid()))
        # seconds between two signs of life; None: nobody asks for one
        self.every = int(usec) / 1e6 / _SIGNS_IN_A_TERM if ours and usec.isdecimal() and int(usec) else None
        self._status = ""

    def ready(self) -> None:
        """The service has started."""
        self._send("READY=1")

    def alive(self) -> None:
        """Everything that the watchdog stands for is so."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The service is on its way out."""
        self._send("STOPPING=1")

    def status(self, line: str) -> None:
        """One line for `systemctl status`; sent only when it has changed."""
        if line != self._status:
            self._status = line
            self._send(f"STATUS={line}")

    def _send(self, word: str) -> None:
        if not self._address:
            return
        # a leading @ means the abstract namespace
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagram:
                datagram.setblocking(False)
                datagram.sendto(word.encode(), address)
        except OSError as error:
            # it asks again; a service manager that is away must not end us
            log.warning("the service manager can't be told: %s", error.strerror)
