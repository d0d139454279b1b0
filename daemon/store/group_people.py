"""Who the people in a group's messages are: writers, whoever is quoted, whoever is named."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Connection, String, cast, select, update

from daemon.domain.groups import LEFT_GROUP, GroupMember
from daemon.domain.messages import Delivery
from daemon.store import groups
from daemon.store.tables.core import account, contact, message, outbox
from daemon.store.tables.groups import group_chat


@dataclass(frozen=True, slots=True)
class InGroup:
    """What a message of a group shows of people; `named` is by the digits behind an @, None for the number itself.

    `has_left`: it did not leave, because the number is in the group no longer.
    """

    writer: GroupMember | None = None
    quoted: GroupMember | None = None
    named: dict[str, GroupMember | None] = field(default_factory=dict)
    has_left: bool = False


class _Message(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def contact_id(self) -> int: ...
    @property
    def from_me(self) -> bool: ...
    @property
    def text(self) -> str | None: ...
    @property
    def participant(self) -> str | None: ...
    @property
    def quoted_participant(self) -> str | None: ...
    @property
    def media(self) -> dict[str, Any] | None: ...
    @property
    def delivery(self) -> Delivery | None: ...


def mentions_in(media: dict[str, Any] | None) -> list[str]:
    """The addresses of those whom a message names."""
    found = media.get("mentions") if media else None
    return found.split(" ") if isinstance(found, str) and found else []


def of(conn: Connection, bubbles: Sequence[_Message]) -> dict[int, InGroup]:
    """The people of those messages that are in a group, by message."""
    contact_ids = {one.contact_id for one in bubbles}
    # a thread is of one contact; the question is asked once
    in_groups = {contact_id for contact_id in contact_ids if _is_group(conn, contact_id)}
    found: dict[int, InGroup] = {}
    for contact_id in in_groups:
        here = [one for one in bubbles if one.contact_id == contact_id]
        wanted = {address for one in here for address in _addresses(one)}
        people = groups.people(conn, contact_id, wanted)
        ours = _our_addresses(conn, contact_id)
        failed = _left(conn, [one.id for one in here if one.delivery == Delivery.FAILED])
        for one in here:
            found[one.id] = InGroup(
                _person(people, one.participant),
                _person(people, one.quoted_participant),
                # who is named in what we wrote, its words alone tell
                dict(groups.named_in(conn, contact_id, one.text))
                if one.from_me
                else {
                    address.partition("@")[0]: None if address in ours else _person(people, address)
                    for address in mentions_in(one.media)
                },
                one.id in failed,
            )
    return found


def _addresses(one: _Message) -> Iterable[str]:
    yield from mentions_in(one.media)
    yield from (address for address in (one.participant, one.quoted_participant) if address)


def _person(people: dict[str, GroupMember], address: str | None) -> GroupMember | None:
    """Somebody, if only by his address."""
    if not address:
        return None
    return people.get(address) or GroupMember(address)


def _is_group(conn: Connection, contact_id: int) -> bool:
    found = select(group_chat.c.contact_id).where(group_chat.c.contact_id == contact_id)
    return conn.execute(found).first() is not None


def _our_addresses(conn: Connection, contact_id: int) -> set[str]:
    row = conn.execute(
        select(account.c.phone, account.c.lid)
        .join(contact, contact.c.account_id == account.c.id)
        .where(contact.c.id == contact_id)
    ).one()
    return {f"{row.phone}@s.whatsapp.net", f"{row.lid}@lid"}


def unname(conn: Connection, account_id: int, addresses: Sequence[str]) -> None:
    """Take somebody's number out of what others wrote when they named him."""
    for address in addresses:
        digits = address.partition("@")[0]
        named = cast(message.c.media, String).contains(address, autoescape=True)
        in_group = message.c.contact_id.in_(
            select(group_chat.c.contact_id).where(group_chat.c.account_id == account_id)
        )
        for row in conn.execute(
            select(message.c.id, message.c.text, message.c.media).where(in_group, named)
        ).all():
            left = [one for one in mentions_in(row.media) if one != address]
            media = {name: value for name, value in row.media.items() if name != "mentions"}
            if left:
                media["mentions"] = " ".join(left)
            text = row.text.replace(f"@{digits}", "@…") if row.text else row.text
            values = {"media": media or None, "text": text}
            conn.execute(update(message).where(message.c.id == row.id).values(values))


def _left(conn: Connection, message_ids: Sequence[int]) -> set[int]:
    if not message_ids:
        return set()
    why = (outbox.c.message_id.in_(message_ids)) & (outbox.c.error == LEFT_GROUP)
    return set(conn.execute(select(outbox.c.message_id).where(why)).scalars())
