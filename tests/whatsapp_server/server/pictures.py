"""Profile pictures: their address for whoever may see them (whatsmeow user.go, GetProfilePictureInfo)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.whatsapp_server.server.errors import QueryFailed
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.server.connection import Connection

HOST = "pps.whatsapp.net"


@dataclass(frozen=True, slots=True)
class ProfilePicture:
    """A picture on the media host: its id, path and hash; a hidden one is shown to nobody.

    `url` is another address than its own, if there is one.
    """

    id: str
    path: str
    digest: bytes
    hidden: bool = False
    url: str = ""


def make(path: str, content: bytes, number: int, hidden: bool, url: str) -> ProfilePicture:
    """What the server knows of a picture that lies on the media host."""
    return ProfilePicture(str(1_700_000_000 + number), path, hashlib.sha256(content).digest(), hidden, url)


def answer(connection: Connection, node: Node) -> list[Node]:
    """Give the address of somebody's picture, or say that there is none, or none for the asker."""
    asked = node.child("picture")
    user = connection.network.user_of(node.jid("target"))
    if asked is None or asked.get("query") != "url":
        raise QueryFailed(400, "bad-request")
    picture = None if user is None else user.picture
    if picture is None:
        raise QueryFailed(404, "item-not-found")
    if picture.hidden:
        raise QueryFailed(401, "not-authorized")
    if asked.get("id") == picture.id:
        return [Node("picture", {"status": "304"})]
    attrs: dict[str, Value] = {
        "id": picture.id,
        "type": asked.get("type") or "image",
        "url": picture.url or f"https://{HOST}{picture.path}",
        "direct_path": picture.path,
        "hash": base64.b64encode(picture.digest).decode(),
    }
    return [Node("picture", attrs)]
