"""What is kept, drawn: a bar with a part for each kind of thing."""

from dataclasses import dataclass

from flask_babel import gettext

from daemon.desk.kept_sizes import KeptSizes
from webui.base import formatting


def _(text: str) -> str:
    return text


# units of the drawing
WIDTH = 1000
LABELS = {
    "books": _("Conversations"),
    "came": _("Files from customers"),
    "left": _("Files to customers"),
    "backups": _("Backups"),
}


@dataclass(frozen=True, slots=True)
class ChartPart:
    """One kind of thing: where its part of the bar begins, and how long that is, of WIDTH."""

    name: str
    label: str
    size: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class KeptChart:
    """The parts of the bar, how much files of messages may take in all, and how much room is left."""

    parts: list[ChartPart]
    budget: str
    free: str


def draw(found: KeptSizes, budget: int) -> KeptChart:
    """The bar, with sizes as people say them."""
    parts, start = [], 0
    for name, label in LABELS.items():
        size = getattr(found, name)
        length = round(WIDTH * size / found.kept) if found.kept else 0
        parts.append(ChartPart(name, gettext(label), formatting.size(size), start, length))
        start += length
    return KeptChart(parts, formatting.size(budget), formatting.size(found.free))
