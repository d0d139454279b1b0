"""The environment of child processes, and the one place that touches the library's memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.whatsapp_server.launcher import NOISE_ROOT, SITE, environment

ROOT_KEY = bytes(range(32))

IS_HOOKED = "import sys; print(any(type(f).__module__ == 'sitecustomize' for f in sys.meta_path))"

FIND_ROOT = """
import pylibmagic
import neonize._binder
from sitecustomize import PINNED_ROOT, replace_root
found = None
try:
    replace_root(bytes(32))
except RuntimeError as error:
    found = str(error)
print("OUTCOME", found)
"""


def run(code: str, env: dict[str, str]) -> str:
    """Run Python in a child with this environment and give its output's last line."""
    base = {name: value for name, value in os.environ.items() if name not in (NOISE_ROOT, "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**base, **env}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(4711, tmp_path / "authority.pem", ROOT_KEY, {"PYTHONPATH": "/somewhere"})


def test_the_environment_names_proxy_authority_and_root(env: dict[str, str], tmp_path: Path) -> None:
    assert env["HTTPS_PROXY"] == "http://127.0.0.1:4711"
    assert env["SSL_CERT_FILE"] == str(tmp_path / "authority.pem")
    assert env[NOISE_ROOT] == ROOT_KEY.hex()
    assert not any(name.startswith("BALAS") for name in env)


def test_an_existing_python_path_is_kept_behind_ours(env: dict[str, str], tmp_path: Path) -> None:
    assert env["PYTHONPATH"].split(os.pathsep) == [str(SITE), "/somewhere"]
    again = environment(4711, tmp_path / "authority.pem", ROOT_KEY, env)
    assert again["PYTHONPATH"] == env["PYTHONPATH"]


def test_another_sitecustomize_still_runs(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.seen_by_test = True\n")
    path = os.pathsep.join([str(SITE), str(tmp_path)])
    assert run("import sys; print(sys.seen_by_test)", {**env, "PYTHONPATH": path}) == "True"


def test_a_process_without_the_variable_is_left_alone(env: dict[str, str]) -> None:
    assert run(IS_HOOKED, env) == "True"
    assert run(IS_HOOKED, {**env, NOISE_ROOT: ""}) == "False"


def test_the_hook_loads_nothing_by_itself(env: dict[str, str]) -> None:
    code = "import sys; print(any(name.startswith(('neonize', 'ctypes')) for name in sys.modules))"
    assert run(code, env) == "False"


@pytest.mark.wire
def test_the_pinned_root_is_gone_once_the_library_is_loaded(env: dict[str, str]) -> None:
    assert run(FIND_ROOT, env).endswith("0 times, not once")


@pytest.mark.wire
def test_without_the_variable_the_pinned_root_stays(env: dict[str, str]) -> None:
    assert run(FIND_ROOT, {**env, NOISE_ROOT: ""}) == "OUTCOME None"
