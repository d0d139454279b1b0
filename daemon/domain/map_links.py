"""Where a place is, as people write and paste it: degrees, or the address of a map. No address is ever fetched."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

# characters of an address; Google's longest have some 500
LONGEST = 2000
# addresses that only lead to one that says where
_SHORT = re.compile(r"(?:https?://)?(?:maps\.app\.goo\.gl|goo\.gl/maps|g\.co/kgs|share\.google)\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z]+://|geo:|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/", re.IGNORECASE)
_NUMBER = r"[-+\u2212]?\d{1,3}(?:\.\d{1,20})?"
_PAIR = re.compile(rf"\(?\s*({_NUMBER})\s*[,;\s]\s*({_NUMBER})\s*\)?")
# with a decimal comma, as Indonesians write it: only where the two can be told apart
_COMMAS = re.compile(r"([-+\u2212]?\d{1,3},\d{1,20})\s*[;\s]\s*([-+\u2212]?\d{1,3},\d{1,20})")
# 6°10'31.4"S 106°49'37.8"E, as Google Maps shows it; LS, LU, BT and BB are Indonesian
_ANGLE = (
    r"(\d{1,3}(?:\.\d{1,20})?)\s*°\s*(?:(\d{1,2}(?:\.\d{1,20})?)\s*['\u2032\u2019]\s*)?"
    r"(?:(\d{1,2}(?:\.\d{1,20})?)\s*(?:\"|\u2033|\u201d|'')\s*)?"
)
_ANGLES = re.compile(rf"{_ANGLE}(LU|LS|[NSU])[\s,;]*{_ANGLE}(BT|BB|[EWT])", re.IGNORECASE)
# behind !3d and !4d Google writes the place itself, behind @ the middle of the map
_PIN = re.compile(rf"!3d({_NUMBER})!4d({_NUMBER})")
_MIDDLE = re.compile(rf"/@({_NUMBER}),({_NUMBER})")
_OPEN_STREET_MAP = re.compile(rf"#map=[\d.]+/({_NUMBER})/({_NUMBER})")
_PARAMETERS = ("q", "query", "destination", "daddr", "ll", "sll", "center", "coordinate", "to")


class PositionError(ValueError):
    """The text names no place; its word says why: `short_link` leads to one, `nowhere` is none, else `format`."""


def parse_position(text: str) -> tuple[float, float]:
    """Latitude and longitude in degrees of what somebody has typed or pasted. Raises PositionError."""
    typed = text.strip()
    if not typed or len(typed) > LONGEST:
        raise PositionError("format")
    if _SHORT.match(typed):
        raise PositionError("short_link")
    is_address = "://" in typed or re.match(
        r"(?:geo:|(?:www\.|maps\.)?[a-z0-9.-]+\.[a-z]{2,}/)", typed, re.IGNORECASE
    )
    found = _in_address(typed) if is_address else _in_words(typed)
    if found is None:
        raise PositionError("format")
    lat, lng = found
    if abs(lat) > 90 or abs(lng) > 180:
        raise PositionError("nowhere")
    return lat, lng


def write_position(lat: float, lng: float) -> str:
    """The other way round, to ten centimetres: -6.175392,106.827153."""
    return f"{lat:.6f},{lng:.6f}"


def _in_words(typed: str) -> tuple[float, float] | None:
    if pair := _PAIR.fullmatch(typed):
        return _degrees(pair[1]), _degrees(pair[2])
    if pair := _COMMAS.fullmatch(typed):
        return _degrees(pair[1].replace(",", ".")), _degrees(pair[2].replace(",", "."))
    if angles := _ANGLES.fullmatch(typed):
        south, west = angles[4].upper() in ("S", "LS"), angles[8].upper() in ("W", "BB")
        lat, lng = _angle(*angles.group(1, 2, 3)), _angle(*angles.group(5, 6, 7))
        return -lat if south else lat, -lng if west else lng
    return None


def _in_address(typed: str) -> tuple[float, float] | None:
    try:
        parts = urlsplit(typed if "://" in typed or typed.lower().startswith("geo:") else f"https://{typed}")
        values = parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        return None
    if parts.scheme.lower() == "geo":
        # geo:0,0?q=-6.2,106.8(Toko) says in q what it means
        return _first(values, "q") or _in_words(parts.path.partition(";")[0])
    if parts.scheme.lower() not in ("http", "https"):
        return None
    whole = unquote(typed)
    if pins := _PIN.findall(whole):
        return _degrees(pins[-1][0]), _degrees(pins[-1][1])
    if "mlat" in values and "mlon" in values:
        return _in_words(f"{values['mlat'][0]},{values['mlon'][0]}")
    for name in _PARAMETERS:
        if (found := _first(values, name)) is not None:
            return found
    for folder in reversed([unquote(folder) for folder in parts.path.replace("+", " ").split("/")]):
        if (found := _in_words(folder.strip())) is not None:
            return found
    for place in (_MIDDLE, _OPEN_STREET_MAP):
        if middle := place.search(whole):
            return _degrees(middle[1]), _degrees(middle[2])
    return None


def _first(values: dict[str, list[str]], name: str) -> tuple[float, float] | None:
    # loc:-6.2,106.8 is an older form; a name may stand behind in brackets
    words = re.sub(r"\([^()]*\)$", "", values.get(name, [""])[0].removeprefix("loc:")).strip()
    return _in_words(words)


def _degrees(text: str) -> float:
    return float(text.replace("\u2212", "-"))


def _angle(degrees: str, minutes: str | None, seconds: str | None) -> float:
    return float(degrees) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
