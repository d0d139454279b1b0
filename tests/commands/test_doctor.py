"""`balas doctor` finds what is wrong and says what to do; it changes nothing and never breaks down."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from auth_store.files import Lock
from daemon.commands.doctor import machine
from daemon.commands.doctor.checks import examine_data
from daemon.commands.doctor.findings import Finding, Health
from daemon.config import Config
from daemon.domain.links import LinkState
from daemon.domain.time import utc_now
from daemon.store import accounts, links
from daemon.store.engine import Database
from tests.support.shop import ROOT, free_port


class Patient:
    """A data folder, and a doctor who comes to see it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._network = socket.create_server(("127.0.0.1", 0))
        self.settings = {
            "BALAS_DATA": str(data),
            "BALAS_PORT": str(free_port()),
            "BALAS_LANGUAGE": "en",
            "HTTPS_PROXY": f"http://127.0.0.1:{self._network.getsockname()[1]}",
        }
        self.database = Database(f"sqlite:///{data / 'balas.db'}")

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "daemon.cli", "doctor", *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.settings},
            cwd=self.data.parent,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def findings(self) -> dict[str, Finding]:
        """What is found in the data folder, by check; each one that needs it has a remedy."""
        found = list(examine_data(Config.from_env(self.settings)))
        assert all(one.remedy for one in found if one.health != Health.OK)
        return {one.check: one for one in found}

    def report(self) -> dict[str, dict[str, Any]]:
        """What the command says, by check; the exit code fits."""
        done = self.run("--json")
        assert done.stderr == ""
        said = json.loads(done.stdout)
        wrong = [one for one in said["findings"] if one["health"] == "wrong"]
        assert said["ok"] is (not wrong)
        assert done.returncode == (1 if wrong else 0)
        return {one["check"]: one for one in said["findings"]}

    def health(self, check: str) -> str:
        return self.findings()[check].health.value

    def link(self, device: int | None, state: LinkState) -> int:
        with self.database.write() as conn:
            account_id = accounts.ensure(conn, "main", utc_now()).id
            if device is not None:
                accounts.set_identity(conn, account_id, "6281234567890", "555", device, utc_now())
            links.set_state(conn, account_id, state, utc_now())
        return account_id

    def close(self) -> None:
        self.database.close()
        self._network.close()


@pytest.fixture
def patient(tmp_path: Path, migrated_file: Path) -> Iterator[Patient]:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(migrated_file, data / "balas.db")
    (data / "balas.db").chmod(0o600)
    made = Patient(data)
    yield made
    made.close()


def test_a_good_machine_has_nothing_wrong(patient: Patient) -> None:
    found = patient.report()
    assert {name: one["line"] for name, one in found.items() if one["health"] == "wrong"} == {}
    assert {
        "library",
        "libmagic",
        "ffmpeg",
        "rights",
        "disk",
        "port",
        "database",
        "kept",
        "clock",
        "network",
    } <= set(found)


def test_a_person_reads_a_line_and_a_remedy(patient: Patient) -> None:
    patient.data.chmod(0o755)
    done = patient.run()
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    at = lines.index("WRONG  rights: 1 file or folder can be read by others.")
    assert lines[at + 1] == f"       → chmod -R go= '{patient.data}'"
    assert "ok     libmagic: libmagic recognises files." in lines


def test_what_is_kept_is_said_with_its_size(patient: Patient) -> None:
    folder = patient.data / "media" / "1"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "7.jpg").write_bytes(bytes(2_500_000))
    assert "files from customers 2.5 MB, files to them 0.0 MB, backups 0.0 MB" in patient.findings()["kept"].line


def test_before_the_first_start_there_is_nothing_to_find(patient: Patient) -> None:
    shutil.rmtree(patient.data)
    found = patient.report()
    assert found["rights"]["health"] == "note"
    assert found["network"]["health"] == "ok"
    assert not patient.data.exists()


def test_a_bad_setting_is_a_finding(patient: Patient) -> None:
    patient.settings["BALAS_PORT"] = "web"
    found = patient.report()
    assert set(found) == {"settings"}
    assert "BALAS_PORT" in found["settings"]["line"]


