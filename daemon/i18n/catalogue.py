"""The message catalogues: English msgids, one committed .po a language, compiled when first wanted."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.support import NullTranslations, Translations

_FOLDER = Path(__file__).parent / "translations"


@cache
def catalogue(language: str) -> NullTranslations:
    """The texts of a language, read from its .po; English msgids stand for themselves."""
    path = _FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return NullTranslations()
    # not for English, and not before the first sentence: a start is to be quick
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def translate(language: str) -> Callable[[str], str]:
    """A gettext function for a language, usable without Flask (command line, alerts)."""
    return catalogue(language).ugettext
