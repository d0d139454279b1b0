"""`balas export`: conversations and messages for other programs."""

from datetime import datetime
from pathlib import Path

import click

from daemon.commands.opening import account_option, bring_up_to_date, chosen, open_existing
from daemon.maintenance import export as maintenance_export
from daemon.maintenance.export import ExportFailed, Format


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice([one.value for one in Format]),
    default=Format.JSONL.value,
    show_default=True,
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Messages from this day on.")
@account_option("Of this number only, if there are several.")
def export(folder: Path, form: str, since: datetime | None, account: str | None) -> None:
    """Write conversations and messages as JSON Lines or CSV into a new FOLDER."""
    config, database = open_existing()
    first = since.replace(tzinfo=config.timezone) if since else None
    try:
        bring_up_to_date(database)
        with database.read() as conn:
            account_id = chosen(conn, account).id if account is not None else None
        written = maintenance_export.export(
            database, folder.absolute(), Format(form), config.timezone, first, account_id
        )
    except ExportFailed as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{folder}: {written.conversations} conversations, {written.messages} messages.")
