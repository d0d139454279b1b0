"""Groups in the database: what the shop wants of each, what WhatsApp tells, who is in it and what he is called."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, or_, select, update

from daemon.domain.groups import GroupMember, GroupMode, GroupTold
from daemon.domain.ids import LID_SERVER, PHONE_SERVER, Address, ChatKind
from daemon.store.sql import changed, upsert
from daemon.store.tables.core import contact, contact_alias, message
from daemon.store.tables.groups import group_chat, group_member

_CHUNK = 500
# not within an e-mail address
_DIGITS = re.compile(r"(?<![\w.@])@(\d{3,20})(?!\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Group:
    """One group as it stands; `name` is empty until WhatsApp has told it."""

    contact_id: int
    account_id: int
    name: str
    mode: GroupMode
    is_left: bool = False
    only_admins_write: bool = False
    is_admin: bool = False
    size: int | None = None

    @property
    def is_on(self) -> bool:
        return self.mode != GroupMode.OFF

    @property
    def may_write(self) -> bool:
        """Whether what is written would be taken, as far as is known."""
        return not self.is_left and (self.is_admin or not self.only_admins_write)


_groups = (
    select(
        contact.c.id,
        contact.c.account_id,
        contact.c.name,
        group_chat.c.mode,
        group_chat.c.is_left,
        group_chat.c.only_admins_write,
        group_chat.c.is_admin,
        group_chat.c.size,
    )
    .outerjoin(group_chat, group_chat.c.contact_id == contact.c.id)
    .where(contact.c.kind == ChatKind.GROUP.value, contact.c.forgotten_at.is_(None))
)


def get(conn: Connection, contact_id: int) -> Group | None:
    """A group by its contact; None if it is none, or forgotten."""
    row = conn.execute(_groups.where(contact.c.id == contact_id)).first()
    return _group(row) if row else None


def every(conn: Connection, account_id: int) -> list[Group]:
    """All groups of a number, those that are on first, then by name."""
    rows = conn.execute(_groups.where(contact.c.account_id == account_id))
    found = [_group(row) for row in rows]
    return sorted(
        found, key=lambda one: (not one.is_on, one.is_left, not one.name, one.name.casefold(), one.contact_id)
    )


def any_on(conn: Connection, account_id: int) -> bool:
    """Whether a number has any group that is shown."""
    return conn.execute(those_on(account_id).limit(1)).first() is not None


def those_on(account_id: int) -> Select[int]:
    """The contacts of the groups that are shown."""
    on = group_chat.c.mode != GroupMode.OFF.value
    return select(group_chat.c.contact_id).where(group_chat.c.account_id == account_id, on)


def set_mode(conn: Connection, group: Group, mode: GroupMode) -> bool:
    """Say what a group does here; False if that is known."""
    if group.mode == mode:
        return False
    key = {"contact_id": group.contact_id}
    only_new = {"account_id": group.account_id}
    conn.execute(upsert(group_chat, key, {"mode": mode.value}, only_new=only_new))
    return True


def tell(conn: Connection, account_id: int, contact_id: int, told: GroupTold) -> bool:
    """Keep what WhatsApp says of a group; False if all of it is known. Members only if they were asked for."""
    before = get(conn, contact_id)
    if before is None:
        return False
    see(conn, account_id, contact_id, told.members)
    name = told.name[:200] or before.name
    facts = (told.is_left, told.only_admins_write, told.is_admin, told.size or None)
    if told.is_left:
        facts = (True, before.only_admins_write, before.is_admin, before.size)
    if (name, *facts) == (before.name, before.is_left, before.only_admins_write, before.is_admin, before.size):
        return False
    values = dict(zip(("is_left", "only_admins_write", "is_admin", "size"), facts, strict=True))
    conn.execute(upsert(group_chat, {"contact_id": contact_id}, values, only_new={"account_id": account_id}))
    if name != before.name:
        conn.execute(update(contact).where(contact.c.id == contact_id).values(name=name))
    return True


def leave(conn: Connection, contact_id: int) -> bool:
    """The number is in a group no longer; False if that is known."""
    is_in = (group_chat.c.contact_id == contact_id) & group_chat.c.is_left.is_(False)
    return changed(conn, update(group_chat).where(is_in).values(is_left=True))


def see(conn: Connection, account_id: int, contact_id: int, people: Sequence[GroupMember]) -> None:
    """Note who is in a group; what somebody has called himself stays his name."""
    if not people:
        return
    rows = conn.execute(select(group_member).where(group_member.c.contact_id == contact_id))
    known = {row.address: row for row in rows}
    for one in people:
        row = known.get(one.address)
        name = row.name if row is not None and row.name else one.name[:200]
        _note(conn, account_id, contact_id, replace(one, name=name or ""), row)


def see_writer(conn: Connection, account_id: int, contact_id: int, member: GroupMember) -> None:
    """Note who wrote, by the name that he gives himself; whether he is an admin is not told with it."""
    here = (group_member.c.contact_id == contact_id) & (group_member.c.address == member.address)
    row = conn.execute(select(group_member).where(here)).first()
    if row is not None:
        member = replace(member, name=member.name or row.name or "", is_admin=bool(row.is_admin))
    _note(conn, account_id, contact_id, member, row)


def _note(
    conn: Connection, account_id: int, contact_id: int, member: GroupMember, row: Row[*tuple[Any, ...]] | None
) -> None:
    values = {
        "alternative": member.alternative or (row.alternative if row is not None else None),
        "name": member.name[:200] or None,
        "is_admin": member.is_admin,
    }
    if row is None or any(getattr(row, name) != value for name, value in values.items()):
        key = {"contact_id": contact_id, "address": member.address}
        conn.execute(upsert(group_member, key, values, only_new={"account_id": account_id}))


def find_member(conn: Connection, contact_id: int, address: str) -> GroupMember | None:
    """Somebody in a group, by either of his addresses."""
    either = (group_member.c.address == address) | (group_member.c.alternative == address)
    row = conn.execute(
        select(group_member).where(group_member.c.contact_id == contact_id, either).limit(1)
    ).first()
    return _member(row) if row else None


def members(conn: Connection, contact_id: int) -> list[GroupMember]:
    """Everybody who is known in a group, by name."""
    rows = conn.execute(select(group_member).where(group_member.c.contact_id == contact_id))
    found = [_member(row) for row in rows]
    return sorted(found, key=lambda one: (not one.name, one.name.casefold(), one.address))


def people(conn: Connection, contact_id: int, addresses: Collection[str]) -> dict[str, GroupMember]:
    """Some people in a group, by the address that was asked for."""
    found: dict[str, GroupMember] = {}
    wanted = list(dict.fromkeys(addresses))
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        either = or_(group_member.c.address.in_(chunk), group_member.c.alternative.in_(chunk))
        for row in conn.execute(select(group_member).where(group_member.c.contact_id == contact_id, either)):
            member = _member(row)
            found |= {address: member for address in member.addresses if address in chunk}
    return found


def named_in(conn: Connection, contact_id: int, text: str | None) -> dict[str, GroupMember]:
    """The members whose digits a text of ours holds behind an @, by these digits."""
    digits = list(dict.fromkeys(_DIGITS.findall(text or "")))[:_CHUNK]
    if not digits:
        return {}
    asked = [f"{user}@{server}" for user in digits for server in (LID_SERVER, PHONE_SERVER)]
    return {address.partition("@")[0]: member for address, member in people(conn, contact_id, asked).items()}


def has_said_in(conn: Connection, turn_id: int, participant: str) -> bool:
    """Whether somebody's words are among those that a turn waits with."""
    his = (message.c.turn_id == turn_id) & (message.c.participant == participant)
    return conn.execute(select(message.c.id).where(his).limit(1)).first() is not None


