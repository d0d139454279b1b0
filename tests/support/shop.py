"""A whole shop for tests and benchmarks: the real daemon as a process, a simulated WhatsApp, a data folder."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Connection

from auth_store import admins
from auth_store.admins import Role
from auth_store.files import private_file
from daemon.config import Config
from daemon.desk import replies
from daemon.domain.attachments import OutgoingFile
from daemon.domain.desk import Box
from daemon.domain.links import LinkState
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import accounts, conversation_list, links, outbox, threads
from daemon.store.engine import Database
from daemon.store.links import Link
from daemon.store.schema import migrate
from daemon.store.threads import Bubble
from tests.support.waiting import wait_until
from tests.whatsapp_server import WhatsAppServer

ROOT = Path(__file__).parents[2]
PASSWORD = "sangat-rahasia"


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def peak_of(pid: int) -> int:
    """The most memory that a process has had so far, in bytes; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


class Shop:
    """`balas run` on a data folder of its own, linked to a simulated WhatsApp."""

    def __init__(self, wa: WhatsAppServer, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.wa = wa
        self.folder = folder
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.settings = {
            "BALAS_DATA": str(folder),
            "BALAS_PORT": str(free_port()),
            "BALAS_LANGUAGE": "en",
            "BALAS_SHOP": "Toko Kita",
            **(settings or {}),
        }
        self.config = Config.from_env(self.settings)
        private_file(folder / "balas.db")
        self.database = Database(self.config.database_url)
        self.process: subprocess.Popen[str] | None = None
        self._admin_id: int | None = None
        migrate(self.database)
        with self.database.write() as conn:
            self.account_id = accounts.ensure(conn, "main", utc_now()).id

    @property
    def environment(self) -> dict[str, str]:
        """The initial environment of a process that belongs to this shop."""
        path = f"{self.wa.environment['PYTHONPATH']}{os.pathsep}{ROOT}"
        return {**os.environ, **self.settings, **self.wa.environment, "PYTHONPATH": path}

    def start(self) -> None:
        """Start the daemon and wait until its inbox answers."""
        with (self.folder / "daemon.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "daemon.cli", "run"],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                text=True,
            )
        wait_until(self._inbox_answers, 30, "the inbox")

    def _inbox_answers(self) -> bool:
        assert self.process is None or self.process.poll() is None, self.log()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.config.port)) == 0

    def stop(self) -> None:
        """Ask the daemon to end and wait for it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
            self.process = None

    def command(self, *arguments: str, **more: Any) -> "subprocess.CompletedProcess[str]":
        """Run `balas ARGUMENTS` in this shop."""
        return subprocess.run(
            [sys.executable, "-m", "daemon.cli", *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            **more,
        )

    @contextmanager
    def pairing(self, *options: str) -> Iterator["subprocess.Popen[str]"]:
        """`balas pair OPTIONS --json` while it runs."""
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon.cli", "pair", "--json", *options],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def log(self) -> str:
        """What the daemon and its children have logged so far."""
        return (self.folder / "daemon.log").read_text()

    def link(self) -> Link:
        """Where the link stands now."""
        with self.database.read() as conn:
            return links.get(conn, self.account_id)

    def pair(self) -> None:
        """Let the phone scan the code that is shown, and wait until the link is online."""
        self.wa.phone.scan(wait_until(lambda: self.link().qr, 30, "a code to scan"))
        self.wait_for(LinkState.ONLINE)

    def wait_for(self, state: LinkState, timeout: float = 30.0) -> Link:
        """Wait until the link is in a state."""
        try:
            wait_until(lambda: self.link().state == state, timeout, f"the state {state.value}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}; it is {self.link().state.value}") from None
        return self.link()

    def bubbles(self, name: str | None = None) -> list[Bubble]:
        """All messages of the unresolved conversations (with the customer of that name), oldest first."""
        with self.database.read() as conn:
            rows = conversation_list.listing(conn, self.account_id, Box.ALL, 0, limit=1000)
            found = [row for row in rows if name is None or row.contact_name == name]
            return [b for row in found for b in threads.of_conversation(conn, row.id, limit=100_000)]

    def texts(self, name: str | None = None) -> list[str | None]:
        """The texts of `bubbles`."""
        return [bubble.text for bubble in self.bubbles(name)]

    def wait_for_text(self, text: str, timeout: float = 20.0) -> Bubble:
        """Wait until a message with this text is in the inbox."""
        return wait_until(
            lambda: next((b for b in self.bubbles() if b.text == text), None), timeout, f"the text {text!r}"
        )

    def answer(self, name: str, text: str, *files: OutgoingFile, **more: Any) -> int:
        """Answer the customer of that name as an admin, through the one door; gives the message's id."""
        with self.database.write() as conn:
            rows = conversation_list.listing(conn, self.account_id, Box.ALL, 0, limit=1000)
            (found,) = [row.id for row in rows if row.contact_name == name]
            sari = Closer(Author.ADMIN, self._sari(conn))
            return replies.answer(conn, found, sari, text, utc_now(), files=files, **more)

    def _sari(self, conn: Connection) -> int:
        if self._admin_id is None:
            self._admin_id = admins.create(conn, "sari.toko", "Sari", PASSWORD, Role.ADMIN, utc_now()).id
        return self._admin_id

    def bubble(self, message_id: int) -> Bubble:
        """One message as it stands now."""
        with self.database.read() as conn:
            found = threads.bubble(conn, message_id)
        assert found is not None
        return found

    def journey(self, message_id: int) -> outbox.Journey:
        """Where a reply is on its way out."""
        with self.database.read() as conn:
            found = outbox.by_message(conn, message_id)
        assert found is not None
        return found

    def wait_for_delivery(self, message_id: int, delivery: Delivery, timeout: float = 20.0) -> None:
        """Wait until a reply has come so far."""
        wait_until(lambda: self.bubble(message_id).delivery == delivery, timeout, delivery.value)

    def add_admin(self, name: str = "Sari", role: Role = Role.OWNER) -> str:
        """Make an account; returns the user name (the password is PASSWORD)."""
        username = name.lower()
        with self.database.write() as conn:
            admins.create(conn, username, name, PASSWORD, role, utc_now())
        return username

    def processes(self) -> dict[str, psutil.Process]:
        """The running processes by role: supervisor, session, download, inbox (gunicorn's master), worker."""
        assert self.process is not None
        found = {"supervisor": psutil.Process(self.process.pid)}
        for child in found["supervisor"].children(recursive=True):
            try:
                line, parent = " ".join(child.cmdline()), child.ppid()
            except psutil.Error:
                continue  # it has just ended
            if "daemon.session" in line:
                found["session"] = child
            elif "daemon.media_process" in line:
                found["download"] = child
            elif "gunicorn" in line:
                found["worker" if parent != self.process.pid else "inbox"] = child
        return found

    def pid(self, role: str) -> int | None:
        """The id of the process in this role, None while there is none."""
        found = self.processes().get(role)
        return found.pid if found else None

    def wait_for_successor(self, role: str, old: int, timeout: float = 20.0) -> int:
        """Wait until another process than `old` is in this role; gives its id."""
        return wait_until(
            lambda: pid if (pid := self.pid(role)) not in (None, old) else None, timeout, f"a new {role}"
        )

    def cpu_seconds(self) -> dict[str, float]:
        """User and system time that each process has used so far, by role."""
        return {role: sum(process.cpu_times()[:2]) for role, process in self.processes().items()}

    def kill(self, role: str) -> None:
        """SIGKILL one of the processes."""
        self.processes()[role].kill()


def last_json(output: str) -> dict[str, Any]:
    """The JSON object on the last line of a command's output."""
    found: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return found


@contextmanager
def unlinked_shop(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Shop]:
    """A simulated WhatsApp and a running shop that is not linked to it yet."""
    with WhatsAppServer() as wa:
        shop = Shop(wa, folder / f"shop-{secrets.token_hex(2)}", settings)
        shop.start()
        try:
            yield shop
        finally:
            shop.stop()
            shop.database.close()


@contextmanager
def open_shop(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Shop]:
    """A simulated WhatsApp and a running shop that is linked to it."""
    with unlinked_shop(folder, settings) as shop:
        shop.pair()
        yield shop
