"""Addresses of users, devices and servers."""

from __future__ import annotations

from dataclasses import dataclass, replace

PHONE_SERVER = "s.whatsapp.net"
"""Users by phone number; with an empty user it is the service itself."""

LID_SERVER = "lid"
"""Users by hidden id."""

GROUP_SERVER = "g.us"
"""Groups."""


@dataclass(frozen=True, slots=True)
class Jid:
    """An address `user[:device]@server`; the user is empty for a server, the device 0 for the primary phone."""

    user: str
    server: str = PHONE_SERVER
    device: int = 0
    integrator: int = 0

    @classmethod
    def parse(cls, text: str) -> Jid:
        """Read `user@server`, `user:device@server`, `user.agent:device@server` or a bare server name."""
        user, at, server = text.rpartition("@")
        if not at:
            return cls("", text)
        user, _, device = user.partition(":")
        user = user.partition(".")[0]
        return cls(user, server, int(device or 0))

    def bare(self) -> Jid:
        """Give the user's address, without the device."""
        return self if not self.device else replace(self, device=0)

    def with_device(self, device: int) -> Jid:
        """Give the address of one of the user's devices."""
        return Jid(self.user, self.server, device)

    @property
    def is_lid(self) -> bool:
        """Tell whether the user is named by hidden id."""
        return self.server == LID_SERVER

    @property
    def is_group(self) -> bool:
        """Tell whether it names a group's chat."""
        return self.server == GROUP_SERVER and bool(self.user)

    def ad_string(self) -> str:
        """Give the long form that participant hashes are made of (whatsmeow types/jid.go, ADString)."""
        return f"{self.user}.0:{self.device}@{self.server}"

    def __str__(self) -> str:
        if not self.user:
            return self.server
        return f"{self.user}:{self.device}@{self.server}" if self.device else f"{self.user}@{self.server}"


SERVER = Jid("", PHONE_SERVER)
"""The service itself, as sender or receiver of a stanza."""
