"""Only the session's process ever holds the Go library: importing anything else doesn't load it."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import auth_store
import daemon.alerts
import daemon.commands
import daemon.desk
import daemon.domain
import daemon.ingest
import daemon.maintenance
import daemon.store
import daemon.supervisor
import webui

ROOT = Path(__file__).parents[2]
LOOK = "print([line for line in open('/proc/self/maps') if 'neonize' in line and '.so' in line])"


def modules(package: object) -> list[str]:
    """A package's modules, those of its folders included."""
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")  # type: ignore[attr-defined]
    # Alembic runs these, in its own context
    return [module.name for module in found if ".migrations." not in module.name]


def loads_go(*names: str) -> bool:
    """Whether a fresh process has the library in its memory after these imports."""
    code = "".join(f"import {name}\n" for name in names) + LOOK
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip().splitlines()[-1] != "[]"


def test_the_session_does_load_the_library() -> None:
    assert loads_go("daemon.whatsapp.client")


@pytest.mark.parametrize(
    "names",
    [
        modules(daemon.domain),
        modules(daemon.store),
        modules(daemon.desk),
        [*modules(daemon.ingest), "daemon.session.link_recorder"],
        modules(daemon.maintenance),
        modules(daemon.alerts),
        modules(daemon.supervisor),
        ["daemon.cli", *modules(daemon.commands)],
        modules(webui),
        modules(auth_store),
    ],
    ids=lambda names: names[0],
)
def test_nothing_else_loads_it(names: list[str]) -> None:
    assert names
    assert not loads_go(*names)


def test_the_inbox_loads_nothing_of_whatsapps_room() -> None:
    code = "import webui.app, sys; print([m for m in sys.modules if m.startswith(('neonize', 'daemon.whatsapp'))])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
