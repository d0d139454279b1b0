"""How Alembic reaches the database: through the Database that `schema.migrate` hands over."""

from alembic import context

import daemon.store.tables  # noqa: F401 - fills the metadata
from auth_store.tables import metadata
from daemon.store.engine import Database

database: Database = context.config.attributes["database"]

with database.write() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, transactional_ddl=True, render_as_batch=True
    )
    context.run_migrations()
