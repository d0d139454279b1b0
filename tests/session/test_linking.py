"""Linking an account: by picture, by letters, with everything that can go wrong, and unlinking it again."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from daemon.domain.links import LinkReason, LinkState
from daemon.domain.sentences.link import SENTENCES
from daemon.domain.time import utc_now
from daemon.store import links
from daemon.store.links import Link
from daemon.store.tables.core import account
from tests.support.shop import Shop, last_json
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.linking import LinkRefused

pytestmark = pytest.mark.wire


def shown(shop: Shop, reason: LinkReason = LinkReason.NONE, *, other_than: str | None = None) -> Link:
    """Wait until a code is shown for a reason (and another code than the given one)."""

    def look() -> Link | None:
        link = shop.link()
        return link if link.qr not in (None, other_than) and link.reason == reason else None

    link = wait_until(look, 60, f"a code after {reason.value!r}")
    assert link.state == LinkState.PAIRING
    assert (link.state, link.reason) in SENTENCES
    return link


def scan(shop: Shop) -> int:
    """The phone scans the code that is shown; gives the device number."""
    device = shop.wa.phone.scan(shop.link().qr or "")
    shop.wait_for(LinkState.ONLINE)
    return device


def ask_for_letters(shop: Shop, phone: str | None) -> None:
    """Somebody typed a phone number into the link page."""
    with shop.database.write() as conn:
        links.change(conn, shop.account_id, utc_now(), pair_phone=phone)


def code_requests(shop: Shop) -> int:
    """How often WhatsApp was asked for letters."""
    asked = [node.child("link_code_companion_reg") for node in shop.wa.stanzas("iq")]
    return sum(part is not None and part.get("stage") == "companion_hello" for part in asked)


def device_of(shop: Shop) -> int | None:
    """The device number that the account knows of itself."""
    with shop.database.read() as conn:
        return conn.execute(select(account.c.device)).scalar_one()


def test_a_scanned_picture_links_the_account(new_shop: Shop) -> None:
    link = shown(new_shop)
    assert link.qr is not None
    assert link.qr.startswith("https://wa.me/settings/linked_devices#")
    assert link.qr_expires_at is not None
    assert timedelta(0) < link.qr_expires_at - utc_now() <= timedelta(seconds=60)
    device = scan(new_shop)
    assert new_shop.wa.phone.linked_numbers() == [device]
    assert device_of(new_shop) == device
    link = new_shop.link()
    assert (link.qr, link.pair_code, link.pair_until) == (None, None, None)


def test_eight_letters_typed_on_the_phone_link_the_account(new_shop: Shop) -> None:
    with new_shop.pairing("--phone", f"+{new_shop.wa.phone.phone_number}", "--timeout", "60") as command:
        assert command.stdout is not None
        code = next(found for line in command.stdout if (found := json.loads(line)["pair_code"]))
        device = new_shop.wa.phone.enter_code(code)
        output, errors = command.communicate(timeout=30)
    assert (command.returncode, errors) == (0, "")
    assert last_json(output)["state"] in (LinkState.ONLINE, LinkState.CATCHING_UP)
    new_shop.wait_for(LinkState.ONLINE)
    assert new_shop.wa.phone.linked_numbers() == [device] == [device_of(new_shop)]
    assert new_shop.link().pair_phone is None


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        ({"reason": "402", "code": "101", "expire": "3600"}, LinkState.BANNED),
        ({"reason": "405"}, LinkState.OUTDATED),
    ],
)
def test_a_number_that_whatsapp_turns_away_ends_the_command(
    new_shop: Shop, failure: dict[str, str], state: LinkState
) -> None:
    with new_shop.pairing("--timeout", "120") as command:
        assert command.stdout is not None
        code = next(found for line in command.stdout if (found := json.loads(line)["qr"]))
        reason = failure.pop("reason")
        new_shop.wa.faults.connect_failure(reason, times=9, **failure)
        new_shop.wa.phone.scan(code)
        output, errors = command.communicate(timeout=60)
    assert command.returncode == 1
    assert last_json(output)["state"] == state
    assert errors == f"Error: {last_json(output)['sentence']}\n"
    assert new_shop.link().pair_until is None


def test_a_daemon_that_ends_ends_the_command(new_shop: Shop) -> None:
    with new_shop.pairing("--timeout", "120") as command:
        assert command.stdout is not None
        next(line for line in command.stdout if json.loads(line)["qr"])
        new_shop.stop()
        _, errors = command.communicate(timeout=30)
    assert command.returncode == 1
    assert errors == "Error: The daemon is not running: start it with 'balas run'.\n"


def test_a_number_that_is_none_is_refused_at_once(new_shop: Shop) -> None:
    said = new_shop.command("pair", "--phone", "+62 812 abc", "--json")
    assert said.returncode != 0
    assert said.stderr.strip() == "Error: The number should have its country code, such as 62812…"
    assert new_shop.link().pair_phone is None


def test_letters_that_whatsapp_refuses_are_said_and_the_picture_still_works(new_shop: Shop) -> None:
    shown(new_shop)
    new_shop.wa.faults.refuse_pair_codes(429)
    ask_for_letters(new_shop, new_shop.wa.phone.phone_number)
    shown(new_shop, LinkReason.CODE_REFUSED)
    # WhatsApp counts the attempts: only a person asks again
    assert new_shop.link().pair_phone is None
    session = new_shop.processes()["session"].pid
    scan(new_shop)
    assert new_shop.processes()["session"].pid == session
    assert code_requests(new_shop) == 1


def test_letters_work_after_whatsapp_refused_them_once(new_shop: Shop) -> None:
    shown(new_shop)
    new_shop.wa.faults.refuse_pair_codes(429)
    ask_for_letters(new_shop, new_shop.wa.phone.phone_number)
    shown(new_shop, LinkReason.CODE_REFUSED)
    new_shop.wa.faults.refuse_pair_codes(None)
    ask_for_letters(new_shop, new_shop.wa.phone.phone_number)
    new_shop.wa.phone.enter_code(wait_until(lambda: new_shop.link().pair_code, 30, "the letters"))
    new_shop.wait_for(LinkState.ONLINE)


@pytest.mark.slow
def test_a_set_of_codes_that_runs_out_is_replaced_by_a_new_one(new_shop: Shop) -> None:
    first = shown(new_shop)
    # the set in use keeps its six codes: the next session gets one, which lasts twenty seconds
    new_shop.wa.faults.hand_out_codes(1)
    new_shop.kill("session")
    short = wait_until(lambda: (q := new_shop.link().qr) != first.qr and q, 30, "the short set")
    link = shown(new_shop, LinkReason.CODES_EXPIRED, other_than=short)
    assert link.qr != first.qr
    with pytest.raises(LinkRefused, match="expired"):
        new_shop.wa.phone.scan(short)
    scan(new_shop)


def test_a_phone_with_four_devices_says_so_and_the_codes_go_on(new_shop: Shop) -> None:
    shown(new_shop)
    companions = [new_shop.wa.add_companion(f"Web {n}") for n in range(4)]
    with pytest.raises(LinkRefused, match="too many linked devices"):
        new_shop.wa.phone.scan(new_shop.link().qr or "")
    assert shown(new_shop).state == LinkState.PAIRING
    new_shop.wa.phone.unlink(companions[0].number)
    scan(new_shop)


def test_a_wanted_passkey_is_said_and_a_later_scan_without_one_links(new_shop: Shop) -> None:
    before = shown(new_shop)
    new_shop.wa.phone.refuse_next_link("passkey")
    with pytest.raises(LinkRefused, match="passkey"):
        new_shop.wa.phone.scan(before.qr or "")
    shown(new_shop, LinkReason.PASSKEY, other_than=before.qr)
    assert new_shop.wa.phone.linked_numbers() == []
    scan(new_shop)
    assert new_shop.link().reason == LinkReason.NONE


def test_nobody_looking_ends_the_codes_until_somebody_looks_again(new_shop: Shop) -> None:
    shown(new_shop)
    with new_shop.database.write() as conn:
        links.change(conn, new_shop.account_id, utc_now(), pair_until=utc_now() - timedelta(seconds=6))
    link = new_shop.wait_for(LinkState.UNLINKED)
    assert (link.reason, link.qr) == (LinkReason.NO_VIEWER, None)
    assert (link.state, link.reason) in SENTENCES
    wait_until(lambda: "session" not in new_shop.processes(), 10, "the session's end")
    with new_shop.database.write() as conn:
        until = utc_now() + timedelta(minutes=1)
        links.change(conn, new_shop.account_id, utc_now(), pair_until=until)
    shown(new_shop)
    scan(new_shop)


def test_a_session_killed_while_codes_are_shown_shows_new_ones(new_shop: Shop) -> None:
    before = shown(new_shop)
    new_shop.kill("session")
    wait_until(lambda: new_shop.link().qr not in (None, before.qr), 30, "another code")
    scan(new_shop)


def test_unlinking_wipes_the_keys_and_a_new_link_keeps_the_conversations(own_shop: Shop) -> None:
    shop, phone = own_shop, own_shop.wa.phone
    customer = shop.wa.add_customer("Setia")
    customer.send_text("sebelum dilepas")
    shop.wait_for_text("sebelum dilepas")
    keys = shop.folder / "keys" / f"session-{shop.account_id}.db"
    assert keys.exists()
    (before,) = phone.linked_numbers()
    said = shop.command("unlink", "--yes")
    assert (said.returncode, said.stderr) == (0, "")
    assert phone.linked_numbers() == []
    assert not [file for file in keys.parent.iterdir() if file.name.startswith(keys.name)]
    assert device_of(shop) is None
    link = shop.wait_for(LinkState.UNLINKED)
    assert (link.reason, link.wish, link.qr) == (LinkReason.UNLINKED_HERE, "", None)
    assert SENTENCES[link.state, link.reason].happened in said.stdout

    with shop.pairing() as command:
        shown(shop)
        after = scan(shop)
        command.communicate(timeout=30)
        assert command.returncode == 0
    assert phone.linked_numbers() == [after]
    assert after != before
    customer.send_text("sesudah disambung")
    shop.wait_for_text("sesudah disambung")
    assert shop.texts("Setia") == ["sebelum dilepas", "sesudah disambung"]


def test_unlinking_while_whatsapp_is_out_of_reach_wipes_the_keys_all_the_same(own_shop: Shop) -> None:
    own_shop.wa.faults.refuse_logins()
    own_shop.wa.faults.drop_connection()
    own_shop.wait_for(LinkState.OFFLINE)
    said = own_shop.command("unlink", "--yes")
    assert (said.returncode, said.stderr) == (0, "")
    link = own_shop.link()
    assert (link.state, link.reason) == (LinkState.UNLINKED, LinkReason.UNLINKED_HERE)
    assert not (own_shop.folder / "keys" / f"session-{own_shop.account_id}.db").exists()
    own_shop.wa.faults.accept_logins()
    with own_shop.pairing():
        shown(own_shop)
        scan(own_shop)
