"""The Blueprints of the pages beside the inbox; those of the settings are listed in `settings_pages`."""

from typing import Any

from flask import Flask

from webui.pages import accounts, contact, contact_import, contacts, forget, link, reports, team
from webui.pages.settings_pages import SETTINGS_PAGES

BLUEPRINTS = (
    team.pages,
    reports.pages,
    *(blueprint for page in SETTINGS_PAGES for blueprint in page.blueprints),
    link.pages,
    accounts.pages,
    forget.pages,
    contacts.pages,
    contact.pages,
    contact_import.pages,
)


def install(app: Flask) -> None:
    """Add this room."""
    for one in BLUEPRINTS:
        app.register_blueprint(one)

    @app.context_processor
    def settings() -> dict[str, Any]:
        return {"settings_pages": SETTINGS_PAGES}
