"""Every link state in words for a shopkeeper: what happened, what still works, what to do now.

The sentences are English msgids; `daemon.i18n` holds their translations.
"""

from dataclasses import dataclass

from daemon.domain.links import LinkReason, LinkState


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened, what still works, what to do now."""

    happened: str
    works: str
    todo: str


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


_READING = _("You can read every conversation. Replies you write now wait here and leave when the link is back.")
_NOTHING_NEW = _("Conversations that are here stay here. New messages reach only the phone for now.")
_ALL = _("Messages come in and replies go out.")
_PHONE = _("WhatsApp on the phone works as always.")
_BY_ITSELF = _("Nothing. Balas connects again by itself.")
_TRIES_AGAIN = _(
    "Nothing for now: Balas tries again by itself. If this lasts for a day, look for a newer version of Balas."
)
_SCAN = _("Open WhatsApp on the shop's phone, tap Linked devices, then Link a device, and scan the code.")
_PAIR_AGAIN = _("Link the number again: scan a new code with the shop's phone.")
_TWICE = _(
    "The phone that scanned the code is already linked here under another name, so Balas ended the second link "
    "at once: linked twice, customers would be answered twice."
)
_FIRST_GOES_ON = _("The first link goes on as before.")
_OTHER_PHONE = _(
    "Scan the code with the phone of the number that belongs here. If the first phone still lists Balas twice "
    "under Linked devices, remove the newer one."
)
_KEEP_PHONE = _("Leave the phone switched on, with WhatsApp open, until it is done.")
# WhatsApp asks after the eight letters as after a scan; once a passkey is deleted, it wants a new one
_PASSKEY = Sentence(
    _("WhatsApp asks for a passkey before it links this number. This version of Balas can't answer that."),
    _PHONE,
    _(
        "Try again in some days: WhatsApp asks only some accounts, and not always. Neither the code by phone "
        "number nor deleting the passkey helps. If it goes on asking, this number can only be connected through "
        "the official WhatsApp Cloud API."
    ),
)

S, R = LinkState, LinkReason

SENTENCES: dict[tuple[LinkState, LinkReason], Sentence] = {
    (S.UNLINKED, R.NONE): Sentence(_("No WhatsApp number is linked yet."), _PHONE, _SCAN),
    (S.UNLINKED, R.CODES_EXPIRED): Sentence(
        _("The codes ran out before one was scanned, or the phone could not link."),
        _PHONE,
        _(
            "Keep this page open for new codes. If the phone says that there are already four linked devices, "
            "unlink one there first. If it asks for a passkey, Balas can't link this number now: try again in "
            "some days."
        ),
    ),
    (S.UNLINKED, R.NO_VIEWER): Sentence(
        _("No code is shown while nobody looks at this page."),
        _PHONE,
        _("Keep this page open; a new code appears in a few seconds."),
    ),
    (S.UNLINKED, R.FULL): Sentence(
        _("The phone already has four linked devices, the most that WhatsApp allows."),
        _PHONE,
        _("On the phone, open Linked devices, log one of them out, then scan a new code here."),
    ),
    (S.UNLINKED, R.PASSKEY): _PASSKEY,
    (S.UNLINKED, R.PAIR_ERROR): Sentence(
        _("The phone and Balas could not finish linking."),
        _PHONE,
        _("Check that the phone has a good connection and the right time, then scan a new code."),
    ),
    (S.UNLINKED, R.CODE_REFUSED): Sentence(
        _("WhatsApp gave no code for that phone number."),
        _PHONE,
        _("Check the number with its country code, wait a few minutes, and try again, or scan the QR code."),
    ),
    (S.UNLINKED, R.UNLINKED_HERE): Sentence(
        _("The number was unlinked from this page."),
        _NOTHING_NEW,
        _("To use Balas again, scan a new code with the shop's phone."),
    ),
    (S.UNLINKED, R.SAME_NUMBER): Sentence(_TWICE, _FIRST_GOES_ON, _OTHER_PHONE),
    (S.UNLINKED, R.NETWORK): Sentence(
        _("WhatsApp could not be reached to get a code."),
        _PHONE,
        _("Check this computer's internet connection. Balas keeps trying."),
    ),
    (S.UNLINKED, R.SESSION_DIED): Sentence(
        _("Linking stopped halfway because the connection part of Balas restarted."),
        _PHONE,
        _("Wait for a new code and scan that one."),
    ),
    (S.PAIRING, R.NONE): Sentence(_("A code is ready to be scanned."), _PHONE, _SCAN),
    (S.PAIRING, R.CODES_EXPIRED): Sentence(
        _("The last codes ran out; here is a new one."),
        _PHONE,
        _(
            "Scan it now. If the phone says that there are already four linked devices, unlink one there first. "
            "If it asks for a passkey, Balas can't link this number now: try again in some days."
        ),
    ),
    (S.PAIRING, R.CODE_REFUSED): Sentence(
        _("WhatsApp gave no code for that phone number."),
        _PHONE,
        _("Check the number with its country code, or scan the QR code."),
    ),
    (S.PAIRING, R.FULL): Sentence(
        _("The phone already has four linked devices, the most that WhatsApp allows."),
        _PHONE,
        _("On the phone, open Linked devices, log one of them out, then scan the code here."),
    ),
    (S.PAIRING, R.PASSKEY): _PASSKEY,
    (S.PAIRING, R.PAIR_ERROR): Sentence(
        _("The phone and Balas could not finish linking; here is a new code."),
        _PHONE,
        _("Check that the phone has a good connection and the right time, then scan it."),
    ),
    (S.PAIRING, R.SAME_NUMBER): Sentence(_TWICE, _FIRST_GOES_ON, _OTHER_PHONE),
    (S.LINKING, R.SAME_NUMBER): Sentence(_TWICE, _FIRST_GOES_ON, _OTHER_PHONE),
    (S.LINKING, R.NONE): Sentence(
        _("The phone has accepted Balas; the link is being set up."), _PHONE, _KEEP_PHONE
    ),
    (S.CONNECTING, R.NONE): Sentence(_("Balas is connecting to WhatsApp."), _READING, _("Wait a few seconds.")),
    (S.CATCHING_UP, R.NONE): Sentence(
        _("Balas is fetching the messages that came in while it was away."),
        _("Messages come in. Replies leave once everything is here: the phone may have answered meanwhile."),
        _("Wait a moment before you answer: newer messages may still arrive."),
    ),
    (S.ONLINE, R.NONE): Sentence(
        _("The number is linked and connected."),
        _ALL,
        _("Nothing. Switch the phone on at least once every two weeks, or WhatsApp ends the link."),
    ),
    (S.UNSTABLE, R.NONE): Sentence(
        _("WhatsApp answers slowly or not at all."),
        _("Messages and replies may be late, none are lost."),
        _("Nothing for now. If this lasts, check this computer's internet connection."),
    ),
    (S.OFFLINE, R.NETWORK): Sentence(
        _("This computer can't reach WhatsApp."),
        _READING,
        _("Check the internet connection of the computer that runs Balas. It keeps trying by itself."),
    ),
    (S.OFFLINE, R.KEYS_DAMAGED): Sentence(
        _("The file with this number's keys is damaged. Balas has left it as it is and does not use it."),
        _("You can read and prepare replies; they leave once the number is linked again. Nothing is lost here."),
        _("Unlink the number here, then link it again with the shop's phone. Look at the computer's disk, too."),
    ),
    (S.OFFLINE, R.DISK_FULL): Sentence(
        _("The disk of this computer is full, so Balas has stopped receiving before anything is lost."),
        _("You can read every conversation. New messages wait at WhatsApp and reach the phone."),
        _(
            "Delete files that nobody needs on the computer that runs Balas. "
            "Balas goes on by itself when there is room."
        ),
    ),
    (S.OFFLINE, R.DROPPED): Sentence(_("The connection to WhatsApp was lost."), _READING, _BY_ITSELF),
    (S.OFFLINE, R.SERVER_BUSY): Sentence(
        _("WhatsApp's servers are busy and sent us away for now."), _READING, _BY_ITSELF
    ),
    (S.OFFLINE, R.SESSION_DIED): Sentence(
        _("The connection part of Balas stopped and is being started again."),
        _READING,
        _("Nothing. If this happens again and again, tell whoever looks after this computer."),
    ),
    (S.OFFLINE, R.UNKNOWN_CODE): Sentence(
        _("WhatsApp ended the connection for a reason that Balas doesn't know."), _READING, _BY_ITSELF
    ),
    (S.LOGGED_OUT, R.UNLINKED_BY_PHONE): Sentence(
        _("Somebody removed Balas from the linked devices of the shop's phone."),
        _NOTHING_NEW,
        _PAIR_AGAIN,
    ),
    (S.LOGGED_OUT, R.PHONE_AWAY): Sentence(
        _("WhatsApp ended the link because the shop's phone was not there for two weeks."),
        _NOTHING_NEW,
        _("Switch the shop's phone on and open WhatsApp, then link the number again: scan a new code with it."),
    ),
    (S.LOGGED_OUT, R.UNLINKED_UNSEEN): Sentence(
        _("Balas was removed from the phone's linked devices, or the phone was off for more than two weeks."),
        _NOTHING_NEW,
        _PAIR_AGAIN,
    ),
    (S.LOGGED_OUT, R.UNLINKED_HERE): Sentence(
        _("The number was unlinked from this page."),
        _NOTHING_NEW,
        _("To use Balas again, scan a new code with the shop's phone."),
    ),
    (S.LOGGED_OUT, R.PHONE_GONE): Sentence(
        _("WhatsApp ended the link: WhatsApp on the phone is gone or locked (a new phone, a new number)."),
        _NOTHING_NEW,
        _("Set WhatsApp up on the shop's phone first, then link the number here again."),
    ),
    (S.LOGGED_OUT, R.ACCOUNT_BLOCKED): Sentence(
        _("WhatsApp has blocked this number."),
        _("Conversations that are here can still be read. Nothing can be sent or received, on the phone neither."),
        _("Open WhatsApp on the phone and follow what it says to ask for a review. Link again after that."),
    ),
    (S.LOGGED_OUT, R.UNKNOWN_CODE): Sentence(
        _("WhatsApp ended the link for a reason that Balas doesn't know."), _NOTHING_NEW, _PAIR_AGAIN
    ),
    (S.REPLACED, R.NONE): Sentence(
        _("The same link is being used by another running Balas, so this one has stepped back."),
        _READING,
        _("Switch off the other Balas (perhaps a copy on another computer), then connect again here."),
    ),
    (S.BANNED, R.NONE): Sentence(
        _("WhatsApp restricts this number for a while."),
        _("You can read every conversation. Replies wait until the restriction ends."),
        _(
            "Wait; Balas connects again by itself. Until then send nothing in bulk and write only to customers "
            "who wrote to you, also from the phone."
        ),
    ),
    (S.OUTDATED, R.NONE): Sentence(
        _("WhatsApp no longer accepts this version of Balas."),
        _READING,
        _("Install the newest Balas, then connect again. WhatsApp on the phone works meanwhile."),
    ),
    (S.REFUSED, R.NONE): Sentence(
        _("WhatsApp refuses the connection at the moment."),
        _READING,
        _TRIES_AGAIN,
    ),
    (S.REFUSED, R.SERVER_BUSY): Sentence(
        _("WhatsApp's servers are busy and sent us away for now."), _READING, _BY_ITSELF
    ),
    (S.REFUSED, R.UNKNOWN_CODE): Sentence(
        _("WhatsApp refuses the connection for a reason that Balas doesn't know."),
        _READING,
        _TRIES_AGAIN,
    ),
    (S.STOPPED, R.NONE): Sentence(
        _("Balas is switched off or just starting."),
        _READING,
        _("If it stays like this, start Balas again on its computer."),
    ),
}

# What is said of a state when its reason adds nothing.
FALLBACKS: dict[LinkState, Sentence] = {
    **{state: SENTENCES[state, R.NONE] for state in LinkState if (state, R.NONE) in SENTENCES},
    S.OFFLINE: SENTENCES[S.OFFLINE, R.DROPPED],
    S.LOGGED_OUT: SENTENCES[S.LOGGED_OUT, R.UNKNOWN_CODE],
}


def sentence(state: LinkState, reason: LinkReason) -> Sentence:
    """The three sentences of a link state; every state has them, whatever the reason."""
    return SENTENCES.get((state, reason)) or FALLBACKS[state]
