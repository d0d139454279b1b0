"""The place of the keys: private, one owner at a time, gone when wiped."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from auth_store.files import (
    AlreadyOpen,
    Lock,
    PlaceError,
    check_keys,
    prepare_folder,
    private_file,
    secret_key,
    session_file,
    wipe_session,
)

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from auth_store.files import Lock, AlreadyOpen
try:
    Lock(Path(sys.argv[1]), "taken").acquire()
except AlreadyOpen as error:
    sys.exit(str(error))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    prepare_folder(folder)
    return folder


def test_the_folder_is_made_private_and_left_empty(data: Path) -> None:
    assert data.stat().st_mode & 0o777 == 0o700
    assert list(data.iterdir()) == []


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_a_folder_that_others_can_enter_is_refused_and_left_so(data: Path, mode: int) -> None:
    data.chmod(mode)
    with pytest.raises(PlaceError, match="chmod 700"):
        prepare_folder(data)
    assert data.stat().st_mode & 0o777 == mode


def test_a_folder_in_no_place_is_refused() -> None:
    with pytest.raises(PlaceError, match="can't be written"):
        prepare_folder(Path("/proc/balas"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(data: Path, mode: int) -> None:
    path = private_file(data / "x.db")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(mode)
    with pytest.raises(PlaceError, match=r"x\.db.*chmod 600"):
        private_file(path)


def test_the_keys_of_each_account_have_a_private_file_of_their_own(data: Path) -> None:
    one, two = session_file(data, 1), session_file(data, 2)
    assert one != two
    assert one.stat().st_mode & 0o777 == 0o600
    assert one.parent.stat().st_mode & 0o777 == 0o700


def test_wiping_takes_the_keys_with_their_side_files_and_nothing_else(data: Path) -> None:
    ours, other = session_file(data, 1), session_file(data, 2)
    for suffix in ("", "-wal", "-shm", "-journal"):
        ours.with_name(f"session-1.db{suffix}").write_bytes(b"secret")
    wipe_session(data, 1)
    assert list(other.parent.iterdir()) == [other]
    wipe_session(data, 1)


def test_a_lock_keeps_other_processes_out_until_its_owner_ends(data: Path) -> None:
    path = data / "x.lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    holder = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(AlreadyOpen, match="somebody has it"):
        Lock(path, "somebody has it").acquire()
    holder.kill()
    holder.communicate()
    ours = Lock(path, "").acquire()
    assert path.stat().st_mode & 0o777 == 0o600
    refused = subprocess.run(command, cwd=ROOT, input="", capture_output=True, text=True, timeout=30)
    assert (refused.returncode, refused.stderr.strip()) == (1, "taken")
    ours.release()
    ours.release()
    assert subprocess.run(command, cwd=ROOT, input="", capture_output=True, timeout=30).returncode == 0


def test_the_cookie_key_is_made_once_and_private(data: Path, tmp_path: Path) -> None:
    key = secret_key(data)
    assert len(key) == 32
    assert secret_key(data) == key
    path = data / "keys" / "cookie.key"
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "other").mkdir(mode=0o700)
    assert secret_key(tmp_path / "other") != key
    path.chmod(0o644)
    with pytest.raises(PlaceError):
        secret_key(data)


@pytest.mark.parametrize("side", ["", "-wal", "-shm", "-journal"])
def test_keys_that_others_can_read_are_refused_in_each_of_their_files(data: Path, side: str) -> None:
    path = session_file(data, 1)
    loose = path.with_name(path.name + side)
    loose.touch()
    loose.chmod(0o640)
    with pytest.raises(PlaceError, match=r"session-1\.db.*chmod 600"):
        session_file(data, 1)
    with pytest.raises(PlaceError, match=r"session-1\.db.*chmod 600"):
        check_keys(data)
    assert loose.stat().st_mode & 0o777 == 0o640


def test_a_folder_of_keys_that_others_can_enter_is_refused(data: Path) -> None:
    check_keys(data)
    assert list(data.iterdir()) == []
    session_file(data, 1).parent.chmod(0o711)
    for look in (lambda: session_file(data, 1), lambda: check_keys(data)):
        with pytest.raises(PlaceError, match=r"keys.*chmod 700"):
            look()


def test_a_guarded_process_leaves_no_core_dump() -> None:
    code = """
import ctypes, os, resource
from auth_store.process_hardening import guard_memory
guard_memory()
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)
os.abort()
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert ended.stdout == "(0, 0) 0\n"
    assert ended.returncode == -signal.SIGABRT


def test_several_threads_may_look_at_one_folder_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: prepare_folder(folder), range(2000)))
    assert list(folder.iterdir()) == []
