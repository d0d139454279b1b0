"""What the shop remembers about a customer: a note, and fields of its own ("Size": "XL")."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from daemon.domain.desk import Action, Actor, FieldError
from daemon.domain.ids import Address
from daemon.domain.text_cleaning import clean, one_line
from daemon.store import audit, contact_details, conversation_list, events
from daemon.store.contact_details import EarlierConversation
from daemon.store.conversation_list import Summary

LONGEST_NOTE = 5000
LONGEST_NAME = 40
LONGEST_VALUE = 500
MOST_FIELDS = 30


@dataclass(frozen=True, slots=True)
class Details:
    """All that is known about a customer."""

    name: str | None
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
        phone=card.phone,
        addresses=contact_details.addresses(conn, contact_id),
        note=card.note or "",
        fields=contact_details.fields(conn, contact_id),
        earlier=contact_details.earlier(conn, contact_id),
    )


def save_note(conn: Connection, conversation_id: int, text: str, actor: Actor, now: datetime) -> bool:
    """Keep what the shop wants to remember about a conversation's customer; False if nothing changes.

    Raises FieldError for `note`: too_long (5,000).
    """
    note = clean(text)
    if len(note) > LONGEST_NOTE:
        raise FieldError("note", "too_long")
    about = conversation_list.summary(conn, conversation_id)
    if about is None or not contact_details.set_note(conn, about.contact_id, note or None):
        return False
    _changed(conn, about, "note", actor, now)
    return True


def set_field(conn: Connection, conversation_id: int, name: str, value: str, actor: Actor, now: datetime) -> bool:
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
    about = conversation_list.summary(conn, conversation_id)
    if about is None:
        return False
    known = dict(contact_details.fields(conn, about.contact_id))
    wanted = next((field for field in known if field.casefold() == wanted.casefold()), wanted)
    if known.get(wanted, "") == content:
        return False
    if not content:
        contact_details.drop_field(conn, about.contact_id, wanted)
    elif wanted not in known and len(known) >= MOST_FIELDS:
        raise FieldError("name", "too_many")
    else:
        contact_details.put_field(conn, about.contact_id, wanted, content)
    _changed(conn, about, wanted, actor, now)
    return True


def _changed(conn: Connection, about: Summary, field: str, actor: Actor, now: datetime) -> None:
    # which field, but not what it says: the log outlives what a customer wants forgotten
    audit.record(conn, about.account_id, Action.CONTACT_CHANGED, actor, now, about.id, detail={"field": field})
    events.append(conn, about.account_id, events.EventKind.CONVERSATION_CHANGED, now, about.id)
