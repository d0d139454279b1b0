"""`balas pair`: the codes for linking an account."""

import json
import time
from datetime import datetime
from typing import Any

import click

from daemon.commands.opening import (
    account_option,
    chosen_or_new,
    open_existing,
    require_running,
)
from daemon.commands.terminal import LinkPrinter, as_values, describe
from daemon.desk import pairing
from daemon.domain.links import LinkReason, LinkState, can_send
from daemon.domain.phone_numbers import PhoneError, parse_phone
from daemon.domain.time import utc_now
from daemon.store import links
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
        account_id, link = found.id, links.get(conn, found.id)
        if _is_hopeless(link, started):
            raise click.ClickException(describe(link, config.language))
        if pairing.is_linked(found, link) and link.state != LinkState.LINKING and not can_send(link.state):
            raise click.ClickException("This number is linked already: 'balas status' says how its link is.")
        if digits:
            pairing.ask_for_code(conn, account_id, digits, started)
        else:
            pairing.keep_codes_coming(conn, account_id, started)
    printer = LinkPrinter(config.language, show_codes=True)
    shown: dict[str, Any] | None = None
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with database.read() as conn:
            link, due = links.get(conn, account_id), pairing.is_due(conn, account_id, utc_now())
        if as_json:
            values = as_values(link, config.language) | {"qr": link.qr, "pair_code": link.pair_code}
            if values != shown:
                click.echo(json.dumps(values))
                shown = values
        else:
            for line in printer.show(link):
                click.echo(line)
        if can_send(link.state):
            return
        refused = link.reason == LinkReason.SAME_NUMBER and link.state != LinkState.PAIRING
        if _is_hopeless(link, utc_now()) or (refused and link.since > started):
            with database.write() as conn:
                pairing.stop(conn, account_id, utc_now())
            raise click.ClickException(describe(link, config.language))
        require_running(config)
        if due:
            with database.write() as conn:
                pairing.keep_codes_coming(conn, account_id, utc_now())
        time.sleep(0.2)
    raise click.ClickException("The number was not linked in time.")


def _is_hopeless(link: Link, now: datetime) -> bool:
    """Whether no code will come: its sentences say until when, or what to do about it."""
    banned = link.state == LinkState.BANNED and (link.retry_at is None or now < link.retry_at)
    return banned or link.state == LinkState.OUTDATED
