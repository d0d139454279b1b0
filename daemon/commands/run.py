"""`balas run`: the daemon itself."""

import os
import sys
from contextlib import closing

import click

from auth_store import admins
from auth_store.admins import Role
from auth_store.files import PlaceError, check_keys
from auth_store.process_hardening import no_core_dumps
from daemon import logs
from daemon.commands.opening import daemon_lock, open_data, port_trouble
from daemon.commands.terminal import LinkPrinter
from daemon.domain.time import utc_now
from daemon.store import accounts, integrity, links
from daemon.store.engine import BRIEF_TIMEOUT_MS, Database
from daemon.store.integrity import DatabaseDamaged
from daemon.store.schema import SchemaTooNew, migrate
from daemon.supervisor.process import Supervisor
from webui.serve import command


@click.command()
def run() -> None:
    """Run the daemon: the link to WhatsApp and the inbox, until SIGTERM or Ctrl+C."""
    config, database = open_data()
    lock = daemon_lock(config)
    # the children, who hold keys and passwords, inherit it
    no_core_dumps()
    try:
        lock.acquire()
        check_keys(config.data)
        if (trouble := port_trouble(config)) is not None:
            raise click.ClickException(f"{trouble}: set BALAS_PORT to another port.")
        integrity.check(database)
        migrate(database)
    except (PlaceError, DatabaseDamaged, SchemaTooNew) as error:
        raise click.ClickException(str(error)) from None
    logs.set_up(config.log_level, "daemon")
    with database.write() as conn:
        if not accounts.every(conn):
            accounts.ensure(conn, accounts.MAIN, utc_now())
        owner = admins.has_owner(conn)
        token = None if owner else admins.new_setup_link(conn, Role.OWNER, utc_now())
    click.echo(f"Balas inbox: {config.url}/")
    if token and logs.is_journal(os.environ, sys.stdout):
        # the journal has more readers than the owner
        click.echo("Nobody can log in yet: 'balas admin link' prints a link to set up the owner's account.")
    elif token:
        click.echo(f"Set up the owner's account (works once, for 24 hours): {config.url}/setup/{token}")
    printers: dict[int, LinkPrinter] = {}

    def show_links() -> None:
        with database.read() as conn:
            found = [(account.name, links.get(conn, account.id)) for account in accounts.every(conn)]
        for name, link in found:
            if link.account_id not in printers:
                printers[link.account_id] = LinkPrinter(config.language, show_codes=sys.stdout.isatty())
            lines = printers[link.account_id].show(link)
            if lines and len(found) > 1:
                click.echo(f"{name}:")
            for line in lines:
                click.echo(line)

    with closing(Database(config.database_url, BRIEF_TIMEOUT_MS)) as brief:
        Supervisor(config, brief, command(config), show_links).run()
