"""`balas backup`: everything in one file, while the daemon goes on."""

from datetime import datetime
from pathlib import Path

import click

from auth_store.files import PlaceError
from daemon.commands.opening import open_existing
from daemon.commands.terminal import KEYS_WARNING
from daemon.config import Config
from daemon.domain.time import utc_now
from daemon.maintenance import backup as maintenance_backup
from daemon.maintenance.backup import BackupFailed

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--with-session", is_flag=True, help="The keys of the linked number too: for moving house only.")
def backup(file: Path | None, with_session: bool) -> None:
    """Copy everything into one FILE (by default into the folder backups), while the daemon goes on."""
    config, database = open_existing()
    now = utc_now()
    try:
        target = file.absolute() if file else _default(config, now)
        made = maintenance_backup.make(config.data, database, target, now, with_session=with_session)
    except (BackupFailed, PlaceError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{made.path}: {made.size} bytes, {made.members} files.")
    if with_session:
        click.echo(KEYS_WARNING)
    else:
        click.echo("The keys of the number are not in it: after restoring, link the number anew.")


def _default(config: Config, now: datetime) -> Path:
    return maintenance_backup.folder(config.data) / f"balas-{now.astimezone(config.timezone):%Y-%m-%d-%H%M%S}.tar"
