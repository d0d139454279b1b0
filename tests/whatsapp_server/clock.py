"""The simulator's time: real time, shifted by as much as a test wants."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """Gives Unix seconds; `offset` is how far ahead of real time it is."""

    offset: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.offset

    def shift(self, seconds: float) -> None:
        """Move on (or back) by some seconds."""
        self.offset += seconds

    def reset(self) -> None:
        """Go back to real time."""
        self.offset = 0.0
