"""The colours that a tag can have: a few that differ from each other, each readable in light and in dark."""

from enum import StrEnum


class TagColour(StrEnum):
    """One word for a pair of colours, words and ground (webui/static/tags.css)."""

    GREY = "grey"
    RED = "red"
    ORANGE = "orange"
    GREEN = "green"
    TEAL = "teal"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
