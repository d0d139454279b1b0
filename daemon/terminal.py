"""What `balas run` and `balas pair` draw in a terminal: the QR code, the letters, the state's sentences."""

import io

import qrcode

from daemon.domain.links import LinkState
from daemon.domain.sentences import sentence
from daemon.store.accounts import Link
from webui.catalogue import translate


def draw_qr(text: str) -> str:
    """The code in half blocks: two rows of modules a line, with a quiet zone."""
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


class LinkPrinter:
    """Prints a link whenever something that a person should see has changed."""

    def __init__(self, language: str, show_codes: bool) -> None:
        self._language = language
        self._show_codes = show_codes
        self._shown: tuple[object, ...] = ()

    def show(self, link: Link) -> list[str]:
        """The lines to print now, maybe none."""
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
