"""How commands show a link: QR code, letters and sentences in a terminal, plain values for `--json`."""

import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from daemon.domain.history import HistoryState
from daemon.domain.links import LinkState
from daemon.domain.primary_phone import ASKING, PhoneStep, is_back
from daemon.domain.sentences.history import history_words
from daemon.domain.sentences.link import sentence
from daemon.domain.sentences.phone import BACK, PHONE_SENTENCES, SEEN_BY
from daemon.domain.time import utc_now
from daemon.i18n.catalogue import translate
from daemon.store.links import Link

KEYS_WARNING = (
    "This file can act as your number. Never run a restored copy beside the Balas it was made of: "
    "WhatsApp would throw both out."
)


def draw_qr(text: str) -> str:
    """The code in half blocks: two rows of modules a line, with a quiet zone."""
    # not before a code is drawn: it brings a library for pictures, and a start is to be quick
    import qrcode

    code = qrcode.QRCode(border=2, error_correction=qrcode.constants.ERROR_CORRECT_L)
    code.add_data(text)
    out = io.StringIO()
    code.print_ascii(out=out, invert=True)
    return out.getvalue()


def describe(link: Link, language: str) -> str:
    """What happened to a link, what still works, and what to do now, in a language."""
    say = translate(language)
    found = sentence(link.state, link.reason)
    return f"{say(found.happened)} {say(found.works)} {say('What to do now')}: {say(found.todo)}"


def describe_phone(link: Link, language: str, zone: ZoneInfo) -> str:
    """When the shop's phone was last seen and by what, what that means, and what to do about it."""
    say = translate(language)
    found = PHONE_SENTENCES[link.phone_step]
    words = [say(found.happened)]
    if link.phone_seen_at and link.phone_seen_by:
        moment = f"{link.phone_seen_at.astimezone(zone):%Y-%m-%d %H:%M}"
        words.append(
            say("Last seen: %(moment)s, %(by)s.") % {"moment": moment, "by": say(SEEN_BY[link.phone_seen_by])}
        )
    if link.phone_step != PhoneStep.FINE:
        words.append(f"{say('What to do now')}: {say(found.todo)}")
    return " ".join(words)


def describe_history(link: Link, language: str, now: datetime) -> str | None:
    """How far the import of earlier conversations is; None if there is nothing to say."""
    found = history_words(
        link.state, link.history_state, link.history_percent, link.history_messages, link.history_at, now
    )
    return translate(language)(found.text) % found.values if found else None


class LinkPrinter:
    """Prints a link whenever something that a person should see has changed."""

    def __init__(self, language: str, show_codes: bool) -> None:
        self._language = language
        self._show_codes = show_codes
        self._shown: tuple[object, ...] = ()
        self._phone = PhoneStep.FINE
        self._history: tuple[object, ...] = (HistoryState.NONE, None)

    def show(self, link: Link) -> list[str]:
        """The lines to print now, maybe none."""
        return [*self._about_phone(link), *self._about_link(link), *self._about_history(link)]

    def _about_phone(self, link: Link) -> list[str]:
        before, self._phone = self._phone, link.phone_step
        say = translate(self._language)
        if link.phone_step in ASKING and link.phone_step != before:
            found = PHONE_SENTENCES[link.phone_step]
            return [f"{say(found.happened)} {say('What to do now')}: {say(found.todo)}"]
        return [say(BACK)] if is_back(before, link.phone_step) else []

    def _about_history(self, link: Link) -> list[str]:
        seen = (link.history_state, link.history_percent)
        if seen == self._history:
            return []
        self._history = seen
        words = describe_history(link, self._language, utc_now())
        return [words] if words else []

    def _about_link(self, link: Link) -> list[str]:
        seen = (link.state, link.reason, link.qr if self._show_codes else None, link.pair_code)
        if seen == self._shown:
            return []
        before, self._shown = self._shown, seen
        lines = [] if before[:2] == seen[:2] else [describe(link, self._language)]
        if link.state == LinkState.PAIRING and self._show_codes:
            if link.pair_code:
                lines.append(f"    {link.pair_code}")
            elif link.qr:
                lines.append(draw_qr(link.qr))
        return lines


def as_values(link: Link, language: str) -> dict[str, Any]:
    """A link as plain values, for --json."""
    return {
        "state": link.state.value,
        "reason": link.reason.value,
        "detail": link.detail,
        "since": link.since.isoformat(),
        "retry_at": link.retry_at.isoformat() if link.retry_at else None,
        "online": link.state == LinkState.ONLINE,
        "sentence": describe(link, language),
        "history": {
            "state": link.history_state.value,
            "percent": link.history_percent,
            "messages": link.history_messages,
        },
        "phone_seen": {
            "at": link.phone_seen_at.isoformat() if link.phone_seen_at else None,
            "by": link.phone_seen_by.value if link.phone_seen_by else None,
            "step": link.phone_step.value,
            "asked_at": link.pinged_at.isoformat() if link.pinged_at else None,
            "back_at": link.phone_back_at.isoformat() if link.phone_back_at else None,
        },
    }
