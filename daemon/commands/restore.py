"""`balas restore`: a backup into an empty folder, verified first."""

from pathlib import Path

import click

from daemon.commands.opening import settings
from daemon.commands.terminal import KEYS_WARNING
from daemon.domain.time import utc_now
from daemon.maintenance import restore as maintenance_restore
from daemon.maintenance.restore import RestoreFailed


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Another folder than BALAS_DATA.")
def restore(file: Path, data: Path | None) -> None:
    """Write the backup FILE into a new or empty data folder, once all of it has been verified."""
    config = settings()
    folder = data.absolute() if data else config.data
    try:
        manifest = maintenance_restore.restore(file, folder, utc_now())
    except RestoreFailed as error:
        raise click.ClickException(str(error)) from None
    when = manifest.made_at.astimezone(config.timezone)
    click.echo(f"Restored the backup of {when:%d/%m/%Y %H:%M} into {folder}: {len(manifest.members)} files.")
    if manifest.with_session:
        click.echo(KEYS_WARNING)
    else:
        click.echo("Start Balas and link the number: the backup has no keys.")
    click.echo("Replies that were waiting when the backup was made are shown as uncertain.")
