"""WhatsApp's media hosts: which are asked, how they are reached, and how long."""

import base64
import re
import ssl
from dataclasses import dataclass
from http.client import HTTPSConnection
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

# answers to any path without asking who wants to know; the hosts of a `media_conn` answer come before it
LAST_HOST = "mmg.whatsapp.net"
# whatsmeow asks every host that it is told; two or three are usual
MOST_HOSTS = 4
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", re.IGNORECASE)
# the same host may do better in a moment
BUSY_STATUSES = {408, 425, 429, 500, 502, 503, 504}
_ORIGIN = "https://web.whatsapp.com"
ORIGIN_HEADERS = {"Origin": _ORIGIN, "Referer": f"{_ORIGIN}/"}


class TooSlow(Exception):
    """The whole has taken longer than it may."""


@dataclass(frozen=True, slots=True)
class TransferTimes:
    """In seconds: for the longest silence, for the whole, and before the slowest speed counts (bytes a second)."""

    silence: float = 20.0
    # the largest file at 300 kbit/s
    longest: float = 1800.0
    grace: float = 60.0
    # below a telephone modem's: the files behind it in the queue come sooner than its end
    slowest: int = 4000
    # between two tries at a host
    pause: float = 1.0


def is_too_slow(times: TransferTimes, bytes_so_far: int, seconds: float) -> bool:
    """Whether so little has gone through in so many seconds that others behind it wait for nothing."""
    return seconds > times.grace + bytes_so_far / times.slowest


def usable_hosts(known: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are names of hosts, in their order."""
    return tuple(host for host in known if _HOST.fullmatch(host))[:MOST_HOSTS]


def hosts_to_ask(known: tuple[str, ...]) -> tuple[str, ...]:
    """WhatsApp's media hosts in their order, and the one that always answers."""
    usable = [host for host in usable_hosts(known) if host != LAST_HOST]
    return (*usable[: MOST_HOSTS - 1], LAST_HOST)


def connect(host: str, silence: float) -> HTTPSConnection:
    """To a host, or through the proxy that the environment names, as WhatsApp's library does."""
    context = ssl.create_default_context()
    # Python 3.13's default refuses certificates of many a company's proxy, which the library accepts
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    address = getproxies_environment().get("https", "")
    if not address or proxy_bypass(host):
        return HTTPSConnection(host, timeout=silence, context=context)
    proxy, headers = urlsplit(address if "://" in address else f"http://{address}"), {}
    if not proxy.hostname:
        raise ConnectionError("no proxy")
    if proxy.username is not None:
        login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        headers["Proxy-Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    connection = HTTPSConnection(proxy.hostname, proxy.port or 80, timeout=silence, context=context)
    connection.set_tunnel(host, 443, headers)
    return connection
