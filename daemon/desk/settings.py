"""What the owner chooses about the desk: who may answer, who gets work, opening hours, what the bot says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import Connection

from daemon.domain.attachments import LARGEST_FILE
from daemon.domain.desk import Action, Actor, Assign
from daemon.domain.field_types import (
    ChoiceField,
    NumberField,
    PositionField,
    SettingField,
    SwitchField,
    TextField,
    TextsField,
    setting_fields,
)
from daemon.domain.hours import DAY, Hours
from daemon.domain.map_links import LONGEST as LONGEST_LINK
from daemon.domain.outgoing_cards import LONGEST_ADDRESS, LONGEST_PLACE
from daemon.store import audit, contact_pictures, settings

# the pages that show them
DESK, BOT, RATING = "desk", "bot", "rating"

# the most that anybody may be given, as his own limit or as the shop's usual one
MOST_CONVERSATIONS = 500
LONGEST_BOT_TEXT = 4000
LONGEST_RATING_TEXT = 1000
# MB of a file that the team sends: what is fetched of customers has the same limit
LARGEST_UPLOAD = LARGEST_FILE // 1_000_000
# after a week a "5" means something else
LONGEST_RATING_WAIT = 7 * DAY


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


_ASSIGN = {
    Assign.OFF: _("Not by themselves"),
    Assign.LEAST_BUSY: _("To the least busy one"),
    Assign.ROUND_ROBIN: _("In turn"),
}


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """Every choice with its default; minutes, hours and days that are 0 switch their rule off."""

    strict: Annotated[bool, SwitchField(_("Only the assigned admin may answer"), page=DESK)] = False
    assign: Annotated[
        Assign,
        ChoiceField(
            _("New chats go to an admin who is online"), _ASSIGN, page=DESK, in_log=_("Handing out chats")
        ),
    ] = Assign.OFF
    show_typing: Annotated[bool, SwitchField(_("Customers see when somebody is typing"), page=DESK)] = True
    mark_read: Annotated[bool, SwitchField(_("An answer marks the question as read"), page=DESK)] = True
    profile_pictures: Annotated[bool, SwitchField(_("Show customers' profile pictures"), page=DESK)] = True
    largest_upload: Annotated[
        int, NumberField(_("Files that the team sends, at most"), 1, LARGEST_UPLOAD, _("MB"), page=DESK)
    ] = 32
    # unless his seat says otherwise
    most_conversations: Annotated[
        int, NumberField(_("Chats per admin at most"), 1, MOST_CONVERSATIONS, page=DESK)
    ] = 10
    # given back to the queue when the assignee is offline or silent for so long while a turn is open
    return_after: Annotated[int, NumberField(_("Give the chat back after"), 0, DAY, _("minutes"), page=DESK)] = 15
    # the team is told when a customer has waited for so long
    alarm_after: Annotated[int, NumberField(_("Alert the team after"), 0, DAY, _("minutes"), page=DESK)] = 10
    hours: Annotated[Hours, SettingField(_("Opening hours"))] = field(default_factory=Hours)
    bot: Annotated[bool, SwitchField(_("The bot is on"), page=BOT, in_log=_("Bot"))] = False
    greeting: Annotated[str, TextField(_("Greeting"), LONGEST_BOT_TEXT, page=BOT)] = ""
    away: Annotated[str, TextField(_("Away message"), LONGEST_BOT_TEXT, page=BOT)] = ""
    busy: Annotated[str, TextField(_("Busy message"), LONGEST_BOT_TEXT, page=BOT)] = ""
    # each of the bot's texts at most once per contact in this time
    again_after: Annotated[int, NumberField(_("Each text again after"), 0, 720, _("hours"), page=BOT)] = 12
    # so that a person may be faster
    grace: Annotated[int, NumberField(_("Wait before speaking"), 0, 600, _("seconds"), page=BOT)] = 20
    # the bot leaves older messages to people
    too_old: Annotated[int, NumberField(_("Leave older messages to people"), 1, DAY, _("minutes"), page=BOT)] = 30
    # texts that WhatsApp Business on the phone sends by itself
    automatic_texts: Annotated[
        tuple[str, ...],
        TextsField(
            _("What WhatsApp Business says by itself"),
            4000,
            50,
            page=DESK,
            in_log=_("Automatic messages of the phone"),
        ),
    ] = ()
    # what the form for a location holds already
    place_name: Annotated[str, TextField(_("Name of the place"), LONGEST_PLACE, page=DESK)] = ""
    place_address: Annotated[str, TextField(_("The shop's address"), LONGEST_ADDRESS, page=DESK)] = ""
    place_position: Annotated[str, PositionField(_("Where the shop is"), LONGEST_LINK, page=DESK)] = ""
    # after this time messages in resolved conversations are deleted
    keep_days: Annotated[int, NumberField(_("Keep messages for"), 0, 3650, _("days"), page=DESK)] = 0
    rating: Annotated[bool, SwitchField(_("Ask for a rating"), page=RATING, in_log=_("Rating"))] = False
    rating_question: Annotated[str, TextField(_("The question"), LONGEST_RATING_TEXT, page=RATING)] = ""
    rating_thanks: Annotated[str, TextField(_("The thanks"), LONGEST_RATING_TEXT, page=RATING)] = ""
    rating_within: Annotated[
        int,
        NumberField(_("A number counts as the rating for"), 1, LONGEST_RATING_WAIT, _("minutes"), page=RATING),
    ] = 1440


FIELDS = setting_fields(DeskSettings)
_DEFAULTS = DeskSettings()


def load(conn: Connection, account_id: int) -> DeskSettings:
    """The shop's choices; what was never chosen has its default."""
    kept = settings.read(conn, account_id)
    return DeskSettings(**{name: _read(name, value) for name, value in kept.items() if name in FIELDS})


def save(conn: Connection, account_id: int, changes: Mapping[str, Any], actor: Actor, now: datetime) -> list[str]:
    """Keep choices, given by field name and already checked; the log gets a line for each that is new."""
    before = load(conn, account_id)
    changed = [name for name, value in changes.items() if getattr(before, name) != value]
    for name in changed:
        value = _plain(changes[name])
        settings.write(conn, account_id, name, value)
        detail = {"name": name, "before": _plain(getattr(before, name)), "after": value}
        audit.record(conn, account_id, Action.SETTING_CHANGED, actor, now, detail=detail)
    if changes.get("profile_pictures") is False:
        contact_pictures.forget_all(conn, account_id)
    return changed


def _plain(value: Any) -> Any:
    if isinstance(value, Hours):
        return value.to_json()
    if isinstance(value, tuple):
        return list(value)
    return value.value if isinstance(value, StrEnum) else value


def _read(name: str, value: Any) -> Any:
    default = getattr(_DEFAULTS, name)
    if isinstance(default, Hours):
        return Hours.from_json(value)
    if isinstance(default, StrEnum):
        return type(default)(value)
    return tuple(value) if isinstance(value, list) else value
