"""The command line: run the daemon, link and unlink the number, look at its state, add admins."""

import json
import os
import socket
import sys
import time
from datetime import timedelta
from typing import Any

import click
from sqlalchemy.exc import DatabaseError

from auth_store import admins
from auth_store.admins import AccountError, Role
from auth_store.place import Lock, PlaceError, prepare_folder, private_file
from daemon import logs
from daemon.config import Config, ConfigError
from daemon.domain.links import LinkState, can_send
from daemon.domain.phones import PhoneError, parse_phone
from daemon.domain.time import utc_now
from daemon.store import accounts
from daemon.store.accounts import Link
from daemon.store.engine import Database
from daemon.store.schema import SchemaTooNew, migrate, revision
from daemon.supervisor import Supervisor
from daemon.terminal import LinkPrinter, describe
from webui.serve import command

MAIN_ACCOUNT = "main"
# how long `balas pair` keeps the codes coming each time it looks
PAIR_LEASE = timedelta(minutes=2)


@click.group()
def main() -> None:
    """Balas: one WhatsApp number, many hands, one voice."""


@main.command()
def run() -> None:
    """Run the daemon: the link to WhatsApp and the inbox, until SIGTERM or Ctrl+C."""
    config, database = _open()
    lock = Lock(config.data / "daemon.lock", f"Balas is already running on the data folder {config.data}.")
    try:
        lock.acquire()
        _check_port(config)
        migrate(database)
    except (PlaceError, SchemaTooNew) as error:
        raise click.ClickException(str(error)) from None
    logs.set_up(config.log_level, "daemon")
    with database.write() as conn:
        account = accounts.ensure(conn, MAIN_ACCOUNT, utc_now())
        owner = admins.has_owner(conn)
        token = None if owner else admins.new_setup_link(conn, Role.OWNER, utc_now())
    click.echo(f"Balas inbox: {config.url}/")
    if token:
        click.echo(f"Set up the owner's account (works once, for 24 hours): {config.url}/setup/{token}")
    printer = LinkPrinter(config.language, show_codes=sys.stdout.isatty())

    def show_link() -> None:
        with database.read() as conn:
            link = accounts.get_link(conn, account.id)
        for line in printer.show(link):
            click.echo(line)

    Supervisor(config, database, command(config), show_link).run()
    database.close()


