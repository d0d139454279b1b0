"""How much of the time away has arrived, and whether it is all in even if the server does not say so."""

# Seconds. A backlog in which nothing arrives for so long has ended: the library needs less to notice that WhatsApp
# does not answer any more (30 s to its next ping, 10 s for the answer: whatsmeow's keepalive.go).
LONGEST_SILENCE = 45.0
# nothing but receipts follows its last message
AFTER_THE_LAST = 5.0


class BacklogProgress:
    """Looked at many times a second while a backlog arrives."""

    def __init__(self) -> None:
        self.done = 0
        self.has_moved = False
        self._complete_since: float | None = None

    def is_over(self, received: int, total: int, quiet_for: float, now: float) -> bool:
        """Take in how many of `total` messages have come, and for how long nothing has; monotonic seconds.

        What comes live meanwhile is counted, too, so `done` ends at the total.
        """
        done = min(received, total)
        self.has_moved, self.done = done != self.done, done
        if done < total:
            self._complete_since = None
        elif self._complete_since is None:
            self._complete_since = now
        silent = quiet_for > LONGEST_SILENCE
        return silent or (self._complete_since is not None and now - self._complete_since > AFTER_THE_LAST)
