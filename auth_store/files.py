"""The place of the keys on disk: a 0700 folder, 0600 files, one owner at a time."""

import fcntl
import os
import secrets
import stat
from pathlib import Path

# what is kept beside the keys' database by SQLite and by the session: as secret, and gone with it
SIDE_FILES = ("-wal", "-shm", "-journal", "-arrivals")


class PlaceError(Exception):
    """The data folder can't be used; the text is one sentence for a person."""


class AlreadyOpen(PlaceError):
    """Another process holds the credentials."""


def prepare_folder(folder: Path) -> None:
    """Create the folder as 0700 or check that it is ours and private.

    Raises PlaceError if it can't be written or others may read it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / f".write-test-{os.getpid()}"
        probe.touch(mode=0o600)
        # another thread may look at the same folder
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise PlaceError(f"The data folder {folder} can't be written ({error.strerror}).") from error
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077:
        raise PlaceError(f"The data folder {folder} can be read by others: run 'chmod 700' on it.")


def private_file(path: Path) -> Path:
    """Make sure the file exists as 0600.

    Raises PlaceError if its rights are wider.
    """
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    _check_private(path)
    return path


def _check_private(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return  # SQLite's side files come and go
    if mode & 0o077:
        raise PlaceError(f"The file {path.name} in the data folder can be read by others: run 'chmod 600' on it.")


def session_file(data: Path, account_id: int) -> Path:
    """Where neonize keeps the keys of one account (the file is secret as a whole).

    Raises PlaceError if others may read the folder, the file or one of its side files.
    """
    path = session_path(data, account_id)
    prepare_folder(path.parent)
    private_file(path)
    for suffix in SIDE_FILES:
        _check_private(path.with_name(path.name + suffix))
    return path


def session_path(data: Path, account_id: int) -> Path:
    """The same place without looking at it."""
    return data / "keys" / f"session-{account_id}.db"


def check_keys(data: Path) -> None:
    """Refuse keys that others may read, before any process opens them; raises PlaceError."""
    folder = data / "keys"
    if not folder.exists():
        return
    prepare_folder(folder)
    for path in sorted(folder.iterdir()):
        if path.suffix != ".lock":
            _check_private(path)


def wipe_session(data: Path, account_id: int) -> None:
    """Delete the keys of one account, with SQLite's side files."""
    path = session_path(data, account_id)
    # the side files first: what they say could otherwise be applied to a new file of the same name
    for suffix in (*SIDE_FILES, ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


class Lock:
    """An exclusive lock on a file, held until `release` or the end of the process."""

    def __init__(self, path: Path, sentence: str) -> None:
        self._path = path
        self._sentence = sentence
        self._fd: int | None = None

    def acquire(self) -> "Lock":
        """Take the lock; raises AlreadyOpen with the given sentence if another process has it."""
        fd = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            raise AlreadyOpen(self._sentence) from error
        self._fd = fd
        return self

    def release(self) -> None:
        """Give the lock back."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def secret_key(data: Path) -> bytes:
    """The key that signs login cookies: 32 random bytes, made once, kept as 0600."""
    path = data / "keys" / "cookie.key"
    prepare_folder(path.parent)
    try:
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return private_file(path).read_bytes()
    with os.fdopen(fd, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
    return key
