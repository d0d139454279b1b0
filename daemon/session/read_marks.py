"""Tells a customer that his question was read, once an admin's answer to it has left."""

import logging

from daemon.desk import settings
from daemon.domain.ids import Address, parse_address
from daemon.domain.time import Clock
from daemon.store import clock as clocks
from daemon.store import read_marks
from daemon.store.engine import Database
from daemon.whatsapp.client import WhatsApp
from daemon.whatsapp.send import mark_read

log = logging.getLogger(__name__)


class ReadMarks:
    """The read marks of one account; called by its sender."""

    def __init__(self, database: Database, account_id: int, whatsapp: WhatsApp, clock: Clock) -> None:
        self._database, self._account_id = database, account_id
        self._whatsapp, self._clock = whatsapp, clock

    def tell(self, to: Address, turn_id: int) -> None:
        """Mark a turn's messages as read, if the shop wants that; what fails is not tried again."""
        with self._database.read() as conn:
            if not settings.load(conn, self._account_id).mark_read:
                return
            found = read_marks.of_turn(conn, turn_id)
            at = clocks.on_whatsapps(conn, self._account_id, self._clock())
        for writer, wa_ids in found.items():
            try:
                mark_read(self._whatsapp, to, parse_address(writer) if writer else to, wa_ids, at)
            except Exception as error:
                # ticks of another colour: the answer itself has left
                log.warning("a question could not be marked as read: %s", type(error).__name__)
