"""The migrations lead to the tables that the program uses, keep what is there, and refuse what is newer."""

import hashlib
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from auth_store.tables import metadata
from daemon.store import migrations
from daemon.store.engine import Database
from daemon.store.schema import SchemaTooNew, migrate
from tests.support.books import Books, dump
from tests.support.builders import lid


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def migrated_to(path: Path, revision: str) -> Database:
    """A new database as an earlier version of this program left it."""
    path.touch(mode=0o600)
    database = Database(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["database"] = database
    command.upgrade(config, revision)
    return database


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


def test_whoever_was_forgotten_before_the_column_is_told_from_one_of_that_name(tmp_path: Path) -> None:
    old = migrated_to(tmp_path / "old.db", "0006")
    with old.write() as conn:
        for statement in (
            "INSERT INTO account (id, name, created_at) VALUES (1, 'main', 0)",
            "INSERT INTO contact (id, account_id, kind, lid, phone, name, created_at, merged_into) VALUES"
            " (1, 1, 'person', NULL, NULL, 'Forgotten customer', 0, NULL),"
            " (2, 1, 'person', NULL, NULL, 'Forgotten customer', 0, 1),"
            " (3, 1, 'person', '300', NULL, 'Forgotten customer', 0, NULL),"
            " (4, 1, 'person', NULL, '62814', 'Forgotten customer', 0, 3),"
            " (5, 1, 'group', NULL, NULL, 'Forgotten customer', 0, NULL),"
            " (6, 1, 'group', NULL, NULL, NULL, 0, NULL)",
            "INSERT INTO contact_alias VALUES (1, 'lid', '300', 3), (1, 'g.us', '500', 5)",
            "INSERT INTO audit (account_id, at, actor, action, detail) VALUES"
            " (1, 77, 'admin', 'contact.forgotten', '{\"contact\": 1, \"messages\": 5}'),"
            " (1, 88, 'admin', 'contact.forgotten', '{\"contact\": 9, \"messages\": 5}')",
        ):
            conn.exec_driver_sql(statement)
    migrate(old)
    with old.read() as conn:
        found = conn.exec_driver_sql("SELECT id, name, forgotten_at FROM contact ORDER BY id").all()
    name = "Forgotten customer"
    assert found == [
        (1, None, 77),
        (2, None, 77),
        (3, name, None),
        (4, name, None),
        (5, name, None),
        (6, None, None),
    ]
    old.close()


def test_an_empty_file_gets_all_tables(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    path.touch(mode=0o600)
    database = Database(f"sqlite:///{path}")
    migrate(database)
    assert set(dump(database)) >= set(metadata.tables)
    database.close()
    assert path.stat().st_mode & 0o777 == 0o600
