"""Two accounts in one Balas: two phones, two sessions, two tabs, and no account linked twice."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from auth_store.tables import metadata
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.sentences.link import SENTENCES
from daemon.domain.time import utc_now
from daemon.store import accounts, links
from daemon.store.accounts import Account
from daemon.store.links import Link
from daemon.store.tables.core import message
from tests.support.browser import wait_live
from tests.support.shop import PASSWORD, Shop, open_shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.phone import Phone

pytestmark = [pytest.mark.browser, pytest.mark.wire]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A running shop with its first account linked."""
    with open_shop(tmp_path_factory.mktemp("several")) as shop:
        shop.add_admin("Sari")
        yield shop


@pytest.fixture(scope="module")
def phone(shop: Shop) -> Phone:
    """The phone of a second account, linked by the command line to the Balas that is running."""
    phone = shop.wa.add_account("6281230000009", "Toko Dua")
    with shop.pairing("--account", "Toko Dua", "--timeout", "60") as command:
        phone.scan(code_of(command))
        _output, errors = command.communicate(timeout=60)
    assert (command.returncode, errors) == (0, "")
    return phone


def code_of(command: "subprocess.Popen[str]") -> str:
    """The first code that the command shows."""
    assert command.stdout is not None
    return next(code for line in command.stdout if (code := json.loads(line)["qr"]))


def account_of(shop: Shop, name: str) -> tuple[Account, Link]:
    """An account and its link as they are now."""
    with shop.database.read() as conn:
        found = accounts.called(conn, name)
        assert found is not None
        return found, links.get(conn, found.id)


def session_of(shop: Shop, account_id: int) -> psutil.Process | None:
    """The session process of an account."""
    assert shop.process is not None
    for child in psutil.Process(shop.process.pid).children():
        if f"daemon.session --account {account_id} " in " ".join(child.cmdline()):
            return child
    return None


@contextmanager
def tabs(chromium: Browser, shop: Shop) -> Iterator[tuple[Page, Page]]:
    """Two tabs of one browser, each with the inbox of another account; an error in a console fails the test."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    first, second = context.new_page(), context.new_page()
    first.goto(f"{shop.config.url}/login?next=/%3Faccount%3D1")
    first.fill("input[name=username]", "sari")
    first.fill("input[name=password]", PASSWORD)
    first.click("[data-action=login]")
    second.goto(f"{shop.config.url}/")
    for page, name in ((first, "main"), (second, "Toko Dua")):
        account_id = account_of(shop, name)[0].id
        page.goto(f"{shop.config.url}/?account={account_id}&box=all")
        wait_live(page)
        page.evaluate("() => { window.notReloaded = true; }")
    yield first, second
    context.close()
    assert not problems


def answer(page: Page, customer: str, text: str) -> None:
    """Open the customer's conversation in the list, write and press Enter."""
    page.locator(".row", has_text=customer).click()
    page.locator("#reply").fill(text)
    page.locator("#reply").press("Enter")


