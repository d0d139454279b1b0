"""Files of contacts as they come: every row is read or named with its line, whatever its bytes."""

import pytest

from daemon.domain.contact_files import MOST_ROWS, Problem, UnreadableFile, read

Found = list[tuple[int, str, str, Problem | None]]


def rows(data: bytes | str) -> Found:
    found = read(data.encode() if isinstance(data, str) else data, "ID")
    return [(row.line, row.name, row.phone, row.problem) for row in found]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("Name,Phone\r\nIbu Ratna,0812-3456-7890\r\n", [(2, "Ibu Ratna", "6281234567890", None)]),
        ("\ufeffNama;No HP\nRina;62811222333\n", [(2, "Rina", "62811222333", None)]),
        ("José\t+62 812 3456 7890\n", [(1, "José", "6281234567890", None)]),
        ("José;0812 3456 7890\n".encode("cp1252"), [(1, "José", "6281234567890", None)]),
        ("Name,Phone\nRina,62811222333\n".encode("utf-16"), [(2, "Rina", "62811222333", None)]),
        # two lines in one cell, and what keeps a spreadsheet from counting
        (
            'Name,Phone\n"Joko\nbengkel",\'+62 813 1111 2222\nX,abc\n',
            [(2, "Joko bengkel", "6281311112222", None), (4, "X", "", Problem.BAD_NUMBER)],
        ),
        (
            "First Name,Last Name,Phone 1 - Label,Phone 1 - Value\n"
            "Ana,Lim,Mobile,+6281234567890 ::: +62811222333\n",
            [(2, "Ana Lim", "6281234567890", None), (2, "Ana Lim", "62811222333", None)],
        ),
        (
            "Name,Phone\n,0812000011\nZ,\nE,6.28E+12\nA,62811222333\nB,0811222333\n",
            [
                (2, "", "62812000011", Problem.NO_NAME),
                (3, "Z", "", Problem.NO_NUMBER),
                (4, "E", "", Problem.ROUNDED),
                (5, "A", "62811222333", None),
                (6, "B", "62811222333", Problem.TWICE),
            ],
        ),
        (
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ibu Rat\r\n na\r\nitem1.TEL;TYPE=CELL:+62 812-3456-7890\r\n"
            "END:VCARD\r\nBEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\\, B\r\nTEL;VALUE=uri:tel:+62811222333\r\n",
            [(1, "Ibu Ratna", "6281234567890", None), (7, "A, B", "62811222333", None)],
        ),
        (
            "BEGIN:VCARD\nVERSION:2.1\nN;ENCODING=QUOTED-PRINTABLE:J=C3=B6;=\nPak\nTEL;CELL:62811222333\nEND:VCARD",
            [(1, "Pak Jö", "62811222333", None)],
        ),
        ("BEGIN:VCARD\nFN:Nobody\nEND:VCARD", [(1, "Nobody", "", Problem.NO_NUMBER)]),
    ],
)
def test_what_phones_and_spreadsheets_write_is_read(data: bytes | str, expected: Found) -> None:
    assert rows(data) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n \n", "empty"),
        (b"a,b\nc,d\n", "no_numbers"),
        (b"x" * 500_001, "too_large"),
        ("\n".join(f"A,62811{n:07}" for n in range(MOST_ROWS + 1)).encode(), "too_many"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile) as error:
        read(data, "ID")
    assert error.value.reason == reason


def test_no_bytes_bring_it_down() -> None:
    for data in (
        b"\x00\xff\xfe,\x00\n",
        b'Name,Phone\n"never closed,62811222333\n' + b"y" * 200_000,
        b"BEGIN:VCARD\n" + b" \n" * 2_000 + b"TEL" + b";" * 2_000 + b":1\n",
        b"Name,Phone\n\xed\xa0\x80\xf0\x9f,62811222333\n",
        "BEGIN:VCARD\nFN:\u202eevil\x00\nTEL:62811222333\n".encode(),
    ):
        try:
            found = read(data, "ID")
        except UnreadableFile:
            continue
        for row in found:
            assert "\x00" not in row.name
            assert "\u202e" not in row.name
            assert len(row.name) <= 80
