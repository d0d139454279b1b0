"""The unit: systemd accepts it, its fence is tight, and Balas lives behind it."""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from daemon import heartbeat
from daemon.domain.messages import Delivery
from daemon.supervisor import inbox_probe
from daemon.supervisor.helpers import DESK_ENDS_WITHIN
from daemon.supervisor.process import INBOX_ENDS_WITHIN, SESSION_ENDS_WITHIN
from tests.support.fence import allowed_calls, directives
from tests.support.shop import Shop
from tests.support.waiting import wait_until
from tests.whatsapp_server import WhatsAppServer

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
UNIT = SCRIPTS / "systemd" / "balas.service"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing")


def value(name: str) -> str:
    """The directive's only value."""
    (found,) = [one for key, one in directives(UNIT) if key == name]
    return found


@needs_systemd
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    # it looks whether the program is there: on this machine it need not be
    text = UNIT.read_text().replace("/opt/balas/bin/balas", shutil.which("true") or "/bin/true")
    copy = tmp_path / "balas.service"
    copy.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, timeout=60)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "balas" in line]) == (0, [])


@needs_systemd
def test_the_fence_is_rated_ok_or_better() -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    found = re.search(r"exposure level for balas.service: ([\d.]+) (\w+)", done.stdout)
    assert found, done.stderr
    assert found[2] in ("OK", "SAFE")
    # what it was when it was written; looser needs a reason
    assert float(found[1]) <= 1.5


def test_every_directive_says_why_it_is_there() -> None:
    lines = UNIT.read_text().splitlines()
    fence = lines[next(i for i, line in enumerate(lines) if "whole system is read-only" in line) :]
    explained = 0
    for before, line in pairwise(fence[: fence.index("[Install]")]):
        if line and not line.startswith(("#", "[")):
            explained += before.startswith("#")
            # only one that completes the line before may go without
            assert before.startswith("#") or before.split("=")[0] in (
                "CapabilityBoundingSet",
                "PrivateDevices",
                "PrivateIPC",
                "SystemCallFilter",
            ), line
    assert explained >= 20


def test_the_last_resort_comes_after_the_supervisors_own_remedies() -> None:
    assert value("Type") == "notify"
    assert value("Restart") == "always"
    assert value("WatchdogSignal") == "SIGTERM"
    assert float(value("WatchdogSec")) > inbox_probe.DEAD_AFTER + inbox_probe.PATIENCE + 20
    assert float(value("WatchdogSec")) > heartbeat.DEAD_AFTER + 20
    assert float(value("TimeoutStopSec")) > SESSION_ENDS_WITHIN + INBOX_ENDS_WITHIN + DESK_ENDS_WITHIN


def test_what_is_written_is_private() -> None:
    assert value("UMask") == "0077"
    assert value("StateDirectoryMode") == "0700"
    assert value("LimitCORE") == "0"
    assert f"BALAS_DATA=/var/lib/{value('StateDirectory')}" == value("Environment")


@needs_systemd
def test_the_filter_is_read_as_systemd_reads_it() -> None:
    calls = allowed_calls(UNIT)
    assert {"read", "futex", "socket", "clone", "execve", "prlimit64"} <= calls
    assert not {"mount", "ptrace", "reboot", "chroot", "init_module", "settimeofday", "chown", "setuid"} & calls


@pytest.fixture
def fenced(tmp_path: Path) -> Iterator[Shop]:
    """A linked shop whose daemon was started behind the fence."""
    with WhatsAppServer() as wa:
        shop = Shop(wa, tmp_path / "data")
        with (tmp_path / "daemon.log").open("w") as log:
            shop.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.fence", UNIT, sys.executable, "-m", "daemon.cli", "run"],
                env=shop.environment,
                cwd=tmp_path,
                stdout=log,
                stderr=log,
                text=True,
            )
        try:
            wait_until(lambda: shop.link().qr, 30, "a code")
            shop.pair()
            yield shop
        finally:
            shop.stop()
            shop.database.close()


@needs_systemd
@pytest.mark.wire
def test_balas_links_receives_and_answers_behind_the_fence(fenced: Shop) -> None:
    for role, process in fenced.processes().items():
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE), role
        assert re.search(r"^Seccomp:\s+2$", status, re.MULTILINE), role
    rina = fenced.wa.add_customer("Rina")
    rina.send_text("masih buka?")
    fenced.wait_for_text("masih buka?")
    fenced.wait_for_delivery(fenced.answer("Rina", "masih"), Delivery.DELIVERED)
    assert [one.text for one in rina.received] == ["masih"]
    # pages that processes share are counted for each, so this is more than the service is charged
    assert value("MemoryMax") == "1G"
    assert sum(process.memory_info().rss for process in fenced.processes().values()) < 1024**3 / 3


def dry(script: str, *arguments: str) -> list[str]:
    """The steps that a script would take."""
    done = subprocess.run(
        [SCRIPTS / script, "--dry-run", *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()


def test_the_installation_can_be_read_before_it_is_done() -> None:
    steps = dry("install-service")
    assert "install --directory --mode 0700 --owner balas --group balas /var/lib/balas" in steps
    assert "install --mode 0644 scripts/systemd/balas.service /etc/systemd/system/balas.service" in steps
    assert steps[-3:] == [
        "systemctl daemon-reload",
        "systemctl enable balas.service",
        "systemctl restart balas.service",
    ]


def test_what_the_installation_puts_somewhere_the_undo_takes_away() -> None:
    # the places of the unit are those of the script
    steps = "\n".join(dry("install-service"))
    undone = "\n".join(dry("uninstall-service", "--delete-data"))
    places = [
        "/opt/balas",
        "/var/lib/balas",
        "/etc/balas",
        "/usr/local/bin/balas",
        "/etc/systemd/system/balas.service",
    ]
    for place in places:
        assert place in steps
        assert place in undone
    kept = "\n".join(dry("uninstall-service"))
    assert "/var/lib/balas" not in kept
    assert "/etc/balas" not in kept
    assert f"{value('WorkingDirectory')}/.env" in steps
    assert value("ExecStart").split()[0].startswith("/opt/balas/")


def test_a_data_folder_is_moved_never_copied(tmp_path: Path) -> None:
    (tmp_path / "balas.db").touch()
    steps = dry("install-service", "--data", str(tmp_path))
    assert f"mv --no-target-directory {tmp_path} /var/lib/balas" in steps
    assert not any(step.startswith("cp ") for step in steps)


@pytest.mark.parametrize("trouble", ["empty", "running"])
def test_a_data_folder_that_can_t_be_moved_is_refused(tmp_path: Path, trouble: str) -> None:
    command = [SCRIPTS / "install-service", "--dry-run", "--data", tmp_path]
    if trouble == "running":
        (tmp_path / "balas.db").touch()
        (tmp_path / "daemon.lock").touch()
        command = ["flock", tmp_path / "daemon.lock", *command]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("script", ["install-service", "uninstall-service", "test-bare"])
def test_an_unknown_word_changes_nothing(script: str) -> None:
    done = subprocess.run([SCRIPTS / script, "--fast"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: ")


def test_scripts_can_be_started() -> None:
    for path in [*SCRIPTS.glob("*-service"), SCRIPTS / "test-bare", SCRIPTS / "systemd" / "balas"]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o111, path
        assert os.access(path, os.X_OK)
