"""How gunicorn runs the inbox: one process, a thread a request, a thread a websocket."""

import ctypes
import logging
import os
import signal
import sys
from types import FrameType
from typing import Any

from gunicorn.glogging import Logger

from daemon import logs
from daemon.config import Config

GRACE_SECONDS = 5
KEEP_ALIVE_SECONDS = 15
_PR_SET_PDEATHSIG = 1


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
        *("--logger-class", "webui.serve.Log"),
        "--no-control-socket",
    ]
    if os.path.isdir("/dev/shm"):  # noqa: S108 - gunicorn's own heartbeat file, unlinked at once
        argv += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    return argv


def on_starting(server: Any) -> None:
    """Let gunicorn's master die with a killed supervisor (a hook of gunicorn)."""
    _die_with_parent(os.getppid())


def post_fork(server: Any, worker: Any) -> None:
    """Let a worker die with a killed master: a lingering one keeps the port (a hook of gunicorn)."""
    _die_with_parent(worker.ppid)


def _die_with_parent(parent: int) -> None:
    # nothing is lost: a request that dies here has been committed, or is sent again with its key
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


class Log(Logger):  # type: ignore[misc]
    """gunicorn's log in the form of ours."""

    def setup(self, cfg: Any) -> None:
        """Hand its entries to the root logger."""
        super().setup(cfg)
        logs.set_up(os.environ.get("BALAS_LOG_LEVEL", "INFO"), "inbox")
        self.error_log.handlers[:] = []
        self.error_log.propagate = True
        # of its own life it tells more than anybody wants to know
        self.error_log.setLevel(logging.WARNING)


def post_worker_init(worker: Any) -> None:
    """Let open websockets go as soon as the process is told to end (a hook of gunicorn)."""
    hub = worker.wsgi.extensions["live"]
    leave = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: FrameType | None) -> None:
        hub.stop()
        if callable(leave):
            leave(number, frame)

    signal.signal(signal.SIGTERM, end)
