"""How gunicorn runs the inbox: one process, a thread a request, a thread a websocket."""

import os
import signal
import sys
from types import FrameType
from typing import Any

from daemon.config import Config

GRACE_SECONDS = 5
KEEP_ALIVE_SECONDS = 15


def command(config: Config) -> list[str]:
    """The argv that serves this configuration; the settings themselves travel in the environment."""
    argv = [
        *(sys.executable, "-m", "gunicorn", "webui.app:create_app()"),
        *("--config", "python:webui.serve"),
        *("--worker-class", "gthread"),
        *("--workers", str(config.workers)),
        *("--threads", str(config.threads)),
        *("--bind", f"[{config.host}]:{config.port}" if ":" in config.host else f"{config.host}:{config.port}"),
        *("--graceful-timeout", str(GRACE_SECONDS)),
        *("--keep-alive", str(KEEP_ALIVE_SECONDS)),
        # X-Forwarded headers are read by ProxyFix alone, which knows how many proxies there are
        *("--forwarded-allow-ips", ""),
        *("--log-level", "warning"),
        "--no-control-socket",
    ]
    if os.path.isdir("/dev/shm"):  # noqa: S108 - gunicorn's own heartbeat file, unlinked at once
        argv += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    return argv


def post_worker_init(worker: Any) -> None:
    """Let open websockets go as soon as the process is told to end (a hook of gunicorn)."""
    hub = worker.wsgi.extensions["live"]
    leave = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        hub.stop()
        if callable(leave):
            leave(number, frame)

    signal.signal(signal.SIGTERM, end)
