"""Everything that Balas needs, looked at once, in the order in which one would mend it."""

import os
import time
from collections.abc import Iterator

from daemon.commands.doctor import data_folder, machine
from daemon.commands.doctor.findings import Finding, note
from daemon.commands.opening import is_running
from daemon.config import Config
from daemon.store.engine import Database


def examine(config: Config) -> Iterator[Finding]:
    """Look at everything; changes nothing, and may run beside the daemon."""
    yield machine.library()
    yield machine.libmagic()
    yield machine.ffmpeg()
    if config.data.is_dir():
        yield from examine_data(config)
    else:
        yield note("rights", "There is no data folder yet.", "Start Balas once: balas run.")
        yield machine.port(config, running=False)
    yield machine.network(dict(os.environ))


def examine_data(config: Config) -> Iterator[Finding]:
    """Look at the data folder and all that depends on it."""
    if (foreign := data_folder.owner(config.data)) is not None:
        yield foreign
        return
    running = is_running(config)
    yield data_folder.rights(config.data)
    yield machine.disk(config.data)
    yield machine.port(config, running)
    books = Database(config.database_url)
    newest = None
    if os.path.exists(books.path):
        finding, found = data_folder.database(books)
        yield finding
        yield data_folder.kept(config.data, books)
        if found is not None:
            newest = found.newest
            for account, link in found.links:
                yield data_folder.session(config.data, account)
                yield data_folder.link(account, link, config.language, running)
        books.close()
    else:
        yield note("database", "There is no database yet.", "Start Balas once: balas run.")
    yield machine.clock(config.data, newest, time.time())
