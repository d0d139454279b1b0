"""Days as pages ask for them: whole days of the shop's own calendar."""

import re
from datetime import date, datetime, time

from webui.base.context import services


def midnight(day: date) -> datetime:
    """When a day begins in the shop."""
    return datetime.combine(day, time(), services().config.timezone)


def iso_day(typed: str) -> date | None:
    """A day as date fields send it; None for anything else."""
    try:
        found = date.fromisoformat(typed) if re.fullmatch(r"\d{4}-\d\d-\d\d", typed, re.ASCII) else None
    except ValueError:
        return None
    # days beyond these can't be turned into moments of every time zone
    return found if found and 1971 <= found.year <= 9000 else None
