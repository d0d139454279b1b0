"""The migrations lead to the tables that the program uses, keep what is there, and refuse what is newer."""

import hashlib
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from auth_store.tables import metadata
from daemon.store.engine import Database
from daemon.store.schema import SchemaTooNew, migrate
from tests.books import Books, dump, lid


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_migrated_schema_is_the_one_in_the_tables(database: Database) -> None:
    with database.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_columns_defaults_and_partial_indexes_are_the_same_too(database: Database, tmp_path: Path) -> None:
    fresh = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    with fresh.write() as conn:
        metadata.create_all(conn)

    def description(of: Database) -> dict[str, object]:
        with of.read() as conn:
            indexes = conn.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql > ''")
            found: dict[str, object] = {name: " ".join(sql.replace('"', "").split()) for name, sql in indexes}
            for table in metadata.tables:
                found[table] = conn.exec_driver_sql(f"PRAGMA table_info({table})").all()
        return found

    assert description(database) == description(fresh)
    fresh.close()


def test_data_survives_another_start(books: Books) -> None:
    books.waiting(lid("1"), "masih ada?")
    before = dump(books.database)
    migrate(books.database)
    assert dump(books.database) == before


def test_migrating_twice_writes_nothing(database: Database) -> None:
    database.close()
    before = digest(Path(database.path))
    migrate(database)
    database.close()
    assert digest(Path(database.path)) == before


def test_a_newer_schema_is_refused_and_left_as_it_is(books: Books) -> None:
    books.waiting(lid("1"))
    with books.database.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_the_future'")
    before = dump(books.database)
    with pytest.raises(SchemaTooNew, match="newer version of Balas"):
        migrate(books.database)
    assert dump(books.database) == before


def test_an_empty_file_gets_all_tables(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    path.touch(mode=0o600)
    database = Database(f"sqlite:///{path}")
    migrate(database)
    assert set(dump(database)) >= set(metadata.tables)
    database.close()
    assert path.stat().st_mode & 0o777 == 0o600
