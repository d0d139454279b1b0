"""The languages of Balas: one more is a line here and its catalogue in `translations`."""

# each under its own name; the first is spoken where nobody has chosen
LANGUAGES = {"id": "Indonesia", "en": "English"}
DEFAULT = next(iter(LANGUAGES))
# of the msgids
SOURCE = "en"
