"""Alerts in words for a shopkeeper: what happened, what still works, what to do now.

The sentences are English msgids; `daemon.i18n` holds their translations. `%(name)s` comes from an alert's
details.
"""

from daemon.domain.alerts import About, AlertKind
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.primary_phone import ALERTED
from daemon.domain.sentences.link import SENTENCES, Sentence
from daemon.domain.sentences.phone import BACK, PHONE_SENTENCES, STEP_TITLES


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


_ALL = _("Messages come in and replies go out.")
_MAKE_ROOM = _("Delete files that nobody needs on the computer that runs Balas.")
_KEPT = _("Everything works, and the older backups are still there.")

# In a few words, by what it is about and the step.
TITLES: dict[tuple[About, str], str] = {
    (About.LINK, "down"): _("No connection to WhatsApp"),
    (About.LINK, "replaced"): _("Another Balas uses the link"),
    (About.LINK, "outdated"): _("WhatsApp wants a newer Balas"),
    (About.LINK, "banned"): _("WhatsApp restricts the number"),
    (About.LINK, "unlinked"): _("The number is no longer linked"),
    **{(About.PHONE, step.value): STEP_TITLES[step] for step in ALERTED},
    (About.WAITING, "long"): _("Customers are waiting"),
    (About.BACKUP, "failed"): _("The backup failed"),
    (About.BACKUP, "old"): _("No backup for days"),
    (About.DISK, "low"): _("The disk is nearly full"),
    (About.DISK, "full"): _("The disk is full"),
    (About.MEDIA, "full"): _("No room for pictures and files"),
    (About.INBOX, "silent"): _("The inbox does not answer"),
}

# The three sentences; those of the link are its state's own (link.py).
WORDS: dict[tuple[About, str], Sentence] = {
    **{(About.PHONE, step.value): PHONE_SENTENCES[step] for step in ALERTED},
    (About.WAITING, "long"): Sentence(
        _("Customers who have waited for an answer for more than %(minutes)d minutes: %(count)d."),
        _ALL,
        _("Open the inbox and answer them, or ask the team to."),
    ),
    (About.BACKUP, "failed"): Sentence(
        _("The nightly backup could not be made."),
        _KEPT,
        _("Nothing for now: Balas tries again every hour. If this lasts, tell whoever looks after the computer."),
    ),
    (About.BACKUP, "old"): Sentence(
        _("The last good backup is %(days)d days old."),
        _KEPT,
        _("Tell whoever looks after the computer that runs Balas; its log says why no backup can be made."),
    ),
    (About.DISK, "low"): Sentence(
        _("The disk of the computer that runs Balas is nearly full: %(free)d MB are left."),
        _("Everything works. Before the disk is full, Balas stops receiving so that nothing is lost."),
        _MAKE_ROOM,
    ),
    (About.DISK, "full"): SENTENCES[LinkState.OFFLINE, LinkReason.DISK_FULL],
    (About.MEDIA, "full"): Sentence(
        _("Customers' files that are not fetched because there is no room for them: %(count)d."),
        _("Texts come in and replies go out. WhatsApp keeps the files for some weeks, and the phone has them."),
        _(
            "Choose under Settings, Desk for how long messages are kept, make room on the disk, or let whoever"
            " looks after the computer raise BALAS_MEDIA_BUDGET_MB."
        ),
    ),
    (About.INBOX, "silent"): Sentence(
        _("The inbox does not answer, so nobody can read or reply in it."),
        _("Messages are still received and kept."),
        _("Nothing for now: Balas starts the inbox again by itself. If this lasts, restart the computer."),
    ),
}
# a backup for which there was no room
NO_ROOM = Sentence(_("There was no room on the disk for the nightly backup."), _KEPT, _MAKE_ROOM)

# That it is over.
OVER: dict[About, str] = {
    About.LINK: _("The link to WhatsApp is back: messages come in and replies go out."),
    About.PHONE: BACK,
    About.WAITING: _("No customer waits that long any more."),
    About.BACKUP: _("A good backup was made again."),
    About.DISK: _("There is room on the disk again."),
    About.MEDIA: _("There is room for pictures and files again."),
    About.INBOX: _("The inbox answers again."),
}

# What the owner can switch off, as the page names it.
KINDS: dict[AlertKind, str] = {
    AlertKind.UNLINKED: _("The number is no longer linked"),
    AlertKind.BANNED: _("WhatsApp restricts or blocks the number"),
    AlertKind.REPLACED: _("Another Balas uses the link"),
    AlertKind.OUTDATED: _("WhatsApp wants a newer Balas"),
    AlertKind.DOWN: _("No connection to WhatsApp"),
    AlertKind.PHONE: _("The shop's phone has not been seen for days"),
    AlertKind.WAITING: _("Customers are waiting"),
    AlertKind.BACKUP: _("The backup failed"),
    AlertKind.DISK: _("The disk is nearly full"),
    AlertKind.MEDIA: _("No room for pictures and files"),
    AlertKind.INBOX: _("The inbox does not answer"),
}

ALL_CLEAR = _("All clear")
STILL = _("Still: %(title)s")
SINCE = _("Since: %(moment)s.")
BEGAN = _("It had begun: %(moment)s.")
UNTIL = _("Until: %(moment)s.")
INBOX_AT = _("Inbox: %(url)s")
TEST_TITLE = _("Test")
TEST = _("This is a test: alerts from Balas arrive here.")

# Why the last delivery failed, by the word that `daemon.alerts.channels` has for it.
FAILURES: dict[str, str] = {
    "unreachable": _(
        "The service could not be reached. Check the address and this computer's internet connection."
    ),
    "timeout": _("The service did not answer in time."),
    "denied": _("The service refused the password or key in the address."),
    "unknown": _("The service does not know the recipient in the address."),
    "busy": _("The service says that there were too many messages; Balas waits and tries again."),
    "refused": _("The service refused the message. Check the address."),
    "broken": _("The service has trouble itself; Balas tries again."),
    "address": _("The address can't be read any more. Delete it and add it again."),
    "failed": _("The message could not be delivered. Check the address."),
    "stopped": _("Balas was stopped while it was sending; the message may have arrived."),
}
