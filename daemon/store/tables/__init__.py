"""Every table of Balas but those of `auth_store.tables`: `core` has messages and all that leads to them.

Each row that belongs to a linked number carries its account.
"""

# whoever imports one table has all of them in the metadata
from daemon.store.tables import (  # noqa: F401
    alerts,
    calls,
    contact_pictures,
    core,
    desk,
    groups,
    message_changes,
    outgoing_files,
    questions,
)
