"""`balas status`: where every account's link stands, the last backup, and what is wrong."""

import json
import sys
from typing import Any
from zoneinfo import ZoneInfo

import click

from daemon.commands import alert
from daemon.commands.opening import (
    is_running,
    open_existing,
)
from daemon.commands.terminal import as_values, describe_history, describe_phone
from daemon.domain.links import is_online
from daemon.domain.time import utc_now
from daemon.maintenance import nightly_backup
from daemon.store import accounts, links


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
        | as_values(link, config.language)
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
    if not running or not all(is_online(link.state) for link in wanted):
        sys.exit(1)


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
