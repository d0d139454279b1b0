"""What tests of the desk do in a browser: somebody logs in whose console stays silent, and opens a thread."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from auth_store import admins
from daemon.domain.desk import Actor
from daemon.domain.messages import Author
from tests.support.browser import PATIENCE_MS
from tests.webui.conftest import Server, log_in


def by(admin: admins.Admin) -> Actor:
    return Actor(Author.ADMIN, admin.id)


@contextmanager
def desk_of(
    chromium: Browser, server: Server, username: str, reloads: bool = False, **options: object
) -> Iterator[Page]:
    """An admin's browser whose console stays silent; `reloads` lets him load pages anew."""
    context: BrowserContext = chromium.new_context(
        **{"locale": "en-GB", "viewport": {"width": 1440, "height": 900}, **options}  # type: ignore[arg-type]
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # a refused request (409, 422) and a lost websocket are also "errors" to the console
        expected = "Failed to load resource" in message.text or "WebSocket connection" in message.text
        if message.type in ("error", "warning") and not expected:
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page, server, username)
    page.evaluate("window.same = true")
    yield page
    assert reloads or page.evaluate("window.same"), "the page was loaded anew"
    assert complaints == []
    context.close()


def open_thread(page: Page, conversation_id: int) -> None:
    page.click(f'.row[data-conversation="{conversation_id}"] a')
    expect(page.locator(f'#pane[data-conversation="{conversation_id}"]')).to_be_visible()


def row(page: Page, conversation_id: int) -> str:
    return f'.row[data-conversation="{conversation_id}"]'
