"""`balas alert`: what is wrong now, and whether alerts go out."""

import json
import sys
import time
from typing import Any

import click
from sqlalchemy import Connection

from daemon.alerts import evaluate
from daemon.commands.opening import open_existing, require_running
from daemon.config import Config
from daemon.domain.alerts import kind_of
from daemon.domain.sentences.alerts import FAILURES, TITLES
from daemon.domain.time import utc_now
from daemon.i18n.catalogue import translate
from daemon.store import accounts, alerts
from daemon.store.alerts import DUE, SENDING

# a line of the page as well
_LOST = "Alerts don't arrive."


@click.command()
@click.option("--test", is_flag=True, help="Send a test to every address (the daemon must be running).")
@click.option("--timeout", default=90, show_default=True, help="Seconds to wait for the tests.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def alert(test: bool, timeout: int, as_json: bool) -> None:
    """Show what is wrong now and where alerts go; exits with 1 if the last one did not arrive somewhere."""
    config, database = open_existing()
    if test:
        require_running(config)
        with database.write() as conn:
            for one in alerts.channels(conn):
                evaluate.send_test(conn, config, one.id, utc_now())
        deadline, under_way = time.monotonic() + timeout, True
        while under_way and time.monotonic() < deadline:
            time.sleep(0.2)
            with database.read() as conn:
                under_way = any(one.state in (DUE, SENDING) for one in alerts.newest_tests(conn).values())
        if under_way:
            raise click.ClickException("The tests were not sent in time.")
    with database.read() as conn:
        found = as_values(conn)
        lines = describe(conn, config)
        nowhere = not alerts.channels(conn)
    if as_json:
        click.echo(json.dumps(found))
    else:
        for line in lines or ["Nothing is wrong."]:
            click.echo(line)
        if nowhere:
            click.echo("Alerts go nowhere: the owner adds addresses on the inbox's page Settings, Alerts.")
    if not all(one["ok"] for one in found["channels"]):
        sys.exit(1)


def as_values(conn: Connection) -> dict[str, Any]:
    """Open alerts and channels as plain values, without secrets."""
    names = {one.id: one.name for one in accounts.every(conn)}
    return {
        "open": [
            {
                "kind": kind_of(one.alert.about, one.alert.step).value,
                "step": one.alert.step,
                "account": names.get(one.account_id) if one.account_id is not None else None,
                "since": one.alert.since.isoformat(),
            }
            for one in alerts.unfinished(conn)
            if one.alert.raised_at is not None
        ],
        "channels": [
            {
                "service": one.service,
                "address": one.shown,
                "ok": not one.is_failing,
                "reason": one.failed_why if one.is_failing else None,
                "good_at": one.good_at.isoformat() if one.good_at else None,
            }
            for one in alerts.channels(conn)
        ],
    }


def describe(conn: Connection, config: Config) -> list[str]:
    """A line for everything that is wrong now, and for every channel that fails."""
    say = translate(config.language)
    names = {one.id: one.name for one in accounts.every(conn)}
    lines = []
    for one in alerts.unfinished(conn):
        if one.alert.raised_at is not None:
            whose = f" ({names[one.account_id]})" if one.account_id is not None and len(names) > 1 else ""
            since = f"{one.alert.since.astimezone(config.timezone):%d/%m/%Y %H:%M}"
            title = say(TITLES[one.alert.about, one.alert.step])
            lines.append(f"{say('Alerts')}: {title}{whose}. {say('Since: %(moment)s.') % {'moment': since}}")
    for channel in alerts.channels(conn):
        if channel.is_failing and channel.failed_why:
            lines.append(f"{say(_LOST)} {channel.shown}: {say(FAILURES[channel.failed_why])}")
    return lines
