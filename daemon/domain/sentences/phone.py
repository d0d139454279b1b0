"""What the phone's silence means, in words for a shopkeeper: what happened, what still works, what to do now.

The sentences are English msgids; `daemon.i18n` holds their translations.
"""

from daemon.domain.primary_phone import PhoneStep, SightingKind
from daemon.domain.sentences.link import Sentence


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


_ALL = _("Messages come in and replies go out.")
_OPEN = _("Switch the shop's phone on, connect it to the internet and open WhatsApp for a minute.")

PHONE_SENTENCES: dict[PhoneStep, Sentence] = {
    PhoneStep.FINE: Sentence(
        _("The shop's phone is there."),
        _ALL,
        _("Nothing. WhatsApp wants to see the phone at least once every two weeks."),
    ),
    PhoneStep.QUIET: Sentence(
        _("The shop's phone has been quiet for days."),
        _ALL,
        _("Nothing yet. If the phone is switched off, switch it on within the next days."),
    ),
    PhoneStep.ASK: Sentence(
        _("The shop's phone has not been seen for a while; Balas asks it for a sign of life once a day."),
        _ALL,
        _OPEN,
    ),
    PhoneStep.WARN: Sentence(
        _("The shop's phone has been away for so long that WhatsApp will soon end the link."),
        _("Messages come in and replies go out, until then."),
        _OPEN,
    ),
    PhoneStep.URGENT: Sentence(
        _("WhatsApp ends the link within a day, because the shop's phone is not there."),
        _("Messages come in and replies go out, until then."),
        _("Today: switch the shop's phone on, connect it to the internet and open WhatsApp for a minute."),
    ),
    PhoneStep.PAST: Sentence(
        _("The shop's phone has been away for longer than WhatsApp allows: the link may end at any moment."),
        _("Messages come in and replies go out for as long as WhatsApp lets us."),
        _("Now: switch the shop's phone on, connect it to the internet and open WhatsApp."),
    ),
}

# The steps in two or three words.
STEP_TITLES: dict[PhoneStep, str] = {
    PhoneStep.FINE: _("Phone is there"),
    PhoneStep.QUIET: _("Phone is quiet"),
    PhoneStep.ASK: _("Asking the phone"),
    PhoneStep.WARN: _("Phone is missing"),
    PhoneStep.URGENT: _("Phone needed today"),
    PhoneStep.PAST: _("Phone needed now"),
}

BACK = _("The shop's phone is back.")

# By what it was seen; stands after the moment.
SEEN_BY: dict[SightingKind, str] = {
    SightingKind.LINKED: _("when the number was linked"),
    SightingKind.MESSAGE: _("when something was written on it"),
    SightingKind.RECEIPT: _("when it received a message"),
    SightingKind.READ: _("when messages were read on it"),
    SightingKind.PEER: _("when it talked to its linked devices"),
    SightingKind.HISTORY: _("when it sent its older messages"),
}

# Sent to the shop's own number; whoever looks at the phone reads it.
PING = _("Balas is checking that this phone is still connected. You need not answer.")
