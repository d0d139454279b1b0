"""Bring the database's schema up to date at start, and refuse one that is newer than this program."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from daemon.store.engine import Database


class SchemaTooNew(Exception):
    """The database was written by a newer Balas; starting this one could damage it."""


def alembic_config(database: Database) -> AlembicConfig:
    """Alembic's settings for this database, without an ini file."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["database"] = database
    return config


def revision(database: Database) -> str | None:
    """The revision of the database's schema, None of an empty one."""
    with database.read() as conn:
        return MigrationContext.configure(conn).get_current_revision()


def newest(database: Database) -> str | None:
    """The revision that this program writes."""
    return ScriptDirectory.from_config(alembic_config(database)).get_current_head()


def is_known(database: Database, current: str) -> bool:
    """Whether this program knows the revision; a newer one may have been here."""
    try:
        return ScriptDirectory.from_config(alembic_config(database)).get_revision(current) is not None
    except CommandError:
        return False


def migrate(database: Database) -> None:
    """Upgrade to the newest schema, each step in one transaction.

    Raises SchemaTooNew if the database's revision is unknown here.
    """
    config = alembic_config(database)
    scripts = ScriptDirectory.from_config(config)
    current = revision(database)
    if current is not None:
        try:
            scripts.get_revision(current)
        except CommandError as error:
            raise SchemaTooNew(
                "This database was written by a newer version of Balas: install that one."
            ) from error
    if current != scripts.get_current_head():
        command.upgrade(config, "head")
