"""How far the computer's clock is ahead of WhatsApp's, also when somebody sets it while we run."""

from collections.abc import Callable
from datetime import datetime

from daemon.domain.time import Clock, since_boot


class WhatsAppClock:
    """Fed with the times that WhatsApp's server tells of the present moment, in whole seconds.

    An answer takes its time on the way, so of several the one that puts WhatsApp's clock latest is nearest.
    """

    def __init__(self, clock: Clock, elapsed: Callable[[], float] = since_boot) -> None:
        self._clock = clock
        self._elapsed = elapsed
        self._at_zero: float | None = None

    def hear(self, at: datetime) -> None:
        """WhatsApp says that it is `at` now, or a moment later."""
        at_zero = at.timestamp() - self._elapsed()
        if self._at_zero is None or at_zero > self._at_zero:
            self._at_zero = at_zero

    def lead(self) -> int | None:
        """Seconds that our clock is ahead of WhatsApp's (negative: behind it), None before it was heard."""
        if self._at_zero is None:
            return None
        return round(self._clock().timestamp() - self._elapsed() - self._at_zero)
