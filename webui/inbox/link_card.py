"""The card of a link in a message, as its sender's phone had made it: nothing is fetched to draw it."""

from dataclasses import dataclass

from flask import url_for

from daemon.domain.message_kinds import MessageKind
from daemon.store.threads import Bubble


@dataclass(frozen=True, slots=True)
class LinkCard:
    """Where the link leads, and what its sender's phone had found there; `picture` is an address."""

    url: str
    host: str
    title: str
    description: str
    picture: str


def of(bubble: Bubble) -> LinkCard | None:
    """The card under a message's words, as long as the link stands in them."""
    about = bubble.media or {}
    url, host = about.get("link"), about.get("host")
    if bubble.kind != MessageKind.TEXT:
        return None
    if not isinstance(url, str) or not isinstance(host, str) or bubble.revoked or url not in (bubble.text or ""):
        return None
    title, description = _words(about.get("title")), _words(about.get("description"))
    picture = url_for("media.preview", message_id=bubble.id) if about.get("thumbnail") else ""
    address = url if "://" in url else f"https://{url}"
    return LinkCard(address, host, title, description, picture)


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""
