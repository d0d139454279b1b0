"""Files of contacts as phones, Google and spreadsheets write them (CSV, vCard 2.1 to 4.0): read, row by row."""

import csv
import io
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from daemon.domain.contact_names import LONGEST_SHOP_NAME
from daemon.domain.phone_numbers import PhoneError, parse_phone
from daemon.domain.text_cleaning import readable_line

# bytes and rows of a file; what is longer is for another day's file
LARGEST_FILE, MOST_ROWS = 500_000, 5_000
_LONGEST_LINE = 20_000
_NAMES = (
    "name",
    "nama",
    "full name",
    "nama lengkap",
    "display name",
    "customer",
    "pelanggan",
    "kontak",
    "contact",
)
_PARTS = ("first name", "given name", "nama depan", "middle name", "last name", "family name", "nama belakang")
_PHONE = re.compile(r"phone|telp|telepon|mobile|nomor|number|whatsapp|\bwa\b|\bhp\b|^no\b|\btel\b|ponsel", re.I)


class Problem(StrEnum):
    """Why a row can't be taken."""

    NO_NUMBER = "no_number"
    BAD_NUMBER = "bad_number"
    ROUNDED = "rounded"
    NO_NAME = "no_name"
    TWICE = "twice"


class UnreadableFile(ValueError):
    """The file as a whole can't be taken; `reason` is empty, too_large, too_many or no_numbers."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FileRow:
    """One person: the line he begins at, his name and his number's digits, or why it can't be taken."""

    line: int
    name: str
    phone: str
    problem: Problem | None = None


def read(data: bytes, country: str) -> list[FileRow]:
    """Everybody in a file, in its order; a number that came before is a problem. Raises UnreadableFile."""
    if len(data) > LARGEST_FILE:
        raise UnreadableFile("too_large")
    text = _decoded(data)
    if not text.strip():
        raise UnreadableFile("empty")
    is_card = re.match(r"\s*BEGIN:VCARD", text, re.IGNORECASE)
    found: list[FileRow] = []
    seen: set[str] = set()
    for line, name, numbers in _cards(text) if is_card else _table(text, country):
        for number in numbers or [""]:
            one = row(line, name, number, country)
            if one.problem is None and one.phone in seen:
                one = FileRow(line, one.name, one.phone, Problem.TWICE)
            seen.add(one.phone)
            found.append(one)
            if len(found) > MOST_ROWS:
                raise UnreadableFile("too_many")
    return found


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # what Excel writes in the west
        return data.decode("cp1252", errors="replace")


def row(line: int, name: str, number: str, country: str) -> FileRow:
    """A name and a number as they stand in a file."""
    # an apostrophe keeps spreadsheets from counting with it
    name = readable_line(name.strip().removeprefix("'"), LONGEST_SHOP_NAME)
    number = number.strip().removeprefix("'")
    if not number:
        return FileRow(line, name, "", Problem.NO_NUMBER)
    if re.fullmatch(r"\d[.,]?\d*E\+?\d+", number, re.IGNORECASE):
        return FileRow(line, name, "", Problem.ROUNDED)
    try:
        phone = parse_phone(number[:80], country)
    except PhoneError:
        return FileRow(line, name, "", Problem.BAD_NUMBER)
    return FileRow(line, name, phone, None if name else Problem.NO_NAME)


Person = tuple[int, str, list[str]]


def _table(text: str, country: str) -> Iterator[Person]:
    """A table with a line of titles, or two columns without."""
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    titles: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = [cell[:_LONGEST_LINE] for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            yield line, "", []
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if titles is None:
            titles = [cell.strip().strip("\ufeff").casefold() for cell in cells]
            if any(_PHONE.search(title) and _is_value(title) for title in titles):
                continue
            if not any(_is_number(cell, country) for cell in cells):
                raise UnreadableFile("no_numbers")
            titles = []
        yield line, *_person(cells, titles, country)


def _person(cells: list[str], titles: list[str], country: str) -> tuple[str, list[str]]:
    if not titles:
        numbers = [cell for cell in cells if _is_number(cell, country)]
        return next((cell for cell in cells if cell.strip() and cell not in numbers), ""), numbers
    by_title = list(zip(titles, cells, strict=False))
    numbers = [
        part for title, cell in by_title if _PHONE.search(title) and _is_value(title)
        for part in re.split(r"\s*(?::::|;|\n)\s*", cell) if part.strip()
    ]  # fmt: skip
    whole = next((cell for title, cell in by_title if title in _NAMES and cell.strip()), "")
    parts = [cell.strip() for title, cell in by_title if title in _PARTS and cell.strip()]
    return whole or " ".join(parts), numbers


def _is_value(title: str) -> bool:
    # Google: "Phone 1 - Label", "Phone 1 - Value"; ours: "WhatsApp name"
    return not title.endswith(("label", "type", "jenis", "name", "nama"))


def _is_number(cell: str, country: str) -> bool:
    try:
        parse_phone(cell.strip().removeprefix("'")[:80], country)
    except PhoneError:
        return False
    return True


_PROPERTY = re.compile(r"(?:[\w-]+\.)?([\w-]+)((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(.*)", re.DOTALL)


def _cards(text: str) -> Iterator[Person]:
    """vCards one after the other; a file that ends within one has that one all the same."""
    begun, name, parts, numbers = 0, "", "", list[str]()
    for line, content in _unfolded(text):
        found = _PROPERTY.fullmatch(content)
        if found is None:
            continue
        key, value = found[1].upper(), _value(found[2].upper(), found[3])
        if key == "BEGIN":
            if begun:
                yield begun, name or parts, numbers
            begun, name, parts, numbers = line, "", "", []
        elif key == "END" and begun:
            yield begun, name or parts, numbers
            begun = 0
        elif key == "FN":
            name = name or value
        elif key == "N":
            family, given, *more = [*re.split(r"(?<!\\);", value), "", ""]
            parts = " ".join(_plain(part) for part in (given, more[0], family) if part.strip())
        elif key == "TEL":
            numbers.append(value.split(";")[0])
    if begun:
        yield begun, name or parts, numbers


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those that go on in the next, each with the number that it begins at."""
    begun, whole = 0, ""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if whole and (line.startswith((" ", "\t")) or _is_soft(whole)):
            line = line if _is_soft(whole) else line[1:]
            whole = (whole.removesuffix("=") if _is_soft(whole) else whole)[:_LONGEST_LINE] + line
            continue
        if whole:
            yield begun, whole
        begun, whole = number, line.strip()[:_LONGEST_LINE]
    if whole:
        yield begun, whole


def _is_soft(line: str) -> bool:
    """vCard 2.1: a quoted-printable value that ends with = goes on in the next line."""
    return line.endswith("=") and "QUOTED-PRINTABLE" in line.split(":", 1)[0].upper()


def _value(parameters: str, value: str) -> str:
    if "QUOTED-PRINTABLE" in parameters:
        value = quopri.decodestring(value.encode()).decode(errors="replace")
    # N is taken apart before its parts are made plain
    return value if ";" in value and "\\;" not in value else _plain(value)


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)
