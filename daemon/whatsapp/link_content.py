"""The card that a text brings for a link in it: the sender's word, bounded; nothing is ever fetched for it."""

from typing import Any
from urllib.parse import urlsplit

from daemon.domain.text_cleaning import readable, readable_line
from daemon.whatsapp import wire_text
from daemon.whatsapp.media_content import Media

LONGEST_URL, LONGEST_TITLE, LONGEST_DESCRIPTION = 2000, 200, 400


def preview(value: Any, words: str) -> Media:
    """What an ExtendedTextMessage says of a link that stands in its `words`: of any other it would be a lie."""
    url = readable(value.matchedText[: LONGEST_URL + 1])
    host = host_of(url)
    if not host or len(url) > LONGEST_URL or url not in words:
        return {}
    title = readable_line(value.title[: 4 * LONGEST_TITLE], LONGEST_TITLE)
    description = readable_line(value.description[: 4 * LONGEST_DESCRIPTION], LONGEST_DESCRIPTION)
    thumbnail = wire_text.thumbnail(value.JPEGThumbnail)
    if not (title or description or thumbnail):
        return {}
    found: Media = {"link": url, "host": host}
    more = {"title": title, "description": description, "thumbnail": thumbnail}
    return found | {name: item for name, item in more.items() if item}


def host_of(url: str) -> str:
    """Whose page a link leads to, in ASCII: no letter stands for one that looks like it. Empty if unknown."""
    try:
        # people write links without their scheme
        parts = urlsplit(url if "://" in url else f"https://{url}")
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            return ""
        host = parts.hostname.encode("idna").decode("ascii")
    except ValueError:
        return ""
    return host if "." in host and host.replace(".", "").replace("-", "").isalnum() else ""
