"""Log lines for journald or a terminal: what happened, never to whom or with which words."""

import logging
import sys


def set_up(level: str, process: str) -> None:
    """Send this process's log to stderr, one line an entry."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("alembic", "apscheduler", "urllib3", "PIL"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    # it warns at every start that ffmpeg is missing, which nothing here needs
    logging.getLogger("neonize").setLevel(logging.ERROR)
