"""The schema's changes, in order; Alembic runs them when `daemon.store.schema` asks for it."""
