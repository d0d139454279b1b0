"""Whole words and phrases in what customers write: case, accents and punctuation don't matter, in any script."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# nobody asks a question in more characters, and folding takes time
LOOKED_AT = 10_000

# Scripts that write no spaces between words: each of their characters counts as a word.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x30FF),  # Japanese kana
    (0x3400, 0x9FFF),  # Chinese characters
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
# Letters with strokes have no accent that could be taken away, but people leave the stroke out all the same.
_STROKES = {"ı": "i", "ł": "l", "đ": "d", "ø": "o", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe"}
_EMOJI_BLOCKS = (0x1F000, 0x1FBFF)
_SKIN_TONES = (0x1F3FB, 0x1F3FF)


def _within(code: int, span: tuple[int, int]) -> bool:
    return span[0] <= code <= span[1]


def _is_accent(char: str) -> bool:
    """Marks that people leave out: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels.

    Vowel signs of Indian scripts and Japanese voicing marks have other combining classes: they are letters.
    """
    combining = unicodedata.combining(char)
    return 200 <= combining <= 240 or 10 <= combining <= 35


def _folded(code: int) -> str:
    """What a character contributes: itself, a word of its own (in spaces), a gap, or nothing."""
    char = chr(code)
    category = unicodedata.category(char)
    if category in ("Cf", "Me") or _within(code, _SKIN_TONES) or 0xFE00 <= code <= 0xFE0F or _is_accent(char):
        return ""
    if category[0] in "LMN":
        if char in _STROKES:
            return _STROKES[char]
        return f" {char} " if any(_within(code, span) for span in _UNSPACED) else char
    if category in ("So", "Sc") or (category == "Cn" and _within(code, _EMOJI_BLOCKS)):
        return f" {char} "
    return " "


class _Table(dict[int, str]):
    """Remembers what each character folds to."""

    def __missing__(self, code: int) -> str:
        self[code] = _folded(code)
        return self[code]


_table = _Table()


def fold(text: str) -> str:
    """The words of a text, folded, with one space before, between and after them; " " if there are none."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text[:LOOKED_AT]).casefold())
    words = plain.translate(_table).split()
    return f" {' '.join(words)} " if words else " "


_fold_keyword = lru_cache(maxsize=4096)(fold)


def is_usable(keyword: str) -> bool:
    """Whether a keyword has anything that could be found."""
    return _fold_keyword(keyword) != " "


def first_match(keywords: Iterable[str], words: str) -> str | None:
    """The first keyword that stands in a text (given as `fold` gave it) as whole words in sequence, or None."""
    return next((k for k in keywords if is_usable(k) and _fold_keyword(k) in words), None)
