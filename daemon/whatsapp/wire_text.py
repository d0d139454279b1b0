"""The one gate for strings and numbers from the wire: what passes it can be kept, logged, encoded and shown.

The protobuf binding hands over as `bytes` what is not valid UTF-8; ids and names of the library's log are raw.
Lengths are those of the columns.
"""

import base64
import hashlib
import math
import re
from datetime import datetime

from daemon.domain.file_types import jpeg_size
from daemon.domain.ids import Address
from daemon.domain.text_cleaning import LONGEST_TEXT, readable, readable_line
from daemon.domain.time import from_unix

LONGEST_NAME, LONGEST_FILE_NAME, LONGEST_MIME, LONGEST_EMOJI = 200, 255, 100, 32
# bytes of a serialized message; what an attachment needs to be fetched takes about one thousand
LARGEST_RAW = 1_000_000
# ids in one receipt; the library's apps send some hundreds
MOST_IDS = 4096
# what JavaScript and SQL both can count
MOST = 2**53 - 1
# points of a picture's side: beyond that, somebody jokes
LONGEST_SIDE = 20_000
# of the picture that travels in a message: bytes, and points of a side (WhatsApp's apps: some 3 kB, 100 points)
LARGEST_THUMBNAIL, LONGEST_THUMBNAIL = 16_384, 640
# loudnesses of a voice message, 0 to 100 each
WAVEFORM = 64
# Unix seconds of the year 2100: a time behind it can't be shown in every time zone
_LAST_SECOND = 4_102_444_800

_PLAIN_ID = re.compile(r"[ !#-}][ !#-~]{0,63}")
_PLAIN_USER = re.compile(r"[0-9A-Za-z._-]{1,32}")
_PLAIN_SERVER = re.compile(r"[a-z.]{1,24}")
_PLAIN_WORD = re.compile(r"[ -~]*")


def text(value: str | bytes) -> tuple[str, bool]:
    """What somebody wrote, with its line ends, and whether it was longer than what we keep."""
    # no character takes more than four bytes
    part = value[: 4 * (LONGEST_TEXT + 1)]
    words = readable(part)
    return words[:LONGEST_TEXT], len(words) > LONGEST_TEXT or len(part) < len(value)


def name(value: str | bytes) -> str:
    """What somebody calls himself, or a chat."""
    return readable_line(value, LONGEST_NAME)


def line(value: str | bytes, longest: int) -> str:
    """What somebody wrote into a field of one line."""
    return readable_line(value, longest)


def passage(value: str | bytes, longest: int) -> str:
    """What somebody wrote into a field of several lines."""
    return readable(value[: 4 * longest])[:longest].strip()


def file_name(value: str | bytes) -> str:
    """What a file is called, without a path."""
    return readable_line(value, LONGEST_FILE_NAME)


def word(value: str | bytes, longest: int) -> str:
    """What machines read (a mime type, a code); empty if it is nothing of that sort."""
    found = readable(value[: longest + 1])
    return found if len(found) <= longest and _PLAIN_WORD.fullmatch(found) else ""


def emoji(value: str | bytes) -> str:
    """A reaction."""
    return readable_line(value, LONGEST_EMOJI)


def identifier(value: str | bytes) -> str:
    """An id of WhatsApp's as it is; one that no client makes becomes its hash, so that two stay two."""
    return _plain(value, _PLAIN_ID)


def address(user: str | bytes, server: str | bytes, device: int = 0) -> Address | None:
    """An address; None if there is none. A user that no server makes becomes its hash."""
    where = readable(server[:64])
    if not user or not _PLAIN_SERVER.fullmatch(where):
        return None
    return Address(_plain(user, _PLAIN_USER), where, device if 0 <= device < 65_536 else 0)


def address_in(jid: str | bytes) -> Address | None:
    """The address that `user[:device]@server` names; None if it names none."""
    raw = jid if isinstance(jid, bytes) else jid.encode(errors="surrogatepass")
    user, _, server = raw.rpartition(b"@")
    user, _, device = user.partition(b":")
    return address(_text_if_valid(user), server, int(device) if re.fullmatch(rb"\d{1,5}", device) else 0)


def number(value: int | float) -> int:
    """A count or size: no less than 0, no more than everybody can count."""
    return int(min(max(value, 0), MOST)) if math.isfinite(value) else 0


def points(value: int | float) -> int:
    """A picture's side; 0 if nobody knows."""
    found = number(value)
    return found if found <= LONGEST_SIDE else 0


def waveform(value: bytes) -> str:
    """How loud a voice message is, as 64 hex numbers of two digits, 0 to 100 each; empty if it does not say."""
    if not value:
        return ""
    even = (value[i * len(value) // WAVEFORM] for i in range(WAVEFORM))
    return bytes(min(one, 100) for one in even).hex()


def thumbnail(value: bytes) -> str:
    """The JPEG that stands there until a file is fetched, in Base64; empty if it is none, or would be large."""
    if len(value) > LARGEST_THUMBNAIL:
        return ""
    size = jpeg_size(value)
    # few bytes can be a picture of gigabytes
    return base64.b64encode(value).decode() if size and 0 < min(size) <= max(size) <= LONGEST_THUMBNAIL else ""


def degrees(value: float, most: float) -> float | None:
    """A coordinate; None if there is no such place."""
    return float(value) if math.isfinite(value) and abs(value) <= most else None


def moment(seconds: int | float) -> datetime:
    """A time in Unix seconds; one that can't be is 1970."""
    return from_unix(seconds if 0 <= seconds <= _LAST_SECOND else 0)


def _plain(value: str | bytes, plain: re.Pattern[str]) -> str:
    if not value:
        return ""
    if isinstance(value, str) and plain.fullmatch(value):
        return value
    raw = value if isinstance(value, bytes) else value.encode(errors="surrogatepass")
    as_text = _text_if_valid(raw)
    if isinstance(as_text, str) and plain.fullmatch(as_text):
        return as_text
    return "~" + hashlib.sha256(raw).hexdigest()[:31]


def _text_if_valid(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