def test_each_account_answers_its_own_customers_in_a_tab_of_its_own(
    chromium: Browser, shop: Shop, phone: Phone
) -> None:
    ratna, joko = shop.wa.add_customer("Ratna"), shop.wa.add_customer("Joko", shop=phone)
    with tabs(chromium, shop) as (first, second):
        ratna.send_text("halo toko satu")
        joko.send_text("halo toko dua")
        expect(first.locator(".row")).to_have_count(1)
        expect(first.locator(".row", has_text="halo toko satu")).to_be_visible()
        expect(second.locator(".row")).to_have_count(1)
        expect(second.locator(".row", has_text="halo toko dua")).to_be_visible()
        # the switcher counts who waits for the other one
        expect(first.locator(".numbers a", has_text="Toko Dua").locator("[data-number-waiting]")).to_have_text("1")

        answer(first, "Ratna", "dari nomor satu")
        answer(second, "Joko", "dari nomor dua")
        received = ratna.wait_for_text("dari nomor satu", 20), joko.wait_for_text("dari nomor dua", 20)
        assert [one.sender.user for one in received] == [shop.wa.phone.user.lid_jid.user, phone.user.lid_jid.user]

        # the same customer is somebody else to the other account
        ratna.post_text(phone.user.lid_jid, "dan toko dua?")
        expect(second.locator(".row", has_text="dan toko dua?")).to_be_visible()
        expect(first.locator(".row")).to_have_count(1)

        # one session dies, the other goes on
        old = session_of(shop, shop.account_id)
        assert old is not None
        shop.wa.faults.refuse_logins()
        old.kill()
        shop.wait_for(LinkState.OFFLINE)
        expect(second.locator(".numbers a", has_text="main")).to_have_attribute("data-tone", "wait")
        joko.send_text("masih buka?")
        expect(second.locator(".row", has_text="masih buka?")).to_be_visible()
        answer(second, "Joko", "masih kak")
        joko.wait_for_text("masih kak", 20)
        shop.wa.faults.accept_logins()
        shop.wait_for(LinkState.ONLINE)
        assert first.evaluate("() => window.notReloaded")
        assert second.evaluate("() => window.notReloaded")

        # what belongs to the other account opens there, and the tab is that account's from then on
        with shop.database.read() as conn:
            query = select(message.c.conversation_id).where(message.c.text == "halo toko dua")
            theirs = conn.execute(query).scalar_one()
        first.evaluate(f"() => document.querySelector('.row a').href = '/c/{theirs}'")
        first.locator(".row a").click()
        expect(first.locator("html")).to_have_attribute("data-account", str(account_of(shop, "Toko Dua")[0].id))
        expect(first.locator("#messages")).to_contain_text("halo toko dua")


def test_an_account_is_not_linked_twice(shop: Shop, phone: Phone) -> None:
    linked = shop.wa.phone.linked_numbers()
    ratna = shop.wa.add_customer("Ratna Kedua")
    shop.wa.phone.remember(ratna, ("in", "dari dulu", 3600))
    with shop.pairing("--account", "Tiga", "--timeout", "60") as command:
        shop.wa.phone.scan(code_of(command))
        ratna.send_text("untuk yang mana?")
        _output, errors = command.communicate(timeout=60)
    assert command.returncode == 1
    assert SENTENCES[LinkState.UNLINKED, LinkReason.SAME_NUMBER].happened in errors
    # it has logged itself out: the phone lists Balas once, as before
    wait_until(lambda: shop.wa.phone.linked_numbers() == linked, 20, "the second device to be gone")
    third, _ = account_of(shop, "Tiga")
    assert (third.phone, third.device) == (None, None)
    shop.wait_for_text("untuk yang mana?")
    with shop.database.read() as conn:
        kept = [table for table in metadata.tables.values() if "account_id" in table.c]
        assert {"message", "contact", "receipt", "evidence"} <= {table.name for table in kept}
        for table in kept:
            if table.name in ("link", "event_log"):
                continue
            rows = select(func.count()).select_from(table).where(table.c.account_id == third.id)
            assert conn.execute(rows).scalar() == 0, table.name
    # nothing of the refused link is left to begin with, and an account of its own still links
    another = shop.wa.add_account("6281230000010", "Toko Tiga")
    with shop.pairing("--account", "tiga", "--timeout", "60") as command:
        another.scan(code_of(command))
        assert command.wait(60) == 0
    assert shop.link().state == LinkState.ONLINE
    said = shop.command("status", "--json")
    assert {one["account"]: one["online"] for one in json.loads(said.stdout)["accounts"]} == {
        "main": True,
        "Toko Dua": True,
        "Tiga": True,
    }


def test_an_account_that_is_added_gets_a_session_and_loses_it_when_it_is_removed(shop: Shop) -> None:
    now = utc_now()
    with shop.database.write() as conn:
        account_id = accounts.add(conn, "Empat", now).id
        links.change(conn, account_id, now, pair_until=now + timedelta(minutes=1))
    wait_until(lambda: account_of(shop, "Empat")[1].qr, 30, "a code for the new account")
    session, keys = session_of(shop, account_id), shop.folder / "keys" / f"session-{account_id}.db"
    assert session is not None
    assert keys.exists()
    with shop.database.write() as conn:
        assert accounts.remove(conn, account_id, utc_now())
    wait_until(lambda: not session.is_running() and not keys.exists(), 20, "the end of the session")
    # the others have noticed nothing
    assert shop.command("status").returncode == 0
