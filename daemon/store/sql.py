"""Phrases of SQL that the store's modules share, and whatever SQLite wants said in a way of its own."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Index, String, Table, UpdateBase, literal_column, text
from sqlalchemy.dialects.sqlite import Insert, insert


def changed(conn: Connection, statement: UpdateBase) -> bool:
    """Run a statement; whether it inserted, updated or deleted any row."""
    return conn.execute(statement).rowcount > 0


def insert_new(table: Table) -> Insert:
    """An insert that leaves out what a unique index knows already."""
    return insert(table).on_conflict_do_nothing()


def upsert(
    table: Table,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    *,
    only_new: Mapping[str, Any] | None = None,
    replaces: ColumnElement[bool] | None = None,
) -> Insert:
    """An insert that updates `values` of the row with this primary key, if there is one.

    `only_new` is for a new row alone; a row that does not fulfil `replaces` stays as it is.
    """
    statement = insert(table).values({**key, **values, **(only_new or {})})
    return statement.on_conflict_do_update(
        index_elements=list(key), set_={name: statement.excluded[name] for name in values}, where=replaces
    )


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows that fulfil a condition, for queries that name it by the same words (`written_out`)."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where))


def written_out(word: StrEnum) -> ColumnElement[str]:
    """A word that stands in the statement itself, as in the condition of a partial index: SQLite compares both."""
    return literal_column(f"'{word.value}'", String)


def by_index(column: ColumnElement[int]) -> ColumnElement[bool]:
    """Always so of a row's id: leads SQLite to the partial index on it, past all rows that are not in it."""
    return column > literal_column("0")
