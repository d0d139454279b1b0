"""`balas pair`, `balas status`, `balas unlink`: the number's link to WhatsApp."""

import json
import sys
import time
from typing import Any
from zoneinfo import ZoneInfo

import click

from daemon.commands import alert
from daemon.commands.opening import (
    account_option,
    chosen,
    chosen_or_new,
    is_running,
    open_existing,
    require_running,
)
from daemon.commands.terminal import LinkPrinter, describe, describe_history, describe_phone
from daemon.desk import pairing
from daemon.domain.links import LinkReason, LinkState, can_send
from daemon.domain.phone_numbers import PhoneError, parse_phone
from daemon.domain.time import utc_now
from daemon.maintenance import nightly_backup
from daemon.store import accounts, links
from daemon.store.links import Link


@click.command()
@account_option("Which number, if there are several; a new name adds one.")
@click.option("--phone", help="Link by an eight-letter code for this number instead of a QR code.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--timeout", default=600, show_default=True, help="Seconds to wait for the link.")
def pair(account: str | None, phone: str | None, as_json: bool, timeout: int) -> None:
    """Show the codes for linking this number, until it is online (the daemon must be running)."""
    config, database = open_existing()
    require_running(config)
    try:
        digits = parse_phone(phone, config.country) if phone else None
    except PhoneError:
        raise click.ClickException("The number should have its country code, such as 62812…") from None
    started = utc_now()
    with database.write() as conn:
        found = chosen_or_new(conn, account)
        number, link = found.id, links.get(conn, found.id)
        if pairing.is_linked(found, link) and link.state != LinkState.LINKING and not can_send(link.state):
            raise click.ClickException("This number is linked already: 'balas status' says how its link is.")
        if digits:
            pairing.ask_for_code(conn, number, digits, started)
        else:
            pairing.keep_codes_coming(conn, number, started)
    printer = LinkPrinter(config.language, show_codes=True)
    shown: dict[str, Any] | None = None
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with database.read() as conn:
            link, due = links.get(conn, number), pairing.is_due(conn, number, utc_now())
        if as_json:
            values = _link_json(link, config.language) | {"qr": link.qr, "pair_code": link.pair_code}
            if values != shown:
                click.echo(json.dumps(values))
                shown = values
        else:
            for line in printer.show(link):
                click.echo(line)
        if can_send(link.state):
            return
        refused = link.reason == LinkReason.SAME_NUMBER and link.state != LinkState.PAIRING
        if refused and link.since > started:
            with database.write() as conn:
                pairing.stop(conn, number, utc_now())
            raise click.ClickException(describe(link, config.language))
        if due:
            with database.write() as conn:
                pairing.keep_codes_coming(conn, number, utc_now())
        time.sleep(0.2)
    raise click.ClickException("The number was not linked in time.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(as_json: bool) -> None:
    """Show where every number's link stands; exits with 1 if replies can't leave from one that is in use."""
    config, database = open_existing()
    running = is_running(config)
    with database.read() as conn:
        rows = [(account, links.get(conn, account.id)) for account in accounts.every(conn)]
        wanted = [link for _, link in accounts.in_use(conn)]
        alerts, warnings = alert.as_values(conn), alert.describe(conn, config)
    values = [
        {"account": account.name, "phone": account.phone, "daemon_running": running}
        | _link_json(link, config.language)
        for account, link in rows
    ]
    kept = nightly_backup.last(config.data)
    if as_json:
        click.echo(json.dumps({"accounts": values, "backup": _backup_json(kept), "alerts": alerts}))
    else:
        for value, (account, link) in zip(values, rows, strict=True):
            click.echo(f"{value['account']}: {value['state']}")
            click.echo(f"  {value['sentence']}")
            if words := describe_history(link, config.language, utc_now()):
                click.echo(f"  {words}")
            if account.device is not None:
                click.echo(f"  {describe_phone(link, config.language, config.timezone)}")
        if config.backup_keep or kept:
            click.echo(_describe_backup(kept, config.timezone))
        for line in warnings:
            click.echo(line)
        if not running:
            click.echo("The daemon is not running.")
    if not running or not all(can_send(link.state) for link in wanted):
        sys.exit(1)


@click.command()
@account_option("Which number, if there are several.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--timeout", default=30, show_default=True, help="Seconds to wait for it.")
def unlink(account: str | None, yes: bool, timeout: int) -> None:
    """Unlink this number and delete its keys; the conversations stay (the daemon must be running)."""
    config, database = open_existing()
    require_running(config)
    with database.read() as conn:
        found = chosen(conn, account)
        several = len(accounts.every(conn)) > 1
        link = links.get(conn, found.id)
    if not pairing.may_unlink(link):
        raise _nothing_to_unlink(link)
    if not yes:
        click.confirm(f"Unlink {found.name if several else 'the number'} from Balas?", abort=True)
    with database.write() as conn:
        link = links.get(conn, found.id)
        if not pairing.wish_unlink(conn, found.id, utc_now()):
            raise _nothing_to_unlink(link)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with database.read() as conn:
            link = links.get(conn, found.id)
        if link.wish != links.WISH_UNLINK:
            click.echo(describe(link, config.language))
            return
        time.sleep(0.2)
    raise click.ClickException("The number was not unlinked in time.")


def _nothing_to_unlink(link: Link) -> click.ClickException:
    if link.wish == links.WISH_UNLINK:
        return click.ClickException("This number is being unlinked already.")
    return click.ClickException("This number is not linked: there is nothing to unlink.")


def _backup_json(kept: nightly_backup.LastBackup | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    return {
        "at": kept.at.isoformat(),
        "ok": kept.succeeded,
        "reason": kept.reason,
        "file": kept.file,
        "size": kept.size,
        "good_at": kept.good_at.isoformat() if kept.good_at else None,
    }


def _describe_backup(kept: nightly_backup.LastBackup | None, zone: ZoneInfo) -> str:
    good_at = kept.good_at if kept else None
    when = f"Last backup: {good_at.astimezone(zone):%d/%m/%Y %H:%M}." if good_at else "There is no backup yet."
    if kept is None or kept.succeeded:
        return when
    why = "the disk is full" if kept.reason == "disk_full" else "the log says why"
    return f"{when} The backup of {kept.at.astimezone(zone):%d/%m/%Y %H:%M} failed: {why}."


def _link_json(link: Link, language: str) -> dict[str, Any]:
    return {
        "state": link.state.value,
        "reason": link.reason.value,
        "detail": link.detail,
        "since": link.since.isoformat(),
        "retry_at": link.retry_at.isoformat() if link.retry_at else None,
        "online": link.state == LinkState.ONLINE,
        "sentence": describe(link, language),
        "history": {
            "state": link.history_state.value,
            "percent": link.history_percent,
            "messages": link.history_messages,
        },
        "phone_seen": {
            "at": link.phone_seen_at.isoformat() if link.phone_seen_at else None,
            "by": link.phone_seen_by.value if link.phone_seen_by else None,
            "step": link.phone_step.value,
            "asked_at": link.pinged_at.isoformat() if link.pinged_at else None,
            "back_at": link.phone_back_at.isoformat() if link.phone_back_at else None,
        },
    }
