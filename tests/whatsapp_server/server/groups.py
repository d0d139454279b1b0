"""The groups that the server knows: who is in them, how members are named, and what is told when that changes.

What a client reads in it: whatsmeow group.go (parseGroupNode, parseGroupChange, getGroupInfo).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.whatsapp_server.server.errors import QueryFailed
from tests.whatsapp_server.server.records import DeviceRecord, User, participants_hash
from tests.whatsapp_server.wire.jid import GROUP_SERVER, Jid
from tests.whatsapp_server.wire.node import Node, Value

if TYPE_CHECKING:
    from tests.whatsapp_server.server.connection import Connection
    from tests.whatsapp_server.server.network import Network

_FIRST_GROUP = 120363000000001000


@dataclass(slots=True)
class Group:
    """A group; `by_lid` is how its stanzas name people, `announcement` lets only its admins write."""

    jid: Jid
    subject: str
    by_lid: bool = True
    announcement: bool = False
    created: str = "0"
    subject_set: str = "0"
    version: int = 1
    # users by hidden id, and which of them are admins
    members: dict[str, User] = field(default_factory=dict)
    admins: set[str] = field(default_factory=set)

    def has(self, user: User) -> bool:
        """Tell whether somebody is in it."""
        return user.lid in self.members

    def may_write(self, user: User) -> bool:
        """Tell whether somebody's messages are taken."""
        return self.has(user) and (not self.announcement or user.lid in self.admins)

    def name_of(self, user: User) -> Jid:
        """Name a user as the group does."""
        return user.lid_jid if self.by_lid else user.phone_jid

    def name_of_device(self, device: DeviceRecord) -> Jid:
        """Name a device as the group does."""
        return device.lid_jid if self.by_lid else device.phone_jid

    def devices(self) -> list[DeviceRecord]:
        """Give all devices of all members."""
        return [user.devices[number] for user in self.members.values() for number in sorted(user.devices)]

    @property
    def digest(self) -> str:
        """The hash of all devices, as senders compute it."""
        return participants_hash(self.name_of_device(device) for device in self.devices())

    def writer_attrs(self, device: DeviceRecord) -> dict[str, Value]:
        """Say who does something in it, in both forms."""
        attrs: dict[str, Value] = {
            "participant": self.name_of_device(device),
            "addressing_mode": "lid" if self.by_lid else "pn",
        }
        attrs |= (
            {"participant_pn": device.user.phone_jid} if self.by_lid else {"participant_lid": device.user.lid_jid}
        )
        return attrs

    def node(self) -> Node:
        """Build its description."""
        attrs: dict[str, Value] = {
            "id": self.jid.user,
            "subject": self.subject,
            "s_t": self.subject_set,
            "creation": self.created,
            "size": str(len(self.members)),
            "addressing_mode": "lid" if self.by_lid else "pn",
            "p_v_id": str(self.version),
        }
        content = [self._participant(user) for user in self.members.values()]
        return Node("group", attrs, [*content, Node("announcement")] if self.announcement else content)

    def participant(self, user: User) -> Node:
        """Name somebody in a change."""
        return self._participant(user)

    def _participant(self, user: User) -> Node:
        attrs: dict[str, Value] = {"jid": self.name_of(user)}
        attrs |= {"phone_number": user.phone_jid} if self.by_lid else {"lid": user.lid_jid}
        if user.lid in self.admins:
            attrs["type"] = "admin"
        return Node("participant", attrs)


class Groups:
    """Every group, by its address."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.by_jid: dict[Jid, Group] = {}

    def create(
        self, subject: str, members: list[User], *, by_lid: bool = True, announcement: bool = False
    ) -> Group:
        """Found a group; the first member is its admin, and all are told."""
        now = self._network.now()
        jid = Jid(str(_FIRST_GROUP + len(self.by_jid)), GROUP_SERVER)
        group = Group(jid, subject, by_lid, announcement, now, now)
        group.members = {user.lid: user for user in members}
        group.admins = {members[0].lid}
        self.by_jid[jid] = group
        for user in members:
            self._welcome(group, user, members[0])
        return group

    def rename(self, group: Group, subject: str, by: User) -> None:
        """Change the subject."""
        group.subject, group.subject_set = subject, self._network.now()
        attrs: dict[str, Value] = {"subject": subject, "s_t": group.subject_set, "s_o": group.name_of(by)}
        self._tell(group, group.members.values(), by, Node("subject", attrs))

    def add(self, group: Group, user: User, by: User) -> None:
        """Let somebody in."""
        others = list(group.members.values())
        group.members[user.lid] = user
        self._tell(group, others, by, self._change("add", group, user))
        self._welcome(group, user, by)

    def remove(self, group: Group, user: User, by: User | None = None) -> None:
        """Take somebody out, or let him leave (without `by`)."""
        told = list(group.members.values())
        del group.members[user.lid]
        group.admins.discard(user.lid)
        self._tell(group, told, by or user, self._change("remove", group, user))

    def set_announcement(self, group: Group, announcement: bool, by: User) -> None:
        """Let only admins write, or everybody."""
        group.announcement = announcement
        group.version += 1
        name = "announcement" if announcement else "not_announcement"
        self._tell(group, group.members.values(), by, Node(name, {"v_id": str(group.version)}))

    def _change(self, kind: str, group: Group, user: User) -> Node:
        before, group.version = str(group.version), group.version + 1
        return Node(kind, {"prev_v_id": before, "v_id": str(group.version)}, [group.participant(user)])

    def _welcome(self, group: Group, user: User, by: User) -> None:
        self._tell(group, [user], by, Node("create", {"type": "new"}, [group.node()]))

    def _tell(self, group: Group, users: object, by: User, change: Node) -> None:
        sender: dict[str, Value] = {"from": group.jid, "participant": group.name_of(by), "notify": by.push_name}
        sender["addressing_mode"] = "lid" if group.by_lid else "pn"
        for user in list(users):  # type: ignore[call-overload]
            for device in user.devices.values():
                self._network.notices.send(device, "w:gp2", [change], **sender)


def answer(connection: Connection, node: Node) -> list[Node]:
    """Answer a question about one group, or about all that the asker is in."""
    network, device = connection.network, connection.device
    assert device is not None
    groups = network.groups.by_jid
    if node.child("participating") is not None:
        return [Node("groups", {}, [group.node() for group in groups.values() if group.has(device.user)])]
    to = node.jid("to")
    group = groups.get(to) if to is not None else None
    if group is None:
        raise QueryFailed(404, "item-not-found")
    if not group.has(device.user):
        raise QueryFailed(403, "forbidden")
    if node.child("query") is None:
        raise QueryFailed(501, "feature-not-implemented")
    return [group.node()]
