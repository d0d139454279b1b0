"""How often a login is tried at most, whoever wishes it and however often we are restarted.

Ten attempts without getting in, and from then on one a minute. Where one of them gets in now and then (a bad line)
it takes a hundred; each whole minute online makes up for one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

IN_VAIN, IN_ALL = 10, 100
THEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class LoginAttempts:
    """The logins behind us: how many since the last that got in, how many before it, and when the latest was."""

    in_vain: int = 0
    earlier: int = 0
    latest: datetime | None = None

    def may_go_on(self, now: datetime) -> bool:
        """Whether a login may be tried now."""
        if self.in_vain < IN_VAIN and self.in_vain + self.earlier < IN_ALL:
            return True
        # a clock that was set back forbids nothing
        return self.latest is None or abs(now - self.latest) >= THEN_EVERY

    def tried(self, now: datetime) -> "LoginAttempts":
        """With one more, which counts as in vain until it gets in."""
        return LoginAttempts(min(self.in_vain + 1, IN_VAIN + 1), self.earlier, now)

    def got_in(self) -> "LoginAttempts":
        """After the latest has got in; saying so again changes nothing."""
        return LoginAttempts(0, min(self.earlier + self.in_vain, IN_ALL), self.latest)

    def rested(self, online: timedelta) -> "LoginAttempts":
        """After being online for so long."""
        minutes = max(online, timedelta(0)) // THEN_EVERY
        return LoginAttempts(self.in_vain, max(self.earlier - minutes, 0), self.latest)
