"""How far our clock is ahead of WhatsApp's is known from its own words, also after somebody has set ours."""

from datetime import timedelta

from daemon.session.whatsapp_clock import WhatsAppClock
from tests.support.builders import NOON, at


class Clocks:
    """Ours, which people set, and one that only counts."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.set_by = timedelta(0)
        self.clock = WhatsAppClock(lambda: at(self.seconds) + self.set_by, lambda: self.seconds)


def test_nothing_is_known_before_whatsapp_has_told_its_time() -> None:
    assert Clocks().clock.lead() is None


def test_two_right_clocks_agree() -> None:
    clocks = Clocks()
    clocks.clock.hear(NOON)
    clocks.seconds = 3600
    assert clocks.clock.lead() == 0


def test_a_clock_that_is_set_while_we_run_is_noticed_without_another_word() -> None:
    clocks = Clocks()
    clocks.clock.hear(NOON)
    clocks.seconds, clocks.set_by = 600, timedelta(days=-1)
    assert clocks.clock.lead() == -86_400
    clocks.set_by = timedelta(minutes=5)
    assert clocks.clock.lead() == 300


def test_an_answer_that_was_long_on_its_way_spoils_nothing() -> None:
    clocks = Clocks()
    clocks.clock.hear(NOON)
    clocks.seconds = 100
    clocks.clock.hear(at(60))
    assert clocks.clock.lead() == 0
