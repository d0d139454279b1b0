"""What people type, made safe to keep and to show."""

import re

# of a message that others wrote, in characters: WhatsApp's own limit
LONGEST_TEXT = 65_536

# control characters but tabs and line ends, and halves of surrogate pairs
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# what turns the writing direction of everything around it
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Line ends unified, control characters and outer space gone."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in unified if c in "\n\t" or (ord(c) >= 32 and ord(c) != 127)).strip()


def one_line(text: str) -> str:
    """The same as a single line with single spaces."""
    return " ".join(clean(text).split())


def readable(value: str | bytes) -> str:
    """What others wrote, whatever its bytes: text that can be kept, shown and encoded; nothing else is changed."""
    if isinstance(value, str) and not _UNSHOWABLE.search(value):
        return value
    text = value if isinstance(value, str) else value.decode(errors="replace")
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSHOWABLE.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else "", unified)


def readable_line(value: str | bytes, longest: int) -> str:
    """The same as one line of at most so many characters that leaves the text around it alone."""
    # nothing behind it could be shown, however much of it is space
    return " ".join(_TURNS.sub("", readable(value[: longest * 8])).split())[:longest].rstrip()