def test_files_that_others_can_read_are_counted_and_not_named(patient: Patient) -> None:
    media = patient.data / "media"
    media.mkdir(mode=0o700)
    (media / "rina.jpg").touch(mode=0o644)
    found = patient.findings()["rights"]
    assert found.health == "wrong"
    assert "rina" not in found.line + found.remedy
    (media / "rina.jpg").chmod(0o600)
    assert patient.health("rights") == "ok"


def test_somebody_elses_folder_is_left_alone(patient: Patient) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(patient.data, 65534, 65534)
    found = patient.findings()
    assert found["rights"].health == "wrong"
    assert "database" not in found
    assert sorted(path.name for path in patient.data.iterdir()) == ["balas.db"]


def test_a_damaged_database_is_found_and_not_touched(patient: Patient) -> None:
    patient.database.close()
    path = patient.data / "balas.db"
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)
    assert patient.health("database") == "wrong"
    assert path.read_bytes() == content


def test_a_file_that_is_no_database_is_found(patient: Patient) -> None:
    (patient.data / "balas.db").write_bytes(b"resep kue lapis\n" * 1000)
    assert patient.health("database") == "wrong"


def test_an_empty_database_waits_for_the_first_start(patient: Patient) -> None:
    (patient.data / "balas.db").write_bytes(b"")
    assert patient.health("database") == "note"


def test_a_database_of_a_newer_version_is_found(patient: Patient) -> None:
    connection = sqlite3.connect(patient.data / "balas.db")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    found = patient.findings()["database"]
    assert found.health == "wrong"
    assert "newer" in found.line


def test_a_linked_account_needs_its_keys(patient: Patient) -> None:
    account_id = patient.link(7, LinkState.OFFLINE)
    assert patient.health("session main") == "wrong"
    keys = patient.data / "keys"
    keys.mkdir(mode=0o700)
    path = keys / f"session-{account_id}.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE secret (key)")
    path.chmod(0o600)
    found = patient.findings()
    assert found["session main"].health == "ok"
    assert found["link main"].line == "Balas is not running."
    path.write_bytes(b"no longer a database" * 500)
    assert patient.health("session main") == "wrong"


def test_a_link_that_is_down_is_wrong_while_the_daemon_runs(patient: Patient) -> None:
    patient.link(7, LinkState.OFFLINE)
    lock = Lock(patient.data / "daemon.lock", "").acquire()
    found = patient.findings()
    assert found["link main"].health == "wrong"
    assert "offline" in found["link main"].line
    # nobody serves the inbox, though the daemon holds its lock
    assert found["port"].health == "wrong"
    lock.release()


def test_an_unlinked_account_is_worth_a_note(patient: Patient) -> None:
    patient.link(None, LinkState.UNLINKED)
    assert patient.health("session main") == "note"


def test_a_taken_port_is_found(patient: Patient) -> None:
    with socket.create_server(("127.0.0.1", int(patient.settings["BALAS_PORT"]))):
        assert patient.health("port") == "wrong"


def test_no_network_is_a_finding_and_no_crash() -> None:
    found = machine.network({"https_proxy": f"http://127.0.0.1:{free_port()}"})
    assert (found.health, found.line) == (Health.WRONG, "The proxy can't be reached (Connection refused).")


@pytest.mark.parametrize("proxy", ["http://[::1", "http://127.0.0.1:port", "what?"])
def test_a_proxy_that_is_no_address_is_a_finding(proxy: str) -> None:
    assert machine.network({"HTTPS_PROXY": proxy}).health == Health.WRONG


def test_a_clock_that_has_gone_back_is_found(tmp_path: Path) -> None:
    now = time.time()
    assert machine.clock(tmp_path, now - 10, now).health != Health.WRONG
    back = machine.clock(tmp_path, now + 3600, now)
    assert back.health == Health.WRONG
    assert "3600 s ahead" in back.line
    # the file system knows better
    assert machine.clock(tmp_path, None, now - 3600).health == Health.WRONG


def test_a_missing_library_is_found(patient: Patient, tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "neonize"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("")
    code = "from daemon.commands.doctor import machine\nf = machine.library()\nprint(f.health.value, f.line)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{broken.parent}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "wrong The WhatsApp library (neonize) is not installed for this machine.\n"


def test_the_port_of_a_config_is_free(tmp_path: Path) -> None:
    config = Config.from_env({"BALAS_DATA": str(tmp_path), "BALAS_PORT": str(free_port())})
    found: Finding = machine.port(config, running=False)
    assert found.health == Health.OK
