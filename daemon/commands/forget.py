"""`balas forget`: erase a customer who asks for it."""

import click
from sqlalchemy import Connection

from daemon.commands.opening import account_option, bring_up_to_date, chosen, open_existing
from daemon.desk import forget as desk_forget
from daemon.desk.forget import StillSending
from daemon.domain.desk import Actor
from daemon.domain.messages import Author
from daemon.domain.phone_numbers import PhoneError, parse_phone
from daemon.domain.time import utc_now
from daemon.store import accounts, contact_details, erasing, media
from daemon.store.erasing import ErasableContact

SHORTEST_PHONE = 8


@click.command()
@click.argument("customer")
@click.option("--yes", is_flag=True, help="Do not ask.")
@account_option("With which number he wrote, if he wrote to several.")
def forget(customer: str, yes: bool, account: str | None) -> None:
    """Erase a CUSTOMER who asks for it: a phone number, or the number that the inbox shows as “Customer 12”."""
    config, database = open_existing()
    bring_up_to_date(database)
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
            gone = desk_forget.forget(conn, found.account_id, found.contact_id, Actor(Author.ADMIN), utc_now())
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
    names = {one.id: one.name for one in accounts.every(conn) if account_id in (None, one.id)}
    everywhere = [one for one_id in names if (one := erasing.find(conn, phone=phone, account_id=one_id))]
    if len(everywhere) > 1:
        wrote_to = ", ".join(names[one.account_id] for one in everywhere)
        raise click.ClickException(
            f"This customer wrote to several numbers: say which with --account ({wrote_to})."
        )
    return everywhere[0] if everywhere else None
