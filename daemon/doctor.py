"""Everything that Balas needs, looked at once, in the order in which one would mend it."""

import os
import time
from collections.abc import Iterator

from auth_store.place import AlreadyOpen, Lock
from daemon import doctor_data, doctor_machine
from daemon.config import Config
from daemon.findings import Finding, note
from daemon.store.engine import Database


def examine(config: Config) -> Iterator[Finding]:
    """Look at everything; changes nothing, and may run beside the daemon."""
    yield doctor_machine.library()
    yield doctor_machine.libmagic()
    yield doctor_machine.ffmpeg()
    if config.data.is_dir():
        yield from examine_data(config)
    else:
        yield note("rights", "There is no data folder yet.", "Start Balas once: balas run.")
        yield doctor_machine.port(config, running=False)
    yield doctor_machine.network(dict(os.environ))


def examine_data(config: Config) -> Iterator[Finding]:
    """Look at the data folder and all that depends on it."""
    if (foreign := doctor_data.owner(config.data)) is not None:
        yield foreign
        return
    running = _is_running(config)
    yield doctor_data.rights(config.data)
    yield doctor_machine.disk(config.data)
    yield doctor_machine.port(config, running)
    books = Database(config.database_url)
    newest = None
    if os.path.exists(books.path):
        finding, found = doctor_data.database(books)
        yield finding
        if found is not None:
            newest = found.newest
            for account, link in found.links:
                yield doctor_data.session(config.data, account)
                yield doctor_data.link(account, link, config.language, running)
        books.close()
    else:
        yield note("database", "There is no database yet.", "Start Balas once: balas run.")
    yield doctor_machine.clock(config.data, newest, time.time())


def _is_running(config: Config) -> bool:
    path = config.data / "daemon.lock"
    if not path.exists():
        return False
    try:
        Lock(path, "").acquire().release()
    except AlreadyOpen:
        return True
    return False
