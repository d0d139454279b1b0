"""The doctor's look at the machine: libraries, disk, clock, port and network."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from daemon.commands.doctor.findings import Finding, note, ok, wrong
from daemon.commands.opening import port_trouble
from daemon.config import Config
from daemon.domain.disk_space import HINTED_BELOW, WRONG_BELOW
from daemon.supervisor.inbox_probe import inbox_answers

WHATSAPP = ("web.whatsapp.com", 443)
LIBRARY_TAKES, NETWORK_TAKES = 60, 5.0
# seconds between the file system's clock and the machine's that no rounding explains
CLOCKS_DIFFER = 5.0
_ENVIRONMENT = "Remove the folder .venv and run ./scripts/run (or scripts/install-service) again."


def library() -> Finding:
    """Load the Go library, in a process of its own: it must not live in this one."""
    spec = importlib.util.find_spec("neonize")
    folders = list(spec.submodule_search_locations or []) if spec else []
    # without its file it would try to download one
    if not any(path for folder in folders for path in Path(folder).glob("*.so")):
        return wrong("library", "The WhatsApp library (neonize) is not installed for this machine.", _ENVIRONMENT)
    if (error := _fails("import daemon.whatsapp.go_library")) is not None:
        return wrong("library", f"The WhatsApp library does not load ({error}).", _ENVIRONMENT)
    return ok("library", "The WhatsApp library loads.")


def libmagic() -> Finding:
    """Recognise a file's kind, as the library does before it sends one."""
    code = "import pylibmagic, magic; assert magic.from_buffer(b'%PDF-1.4', mime=True) == 'application/pdf'"
    if (error := _fails(code)) is not None:
        return wrong("libmagic", f"libmagic does not work ({error}).", _ENVIRONMENT)
    return ok("libmagic", "libmagic recognises files.")


def ffmpeg() -> Finding:
    """Only needed for sending sound, film and stickers, which Balas does not do by itself."""
    if shutil.which("ffmpeg"):
        return ok("ffmpeg", "ffmpeg is installed.")
    return note(
        "ffmpeg", "ffmpeg is not installed; texts need none.", "For sound and film: apt-get install ffmpeg."
    )


def disk(data: Path) -> Finding:
    """Room and inodes on the data folder's disk."""
    usage = os.statvfs(data)
    free = usage.f_bavail * usage.f_frsize
    words = f"{free / 1024**3:.1f} GB are free for the data folder."
    remedy = "Make room on this disk: Balas stops receiving when it is full."
    if free < WRONG_BELOW or (usage.f_files and usage.f_favail < 1000):
        return wrong("disk", words if free < WRONG_BELOW else "The disk has no room for more files.", remedy)
    return note("disk", words, remedy) if free < HINTED_BELOW else ok("disk", words)


def clock(data: Path, newest: float | None, now: float) -> Finding:
    """The machine's clock against the file system's, against what the database has seen, and who sets it.

    `newest` is the time of the event log's last entry; all times are seconds since 1970.
    """
    remedy = "Set the clock, and let it be kept right: timedatectl set-ntp true."
    with tempfile.NamedTemporaryFile(dir=data, prefix=".clock-") as file:
        written = os.stat(file.name).st_mtime
    if abs(written - now) > CLOCKS_DIFFER:
        return wrong("clock", f"The disk's clock and this machine's differ by {abs(written - now):.0f} s.", remedy)
    if newest is not None and newest > now + 60:
        return wrong("clock", f"The clock has gone back: the last entry is {newest - now:.0f} s ahead.", remedy)
    if _is_synchronised() is False:
        return note("clock", "Nobody keeps the clock right.", remedy)
    return ok("clock", f"The clock says {time.strftime('%Y-%m-%d %H:%M', time.gmtime(now))} UTC.")


def port(config: Config, running: bool) -> Finding:
    """A running inbox answers; otherwise the port is free."""
    place = f"{config.host} port {config.port}"
    if running:
        if inbox_answers(config):
            return ok("port", f"The inbox answers on {place}.")
        return wrong("port", f"The inbox does not answer on {place}.", "Look at the log, then restart Balas.")
    if (trouble := port_trouble(config)) is not None:
        return wrong("port", f"{trouble}.", "Stop the other program, or set BALAS_PORT.")
    return ok("port", f"{place} is free.")


def network(environ: dict[str, str]) -> Finding:
    """A connection towards WhatsApp, through the proxy if one is set."""
    proxy = environ.get("HTTPS_PROXY") or environ.get("https_proxy")
    goal, name = WHATSAPP, "WhatsApp"
    if proxy:
        try:
            parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
            goal, name = (
                (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)),
                "the proxy",
            )
        except ValueError:
            return wrong("network", "HTTPS_PROXY is not an address.", "Set it to http://HOST:PORT, or unset it.")
    try:
        socket.create_connection(goal, NETWORK_TAKES).close()
    except OSError as error:
        why = error.strerror or "no answer in time"
        remedy = f"Look at cable, router and firewall: {goal[0]}:{goal[1]} must be reachable."
        return wrong("network", f"{name[0].upper()}{name[1:]} can't be reached ({why}).", remedy)
    return ok("network", f"{name[0].upper()}{name[1:]} can be reached.")


def _fails(code: str) -> str | None:
    """Run this in a new Python; why it failed, or None."""
    environ = {**os.environ, "NEONIZE_BOT_TAG": "off"}
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=LIBRARY_TAKES
        )
    except subprocess.TimeoutExpired:
        return "it takes too long"
    if done.returncode == 0:
        return None
    lines = done.stderr.strip().splitlines()
    return lines[-1][:200] if lines else f"it ended with {done.returncode}"


def _is_synchronised() -> bool | None:
    """What timedatectl says; None where there is none."""
    try:
        done = subprocess.run(
            ["timedatectl", "show", "--property=NTPSynchronized", "--value"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(done.stdout.strip())
