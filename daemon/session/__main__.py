"""`python -m daemon.session --account ID`, as the supervisor starts it."""

import argparse
import logging
import os
import sys
from contextlib import closing

from auth_store.files import Lock, PlaceError, session_file, session_path
from auth_store.process_hardening import guard_memory
from daemon import logs
from daemon.config import Config
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.time import utc_now
from daemon.session.fail_stop import fail_stop, watch_threads
from daemon.session.process import Session
from daemon.store import accounts, links
from daemon.store.engine import Database
from daemon.store.integrity import looks_sound

log = logging.getLogger("daemon.session")


def main() -> None:
    """Run the session of the account given as `--account ID`; started by the supervisor only."""
    parser = argparse.ArgumentParser(prog="daemon.session")
    parser.add_argument("--account", type=int, required=True)
    parser.add_argument("--pulse", type=int, default=-1, help="file descriptor for signs of life")
    given = parser.parse_args()
    account_id = given.account
    config = Config.from_env()
    logs.set_up(config.log_level, "session")
    os.umask(0o077)
    # the library's threads ask for the interpreter thousands of times a second and must not wait 5 ms for it
    sys.setswitchinterval(0.0005)
    # the Go library prints progress lines to stdout
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        Lock(
            session_file(config.data, account_id).with_suffix(".lock"),
            "Another process has this account's keys open.",
        ).acquire()
    except PlaceError as error:
        sys.exit(str(error))
    with closing(Database(config.database_url)) as database:
        with database.read() as conn:
            account = accounts.get(conn, account_id)
        if not looks_sound(session_path(config.data, account_id)):
            log.error("the keys' file is damaged and is left as it is")
            with database.write() as conn:
                reason = LinkReason.KEYS_DAMAGED
                links.set_state(conn, account_id, LinkState.OFFLINE, utc_now(), reason)
            return
    watch_threads()
    with fail_stop("the main loop"):
        session = Session(config, account, pulse=given.pulse)
        # not before: an undumpable process may not read its own initial environment, unless it is root's
        guard_memory()
        session.run()


main()
