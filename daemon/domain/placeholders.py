"""{name}, {shop}, {hours} and {admin}, or {nama}, {toko} and {jam}, in the texts that a shop prepares."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from daemon.domain.hours import Hours, write_spans

# what each is called, in English and Indonesian
_NAMES = {
    "name": "name",
    "nama": "name",
    "shop": "shop",
    "toko": "shop",
    "hours": "hours",
    "jam": "hours",
    "admin": "admin",
}
_PLACE = re.compile(rf" ?\{{({'|'.join(_NAMES)})\}}", re.IGNORECASE)
_LIKE_ONE = re.compile(r"\{([^\W\d_][\w -]{0,30})\}")


def fill(text: str, *, name: str = "", shop: str = "", hours: str = "", admin: str = "") -> str:
    """The text with its placeholders filled; other braces stay as typed.

    Where there is nothing to fill in, the space before goes as well: "Halo {name}, …" becomes "Halo, …".
    What is filled in is one line, and is not searched for placeholders again.
    """
    values = {"name": name, "shop": shop, "hours": hours, "admin": admin}

    def put(found: re.Match[str]) -> str:
        value = " ".join(values[_NAMES[found[1].lower()]].split())
        space = " " if found[0].startswith(" ") else ""
        return f"{space}{value}" if value else ""

    return _PLACE.sub(put, text)


def unknown(text: str) -> list[str]:
    """What stands in a text like a placeholder and is none, each once: it would be sent as it stands."""
    found = (match[0] for match in _LIKE_ONE.finditer(text) if match[1].lower() not in _NAMES)
    return list(dict.fromkeys(found))


def opening(hours: Hours, now: datetime, zone: ZoneInfo) -> str:
    """When the shop is open, in no language: "08:00–12:00, 13:30–17:00", or "23/11 08:00–17:00" if not today.

    Empty for a shop that does not open within a year.
    """
    start = hours.next_opening(now, zone)
    if start is None:
        return ""
    day = start.astimezone(zone).date()
    spans = write_spans(hours.spans(day)).replace("-", "–")
    return spans if day == now.astimezone(zone).date() else f"{day:%d/%m} {spans}"
