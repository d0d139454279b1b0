"""The Blueprints of the inbox, and the filters of its templates."""

from flask import Flask

from webui.inbox import (
    actions,
    attachments,
    blocking,
    card_forms,
    cards,
    contact_panel,
    forwarding,
    media_files,
    message_menu,
    new_chat,
    profile_picture,
    replies,
    routes,
    row,
)

BLUEPRINTS = (
    routes.pages,
    replies.pages,
    attachments.pages,
    card_forms.pages,
    actions.pages,
    contact_panel.pages,
    media_files.pages,
    cards.pages,
    message_menu.pages,
    forwarding.pages,
    new_chat.pages,
    profile_picture.pages,
    blocking.pages,
)


def install(app: Flask) -> None:
    """Add this room."""
    for one in BLUEPRINTS:
        app.register_blueprint(one)
    app.jinja_env.filters["unread_in_words"] = row.unread_in_words
