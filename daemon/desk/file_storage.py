"""Files that people of ours attach: kept under the sum of their content before any reply names them."""

import hashlib
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import IO

from auth_store.files import prepare_folder
from daemon.domain.attachments import LARGEST_FILE, OutgoingFile, file_end
from daemon.domain.disk_space import FETCHES_FROM
from daemon.domain.file_signatures import HEAD, mime_of, recorded
from daemon.domain.text_cleaning import clean
from daemon.store.media import FOLDER

PIECE = 65_536
LONGEST_NAME = 120
_OUT = re.compile(r"\d{1,9}/out-[0-9a-f]{64}\.[a-z0-9]{1,5}")


class FileRefused(Exception):
    """`reason`: empty, too_large, no_room, no_voice."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def keep(
    data: Path,
    account_id: int,
    stream: IO[bytes],
    name: str,
    mime: str,
    largest: int = LARGEST_FILE,
    *,
    is_voice: bool = False,
) -> OutgoingFile:
    """Write a file to the disk, once for its content; it is there when this returns.

    `mime` is the sender's word, believed of documents only; `is_voice`: recorded to be sent as a voice message.
    Raises FileRefused, OSError.
    """
    folder = data / FOLDER / str(account_id)
    prepare_folder(folder)
    if shutil.disk_usage(folder).free < FETCHES_FROM:
        # messages come first
        raise FileRefused("no_room")
    # not one of those that a session clears away when it begins
    part = folder / f"out-{secrets.token_hex(8)}.part"
    digest, size, head = hashlib.sha256(), 0, b""
    fd = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(fd, "wb") as out:
            while piece := stream.read(PIECE):
                size += len(piece)
                if size > largest:
                    raise FileRefused("too_large")
                head += piece[: HEAD - len(head)]
                digest.update(piece)
                out.write(piece)
            if not size:
                raise FileRefused("empty")
            out.flush()
            os.fsync(fd)
        kind = mime_of(head, mime)
        if is_voice:
            kind = recorded(kind) or ""
        if not kind:
            raise FileRefused("no_voice")
        kept = f"out-{digest.hexdigest()}{file_end(kind)}"
        part.rename(folder / kept)
    finally:
        part.unlink(missing_ok=True)
    return OutgoingFile(f"{account_id}/{kept}", kind, size, _name(name, kind), is_voice)


def is_kept(data: Path, account_id: int, file: OutgoingFile) -> bool:
    """Whether a file that a page names is there, and this account's."""
    mine = file.file.startswith(f"{account_id}/") and _OUT.fullmatch(file.file) is not None
    return mine and (data / FOLDER / file.file).is_file()


def _name(name: str, mime: str) -> str:
    """The last part of a path, readable; one of ours if nothing is left."""
    bare = clean(re.split(r"[/\\]", name)[-1]).replace("\n", " ").strip(". ")
    if len(bare) > LONGEST_NAME:
        stem, dot, end = bare.rpartition(".")
        bare = f"{stem[: LONGEST_NAME - len(end) - 1]}.{end}" if dot and len(end) < 10 else bare[:LONGEST_NAME]
    return bare or f"file{file_end(mime)}"
