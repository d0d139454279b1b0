"""The Blueprints of the pages beside the inbox."""

from flask import Flask

from webui.pages import (
    accounts,
    alerts,
    audit_log,
    bot,
    bot_preview,
    desk_settings,
    forget,
    hours,
    link,
    quick_replies,
    rating,
    reports,
    team,
)

BLUEPRINTS = (
    team.pages,
    reports.pages,
    desk_settings.pages,
    hours.pages,
    bot.pages,
    bot_preview.pages,
    quick_replies.pages,
    rating.pages,
    alerts.pages,
    audit_log.pages,
    link.pages,
    accounts.pages,
    forget.pages,
)


def install(app: Flask) -> None:
    """Add this room."""
    for one in BLUEPRINTS:
        app.register_blueprint(one)
