"""Every page, and everything that opens on one, is read by axe-core: a phone and a desk, light and dark."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from auth_store import admins, files
from auth_store.admins import Role
from daemon.config import Config
from daemon.domain.questions import QuestionKind
from daemon.domain.time import utc_now
from daemon.store import questions, quick_replies, tags
from daemon.store.engine import Database
from daemon.store.schema import migrate
from tests.support.browser import PATIENCE_MS, wait_live
from tests.support.shop import free_port
from tests.support.staffed_books import StaffedBooks
from tests.webui.axe import violations
from tests.webui.circle import JOKO, SITI, Circle
from tests.webui.conftest import ROOT, Server, log_in

pytestmark = pytest.mark.browser

# what answers to GET and is no page that a person looks at
NO_PAGES = {
    *("static", "live", "replies.quick", "media.file", "media.preview", "media.small", "link.qr_svg"),
    *("quick_replies.file", "profile_picture.file", "attachments.room", "contacts.export"),
    *("health.health", "health.healthz", "health.readyz", "health.metrics"),
    # parts of pages; they are looked at where they open
    "details.panel",
    # lead to other pages
    *("desk_settings.start", "cards.write_to"),
}
# addresses of each page, by its endpoint; CHAT is his who waits, MESSAGE one of his, GROUP a group, SETUP a
# link
PAGES = {
    "auth.login": ("/login",),
    "auth.setup": ("/setup/nobodys", "/setup/SETUP"),
    "inbox.box": ("/", "/?box=resolved", "/?box=groups"),
    "inbox.thread": ("/c/1", "/c/2", "/c/5", "/c/8", "/c/11", "/c/12", "/c/1?details=1", "GROUP?details=1"),
    "new_chat.page": ("/chats/new?number=0812",),
    "new_chat.answer": ("/chats/new/1",),
    "forwarding.choose": ("CHAT/messages/MESSAGE/forward", "CHAT/messages/MESSAGE/forward?to=8"),
    "card_forms.page": ("CHAT/send/location?shown=1", "CHAT/send/contact?shown=1", "CHAT/send/poll?shown=1"),
    "contacts.page": ("/contacts",),
    "contact.page": ("/contacts/1",),
    "contact.choose": ("/contacts/1/merge",),
    "contact_import.page": ("/contacts/import",),
    "forgetting.page_of_contact": ("/contacts/1/forget",),
    "tag_settings.page": ("/settings/tags",),
    "tag_settings.edit": ("/settings/tags/1",),
    "groups.page": ("/settings/groups",),
    "team.page": ("/team",),
    "metrics.page": ("/report",),
    "desk_settings.page": ("/settings/desk",),
    "hours.page": ("/settings/hours",),
    "bot.page": ("/settings/bot",),
    "bot.new_rule": ("/settings/bot/rules/new",),
    "bot.edit_rule": ("/settings/bot/rules/1",),
    "bot_test.page": ("/settings/bot/test",),
    "quick_replies.page": ("/settings/quick-replies",),
    "quick_replies.edit": ("/settings/quick-replies/1",),
    "rating.page": ("/settings/rating",),
    "alerts.page": ("/settings/alerts",),
    "log.page": ("/settings/log",),
    "link.page": ("/link",),
    "link.confirm_unlink": ("/link/unlink",),
    "forgetting.page": ("/c/12/forget",),
}
WAITING = "Ibu Ratna"
STRANGERS = {"auth.login", "auth.setup"}
# where an agent sees something else than the owner
AGENTS = ("/", "/c/1", "/c/8", "/team", "/settings/quick-replies", "/settings/log")


@pytest.fixture(scope="module")
def busy_config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A shop after its busy day."""
    data = tmp_path_factory.mktemp("looked at") / "data"
    files.prepare_folder(data)
    config = Config.from_env({"BALAS_DATA": str(data), "BALAS_PORT": str(free_port()), "BALAS_SHOP": "Toko Sari"})
    database = Database(config.database_url)
    Path(database.path).touch(mode=0o600)
    migrate(database)
    database.close()
    environment = {**os.environ, "BALAS_DATA": str(data), "NEONIZE_BOT_TAG": "off", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.webui.busy_day"]
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-2000:]
    # somebody who waits: what opens about him, what of his is forwarded
    books = StaffedBooks(database)
    circle = Circle(books)
    circle.writes(JOKO, "berapa @551?", SITI, quoted=circle.writes(SITI, "stok baru"))
    books.new_customer(WAITING, "masih ada?")
    with database.write() as conn:
        tags.create(conn, 1, "grosir")
        quick_replies.add(conn, 1, None, "harga", "Halo {name}")
        sari = admins.by_username(conn, "sari")
        assert sari
        subject, now = "6281311112222@s.whatsapp.net", utc_now()
        asked = questions.add(conn, 1, QuestionKind.IS_ON_WHATSAPP, subject, sari.id, now)
        questions.answer(conn, asked, {"in": True, "lid": "700700700"}, now)
    database.close()
    return config


