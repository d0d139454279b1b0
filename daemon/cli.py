"""The command line's door: every command with its name."""

import importlib

import click

# where each command is defined; only the module of the one that was asked for is imported: `balas run` comes
# back after a crash without what makes backups, draws codes or examines the machine
COMMANDS = {
    "run": "running",
    "pair": "linking",
    "status": "linking",
    "alert": "alerting",
    "doctor": "examining",
    "unlink": "linking",
    "admin": "people",
    "backup": "keeping",
    "restore": "keeping",
    "export": "keeping",
    "forget": "keeping",
}


class Commands(click.Group):
    """A group whose commands are imported when they are wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which one meets the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, which its module holds under the same one."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"daemon.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=Commands)
def main() -> None:
    """Balas: one WhatsApp number, many hands, one voice."""


if __name__ == "__main__":
    main()
