"""Customers' names as they are compared and searched: without case, accents and double spaces."""

import unicodedata

LONGEST_SHOP_NAME = 80
# of what a customer is found by: the shop's name for him, and his own
LONGEST_LISTED = 400


def normal(*names: str | None) -> str:
    """Names as one searchable line: "Ibu RÁTNA  " → "ibu ratna"."""
    words = " ".join(name for name in names if name)
    plain = unicodedata.normalize("NFKD", words).casefold()
    bare = "".join(c for c in plain if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return " ".join(bare.split())[:LONGEST_LISTED]