def uses_phone_numbers(conn: Connection, contact_id: int) -> bool:
    """Whether a group names people by phone number, as its newest message does."""
    newest = (
        select(message.c.participant)
        .where(message.c.contact_id == contact_id, message.c.participant.is_not(None))
        .order_by(message.c.id.desc())
        .limit(1)
    )
    return str(conn.execute(newest).scalar() or "").endswith("@s.whatsapp.net")


def address_of(conn: Connection, contact_id: int) -> Address | None:
    """A group's address."""
    row = conn.execute(
        select(contact_alias.c.user, contact_alias.c.server).where(contact_alias.c.contact_id == contact_id)
    ).first()
    return Address(row.user, row.server) if row else None


def missing(conn: Connection, account_id: int, joined: Collection[int]) -> list[int]:
    """The groups of a number that are not among those it is in, as far as we thought it was."""
    rows = conn.execute(
        select(group_chat.c.contact_id).where(
            group_chat.c.account_id == account_id, group_chat.c.is_left.is_(False)
        )
    )
    return [contact_id for contact_id in rows.scalars() if contact_id not in joined]


def forget(conn: Connection, contact_ids: Collection[int]) -> None:
    """Take away what some groups are, and who is in them."""
    for table in (group_member, group_chat):
        conn.execute(delete(table).where(table.c.contact_id.in_(contact_ids)))


def forget_people(conn: Connection, account_id: int, addresses: Collection[str]) -> None:
    """Take somebody's name and numbers out of all groups."""
    his = or_(group_member.c.address.in_(addresses), group_member.c.alternative.in_(addresses))
    conn.execute(delete(group_member).where(group_member.c.account_id == account_id, his))


def _group(row: Row[*tuple[Any, ...]]) -> Group:
    return Group(
        row.id,
        row.account_id,
        row.name or "",
        GroupMode(row.mode) if row.mode in set(GroupMode) else GroupMode.OFF,
        bool(row.is_left),
        bool(row.only_admins_write),
        bool(row.is_admin),
        row.size,
    )


def _member(row: Row[*tuple[Any, ...]]) -> GroupMember:
    return GroupMember(row.address, row.alternative, row.name or "", bool(row.is_admin))
