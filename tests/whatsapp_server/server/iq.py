"""Info queries: the questions a client asks the server itself, by namespace.

What a client asks at login and while sending, and what it needs to read in the answers: whatsmeow prekeys.go,
user.go, mediaconn.go, privacysettings.go, appstate.go, tctoken.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.whatsapp_server.server import account_queries, groups, key_queries, pair_stanzas, pictures, usync
from tests.whatsapp_server.server.errors import QueryFailed
from tests.whatsapp_server.wire.jid import SERVER
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.server.connection import Connection

MEDIA_HOSTS = ("media.fna.whatsapp.net", "mmg.whatsapp.net")
MEDIA_TTL = 300


Query = Callable[["Connection", Node], list[Node] | None]


class IqHandler:
    """Answers info queries; `handlers` maps a namespace to a function that gives the content of the result."""

    def __init__(self) -> None:
        self.handlers: dict[str, Query] = {
            "w:p": lambda connection, node: [],
            "encrypt": _encrypt,
            "passive": _passive,
            "md": _multi_device,
            "usync": usync.answer,
            "w:m": _media_connection,
            "privacy": account_queries.privacy,
            "blocklist": account_queries.blocklist,
            "status": account_queries.about,
            "disappearing_mode": account_queries.accepted,
            "w:sync:app:state": account_queries.app_state,
            "urn:xmpp:whatsapp:dirty": account_queries.accepted,
            "urn:xmpp:whatsapp:push": account_queries.accepted,
            "w:stats": account_queries.accepted,
            "abt": account_queries.properties,
            "w:g2": groups.answer,
            "w:profile:picture": pictures.answer,
            "w:biz": _not_found,
        }

    def handle(self, connection: Connection, node: Node) -> None:
        """Answer one iq; answers to our own are passed on, unknown namespaces get a clean error."""
        if node.get("type") in ("result", "error"):
            pair_stanzas.answered(connection, node)
            return
        namespace = node.get("xmlns")
        if namespace == "w:p" and not connection.endpoint.faults.answers_pings:
            return
        if namespace in connection.endpoint.faults.unanswered:
            return
        if namespace in connection.endpoint.faults.refused:
            connection.send(error(connection, node, 500, "internal-server-error"))
            return
        if connection.device is None and namespace not in ("md", "w:p"):
            connection.send(error(connection, node, 401, "not-authorized"))
            return
        handler = self.handlers.get(namespace, _unknown)
        try:
            content = handler(connection, node)
        except QueryFailed as failure:
            connection.send(error(connection, node, failure.code, failure.text))
            return
        connection.send(result(connection, node, content))
        if namespace == "passive" and node.child("active") is not None:
            connection.activate()


def result(connection: Connection, node: Node, content: list[Node] | None = None) -> Node:
    """Build the result of a query."""
    attrs: dict[str, Value] = {
        "from": SERVER,
        "id": node.get("id"),
        "type": "result",
        "t": connection.network.now(),
    }
    return Node("iq", attrs, content or None)


def error(connection: Connection, node: Node, code: int, text: str) -> Node:
    """Build the refusal of a query."""
    attrs: dict[str, Value] = {
        "from": SERVER,
        "id": node.get("id"),
        "type": "error",
        "t": connection.network.now(),
    }
    return Node("iq", attrs, [Node("error", {"code": str(code), "text": text})])


def _unknown(connection: Connection, node: Node) -> list[Node]:
    raise QueryFailed(501, "feature-not-implemented")


def _not_found(connection: Connection, node: Node) -> list[Node]:
    raise QueryFailed(404, "item-not-found")


def _encrypt(connection: Connection, node: Node) -> list[Node]:
    device = connection.device
    assert device is not None
    if node.get("type") == "set":
        if not key_queries.store(device, node):
            raise QueryFailed(406, "not-acceptable")
        return []
    if node.child("count") is not None:
        return [Node("count", {"value": str(len(device.prekeys))})]
    wanted = node.child("key")
    if wanted is None:
        raise QueryFailed(400, "bad-request")
    return [Node("list", {}, key_queries.bundles(connection.network, wanted))]


def _passive(connection: Connection, node: Node) -> list[Node]:
    return []


def _multi_device(connection: Connection, node: Node) -> list[Node]:
    code = node.child("link_code_companion_reg")
    if code is not None:
        if connection.endpoint.faults.pair_code_error is not None:
            raise QueryFailed(connection.endpoint.faults.pair_code_error, "rate-overlimit")
        answer = pair_stanzas.code_stanza(connection, node, code)
        if answer is None:
            raise QueryFailed(400, "bad-request")
        return [answer]
    removal = node.child("remove-companion-device")
    device = connection.device
    if removal is None or device is None:
        raise QueryFailed(400, "bad-request")
    jid = removal.jid("jid")
    if connection.network.user_of(jid) is not device.user or jid is None or jid.device not in device.user.devices:
        raise QueryFailed(403, "forbidden")
    # the result goes out first: removing the device ends this very connection
    connection.send(result(connection, node))
    connection.network.remove_device(device.user, jid.device)
    return []


def _media_connection(connection: Connection, node: Node) -> list[Node]:
    hosts = [Node("host", {"hostname": host}) for host in MEDIA_HOSTS]
    ttl = str(MEDIA_TTL)
    attrs: dict[str, Value] = {
        "auth": "simulated",
        "ttl": ttl,
        "auth_ttl": ttl,
        "max_buckets": "12",
        "id": "1",
    }
    return [Node("media_conn", attrs, list(hosts))]
