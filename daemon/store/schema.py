"""Bring the database's schema up to date at start, and refuse one that is newer than this program."""

import re
from pathlib import Path

from sqlalchemy import inspect, text

from daemon.store.engine import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaTooNew(Exception):
    """The database was written by a newer Balas; starting this one could damage it."""


def revision(database: Database) -> str | None:
    """The revision of the database's schema, None of an empty one."""
    with database.read() as conn:
        if not inspect(conn).has_table("alembic_version"):
            return None
        found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def _revisions() -> list[str]:
    """All revisions that this program knows, oldest first: the migrations' files begin with them."""
    found = (re.match(r"(\d{4})_", path.name) for path in (_MIGRATIONS / "versions").iterdir())
    return sorted({match[1] for match in found if match})


def newest() -> str:
    """The revision that this program writes."""
    return _revisions()[-1]


def is_known(current: str) -> bool:
    """Whether this program knows the revision; a newer one may have been here."""
    return current in _revisions()


def migrate(database: Database) -> None:
    """Upgrade to the newest schema, each step in one transaction.

    Raises SchemaTooNew if the database's revision is unknown here.
    """
    current = revision(database)
    if current == newest():
        return
    if current is not None and not is_known(current):
        raise SchemaTooNew("This database was written by a newer version of Balas: install that one.")
    # only now: it takes longer to import than everything else of a start, and is hardly ever needed
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["database"] = database
    command.upgrade(config, "head")
