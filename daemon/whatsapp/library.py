"""The one place where the Go library is loaded, quietly and with its log under our control."""

import contextlib
import logging
import os
import sys
from collections.abc import Callable

# neonize needs libmagic; this wheel brings it, so that no system package is needed
import pylibmagic  # noqa: F401

# neonize calls logging.basicConfig at import and prints to stdout: our handlers must exist first
with contextlib.redirect_stdout(sys.stderr):
    import neonize.client as _client
    from neonize.client import NewClient
    from neonize.utils.log import log as _level_source

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


__all__ = ["LogHook", "NewClient", "check_environment", "install_log_hook"]
