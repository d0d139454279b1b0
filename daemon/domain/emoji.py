"""Emoji: what counts as one, and texts that are nothing else."""

import unicodedata

LONGEST = 16
_MOST_ALONE = 3
_SYMBOLS = {"So", "Sk", "Sm"}
# with what joins and colours them
_PARTS = {"Mn", "Me", "Cf", "Co", *_SYMBOLS}


def is_emoji(text: str) -> bool:
    """Whether a text can stand for one emoji: symbols and what joins and colours them, no words."""
    keycap = text[:1] in "0123456789#*" and text.endswith("\u20e3")
    return 0 < len(text) <= LONGEST and (keycap or _is_made_of_symbols(text))


def are_emoji_alone(text: str) -> bool:
    """Whether a text is one to three emoji and nothing else: shown large, as WhatsApp does."""
    if not text or len(text) > _MOST_ALONE * LONGEST or not _is_made_of_symbols(text):
        return False
    # what follows a joiner, colours or marks belongs to the one before; two letters are one flag
    count, joined, flags = 0, False, 0
    for character in text:
        if "\U0001f1e6" <= character <= "\U0001f1ff":
            flags += 1
            count += flags % 2
        elif unicodedata.category(character) == "So" and not joined:
            count += 1
        joined = character == "\u200d"
    return 1 <= count <= _MOST_ALONE


def _is_made_of_symbols(text: str) -> bool:
    kinds = [unicodedata.category(character) for character in text]
    return any(kind in _SYMBOLS for kind in kinds) and all(kind in _PARTS for kind in kinds)
