"""Waiting for what another thread or process does, without sleeping for a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], timeout: float = 20.0, what: str = "the condition") -> T:
    """Wait for a condition's first true value; raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true in {timeout} s")
        time.sleep(0.01)
