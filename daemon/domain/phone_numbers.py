"""Phone numbers as people type and paste them, made into the digits that WhatsApp wants, and back."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

COUNTRIES = frozenset(phonenumbers.SUPPORTED_REGIONS)

_LONGEST = 15  # E.164
_LINK = re.compile(r"(?:tel:|(?:https?://)?wa\.me/)([^?;]*).*", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s().\-\u2010-\u2015\u2212]")
# WhatsApp writes mobiles in Mexico with a 1 that the country gave up in 2019
_MEXICAN = re.compile(r"521\d{10}")


class PhoneError(ValueError):
    """The text is no phone number."""


def parse_phone(text: str, country: str) -> str:
    """International digits of a number as people write it: 0812-3456-7890 and +62 812 3456 7890 → 6281234567890.

    A leading 0 means the `country` (two letters, such as ID). Digits without 0 and + begin with a country code;
    where that is impossible, they are a number in use in the `country`. Raises PhoneError unless there can be
    numbers of that length: which ranges are in use changes faster than any list of them.
    """
    typed = _bare(text)
    digits = phonenumbers.normalize_digits_only(typed)
    abroad = digits.removeprefix("00")
    if _MEXICAN.fullmatch(abroad):
        return abroad
    if digits.startswith("0") and abroad == digits:
        number = _read(digits, country)
    else:
        number = _read(f"+{abroad}")
        if number is None and not typed.startswith("+"):
            number = _read(digits, country, in_use=True)
    if number is None:
        raise PhoneError("not a phone number")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164).removeprefix("+")


@lru_cache(maxsize=1000)
def format_phone(digits: str) -> str:
    """International digits as people write them, every one of them: 6281234567890 → +62 812-3456-7890."""
    try:
        shown = phonenumbers.format_number(phonenumbers.parse(f"+{digits}"), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return f"+{digits}"
    # it drops a zero that it takes for the one of local forms
    return shown if phonenumbers.normalize_digits_only(shown) == digits else f"+{digits}"


def _bare(text: str) -> str:
    """The digits, maybe after a +, without what stands between and around them, seen or unseen."""
    seen = "".join(character for character in text if unicodedata.category(character) != "Cf")
    typed = unicodedata.normalize("NFKC", seen).strip()
    link = _LINK.fullmatch(typed)
    number = _BETWEEN.sub("", link[1] if link else typed)
    if not re.fullmatch(r"\+?\d+", number):
        raise PhoneError("not a phone number")
    return number


def _read(digits: str, country: str | None = None, in_use: bool = False) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(digits, country)
    except NumberParseException:
        return None
    length = len(f"{number.country_code}{phonenumbers.national_significant_number(number)}")
    possible = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    # a zero after the country code is right in Italy and hardly elsewhere
    must_be_in_use = in_use or number.italian_leading_zero
    if not possible or length > _LONGEST or (must_be_in_use and not phonenumbers.is_valid_number(number)):
        return None
    return number
