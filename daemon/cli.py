"""The command line: every command with its name."""

import importlib

import click

# In the order in which one meets them; each is in the module of its name in `daemon.commands`. Only that of the
# command that was asked for is imported: `balas run` comes back after a crash without what makes backups, draws
# codes or examines the machine.
COMMANDS = (
    "run",
    "pair",
    "status",
    "alert",
    "doctor",
    "unlink",
    "admin",
    "backup",
    "restore",
    "export",
    "forget",
)


# a room of its own
_DOCTOR = "doctor.command"


class Commands(click.Group):
    """A group whose commands are imported when they are wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in their order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, which its module holds under the same one."""
        if cmd_name not in COMMANDS:
            return None
        place = _DOCTOR if cmd_name == "doctor" else cmd_name
        module = importlib.import_module(f"daemon.commands.{place}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=Commands)
def main() -> None:
    """Balas: one WhatsApp number, many hands, one voice."""


if __name__ == "__main__":
    main()
