"""What lets us bring files to WhatsApp's media hosts: names and a word, which only the library can ask for."""

import logging
import threading
import time

# go_library first: it keeps out what neonize would load for nothing
from daemon.whatsapp import go_library  # noqa: F401

# isort: split
from neonize.utils.enum import MediaType

from daemon.whatsapp.client import WhatsApp

log = logging.getLogger(__name__)

# Seconds. The library keeps an answer for its `ttl`, five minutes, and asks anew only then.
FRESH = 300.0
# and waits so long for an answer
LONGEST_QUESTION = 30.0
# Its upload knows no time-out: on a host that is silent it stays for ever. So many of those are left behind.
MOST_STUCK = 5
# brought to make the library ask: it has no other way
_NOTHING = b"balas"


class MediaAccess:
    """The hosts and the word, asked for when they are needed; between the login and the end of a session only."""

    def __init__(self, whatsapp: WhatsApp) -> None:
        self._whatsapp = whatsapp
        self._told = threading.Event()
        self._told_at: float | None = None
        self._asking: list[threading.Thread] = []
        whatsapp.hook.on_media_auth = self._hear

    def get(self) -> tuple[tuple[str, ...], str] | None:
        """Host names in the order to ask them, and the word; None if WhatsApp does not tell."""
        if self._told_at is None or time.monotonic() - self._told_at > FRESH:
            self._ask()
        hook = self._whatsapp.hook
        return (hook.media_hosts, hook.media_auth) if self._told_at is not None and hook.media_hosts else None

    def forget(self) -> None:
        """The word does not let us in: the next one, once the library asks again."""
        self._told_at = None

    def _hear(self) -> None:
        self._told_at = time.monotonic()
        self._told.set()

    def _ask(self) -> None:
        self._asking = [one for one in self._asking if one.is_alive()]
        if len(self._asking) >= MOST_STUCK:
            return
        self._told.clear()
        asking = threading.Thread(target=self._bring_nothing, name="media access", daemon=True)
        self._asking.append(asking)
        asking.start()
        self._told.wait(LONGEST_QUESTION)

    def _bring_nothing(self) -> None:
        try:
            self._whatsapp.client.upload(_NOTHING, MediaType.MediaDocument)
        except Exception as error:
            # nothing hangs on it: what was asked for came before
            log.warning("the media hosts took nothing: %s", type(error).__name__)
