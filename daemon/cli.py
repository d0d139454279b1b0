"""The command line's door: every command with its name."""

import click

from daemon.commands.examining import doctor
from daemon.commands.keeping import backup, export, forget, restore
from daemon.commands.linking import pair, status, unlink
from daemon.commands.people import admin
from daemon.commands.running import run


@click.group()
def main() -> None:
    """Balas: one WhatsApp number, many hands, one voice."""


for command in (run, pair, status, doctor, unlink, admin, backup, restore, export, forget):
    main.add_command(command)


if __name__ == "__main__":
    main()
