"""The one place where the Go library is loaded, quietly and with its log under our control."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

# neonize needs libmagic; this wheel brings it, so that no system package is needed
import pylibmagic  # noqa: F401

# neonize imports a reader of web pages and two HTTP clients, for previews and addresses that it never gets from us
# and to download itself: a quarter of the session's start, after each crash too
_NEVER_NEEDED = {"linkpreview": ["link_preview"], "httpx": [], "requests": []}


@contextlib.contextmanager
def _left_out(names: dict[str, list[str]]) -> Iterator[None]:
    """Let empty modules, with the given attributes, stand in for libraries while something imports them."""
    stand_ins = {name: ModuleType(name) for name in names if name not in sys.modules}
    for name, module in stand_ins.items():
        vars(module).update(dict.fromkeys(names[name]))
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


# neonize calls logging.basicConfig at import and prints to stdout: our handlers must exist first
with contextlib.redirect_stdout(sys.stderr), _left_out(_NEVER_NEEDED):
    import neonize.client as _client
    from neonize.utils.log import log as _level_source

NewClient = _client.NewClient
LogHook = Callable[[int, int], None]


def install_log_hook(hook: LogHook) -> None:
    """Send every entry of the library's log to `hook(address, size)` instead of neonize's own thread.

    The level must be DEBUG: only there the library shows a message's id before the frame is written.
    Call before connect().
    """
    _level_source.setLevel(logging.DEBUG)
    _client.log_whatsmeow = hook


def check_environment() -> None:
    """Refuse to run without the bot label switched off from the process's first instruction on.

    Go reads the environment of the process's start; without it customers see our replies marked as AI.
    Raises RuntimeError.
    """
    with open("/proc/self/environ", "rb") as file:
        entries = file.read().split(b"\0")
    if b"NEONIZE_BOT_TAG=off" not in entries or os.environ.get("NEONIZE_BOT_TAG") != "off":
        raise RuntimeError("the session must be started with NEONIZE_BOT_TAG=off")
