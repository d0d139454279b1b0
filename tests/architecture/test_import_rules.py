"""Every import rule of pyproject.toml, broken on purpose in a copy of the tree."""

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract for contract in LINTER["contracts"]}

DAEMON = "Inside the daemon imports point one way"
INBOX = "Inside the inbox imports point one way"
CYCLE = "No room has a cycle"
NO_INBOX = "The daemon knows no inbox, but for the command that serves it"
ROWS = "The inbox reads and writes rows: it never touches the link or the daemon's life"
KEYS = "The keys know nobody"
BELOW = "Below the store nobody knows the keys"
VALUES = "WhatsApp's room knows values and settings only"
DOWNLOAD = "The transfer of a file knows values only: it holds nothing that is worth its death"
ENTRANCE = "Only the session enters WhatsApp's room"
PROCESS = "The session is a process: it is started, never imported"
NEONIZE = "Only daemon.whatsapp imports neonize"
FFMPEG = "Only daemon.media_process runs FFmpeg"
APPRISE = "Only daemon.alerts imports apprise"
TESTS = "The program knows none of its tests"

# what pages may use of the daemon, and WhatsApp's room of what lies below the session
OPEN_TO_THE_INBOX = {"domain", "i18n", "store", "desk", "alerts", "config", "heartbeat", "logs"}
OPEN_TO_WHATSAPP = {"domain", "config"}
ABOVE_WHATSAPP = {"cli", "commands", "supervisor", "session"}


@dataclass(frozen=True)
class Breach:
    """A contract, and the lines that break it, by the module that they are added to."""

    contract: str
    lines: dict[str, str]


def _breach(contract: str, module: str, line: str = "") -> Breach:
    return Breach(contract, {module: line})


