"""What the shop remembers about a customer: its name for him, a note, fields of its own ("Size": "XL")."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.contact_names import LONGEST_SHOP_NAME
from daemon.domain.desk import Action, Actor, FieldError
from daemon.domain.ids import Address, ChatKind
from daemon.domain.text_cleaning import clean, one_line, readable_line
from daemon.store import audit, contact_details, contact_names, conversation_list, conversations, events
from daemon.store.contact_details import EarlierConversation

LONGEST_NOTE = 5000
LONGEST_NAME = 40
LONGEST_VALUE = 500
MOST_FIELDS = 30


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, and the conversation that what is done with him is noted in (None: he has never written)."""

    account_id: int
    contact_id: int
    conversation_id: int | None


@dataclass(frozen=True, slots=True)
class Details:
    """All that is known about a customer; `name` is his own."""

    name: str | None
    shop_name: str | None
    phone: str | None
    addresses: list[Address]
    note: str
    fields: list[tuple[str, str]]
    earlier: list[EarlierConversation]


def details(conn: Connection, contact_id: int) -> Details:
    """All that is known about a customer; raises LookupError if there is none."""
    card = contact_details.card(conn, contact_id)
    if card is None:
        raise LookupError("no such contact")
    return Details(
        name=card.name,
        shop_name=card.shop_name,
        phone=card.phone,
        addresses=contact_details.addresses(conn, contact_id),
        note=card.note or "",
        fields=contact_details.fields(conn, contact_id),
        earlier=contact_details.earlier(conn, contact_id),
    )


def of_conversation(conn: Connection, conversation_id: int) -> Customer | None:
    """The customer of a conversation; None if there is none."""
    about = conversation_list.summary(conn, conversation_id)
    return Customer(about.account_id, about.contact_id, about.id) if about else None


def of_account(conn: Connection, account_id: int, contact_id: int) -> Customer | None:
    """A customer of an account, with his newest conversation; None if there is none, or he was forgotten."""
    card = contact_details.card(conn, contact_id)
    if card is None or card.account_id != account_id or card.kind != ChatKind.PERSON:
        return None
    if card.is_forgotten or card.is_merged:
        return None
    here = conversations.current(conn, contact_id)
    newest = here.conversation_id if here else conversations.last_resolved(conn, contact_id)
    return Customer(account_id, contact_id, newest)


def rename(conn: Connection, whose: Customer | None, name: str, actor: Actor, now: datetime) -> bool:
    """Call a customer by the shop's own name for him, or with an empty one by his own; False if nothing changes.

    Raises FieldError for `shop_name`: too_long (80).
    """
    wanted = readable_line(one_line(name), LONGEST_SHOP_NAME + 1)
    if len(wanted) > LONGEST_SHOP_NAME:
        raise FieldError("shop_name", "too_long")
    card = contact_details.card(conn, whose.contact_id) if whose else None
    if whose is None or card is None or card.is_forgotten:
        return False
    if not contact_names.set_shop_name(conn, whose.contact_id, wanted or None):
        return False
    changed(conn, whose, "name", actor, now)
    return True


def save_note(conn: Connection, whose: Customer | None, text: str, actor: Actor, now: datetime) -> bool:
    """Keep what the shop wants to remember about a customer; False if nothing changes.

    Raises FieldError for `note`: too_long (5,000).
    """
    note = clean(text)
    if len(note) > LONGEST_NOTE:
        raise FieldError("note", "too_long")
    if whose is None or not contact_details.set_note(conn, whose.contact_id, note or None):
        return False
    changed(conn, whose, "note", actor, now)
    return True


def set_field(
    conn: Connection, whose: Customer | None, name: str, value: str, actor: Actor, now: datetime
) -> bool:
    """Fill one of a customer's fields, or take it away with an empty value; False if nothing changes.

    Upper and lower case are the same field. Raises FieldError for `name` (empty, too_long: 40, too_many: 30)
    or `value` (too_long: 500).
    """
    wanted, content = one_line(name), clean(value)
    if not wanted:
        raise FieldError("name", "empty")
    if len(wanted) > LONGEST_NAME:
        raise FieldError("name", "too_long")
    if len(content) > LONGEST_VALUE:
        raise FieldError("value", "too_long")
    if whose is None:
        return False
    known = dict(contact_details.fields(conn, whose.contact_id))
    wanted = next((field for field in known if field.casefold() == wanted.casefold()), wanted)
    if known.get(wanted, "") == content:
        return False
    if not content:
        contact_details.drop_field(conn, whose.contact_id, wanted)
    elif wanted not in known and len(known) >= MOST_FIELDS:
        raise FieldError("name", "too_many")
    else:
        contact_details.put_field(conn, whose.contact_id, wanted, content)
    changed(conn, whose, wanted, actor, now)
    return True


def changed(conn: Connection, whose: Customer, field: str, actor: Actor, now: datetime) -> None:
    """Note which field was changed, but not what it says: the log outlives what a customer wants forgotten."""
    detail = {"field": field}
    audit.record(conn, whose.account_id, Action.CONTACT_CHANGED, actor, now, whose.conversation_id, detail=detail)
    announce(conn, whose, now)


def announce(conn: Connection, whose: Customer, now: datetime) -> None:
    """Pages that show a conversation of the customer's draw it anew."""
    here = conversations.current(conn, whose.contact_id)
    for conversation_id in dict.fromkeys((whose.conversation_id, here.conversation_id if here else None)):
        if conversation_id is not None:
            events.append(conn, whose.account_id, events.EventKind.CONVERSATION_CHANGED, now, conversation_id)
