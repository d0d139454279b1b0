"""Groups: what the shop wants of each, and what WhatsApp tells about one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class GroupMode(StrEnum):
    """What a group does here. OFF, the default, keeps nothing of what is written in it."""

    OFF = "off"
    # it is shown, and waits for an answer where the number or an admin is named, or a message of ours is quoted
    MENTIONED = "mentioned"
    # it is shown, and waits for an answer to whatever is written
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class GroupMember:
    """Somebody in a group: the address that the group uses for him, and the other one, if it is known."""

    address: str
    alternative: str | None = None
    name: str = ""
    is_admin: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.address, self.alternative) if self.alternative else (self.address,)


@dataclass(frozen=True, slots=True)
class GroupTold:
    """What WhatsApp says of a group now; without `members` they were not asked for."""

    address: str
    name: str = ""
    size: int = 0
    is_left: bool = False
    only_admins_write: bool = False
    is_admin: bool = False
    members: tuple[GroupMember, ...] = ()

    def as_answer(self) -> dict[str, Any]:
        """As an answer to a question keeps it."""
        members = [[one.address, one.alternative, one.name, one.is_admin] for one in self.members]
        return {
            "address": self.address,
            "name": self.name,
            "size": self.size,
            "left": self.is_left,
            "only_admins": self.only_admins_write,
            "admin": self.is_admin,
            "members": members,
        }

    @classmethod
    def of_answer(cls, answer: dict[str, Any]) -> "GroupTold":
        """The other way round."""
        return cls(
            answer["address"],
            answer["name"],
            answer["size"],
            answer["left"],
            answer["only_admins"],
            answer["admin"],
            tuple(GroupMember(*one) for one in answer["members"]),
        )


# why a reply did not leave, as it is kept with it
LEFT_GROUP = "no longer in the group"
