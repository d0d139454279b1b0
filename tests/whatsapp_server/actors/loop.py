"""The simulator's event loop in a thread of its own, and the way onto it from other threads.

Everything in the simulator happens on this one loop; tests and the control interface call actors from their
own threads.
"""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, ParamSpec, Protocol, TypeVar, cast

CALL_TIMEOUT = 30.0
"""Seconds a caller waits for the loop before it is taken for dead."""

_POLL = 0.05
"""Seconds after which a waiting caller looks again even if nothing announced a change."""

P = ParamSpec("P")
T = TypeVar("T")


class LoopThread:
    """An asyncio loop in a daemon thread; `call` and `run` go onto it and bring results and exceptions back."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name="whatsapp-server", daemon=True)
        self._changes = 0
        self._condition = threading.Condition()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Cancel what still runs, stop the loop and join the thread."""
        self.run(self._cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(CALL_TIMEOUT)
        self.loop.close()

    @property
    def is_current(self) -> bool:
        """Tell whether the caller is on the loop's thread already."""
        return threading.current_thread() is self._thread

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a plain function on the loop and give its result."""
        if self.is_current:
            return function(*args, **kwargs)
        future: Future[T] = Future()

        def on_loop() -> None:
            try:
                future.set_result(function(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        self.loop.call_soon_threadsafe(on_loop)
        return future.result(CALL_TIMEOUT)

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float = CALL_TIMEOUT) -> T:
        """Run a coroutine on the loop and give its result. Not to be called from the loop itself."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout)

    def announce_change(self) -> None:
        """Wake everyone in `wait_until`."""
        with self._condition:
            self._changes += 1
            self._condition.notify_all()

    def wait_until(self, predicate: Callable[[], T], timeout: float = 10.0, what: str = "") -> T:
        """Wait in the caller's thread until a predicate gives something true; give that. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while True:
            seen = self._changes
            result = predicate()
            if result:
                return result
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(what or "what was waited for did not happen")
            with self._condition:
                if self._changes == seen:
                    self._condition.wait(min(left, _POLL))

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def _cancel_all(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class HasLoop(Protocol):
    """Something that lives on a loop."""

    @property
    def loop(self) -> LoopThread:
        """The loop it lives on."""


Method = TypeVar("Method", bound=Callable[..., Any])


def on_loop(method: Method) -> Method:
    """Make a method run on the loop of its object (a HasLoop), whichever thread calls it."""

    @functools.wraps(method)
    def hop(self: HasLoop, *args: Any, **kwargs: Any) -> Any:
        return self.loop.call(method, self, *args, **kwargs)

    return cast(Method, hop)
