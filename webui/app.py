"""The inbox as one Flask application."""

import hashlib
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from auth_store import files
from daemon.config import Config
from daemon.store.engine import BRIEF_TIMEOUT_MS, Database
from webui import auth
from webui.base import account_switcher, context, current_account, errors, formatting, security
from webui.inbox import attachments
from webui.inbox import blueprints as inbox_blueprints
from webui.live import websocket
from webui.monitoring import health
from webui.pages import blueprints as pages_blueprints

_HERE = Path(__file__).parent
# The longest reply in percent-encoded four-byte characters (65,536 x 12), with room for the other fields.
LARGEST_FORM = 1_000_000
A_YEAR = 365 * 24 * 3600
# In this order: what must come before a form is read, what every page needs, then the rooms.
PARTS = (
    attachments,
    security,
    formatting,
    errors,
    auth,
    current_account,
    account_switcher,
    inbox_blueprints,
    pages_blueprints,
    health,
    websocket,
)


class RowId(IntegerConverter):
    """A row's id in an address; larger ones than SQLite knows are simply not found."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**63 - 1)


def create_app(config: Config | None = None, database: Database | None = None) -> Flask:
    """Build the inbox.

    Without arguments the settings come from the environment. The database's schema must be up to date.
    """
    config = config or Config.from_env()
    app = Flask("webui", root_path=str(_HERE), static_url_path=f"/static/{static_version()}")
    app.config.update(
        SECRET_KEY=files.secret_key(config.data),
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        SEND_FILE_MAX_AGE_DEFAULT=A_YEAR,
    )
    app.url_map.converters["id"] = RowId
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    database = database or Database(config.database_url)
    context.install(app, context.Services(config, database, Database(database.url, BRIEF_TIMEOUT_MS, keeps=False)))
    for part in PARTS:
        part.install(app)

    @app.context_processor
    def shop() -> dict[str, Any]:
        return {"shop": config.shop}

    return app


def static_version() -> str:
    """A short hash of every static file: it is part of their address, so they may be cached for good."""
    digest = hashlib.sha256()
    for path in sorted((_HERE / "static").rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]
