"""What a card of a place, of people or of goods says beside its text, in no language."""

from typing import Any

_PLACE, _DETAILS = ("lat", "lng"), ("address", "place", "link", "title", "description", "group", "footer")


def in_words(media: dict[str, Any] | None) -> str:
    """Places as "latitude,longitude", people with their numbers, amounts with their currency; one line."""
    about = media or {}
    found = []
    if all(isinstance(about.get(name), int | float) for name in _PLACE):
        found.append(f"{about['lat']},{about['lng']}")
    found += [about[name] for name in _DETAILS if isinstance(about.get(name), str)]
    if isinstance(about.get("amount"), int | float):
        found.append(f"{about['amount']:g} {about.get('currency', '')}".strip())
    for person in _dicts(about.get("contacts")):
        numbers = [str(one.get("number", "")) for one in _dicts(person.get("numbers"))]
        found.append(" ".join([str(person.get("name", "")), *numbers]).strip())
    return " ".join("; ".join(found).split())


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []
