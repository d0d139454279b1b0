"""A group in a shop's books, filled the way the session fills it."""

from datetime import timedelta

from daemon.domain.groups import GroupMember, GroupMode, GroupTold
from daemon.domain.ids import Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Event, MessageReceived, Origin, Reacted
from daemon.domain.time import utc_now
from daemon.ingest.commit import Ingest
from daemon.store import accounts, conversations, groups
from tests.support.builders import group_chat
from tests.support.staffed_books import StaffedBooks

SITI = GroupMember("551@lid", "6281311112222@s.whatsapp.net", "Siti Aminah", True)
JOKO = GroupMember("552@lid", "6281333334444@s.whatsapp.net", "Joko <b>Susilo</b>")
UNNAMED = GroupMember("553@lid", "6281355556666@s.whatsapp.net")
US = GroupMember("999@lid", "62800@s.whatsapp.net", "Toko")


class Circle:
    """A group that is on, with four members; the number is one of them."""

    def __init__(self, shop: StaffedBooks, mode: GroupMode = GroupMode.MENTIONED, name: str = "Reseller") -> None:
        self.shop = shop
        self.party: Party = group_chat()
        self.count = 0
        with shop.database.write() as conn:
            accounts.set_identity(conn, shop.account_id, "62800", "999", 1, utc_now())
        self.contact_id = shop.switch_group(self.party, mode)
        self.told(name=name, size=4, members=(SITI, JOKO, UNNAMED, US))

    def told(self, **facts: object) -> None:
        """WhatsApp says what the group is now."""
        with self.shop.database.write() as conn:
            told = GroupTold(str(self.party.address), **facts)  # type: ignore[arg-type]
            groups.tell(conn, self.shop.account_id, self.contact_id, told)

    @property
    def conversation_id(self) -> int:
        with self.shop.database.read() as conn:
            found = conversations.last_of(conn, self.contact_id)
        assert found is not None
        return found

    def happens(self, event: Event) -> None:
        ingest = Ingest(self.shop.database, self.shop.account_id)
        ingest.commit(event, utc_now())
        ingest._conn.close()

    def writes(self, member: GroupMember, text: str, *mentions: GroupMember, quoted: str | None = None) -> str:
        """Somebody writes; gives WhatsApp's id."""
        self.count += 1
        wa_id = f"G{self.count}"
        origin = self._origin(member)
        named = tuple(one.address for one in mentions)
        message = MessageReceived(
            wa_id, origin, MessageKind.TEXT, text, member.name, quoted, mentions=named, quoted_author=None
        )
        self.happens(message)
        return wa_id

    def reacts(self, member: GroupMember, wa_id: str, emoji: str) -> None:
        self.happens(Reacted(wa_id, self._origin(member), emoji, False, SITI.address))

    def _origin(self, member: GroupMember) -> Origin:
        at = utc_now().replace(microsecond=0) - timedelta(seconds=60 - self.count)
        return Origin(self.party, False, 0, at, member.address, member.alternative)
