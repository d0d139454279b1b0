"""What the library knows of a group → a frozen value; names and numbers through the gate."""

from itertools import islice
from typing import Any

from daemon.domain.groups import GroupMember, GroupTold
from daemon.whatsapp import wire_text
from daemon.whatsapp.translate import address_of

# members of one group that are kept; WhatsApp allows 1,024, and some more in communities
_MOST_MEMBERS = 2048


def told(info: Any, *, with_members: bool = True) -> GroupTold:
    """neonize's GroupInfo."""
    address = address_of(info.JID)
    members = tuple(
        member for one in islice(info.Participants, _MOST_MEMBERS) if (member := _member(one)) is not None
    )
    return GroupTold(
        str(address.bare()) if address else "",
        wire_text.name(info.GroupName.Name),
        len(info.Participants),
        only_admins_write=bool(info.GroupAnnounce.IsAnnounce),
        members=members if with_members else (),
    )


def _member(one: Any) -> GroupMember | None:
    address = address_of(one.JID)
    if address is None:
        return None
    both = (address_of(one.LID), address_of(one.PhoneNumber))
    other = next((found for found in both if found is not None and found.bare() != address.bare()), None)
    return GroupMember(
        str(address.bare()),
        str(other.bare()) if other else None,
        # a number of which WhatsApp shows the end only
        wire_text.name(one.DisplayName),
        bool(one.IsAdmin),
    )