BREACHES = {
    "a module without a place": _breach(DAEMON, "daemon/spare.py"),
    "a package without a place": _breach(DAEMON, "daemon/spare/__init__.py"),
    "a value that knows tables": _breach(DAEMON, "daemon/domain/spare.py", "from daemon.store import messages"),
    "a catalogue that knows values": _breach(DAEMON, "daemon/i18n/spare.py", "from daemon.domain import links"),
    "a table that knows the desk": _breach(DAEMON, "daemon/store/spare.py", "import daemon.desk.replies as r"),
    "a desk that takes messages in": _breach(DAEMON, "daemon/desk/spare.py", "from daemon.ingest import commit"),
    "an import in a function": _breach(
        DAEMON, "daemon/domain/spare.py", "def f() -> None:\n    from daemon.store import messages"
    ),
    "an import for types alone": _breach(
        DAEMON,
        "daemon/domain/spare.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from daemon.store import messages",
    ),
    "a relative import": _breach(DAEMON, "daemon/domain/spare.py", "from ..store import messages"),
    "a page's module without a place": _breach(INBOX, "webui/spare.py"),
    "a page's package without a place": _breach(INBOX, "webui/spare/__init__.py"),
    "a base that knows a page": _breach(INBOX, "webui/base/spare.py", "from webui.pages import team"),
    "a page that knows the websocket": _breach(INBOX, "webui/pages/spare.py", "from webui.live import hub"),
    "two modules of one room that know each other": Breach(
        CYCLE, {"daemon/desk/one.py": "import daemon.desk.two", "daemon/desk/two.py": "import daemon.desk.one"}
    ),
    "a cycle two folders down": Breach(
        CYCLE,
        {
            "daemon/desk/bot/one.py": "import daemon.desk.bot.two",
            "daemon/desk/bot/two.py": "import daemon.desk.bot.one",
        },
    ),
    "a cycle among pages": Breach(
        CYCLE, {"webui/pages/one.py": "from . import two", "webui/pages/two.py": "from . import one"}
    ),
    "a cycle among keys": Breach(
        CYCLE, {"auth_store/one.py": "import auth_store.two", "auth_store/two.py": "import auth_store.one"}
    ),
    "a value that knows a page": _breach(NO_INBOX, "daemon/domain/spare.py", "from webui.base import formatting"),
    "a table that knows a page": _breach(NO_INBOX, "daemon/store/spare.py", "import webui.base.formatting"),
    "another command that serves": _breach(NO_INBOX, "daemon/commands/spare.py", "from webui import serve"),
    "a command that knows more than serving": _breach(NO_INBOX, "daemon/commands/run.py", "import webui.app"),
    "a page that knows the session": _breach(ROWS, "webui/pages/spare.py", "from daemon.session import sender"),
    "a page that makes backups": _breach(ROWS, "webui/pages/spare.py", "import daemon.maintenance.backup"),
    "a page that takes messages in through the alerts": Breach(
        ROWS,
        {
            "webui/pages/spare.py": "import daemon.alerts.spare",
            "daemon/alerts/spare.py": "import daemon.ingest.commit",
        },
    ),
    "a key that knows values": _breach(KEYS, "auth_store/spare.py", "from daemon.domain import ids"),
    "a key that knows a page": _breach(KEYS, "auth_store/spare.py", "import webui.base"),
    "a value that knows a key": _breach(BELOW, "daemon/domain/spare.py", "from auth_store import files"),
    "settings that know a key": _breach(BELOW, "daemon/config.py", "from auth_store import files"),
    "WhatsApp's room writing rows": _breach(VALUES, "daemon/whatsapp/spare.py", "import daemon.store.messages"),
    "WhatsApp's room reading keys": _breach(VALUES, "daemon/whatsapp/spare.py", "import auth_store.files"),
    "a download that reads rows": _breach(
        DOWNLOAD, "daemon/media_process/spare.py", "import daemon.store.messages"
    ),
    "a command that uses WhatsApp": _breach(ENTRANCE, "daemon/commands/spare.py", "from daemon import whatsapp"),
    "a supervisor that uses WhatsApp": _breach(
        ENTRANCE, "daemon/supervisor/spare.py", "from daemon.whatsapp.send import *"
    ),
    "a command that loads the session": _breach(
        PROCESS, "daemon/commands/spare.py", "import daemon.session.process"
    ),
    "a supervisor that loads neonize": _breach(NEONIZE, "daemon/supervisor/spare.py", "import neonize"),
    "a session that names neonize": _breach(
        NEONIZE, "daemon/session/spare.py", "from neonize.proto.Neonize_pb2 import JID"
    ),
    "a page that loads neonize": _breach(NEONIZE, "webui/base/spare.py", "import neonize.client"),
    "a session that converts films": _breach(FFMPEG, "daemon/session/spare.py", "import imageio_ffmpeg"),
    "a desk that sends alerts": _breach(APPRISE, "daemon/desk/spare.py", "def f() -> None:\n    import apprise"),
    "a command with a simulator": _breach(
        TESTS, "daemon/commands/spare.py", "from tests.whatsapp_server import WhatsAppServer"
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The program's modules and the rules for them, to be spoilt."""
    for package in LINTER["root_packages"]:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=lambda folder, names: _not_code(Path(folder), names)
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _not_code(folder: Path, names: list[str]) -> set[str]:
    return {name for name in names if (folder / name).is_file() and not name.endswith(".py")}


def lint(copy: Path) -> tuple[int, set[str], str]:
    """What lint-imports says of a copy: its exit code, the contracts that are broken, all that it prints."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = " ".join((done.stdout + done.stderr).split())
    return done.returncode, {name for name in CONTRACTS if f"{name} BROKEN" in said}, said


def test_the_program_keeps_every_contract(copy: Path) -> None:
    exit_code, broken, said = lint(copy)
    assert (exit_code, broken) == (0, set()), said
    assert all(f"{name} KEPT" in said for name in CONTRACTS)


@pytest.mark.parametrize("breach", BREACHES.values(), ids=BREACHES)
def test_the_linter_sees(breach: Breach, copy: Path) -> None:
    for module, line in breach.lines.items():
        path = copy / module
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as file:
            file.write(f"{line}\n")
    exit_code, broken, said = lint(copy)
    assert exit_code != 0
    assert breach.contract in broken, said


def test_every_contract_is_broken_here() -> None:
    assert {breach.contract for breach in BREACHES.values()} == set(CONTRACTS)


def _children_of_daemon() -> set[str]:
    paths = [*(ROOT / "daemon").glob("*.py"), *(path.parent for path in (ROOT / "daemon").glob("*/__init__.py"))]
    return {path.stem for path in paths} - {"__init__"}


@pytest.mark.parametrize(
    ("contract", "may_use"),
    [(ROWS, OPEN_TO_THE_INBOX), (VALUES, OPEN_TO_WHATSAPP | ABOVE_WHATSAPP | {"whatsapp"})],
)
def test_a_new_room_is_open_to_the_inbox_and_to_whatsapp_only_where_this_says_so(
    contract: str, may_use: set[str]
) -> None:
    closed = {name.removeprefix("daemon.") for name in CONTRACTS[contract]["forbidden_modules"]}
    assert _children_of_daemon() - closed == may_use
