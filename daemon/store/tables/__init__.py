"""Every table of Balas, by room: `core` (messages and all that leads to them), `desk`, `alerts`; accounts of admins
are in `auth_store.tables`. Each row that belongs to a linked number carries its account.
"""

# whoever imports one table has all of them in the metadata
from daemon.store.tables import alerts, core, desk  # noqa: F401
