"""Another device linked to the shop's number, such as WhatsApp Web on the owner's computer."""

from __future__ import annotations

from tests.whatsapp_server.actors.own_device import OwnDevice


class Companion(OwnDevice):
    """A linked device that is not the one under test; `name` is how the phone lists it."""

    id_prefix = "3EB0"
    name = ""
