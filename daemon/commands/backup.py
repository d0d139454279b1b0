"""`balas backup`, `restore`, `export` and `forget`: what is kept, where else, and what is not."""

from datetime import datetime
from pathlib import Path

import click
from sqlalchemy import Connection

from auth_store.files import PlaceError
from daemon.commands.opening import account_option, chosen, open_existing, settings
from daemon.config import Config
from daemon.desk import forget as forgetting
from daemon.desk.forget import StillSending
from daemon.domain.desk import Actor
from daemon.domain.messages import Author
from daemon.domain.phone_numbers import PhoneError, parse_phone
from daemon.domain.time import utc_now
from daemon.maintenance import backup as backups
from daemon.maintenance import export as exporting
from daemon.maintenance import restore as restoring
from daemon.maintenance.backup import BackupFailed
from daemon.maintenance.export import ExportFailed, Format
from daemon.maintenance.restore import RestoreFailed
from daemon.store import accounts, contact_details, erasing, media
from daemon.store.engine import Database
from daemon.store.erasing import ErasableContact
from daemon.store.schema import SchemaTooNew, migrate

SHORTEST_PHONE = 8
_FILE = click.Path(dir_okay=False, path_type=Path)
_KEYS = (
    "This file can act as your number. Never run a restored copy beside the Balas it was made of: "
    "WhatsApp would throw both out."
)


@click.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--with-session", is_flag=True, help="The keys of the linked number too: for moving house only.")
def backup(file: Path | None, with_session: bool) -> None:
    """Copy everything into one FILE (by default into the folder backups), while the daemon goes on."""
    config, database = open_existing()
    now = utc_now()
    try:
        target = file.absolute() if file else _default(config, now)
        made = backups.make(config.data, database, target, now, with_session=with_session)
    except (BackupFailed, PlaceError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{made.path}: {made.size} bytes, {made.members} files.")
    if with_session:
        click.echo(_KEYS)
    else:
        click.echo("The keys of the number are not in it: after restoring, link the number anew.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Another folder than BALAS_DATA.")
def restore(file: Path, data: Path | None) -> None:
    """Write the backup FILE into a new or empty data folder, once all of it has been verified."""
    config = settings()
    folder = data.absolute() if data else config.data
    try:
        manifest = restoring.restore(file, folder, utc_now())
    except RestoreFailed as error:
        raise click.ClickException(str(error)) from None
    when = manifest.made_at.astimezone(config.timezone)
    click.echo(f"Restored the backup of {when:%d/%m/%Y %H:%M} into {folder}: {len(manifest.members)} files.")
    if manifest.with_session:
        click.echo(_KEYS)
    else:
        click.echo("Start Balas and link the number: the backup has no keys.")
    click.echo("Replies that were waiting when the backup was made are shown as uncertain.")


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
        _current(database)
        with database.read() as conn:
            number = chosen(conn, account).id if account is not None else None
        written = exporting.export(database, folder.absolute(), Format(form), config.timezone, first, number)
    except ExportFailed as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{folder}: {written.conversations} conversations, {written.messages} messages.")


@click.command()
@click.argument("customer")
@click.option("--yes", is_flag=True, help="Do not ask.")
@account_option("With which number he wrote, if he wrote to several.")
def forget(customer: str, yes: bool, account: str | None) -> None:
    """Erase a CUSTOMER who asks for it: a phone number, or the number that the inbox shows as “Customer 12”."""
    config, database = open_existing()
    _current(database)
    with database.read() as conn:
        account_id = chosen(conn, account).id if account is not None else None
        found = _find(conn, customer, config.country, account_id)
        if found is None:
            raise click.ClickException("There is no such customer here.")
        card = contact_details.card(conn, found.contact_id)
        count = len(erasing.of_contacts(conn, erasing.family(conn, found.contact_id)))
    if not yes:
        name = (card.name if card else None) or f"customer {found.contact_id}"
        click.confirm(f"Erase {name} with {count} messages for good?", abort=True)
    try:
        with database.write() as conn:
            gone = forgetting.forget(conn, found.account_id, found.contact_id, Actor(Author.ADMIN), utc_now())
    except StillSending:
        raise click.ClickException(
            "A reply to this customer is leaving right now: try again in a moment."
        ) from None
    if gone is None:
        raise click.ClickException("This customer has been forgotten already.")
    media.remove(config.data, gone.files)
    click.echo(f"Erased {gone.messages} messages in {gone.conversations} conversations.")
    click.echo("Older backups still have them, and so do the phone and WhatsApp.")


def _find(conn: Connection, customer: str, country: str, account_id: int | None) -> ErasableContact | None:
    """A phone number has eight digits at least; anything shorter is a customer's number here."""
    if customer.isascii() and customer.isdecimal() and len(customer) < SHORTEST_PHONE:
        found = erasing.find(conn, contact_id=int(customer))
        return found if found and account_id in (None, found.account_id) else None
    try:
        phone = parse_phone(customer, country)
    except PhoneError:
        raise click.ClickException(
            "Give a phone number with its country code, or a customer's number here."
        ) from None
    places = {one.id: one.name for one in accounts.every(conn) if account_id in (None, one.id)}
    everywhere = [one for number in places if (one := erasing.find(conn, phone=phone, account_id=number))]
    if len(everywhere) > 1:
        names = ", ".join(places[one.account_id] for one in everywhere)
        raise click.ClickException(f"This customer wrote to several numbers: say which with --account ({names}).")
    return everywhere[0] if everywhere else None


def _current(database: Database) -> None:
    try:
        migrate(database)
    except SchemaTooNew as error:
        raise click.ClickException(str(error)) from None


def _default(config: Config, now: datetime) -> Path:
    return backups.folder(config.data) / f"balas-{now.astimezone(config.timezone):%Y-%m-%d-%H%M%S}.tar"
