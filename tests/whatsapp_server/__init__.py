"""A WhatsApp on loopback for the unmodified client library: `with WhatsAppServer() as wa: …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.whatsapp_server.world import WhatsAppServer

__all__ = ["WhatsAppServer"]


def __getattr__(name: str) -> Any:
    # wire/ is importable without the server's role, so this package must not load it for every import below
    if name == "WhatsAppServer":
        from tests.whatsapp_server.world import WhatsAppServer

        return WhatsAppServer
    raise AttributeError(name)
