"""A real shop on a simulated WhatsApp whose days pass as fast as the test wants."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from daemon.domain.primary_phone import PhoneStep
from daemon.domain.time import utc_now
from daemon.store.links import Link
from tests.support.shop import ROOT, Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server import WhatsAppServer

DAY = 86400.0


class MovedShop(Shop):
    """The clocks of the shop's processes and of WhatsApp's server, moved together."""

    def __init__(self, wa: WhatsAppServer, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.clock_file = folder.with_suffix(".clock")
        self.day = self.lead = 0.0
        self._write()
        super().__init__(wa, folder, settings)

    @property
    def environment(self) -> dict[str, str]:
        found = super().environment
        path = os.pathsep.join([found["PYTHONPATH"], str(ROOT / "tests" / "support" / "clock_site")])
        return {**found, "PYTHONPATH": path, "SHOP_CLOCK": str(self.clock_file)}

    def now(self) -> datetime:
        """The present moment, as the shop and WhatsApp see it."""
        return utc_now() + timedelta(days=self.day)

    def sets_only_its_clock(self, seconds: float) -> None:
        """Somebody sets the computer's clock: so far ahead of the true time, and WhatsApp's stays where it is."""
        self.lead = seconds
        self._write()

    def _write(self) -> None:
        fresh = self.clock_file.with_suffix(".new")
        fresh.write_text(f"{self.day * DAY!r} {self.lead!r}")
        fresh.replace(self.clock_file)

    def days_pass(self, days: float, wait: bool = True) -> None:
        """Move on, and wait until the shop has noticed (it can't while it is not running)."""
        self.day += days
        self._write()
        self.wa.clock.offset = self.day * DAY
        if wait:
            wait_until(self._has_noticed, 20, "the shop's look at its phone")

    def _has_noticed(self) -> bool:
        heard = self.link().heard_at
        return heard is not None and abs(self.now() - heard) < timedelta(minutes=30)

    def wait_for_step(self, step: PhoneStep) -> Link:
        """Wait until the phone's silence means this."""
        wait_until(lambda: self.link().phone_step == step, 20, f"{step.value}, not {self.link().phone_step.value}")
        return self.link()


@contextmanager
def moved_shop(folder: Path) -> Iterator[MovedShop]:
    """A running shop that is linked, on day 0."""
    with WhatsAppServer() as wa:
        shop = MovedShop(wa, folder / "moved")
        shop.start()
        try:
            shop.pair()
            # the phone has sent its older messages: from here on it is seen only when it does something
            wa.wait_until(lambda: not wa.phone._tasks, what="the end of the phone's upload")
            yield shop
        finally:
            shop.stop()
            shop.database.close()
