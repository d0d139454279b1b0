"""`balas admin`: who may answer."""

import sys

import click

from auth_store import admins
from auth_store.admins import AccountError, Role
from daemon.commands.opening import bring_up_to_date, open_data, open_existing
from daemon.desk import team
from daemon.desk.team import AccountRefused
from daemon.domain.desk import COMMAND_LINE
from daemon.domain.time import utc_now


@click.group()
def admin() -> None:
    """Manage who may answer."""


@admin.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The name that colleagues see.")
@click.option("--owner", is_flag=True, help="May also link the number and manage admins.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_admin(username: str, name: str, owner: bool, password_stdin: bool) -> None:
    """Add an admin's account; the password is asked for, or read from standard input."""
    _, database = open_data()
    bring_up_to_date(database)
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        with database.write() as conn:
            role = Role.OWNER if owner else Role.ADMIN
            made = team.add(conn, username, name, password, role, COMMAND_LINE, utc_now())
    except AccountError as error:
        raise click.ClickException(_ACCOUNT_ERRORS[error.field, error.reason]) from None
    click.echo(f"{made.name} can log in as {made.username}.")


@admin.command("link")
@click.argument("username", required=False)
def admin_link(username: str | None) -> None:
    """Print a one-time link with which USERNAME chooses a new password; without a name, for a new owner."""
    config, database = open_existing()
    try:
        with database.write() as conn:
            found = admins.by_username(conn, username) if username else None
            if username and found is None:
                raise click.ClickException(f"Nobody is called {username} here.")
            if found:
                token = team.new_password_link(conn, found.id, COMMAND_LINE, utc_now())
            else:
                token = team.invite(conn, Role.OWNER, COMMAND_LINE, utc_now())
    except AccountRefused:
        sentence = f"The account of {username} is closed: the owner can open it again on the inbox's page Team."
        raise click.ClickException(sentence) from None
    click.echo(f"{config.url}/setup/{token}")


_ACCOUNT_ERRORS = {
    ("username", "format"): "The user name should have 2 to 32 small letters, digits, dots or dashes.",
    ("username", "taken"): "This user name is taken.",
    ("name", "format"): "The name should have 1 to 80 characters.",
    ("password", "too_short"): "The password should have at least 10 characters.",
    ("password", "too_long"): "The password should have at most 200 characters.",
}
