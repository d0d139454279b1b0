"""Where a place is, in every form that people paste."""

import time

import pytest

from daemon.domain.map_links import LONGEST, PositionError, parse_position, write_position

MONAS = pytest.approx((-6.1754, 106.8272), abs=0.0001)


@pytest.mark.parametrize(
    "text",
    [
        "-6.1754, 106.8272",
        " -6.1754,106.8272 ",
        "(-6.1754, 106.8272)",
        "\u22126.1754 106.8272",
        "-6,1754; 106,8272",
        "6°10'31.4\"S 106°49'37.9\"E",
        "6°10'31.4\" LS, 106°49'37.9\" BT",
        "geo:-6.1754,106.8272",
        "geo:0,0?q=-6.1754,106.8272(Monas)",
        "https://www.google.com/maps?q=-6.1754,106.8272",
        "maps.google.com/?q=-6.1754,106.8272&z=17",
        "https://maps.google.com/maps?q=loc:-6.1754,106.8272",
        "https://www.google.com/maps/search/?api=1&query=-6.1754%2C106.8272",
        "https://www.google.com/maps/search/-6.1754,+106.8272?entry=tts",
        "https://www.google.com/maps/dir/?api=1&destination=-6.1754,106.8272",
        "https://www.google.co.id/maps/@-6.1754,106.8272,17z?entry=ttu",
        # the pin, not the middle of the map
        "https://www.google.com/maps/place/Monas/@-6.3,106.9,17z/data=!3m1!4b1!4m6!3m5!1s0x0:0x0!8m2!3d-6.1754!4d106.8272!16z",
        "https://www.google.com/maps/place/6%C2%B010'31.4%22S+106%C2%B049'37.9%22E/@-6.3,106.9,17z",
        "https://maps.apple.com/?ll=-6.1754,106.8272&q=Monas",
        "https://www.openstreetmap.org/?mlat=-6.1754&mlon=106.8272#map=17/-6.3/106.9",
        "https://www.openstreetmap.org/#map=17/-6.1754/106.8272",
        "https://waze.com/ul?ll=-6.1754,106.8272&navigate=yes",
    ],
)
def test_a_place_is_found_in_what_people_paste(text: str) -> None:
    assert parse_position(text) == MONAS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "format"),
        ("Jalan Merdeka 1", "format"),
        ("-6.1754", "format"),
        ("6,1754, 106,8272", "format"),
        ("https://www.google.com/maps/place/Monas", "format"),
        ("https://[", "format"),
        ("javascript://-6,106", "format"),
        ("nan, inf", "format"),
        ("91, 0", "nowhere"),
        ("0, 181", "nowhere"),
        ("https://maps.app.goo.gl/AbCdEf123", "short_link"),
        ("goo.gl/maps/AbC", "short_link"),
        ("1" * (LONGEST + 1), "format"),
    ],
)
def test_what_names_no_place_says_why(text: str, reason: str) -> None:
    with pytest.raises(PositionError, match=reason):
        parse_position(text)


def test_nothing_takes_long() -> None:
    begun = time.monotonic()
    for text in ("1°" * 999, "a." * 999 + "/", "http://" + "!3d1" * 450, "/" * LONGEST, "geo:" + "1," * 990):
        with pytest.raises(PositionError):
            parse_position(text)
    assert time.monotonic() - begun < 1


def test_what_is_written_can_be_read_again() -> None:
    assert parse_position(write_position(-6.1753924, 106.8271528)) == MONAS
