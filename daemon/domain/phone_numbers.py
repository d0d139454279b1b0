"""Phone numbers as people type them, made into the digits that WhatsApp wants."""

import re


class PhoneError(ValueError):
    """The text is no phone number with a country code."""


def parse_phone(text: str, country: str = "62") -> str:
    """International digits of a typed number: 0812-3456 → 628123456 (a leading 0 means `country`).

    Raises PhoneError unless 8 to 15 digits remain (E.164).
    """
    digits = re.sub(r"[\s().-]", "", text).removeprefix("+")
    if digits.startswith("00"):
        digits = digits[2:]
    elif digits.startswith("0"):
        digits = country + digits[1:]
    if not re.fullmatch(r"[1-9]\d{7,14}", digits):
        raise PhoneError("not a phone number")
    return digits
