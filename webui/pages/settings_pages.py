"""The pages of the settings, in the order of their tabs: the app, the menu and the tabs read this list."""

from dataclasses import dataclass

from flask import Blueprint

from webui.pages import (
    alerts,
    audit_log,
    bot,
    bot_preview,
    desk_settings,
    groups,
    hours,
    quick_replies,
    rating,
    tags,
)


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """One tab: it leads to `page` of its first Blueprint, and is the present one on all of them."""

    label: str
    blueprints: tuple[Blueprint, ...]

    @property
    def endpoint(self) -> str:
        """Where the tab leads."""
        return f"{self.blueprints[0].name}.page"

    def holds(self, blueprint: str) -> bool:
        """Whether a Blueprint of this name belongs to the tab."""
        return any(one.name == blueprint for one in self.blueprints)


def _(text: str) -> str:
    return text


SETTINGS_PAGES = (
    SettingsPage(_("Desk"), (desk_settings.pages,)),
    SettingsPage(_("Opening hours"), (hours.pages,)),
    SettingsPage(_("Bot"), (bot.pages, bot_preview.pages)),
    SettingsPage(_("Quick replies"), (quick_replies.pages,)),
    SettingsPage(_("Tags"), (tags.pages,)),
    SettingsPage(_("Groups"), (groups.pages,)),
    SettingsPage(_("Rating"), (rating.pages,)),
    SettingsPage(_("Alerts"), (alerts.pages,)),
    SettingsPage(_("Log"), (audit_log.pages,)),
)
