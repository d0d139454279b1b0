"""What every command begins with: the settings, the data folder, the database, and whether the daemon runs."""

import os

import click
from sqlalchemy.exc import DatabaseError

from auth_store.files import Lock, PlaceError, prepare_folder, private_file
from daemon.config import Config, ConfigError
from daemon.store.engine import Database
from daemon.store.schema import revision


def open_data() -> tuple[Config, Database]:
    """The settings and the database; the folder and the file are made if they are missing."""
    config = settings()
    try:
        prepare_folder(config.data)
        database = Database(config.database_url)
        private_file(config.data / "balas.db")
        revision(database)
    except PlaceError as error:
        raise click.ClickException(str(error)) from None
    except DatabaseError as error:
        raise click.ClickException(
            f"The database {database.path} can't be used ({error.orig}): check DATABASE_URL and the data folder."
        ) from None
    return config, database


def settings() -> Config:
    """The settings alone; nothing is made or opened."""
    os.umask(0o077)
    try:
        return Config.from_env()
    except ConfigError as error:
        raise click.ClickException(str(error)) from None


def open_existing() -> tuple[Config, Database]:
    """The settings and the database of a Balas that has been run before."""
    config = settings()
    if (config.data / "balas.db").exists():
        config, database = open_data()
        if revision(database) is not None:
            return config, database
    raise click.ClickException(f"There is no Balas in the data folder {config.data} yet: run it first.")


def is_running(config: Config) -> bool:
    """Whether a daemon holds the data folder."""
    lock = Lock(config.data / "daemon.lock", "")
    try:
        lock.acquire().release()
    except PlaceError:
        return True
    return False


def require_running(config: Config) -> None:
    """End the command with a sentence unless the daemon runs."""
    if not is_running(config):
        raise click.ClickException("The daemon is not running: start it with 'balas run'.")
