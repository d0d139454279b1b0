"""Phone numbers as people type and paste them: one reading, on the link page and on the command line."""

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from daemon.domain.phone_numbers import COUNTRIES, PhoneError, format_phone, parse_phone

# what people write → what WhatsApp wants, in a shop in Indonesia
TYPED = [
    ("0812-3456-7890", "6281234567890"),
    ("(0812) 3456.7890", "6281234567890"),
    ("6281234567890", "6281234567890"),
    ("62 812 3456 7890", "6281234567890"),
    ("+62 812-3456-7890", "6281234567890"),
    ("(+62) 812 3456 7890", "6281234567890"),
    ("+62 (0)812 3456 7890", "6281234567890"),
    ("+0812 3456 7890", "6281234567890"),
    ("0062 812 3456 7890", "6281234567890"),
    ("00 62 812.3456.7890", "6281234567890"),
    # other digits
    ("٠٨١٢٣٤٥٦٧٨٩٠", "6281234567890"),
    ("+６２ ８１２ ３４５６ ７８９０", "6281234567890"),
    ("＋６２８１２３４５６７８９０", "6281234567890"),
    # other hyphens, other spaces, and the marks that a contact card brings along
    ("0812\u20113456\u20137890", "6281234567890"),
    ("0812\u22123456\uff0d7890", "6281234567890"),
    ("+62\u00a0812\u202f3456\u20097890", "6281234567890"),
    ("\u202a+62 812-3456-7890\u202c", "6281234567890"),
    ("\u200e0812\u200b3456\u00ad7890\n", "6281234567890"),
    # links
    ("tel:+62-812-3456-7890", "6281234567890"),
    ("https://wa.me/6281234567890?text=halo%201", "6281234567890"),
    ("wa.me/6281234567890", "6281234567890"),
    # short and long ones, a range that nobody knows yet, and the landline of a shop with WhatsApp Business
    ("0811 603 333", "62811603333"),
    ("0812 3456 78901", "62812345678901"),
    ("+62 800 1234 5678", "6280012345678"),
    ("(021) 555 0123", "62215550123"),
    # other countries, with or without +
    ("+65 9123 4567", "6591234567"),
    ("6591234567", "6591234567"),
    ("+1 (415) 555-2671", "14155552671"),
    ("14155552671", "14155552671"),
    ("+49 171 1234567", "491711234567"),
    # Mexicans have a 1 at WhatsApp that they no longer dial
    ("+52 1 55 1234 5678", "5215512345678"),
    ("00 52 1 55 1234 5678", "5215512345678"),
    ("5215512345678", "5215512345678"),
    # without 0 and impossible abroad
    ("812 345 678", "62812345678"),
]

REFUSED = [
    "",
    " ",
    "halo",
    "+",
    "+-",
    "0812",
    "62812",
    "62811",
    "1234567",
    "12345678",
    "1" * 16,
    "0" * 20,
    "+62 812 3456 7890 1234",
    "+62 812 abc 456",
    "62812345678x",
    "0812 3456 7890 ext 3",
    "0812 3456 7890 / 0813 4567 8901",
    "+62 812 3456 7890 +62 813 4567 8901",
    "0812*3456*7890",
    "1800FLOWERS",
    "+999 812 3456 7890",
    "+62 00812 3456 7890",
    "+310000000",
    "٠٨١٢",
    "https://wa.me/message/ABCD1234",
    "https://example.org/6281234567890",
]


@pytest.mark.parametrize(("typed", "digits"), TYPED)
def test_a_number_is_understood_as_people_write_it(typed: str, digits: str) -> None:
    assert parse_phone(typed, "ID") == digits


@pytest.mark.parametrize("typed", REFUSED)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(PhoneError):
        parse_phone(typed, "ID")


@pytest.mark.parametrize(
    ("typed", "country", "digits"),
    [
        ("0171 1234567", "DE", "491711234567"),
        ("07400 123456", "GB", "447400123456"),
        ("9123 4567", "SG", "6591234567"),
        ("٩١٢٣ ٤٥٦٧", "SG", "6591234567"),
        ("(415) 555-2671", "US", "14155552671"),
        ("8 912 345-67-89", "RU", "79123456789"),
        ("02 1234567", "IT", "39021234567"),
        ("6281234567890", "US", "6281234567890"),
        ("0062 812 3456 7890", "DE", "6281234567890"),
        ("0011 62 812 3456 7890", "AU", "6281234567890"),
    ],
)
def test_the_local_form_is_the_one_of_the_shops_country(typed: str, country: str, digits: str) -> None:
    assert parse_phone(typed, country) == digits


MOBILES = st.from_regex(r"8[1-9][0-9]{7,10}", fullmatch=True)
FORMATS = [
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.E164,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
]


@given(MOBILES, st.sampled_from(FORMATS))
def test_an_indonesian_mobile_reads_back_in_every_format(mobile: str, form: int) -> None:
    number = phonenumbers.parse(f"+62{mobile}")
    assume(phonenumbers.is_valid_number(number))
    assert parse_phone(phonenumbers.format_number(number, form), "ID") == f"62{mobile}"


@given(st.text("0123456789+-() ٠８", max_size=20), st.sampled_from(["ID", "SG", "US", "IT", "RU"]))
def test_what_was_read_once_reads_the_same_anywhere(typed: str, country: str) -> None:
    try:
        digits = parse_phone(typed, country)
    except PhoneError:
        return
    assert digits.isascii()
    assert len(digits) <= 15
    assert parse_phone(digits, "ID") == parse_phone(format_phone(digits), country) == digits


def test_a_mobile_of_any_country_is_taken_with_its_country_code_alone() -> None:
    known = {code: phonenumbers.example_number_for_type(code, PhoneNumberType.MOBILE) for code in COUNTRIES}
    assert len(known) > 200
    for code, number in known.items():
        if number is not None:  # Tristan da Cunha has none
            digits = phonenumbers.format_number(number, PhoneNumberFormat.E164).removeprefix("+")
            assert parse_phone(digits, "ID") == parse_phone(format_phone(digits), "ID") == digits, code
