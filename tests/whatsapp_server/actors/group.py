"""A group as tests act in it: who writes, who comes and goes, how it is called."""

from __future__ import annotations

from collections.abc import Sequence

from tests.whatsapp_server.actors.loop import LoopThread, on_loop
from tests.whatsapp_server.actors.person import PersonActor
from tests.whatsapp_server.actors.values import Surroundings
from tests.whatsapp_server.wire.jid import Jid


class GroupChat:
    """A group; `jid` is its chat, for `PersonActor.post_text` and the like."""

    def __init__(
        self,
        surroundings: Surroundings,
        subject: str,
        members: Sequence[PersonActor],
        *,
        by_lid: bool = True,
        announcement: bool = False,
    ) -> None:
        self._surroundings = surroundings
        self._admin = members[0]
        users = [one.user for one in members]
        self.record = surroundings.network.groups.create(subject, users, by_lid=by_lid, announcement=announcement)

    @property
    def loop(self) -> LoopThread:
        """The loop that it lives on."""
        return self._surroundings.loop

    @property
    def jid(self) -> Jid:
        """Its address."""
        return self.record.jid

    def name_of(self, person: PersonActor) -> Jid:
        """How its members name somebody, for mentions."""
        return self.record.name_of(person.user)

    def send_text(
        self, author: PersonActor, text: str, *mentioned: PersonActor, quoted_id: str | None = None
    ) -> str:
        """Let somebody write, whoever is mentioned named behind the text; give the id."""
        names = [self.name_of(one) for one in mentioned]
        words = " ".join([text, *(f"@{name.user}" for name in names)])
        return author.post_text(self.jid, words, quoted_id, *names)

    def mention_of(self, person: PersonActor) -> str:
        """What stands in a text for somebody."""
        return f"@{self.name_of(person).user}"

    @on_loop
    def rename(self, subject: str) -> None:
        """Let its admin give it another subject."""
        self._surroundings.network.groups.rename(self.record, subject, self._admin.user)

    @on_loop
    def add(self, person: PersonActor) -> None:
        """Let its admin take somebody in."""
        self._surroundings.network.groups.add(self.record, person.user, self._admin.user)

    @on_loop
    def remove(self, person: PersonActor) -> None:
        """Let its admin take somebody out."""
        self._surroundings.network.groups.remove(self.record, person.user, self._admin.user)

    @on_loop
    def only_admins_write(self, announcement: bool = True) -> None:
        """Let its admin silence all others, or no more."""
        self._surroundings.network.groups.set_announcement(self.record, announcement, self._admin.user)
