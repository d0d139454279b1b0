"""The one door to Apprise, which knows how to reach a hundred services. It is loaded when first needed.

Addresses hold passwords and keys: what Apprise and its libraries log never gets out of here, and what is said of
an address is Apprise's private form of it.
"""

import logging
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from daemon.domain.text_cleaning import one_line

log = logging.getLogger(__name__)

LONGEST_URL = 2000
# seconds for a connection and for each piece of an answer, unless the address says otherwise
PATIENCE = 10.0
# they would show a message on this computer's own screen or log
_HERE = {"dbus", "glib", "qt", "kde", "gnome", "macosx", "windows", "syslog", "blink1"}
# they log addresses, headers and tokens
_CHATTY = ("urllib3", "requests", "oauthlib", "requests_oauthlib", "markdown", "MARKDOWN")

_loading = threading.Lock()
_STATUS = re.compile(r"error=(\d{3})\b|Socket Exception: \((\d{3}),")
_SILENCE = re.compile(r"timed? ?out|timeout", re.IGNORECASE)
_UNREACHABLE = re.compile(r"Connection error|Socket Exception", re.IGNORECASE)
_BY_STATUS = {401: "denied", 403: "denied", 404: "unknown", 410: "unknown", 429: "busy"}
# SMTP's own numbers
_BY_STATUS |= {530: "denied", 534: "denied", 535: "denied", 538: "denied", 550: "unknown", 551: "unknown"}
_BY_STATUS |= {553: "unknown", 552: "refused", 554: "refused"}


class ChannelError(Exception):
    """No channel can be made of this; `reason` is empty, too_long, unknown, here or incomplete."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ChannelAddress:
    """A channel's address: as it is, by the name of its service, and as it may be shown."""

    url: str
    service: str
    shown: str


def parse(text: str) -> ChannelAddress:
    """A typed address, checked by Apprise; raises ChannelError."""
    url = one_line(text)
    if not url:
        raise ChannelError("empty")
    if len(url) > LONGEST_URL:
        raise ChannelError("too_long")
    schema = url.split("://", 1)[0].lower() if "://" in url else ""
    if schema in _HERE:
        raise ChannelError("here")
    plugin = _plugin(url)
    if plugin is None:
        raise ChannelError("incomplete" if _is_known(schema) else "unknown")
    # parameters say nothing to people
    shown = plugin.url(privacy=True).split("?", 1)[0].removesuffix("/")
    return ChannelAddress(url, str(plugin.service_name or schema), shown)


def send(url: str, title: str, body: str) -> str | None:
    """Send one message; None if the service took it, else a word of `alert_sentences.FAILURES`."""
    plugin = _plugin(url)
    if plugin is None:
        return "address"
    # an address may ask for more patience (mail does), never for less
    plugin.socket_connect_timeout = max(PATIENCE, plugin.socket_connect_timeout or 0)
    plugin.socket_read_timeout = max(PATIENCE, plugin.socket_read_timeout or 0)
    with _reason_from_log() as logged:
        try:
            if plugin.notify(title=title, body=body):
                return None
        except Exception as error:
            # its text may quote the address
            log.error("an alert could not be sent: %s", type(error).__name__)
    return logged.reason


def _plugin(url: str) -> Any:
    """Apprise's object for an address, None if it makes nothing of it."""
    apprise = _apprise()
    with _reason_from_log():
        try:
            return apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
        except Exception as error:
            log.warning("an address could not be read: %s", type(error).__name__)
            return None


def _is_known(schema: str) -> bool:
    return bool(schema) and schema not in ("http", "https") and schema in _apprise().plugins.N_MGR


def _apprise() -> Any:
    # several messages may be the first
    with _loading:
        return _load()


@cache
def _load() -> Any:
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.handlers[:] = [_handler]
    # its reasons are told at this level
    logger.setLevel(logging.DEBUG)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        # some services use modules that Python will give up
        warnings.simplefilter("ignore")
        import apprise

        apprise.plugins.N_MGR.load_modules()
    return apprise


@cache
def _asset() -> Any:
    # nothing on the disk, no pictures, no files read for templates
    asset = _apprise().AppriseAsset(
        storage_mode="memory", pgp_autogen=False, pem_autogen=False, allow_templates=False
    )
    asset.app_id = asset.app_desc = "Balas"
    asset.app_url = ""
    return asset


class _LoggedReason:
    """What Apprise's log said about one delivery, as one word."""

    def __init__(self) -> None:
        self.reason = "failed"
        self._status = False

    def take(self, line: str) -> None:
        """Read a line, keep none of it."""
        if found := _STATUS.search(line):
            status = int(found[1] or found[2])
            self.reason = _BY_STATUS.get(status, "broken" if 500 <= status < 600 else "refused")
            self._status = True
        elif not self._status and _SILENCE.search(line):
            self.reason = "timeout"
        elif not self._status and self.reason == "failed" and _UNREACHABLE.search(line):
            self.reason = "unreachable"


class _ReasonHandler(logging.Handler):
    """Hands each line to the attempt that its thread makes, and to no other."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.threads = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand on one line."""
        logged: _LoggedReason | None = getattr(self.threads, "logged", None)
        if logged is not None:
            logged.take(record.getMessage())


_handler = _ReasonHandler()


@contextmanager
def _reason_from_log() -> Iterator[_LoggedReason]:
    logged = _LoggedReason()
    _handler.threads.logged = logged
    try:
        yield logged
    finally:
        _handler.threads.logged = None
