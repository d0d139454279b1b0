"""`balas unlink`: the end of an account's link."""

import time

import click

from daemon.commands.opening import (
    account_option,
    chosen,
    open_existing,
    require_running,
)
from daemon.commands.terminal import describe
from daemon.desk import pairing
from daemon.domain.time import utc_now
from daemon.store import accounts, links
from daemon.store.links import Link


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
