"""What an account (a linked number) may be called, so that people and commands can tell several apart."""

import unicodedata

from daemon.domain.text_cleaning import one_line

LONGEST = 40
# they hold some scripts' letters and some pictures together
_JOINERS = "\u200c\u200d"


class BadName(ValueError):
    """This is no name for an account; `reason` is empty, too_long, characters, letters or taken."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_name(text: str) -> str:
    """A typed name with single spaces; raises BadName for what can't be shown on one line or says nothing."""
    name = one_line(unicodedata.normalize("NFC", text))
    if not name:
        raise BadName("empty")
    if len(name) > LONGEST:
        raise BadName("too_long")
    if not all(letter.isprintable() or letter in _JOINERS for letter in name):
        raise BadName("characters")
    if not any(letter.isalpha() for letter in name):
        # a name of digits would be taken for a phone number, and those are shown and logged with more care
        raise BadName("letters")
    return name


def is_same(name: str, other: str) -> bool:
    """Whether people would take two names for one."""
    return name.casefold() == other.casefold()
