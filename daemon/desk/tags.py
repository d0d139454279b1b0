"""The shop's tags: made on first use or in the settings, with a colour; a customer's stay after resolving."""

from datetime import datetime

from sqlalchemy import Connection

from daemon.desk import contacts
from daemon.desk.contacts import Customer
from daemon.domain.desk import Action, Actor, FieldError
from daemon.domain.tag_colours import TagColour
from daemon.domain.text_cleaning import one_line
from daemon.store import audit, tags
from daemon.store.tags import Tag

LONGEST_TAG = 40
MOST_TAGS = 200


def find_or_make(conn: Connection, account_id: int, name: str) -> Tag:
    """The tag of a name, made if it is new; upper and lower case are the same tag.

    Raises FieldError for `tag`: empty, too_long, too_many.
    """
    wanted, known = _checked(name), tags.every(conn, account_id)
    found = next((one for one in known if one.name.casefold() == wanted.casefold()), None)
    if found is None and len(known) >= MOST_TAGS:
        raise FieldError("tag", "too_many")
    return found or tags.create(conn, account_id, wanted)


def put_on(conn: Connection, whose: Customer | None, name: str, actor: Actor, now: datetime) -> bool:
    """Tag a customer; False if he has that tag, or there is no such customer. Raises FieldError as above."""
    found = find_or_make(conn, whose.account_id, name) if whose else None
    if whose is None or found is None or not tags.put_on_contact(conn, whose.contact_id, found.id):
        return False
    _record(conn, whose, Action.TAGGED, found, actor, now)
    return True


def take_off(conn: Connection, whose: Customer | None, tag_id: int, actor: Actor, now: datetime) -> bool:
    """Take a tag off a customer; False if he has not that tag."""
    theirs = tags.of_contacts(conn, [whose.contact_id]).get(whose.contact_id, []) if whose else []
    found = next((one for one in theirs if one.id == tag_id), None)
    if whose is None or found is None:
        return False
    tags.take_off_contact(conn, whose.contact_id, tag_id)
    _record(conn, whose, Action.UNTAGGED, found, actor, now)
    return True


def save(
    conn: Connection, account_id: int, tag_id: int | None, name: str, colour: str, actor: Actor, now: datetime
) -> None:
    """Make a tag, or call one otherwise and give it a colour; it stays when nobody has it.

    Raises FieldError for `tag` (empty, too_long, too_many, taken, unknown) or `colour` (unknown).
    """
    wanted, known = _checked(name), tags.every(conn, account_id)
    if colour not in set(TagColour):
        raise FieldError("colour", "unknown")
    namesake = next((one for one in known if one.name.casefold() == wanted.casefold()), None)
    if namesake is not None and namesake.id != tag_id:
        raise FieldError("tag", "taken")
    before = next((one for one in known if one.id == tag_id), None)
    if tag_id is not None and before is None:
        raise FieldError("tag", "unknown")
    if before is None and len(known) >= MOST_TAGS:
        raise FieldError("tag", "too_many")
    one = before or tags.create(conn, account_id, wanted)
    tags.keep(conn, account_id, one.id, wanted, TagColour(colour))
    _record_setting(conn, account_id, before.name if before else "", wanted, actor, now)


def delete(conn: Connection, account_id: int, tag_id: int, actor: Actor, now: datetime) -> bool:
    """Take a tag off every conversation and customer, and away; False if there is none."""
    found = next((one for one in tags.every(conn, account_id) if one.id == tag_id), None)
    if found is None or not tags.drop(conn, account_id, tag_id):
        return False
    _record_setting(conn, account_id, found.name, "", actor, now)
    return True


def _checked(name: str) -> str:
    wanted = one_line(name)
    if not wanted:
        raise FieldError("tag", "empty")
    if len(wanted) > LONGEST_TAG:
        raise FieldError("tag", "too_long")
    return wanted


def _record(conn: Connection, whose: Customer, action: Action, one: Tag, actor: Actor, now: datetime) -> None:
    detail = {"tag": one.name}
    audit.record(conn, whose.account_id, action, actor, now, whose.conversation_id, detail=detail)
    contacts.announce(conn, whose, now)


def _record_setting(
    conn: Connection, account_id: int, before: str, after: str, actor: Actor, now: datetime
) -> None:
    detail = {"name": "tag", "before": before, "after": after}
    audit.record(conn, account_id, Action.SETTING_CHANGED, actor, now, detail=detail)
