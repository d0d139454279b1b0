"""Files on the simulated media host, and the process that fetches them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from daemon.domain.attachments import MediaFolder, MediaSource, UploadedFile
from daemon.media_process.download_job import DownloadJob
from daemon.media_process.hosts import TransferTimes
from daemon.media_process.upload_job import UploadJob, read_answer
from tests.support.shop import ROOT, peak_of
from tests.whatsapp_server import WhatsAppServer
from tests.whatsapp_server.server.media_host import Manner
from tests.whatsapp_server.wire.media import EncryptedMedia, MediaKind, encrypt_media

QUICK = TransferTimes(silence=5, longest=30, grace=20, pause=0.01)


@dataclass
class Fetched:
    """What came of a download: its exit code, the file, what it said, and the most memory it had (bytes)."""

    code: int
    path: Path
    said: str
    peak: int

    @property
    def content(self) -> bytes:
        return self.path.read_bytes()


@dataclass
class Brought:
    """What came of an upload: its exit code, where the file lies, and what the process said."""

    code: int
    uploaded: UploadedFile | None
    said: str


@dataclass
class Host:
    """The media host, and a folder for what is fetched from it."""

    wa: WhatsAppServer
    folder: Path
    media: EncryptedMedia = field(init=False)

    def put(self, content: bytes, manner: Manner | None = None) -> MediaSource:
        """Put a file there as a phone does; gives what its message says of it."""
        self.media = encrypt_media(content, MediaKind.DOCUMENT)
        return self.put_blob(self.media.blob, manner)

    def put_blob(self, blob: bytes, manner: Manner | None = None) -> MediaSource:
        """Put other bytes there under the last file's keys."""
        host = self.wa.endpoint.media
        path = self.wa.loop.call(host.put, "document", blob)
        if manner is not None:
            self.wa.loop.call(host.treat, path, manner)
        media = self.media
        return MediaSource(MediaFolder.DOCUMENT, path, media.media_key, media.file_sha256, media.file_enc_sha256)

    def bring(self, content: bytes, **job: object) -> Brought:
        """Run the process the other way round."""
        file = self.folder / "to bring"
        file.write_bytes(content)
        room = self.folder / "room"
        room.mkdir(exist_ok=True)
        told = UploadJob(str(file), MediaFolder.IMAGE, ("media.whatsapp.net",), "a word", str(room), times=QUICK)
        told = replace(told, parent=os.getpid(), **job)  # type: ignore[arg-type]
        environment = {**os.environ, **self.wa.environment}
        environment["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
        command = [sys.executable, "-m", "daemon.media_process", "upload"]
        done = subprocess.run(command, env=environment, input=told.to_json(), capture_output=True, timeout=60)
        assert list(room.iterdir()) == []
        uploaded = read_answer(done.stdout) if done.stdout else None
        return Brought(done.returncode, uploaded, done.stderr.decode())

    def blob(self, uploaded: UploadedFile) -> bytes:
        """What lies there, encrypted."""
        return self.wa.loop.call(self.wa.endpoint.media.get, uploaded.path)

    def requests(self) -> list[str]:
        """The targets of all requests for files so far."""
        return self.wa.loop.call(lambda: list(self.wa.endpoint.media.asked))

    def fetch(self, source: MediaSource, **job: object) -> Fetched:
        """Run the process."""
        wanted = replace(DownloadJob(source, times=QUICK), parent=os.getpid())
        wanted = replace(wanted, **job)  # type: ignore[arg-type]
        path = self.folder / "fetched"
        environment = {**os.environ, **self.wa.environment}
        environment["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
        with path.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "daemon.media_process", "download"],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.PIPE,
            )
            assert process.stdin is not None
            assert process.stderr is not None
            process.stdin.write(wanted.to_json())
            process.stdin.close()
            peak = 0
            while process.poll() is None:
                # not the system's own figure: it begins with ours
                peak = max(peak, peak_of(process.pid))
                time.sleep(0.005)
            said = process.stderr.read().decode()
            process.stderr.close()
        return Fetched(process.returncode, path, said, peak)


@pytest.fixture(scope="module")
def server() -> Iterator[WhatsAppServer]:
    with WhatsAppServer() as wa:
        yield wa


@pytest.fixture
def host(server: WhatsAppServer, tmp_path: Path) -> Host:
    return Host(server, tmp_path)
