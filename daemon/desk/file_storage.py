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
from daemon.domain.text_cleaning import clean
from daemon.store.media import FOLDER

PIECE = 65_536
LONGEST_NAME = 120
_MIME = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")
# what a file is, whatever its name says: only these are sent as pictures
_MAGIC = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
_OUT = re.compile(r"\d{1,9}/out-[0-9a-f]{64}\.[a-z0-9]{1,5}")


class FileRefused(Exception):
    """`reason`: empty, too_large, no_room."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def keep(
    data: Path, account_id: int, stream: IO[bytes], name: str, mime: str, largest: int = LARGEST_FILE
) -> OutgoingFile:
    """Write a file to the disk, once for its content; it is there when this returns.

    `mime` is the sender's word, believed of what is no picture. Raises FileRefused, OSError.
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
                head = head or piece[:16]
                digest.update(piece)
                out.write(piece)
            if not size:
                raise FileRefused("empty")
            out.flush()
            os.fsync(fd)
        kind = _mime(head, mime)
        kept = f"out-{digest.hexdigest()}{file_end(kind)}"
        part.rename(folder / kept)
    finally:
        part.unlink(missing_ok=True)
    return OutgoingFile(f"{account_id}/{kept}", kind, size, _name(name, kind))


def is_kept(data: Path, account_id: int, file: OutgoingFile) -> bool:
    """Whether a file that a page names is there, and this account's."""
    mine = file.file.startswith(f"{account_id}/") and _OUT.fullmatch(file.file) is not None
    return mine and (data / FOLDER / file.file).is_file()


def _mime(head: bytes, said: str) -> str:
    for magic, mime in _MAGIC:
        if magic.match(head):
            return mime
    said = said.partition(";")[0].strip().lower()
    # what calls itself a picture and is none
    return said if _MIME.fullmatch(said) and not said.startswith("image/") else "application/octet-stream"


def _name(name: str, mime: str) -> str:
    """The last part of a path, readable; one of ours if nothing is left."""
    bare = clean(re.split(r"[/\\]", name)[-1]).replace("\n", " ").strip(". ")
    if len(bare) > LONGEST_NAME:
        stem, dot, end = bare.rpartition(".")
        bare = f"{stem[: LONGEST_NAME - len(end) - 1]}.{end}" if dot and len(end) < 10 else bare[:LONGEST_NAME]
    return bare or f"file{file_end(mime)}"
