"""A real database file, the real app, the real gunicorn and a real browser."""

import os
import re
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.test import TestResponse

from auth_store import files
from daemon.config import Config
from daemon.store.engine import Database
from tests.support import browser as support_browser
from tests.support.shop import free_port
from tests.support.staffed_books import PASSWORD, StaffedBooks
from webui.app import create_app
from webui.base import security
from webui.serve import command

ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    data = tmp_path / "data"
    files.prepare_folder(data)
    return Config.from_env({"BALAS_DATA": str(data), "BALAS_PORT": str(free_port()), "BALAS_SHOP": "Toko Sari"})


@pytest.fixture(scope="session")
def furnished_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with a shop and its two admins; to be copied (their passwords take long to hash)."""
    path = tmp_path_factory.mktemp("furnished") / "balas.db"
    shutil.copy(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    StaffedBooks(database)
    database.close()
    return path


@pytest.fixture
def database(config: Config, furnished_file: Path) -> Iterator[Database]:
    database = Database(config.database_url)
    shutil.copy(furnished_file, database.path)
    yield database
    database.close()


@pytest.fixture
def shop(database: Database) -> StaffedBooks:
    return StaffedBooks(database)


@pytest.fixture
def app(config: Config, database: Database) -> Iterator[Flask]:
    yield create_app(config, database)
    security.limiter.reset()


class Visitor:
    """Somebody at a browser without scripts: keeps cookies, sends the form token and what he was shown along."""

    def __init__(self, client: FlaskClient, language: str = "en") -> None:
        self.client = client
        self.headers = {"Accept-Language": language}

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=self.headers | headers)

    def token(self) -> str:
        page = self.client.get("/login", follow_redirects=True).text
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found
        return found[1]

    def post(self, path: str, fields: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        values = {"csrf_token": self.token(), **(fields or {})}
        if "shown" not in values:
            values |= self._shown(path)
        return self.client.post(path, data=values, headers=self.headers | headers)

    def _shown(self, path: str) -> dict[str, str]:
        """The last message of a conversation, as if its page had just been loaded."""
        decision = re.fullmatch(r"(/c/\d+)/(answer|resolve|turns/\d+/handled|replies/\d+/.+)", path)
        page = self.client.get(decision[1], headers={"X-Peek": "1"}).text if decision else ""
        found = re.search(r'data-shown="(\d+)"', page)
        return {"shown": found[1]} if found else {}

    def log_in(self, username: str, password: str = PASSWORD) -> TestResponse:
        return self.post("/login", {"username": username, "password": password})

    @property
    def cookie(self) -> str:
        found = self.client.get_cookie("balas", domain="localhost")
        assert found
        return found.value


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    return Visitor(app.test_client())


@pytest.fixture
def app_twice(app: Flask) -> tuple[Visitor, Visitor]:
    """Two strangers at two browsers."""
    return Visitor(app.test_client()), Visitor(app.test_client())


@pytest.fixture
def sari(app: Flask, shop: StaffedBooks) -> Visitor:
    """The owner, logged in."""
    visitor = Visitor(app.test_client())
    assert visitor.log_in("sari").status_code == 303
    return visitor


@pytest.fixture
def budi(app: Flask, shop: StaffedBooks) -> Visitor:
    """An admin, logged in."""
    visitor = Visitor(app.test_client())
    assert visitor.log_in("budi").status_code == 303
    return visitor


class Server:
    """The inbox under gunicorn, as its own process."""

    def __init__(self, config: Config, log: Path) -> None:
        self.url = config.url
        self.log = log
        self._argv = command(config)
        self._environment = {**os.environ, **config.environment(), "PYTHONPATH": str(ROOT)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv, env=self._environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
        while not self._answers():
            assert self._process.poll() is None, self.log.read_text()

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=10)
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It says nothing, and its connections stay: as when a line dies without a word."""
        assert self._process
        master = self._process.pid
        workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        pids = [master, *map(int, workers)]
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False


@pytest.fixture
def server(config: Config, database: Database, tmp_path: Path) -> Iterator[Server]:
    running = Server(config, tmp_path / "server.log")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile that speaks English."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    context.set_default_timeout(support_browser.PATIENCE_MS)
    yield context
    context.close()


def log_in(page: Page, server: Server, username: str = "sari") -> Page:
    """Log in through the form and wait until the page is live."""
    support_browser.log_in(page, server.url, username, PASSWORD)
    return page
