"""What people type, made safe to keep and to show."""


def clean(text: str) -> str:
    """Line ends unified, control characters and outer space gone."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in unified if c in "\n\t" or (ord(c) >= 32 and ord(c) != 127)).strip()


def one_line(text: str) -> str:
    """The same as a single line with single spaces."""
    return " ".join(clean(text).split())