@pytest.fixture(scope="module")
def busy_server(busy_config: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(busy_config, tmp_path_factory.mktemp("log") / "server.log")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A browser that lets axe in."""
    context = chromium.new_context(locale="en-GB", bypass_csp=True)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_no_page_is_forgotten(app: Flask) -> None:
    shown = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert shown - NO_PAGES == set(PAGES)


def test_what_strangers_see(page: Page, busy_server: Server, busy_config: Config) -> None:
    database = Database(busy_config.database_url)
    with database.write() as conn:
        token = admins.new_setup_link(conn, Role.ADMIN, utc_now())
    database.close()
    found: list[str] = []
    for path in (path for endpoint in STRANGERS for path in PAGES[endpoint]):
        page.goto(busy_server.url + path.replace("SETUP", token))
        found += violations(page)
    assert not found, "\n".join(found)


def test_every_page_of_the_owners(page: Page, busy_server: Server) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    log_in(page, busy_server)
    page.get_by_role("link", name=WAITING).first.click()
    message = page.locator("#messages .message").last.get_attribute("data-message") or ""
    chat = page.locator("#pane").get_attribute("data-conversation")
    page.goto(f"{busy_server.url}/?box=groups")
    group = page.locator(".row").first.get_attribute("data-conversation")
    found: list[str] = []
    for endpoint in PAGES.keys() - STRANGERS:
        for path in PAGES[endpoint]:
            response = page.goto(busy_server.url + _filled(path, chat, group, message))
            assert response
            assert response.status == 200, path
            found += violations(page)
    assert not found, "\n".join(found)


def _filled(path: str, chat: str | None, group: str | None, message: str) -> str:
    for word, is_about in (("CHAT", f"/c/{chat}"), ("GROUP", f"/c/{group}"), ("MESSAGE", message)):
        path = path.replace(word, is_about)
    return path


def test_every_page_that_an_agent_sees_differently(page: Page, busy_server: Server) -> None:
    log_in(page, busy_server, "budi")
    found: list[str] = []
    for path in AGENTS:
        page.goto(busy_server.url + path)
        found += violations(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("username", ["sari", "budi"])
def test_what_opens_on_a_page(page: Page, busy_server: Server, username: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    log_in(page, busy_server, username)
    page.goto(f"{busy_server.url}/c/8")
    wait_live(page)
    found: list[str] = []

    # not of one that can't be deleted any more
    page.locator(".message.own[data-can~=delete] [data-action=message-menu]").last.click()
    expect(page.locator("[data-message-menu]")).to_be_visible()
    if username == "sari":
        page.click("[data-message-menu] details.delete summary")
    found += violations(page)
    page.keyboard.press("Escape")

    page.set_input_files(
        "[data-upload]", {"name": "foto.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}
    )
    expect(page.locator("[data-attachments] li[data-size]")).to_be_visible()
    page.fill("#reply", "/")
    expect(page.locator("[data-suggestions] [role=option]").first).to_be_visible()
    found += violations(page)
    page.keyboard.press("Escape")

    page.set_viewport_size({"width": 1440, "height": 900})
    page.click("[data-action=emoji]")
    expect(page.locator("[data-emoji-picker] [data-emoji]").first).to_be_visible()
    found += violations(page)
    page.keyboard.press("Escape")

    page.set_viewport_size({"width": 1440, "height": 900})
    for menu in ("assign", "priority"):
        page.click(f'[data-menu="{menu}"] summary')
        found += violations(page)
        page.set_viewport_size({"width": 1440, "height": 900})
        page.click(f'[data-menu="{menu}"] summary')
    # somebody waits there: that is asked about first
    page.goto(busy_server.url)
    page.get_by_role("link", name=WAITING).first.click()
    page.click("[data-action=resolve]")
    expect(page.locator("[data-question-place] form")).to_be_visible()
    found += violations(page)
    assert not found, "\n".join(found)