@main.command()
@click.option("--phone", help="Link by an eight-letter code for this number instead of a QR code.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--timeout", default=600, show_default=True, help="Seconds to wait for the link.")
def pair(phone: str | None, as_json: bool, timeout: int) -> None:
    """Show the codes for linking this number, until it is online (the daemon must be running)."""
    config, database = _open_existing()
    _require_running(config)
    try:
        digits = parse_phone(phone) if phone else None
    except PhoneError:
        raise click.ClickException("The number should have its country code, such as 62812…") from None
    with database.write() as conn:
        account = accounts.ensure(conn, MAIN_ACCOUNT, utc_now())
        values: dict[str, Any] = {"pair_phone": digits} if digits else {}
        accounts.change_link(conn, account.id, utc_now(), pair_until=utc_now() + PAIR_LEASE, **values)
    printer = LinkPrinter(config.language, show_codes=True)
    shown: dict[str, Any] | None = None
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with database.read() as conn:
            link = accounts.get_link(conn, account.id)
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
        if link.pair_until is None or link.pair_until - utc_now() < PAIR_LEASE / 2:
            with database.write() as conn:
                accounts.change_link(conn, account.id, utc_now(), pair_until=utc_now() + PAIR_LEASE)
        time.sleep(0.2)
    raise click.ClickException("The number was not linked in time.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(as_json: bool) -> None:
    """Show where the link stands; exits with 1 if replies can't leave now."""
    config, database = _open_existing()
    running = _is_running(config)
    with database.read() as conn:
        rows = [(account, accounts.get_link(conn, account.id)) for account in accounts.every(conn)]
    values = [
        {"account": account.name, "phone": account.phone, "daemon_running": running}
        | _link_json(link, config.language)
        for account, link in rows
    ]
    if as_json:
        click.echo(json.dumps({"accounts": values}))
    else:
        for value in values:
            click.echo(f"{value['account']}: {value['state']}")
            click.echo(f"  {value['sentence']}")
        if not running:
            click.echo("The daemon is not running.")
    if not running or not all(can_send(link.state) for _, link in rows):
        sys.exit(1)


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--timeout", default=30, show_default=True, help="Seconds to wait for it.")
def unlink(yes: bool, timeout: int) -> None:
    """Unlink this number and delete its keys; the conversations stay (the daemon must be running)."""
    config, database = _open_existing()
    _require_running(config)
    if not yes:
        click.confirm("Unlink the number from Balas?", abort=True)
    with database.write() as conn:
        account = accounts.ensure(conn, MAIN_ACCOUNT, utc_now())
        accounts.change_link(conn, account.id, utc_now(), wish=accounts.WISH_UNLINK, pair_until=None)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with database.read() as conn:
            link = accounts.get_link(conn, account.id)
        if link.wish != accounts.WISH_UNLINK:
            click.echo(describe(link, config.language))
            return
        time.sleep(0.2)
    raise click.ClickException("The number was not unlinked in time.")


@main.group()
def admin() -> None:
    """Manage who may answer."""


@admin.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The name that colleagues see.")
@click.option("--owner", is_flag=True, help="May also link the number and manage admins.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_admin(username: str, name: str, owner: bool, password_stdin: bool) -> None:
    """Add an admin's account; the password is asked for, or read from standard input."""
    _, database = _open()
    try:
        migrate(database)
    except SchemaTooNew as error:
        raise click.ClickException(str(error)) from None
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        with database.write() as conn:
            role = Role.OWNER if owner else Role.ADMIN
            made = admins.create(conn, username, name, password, role, utc_now())
    except AccountError as error:
        raise click.ClickException(_ACCOUNT_ERRORS[error.field, error.reason]) from None
    click.echo(f"{made.name} can log in as {made.username}.")


@admin.command("link")
@click.argument("username", required=False)
def admin_link(username: str | None) -> None:
    """Print a one-time link with which USERNAME chooses a new password; without a name, for a new owner."""
    config, database = _open_existing()
    with database.write() as conn:
        found = admins.by_username(conn, username) if username else None
        if username and found is None:
            raise click.ClickException(f"Nobody is called {username} here.")
        role = found.role if found else Role.OWNER
        token = admins.new_setup_link(conn, role, utc_now(), found.id if found else None)
    click.echo(f"{config.url}/setup/{token}")


_ACCOUNT_ERRORS = {
    ("username", "format"): "The user name should have 2 to 32 small letters, digits, dots or dashes.",
    ("username", "taken"): "This user name is taken.",
    ("name", "format"): "The name should have 1 to 80 characters.",
    ("password", "too_short"): "The password should have at least 10 characters.",
    ("password", "too_long"): "The password should have at most 200 characters.",
}


def _link_json(link: Link, language: str) -> dict[str, Any]:
    return {
        "state": link.state.value,
        "reason": link.reason.value,
        "detail": link.detail,
        "since": link.since.isoformat(),
        "retry_at": link.retry_at.isoformat() if link.retry_at else None,
        "online": link.state == LinkState.ONLINE,
        "sentence": describe(link, language),
    }


def _open() -> tuple[Config, Database]:
    try:
        config = Config.from_env()
        os.umask(0o077)
        prepare_folder(config.data)
        database = Database(config.database_url)
        private_file(config.data / "balas.db")
        revision(database)
    except (ConfigError, PlaceError) as error:
        raise click.ClickException(str(error)) from None
    except DatabaseError as error:
        raise click.ClickException(
            f"The database {database.path} can't be used ({error.orig}): check DATABASE_URL and the data folder."
        ) from None
    return config, database


def _open_existing() -> tuple[Config, Database]:
    try:
        config = Config.from_env()
    except ConfigError as error:
        raise click.ClickException(str(error)) from None
    if (config.data / "balas.db").exists():
        config, database = _open()
        if revision(database) is not None:
            return config, database
    raise click.ClickException(f"There is no Balas in the data folder {config.data} yet: run it first.")


def _is_running(config: Config) -> bool:
    lock = Lock(config.data / "daemon.lock", "")
    try:
        lock.acquire().release()
    except PlaceError:
        return True
    return False


def _require_running(config: Config) -> None:
    if not _is_running(config):
        raise click.ClickException("The daemon is not running: start it with 'balas run'.")


def _check_port(config: Config) -> None:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.host, config.port))
        except OSError as error:
            raise click.ClickException(
                f"The inbox can't listen on {config.host} port {config.port} ({error.strerror}): "
                "set BALAS_PORT to another port."
            ) from None


if __name__ == "__main__":
    main()
