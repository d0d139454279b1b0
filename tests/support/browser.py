"""A real browser for tests and benchmarks: Debian's Chromium, without a network of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # a microphone that beeps each second; whether a page may hear it is decided as ever
    "--use-fake-device-for-media-stream",
]
# a busy machine is slow, not wrong: waiting long costs only those who fail
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def log_in(page: Page, url: str, username: str, password: str) -> None:
    """Log in through the form and wait until the page is live."""
    page.goto(f"{url}/login")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.click("[data-action=login]")
    page.wait_for_url(f"{url}/")
    wait_live(page)


def wait_live(page: Page) -> None:
    """Wait until the page's websocket is up."""
    expect(page.locator("html")).to_have_attribute("data-live", "on")
