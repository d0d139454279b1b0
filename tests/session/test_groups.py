"""Groups on the wire: read with their writers, answered by people, left and entered again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from daemon.desk import conversations, groups, replies, settings
from daemon.domain.desk import THE_DESK, Box
from daemon.domain.groups import GroupMode
from daemon.domain.messages import Author, Delivery
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer, NotAnswerable
from daemon.store import conversation_list, threads, turns
from daemon.store import groups as store_groups
from daemon.store.conversation_list import Summary
from daemon.store.threads import Bubble
from tests.support.shop import Shop, open_shop
from tests.support.waiting import wait_until
from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.actors.group import GroupChat
from tests.whatsapp_server.wire import payload

pytestmark = pytest.mark.wire

SUBJECT = "Reseller Bandung"


@dataclass
class Circle:
    """A group with two customers, and what the shop makes of it."""

    shop: Shop
    chat: GroupChat
    siti: Customer
    joko: Customer

    def group(self) -> store_groups.Group | None:
        with self.shop.database.read() as conn:
            found = store_groups.every(conn, self.shop.account_id)
            user = self.chat.jid.user
            return next((one for one in found if store_groups.address_of(conn, one.contact_id).user == user), None)

    def switch(self, mode: GroupMode) -> None:
        group = wait_until(self.group, what="the group")
        with self.shop.database.write() as conn:
            groups.switch(conn, self.shop.account_id, group.contact_id, mode, THE_DESK, utc_now())

    @property
    def row(self) -> Summary:
        with self.shop.database.read() as conn:
            rows = conversation_list.listing(conn, self.shop.account_id, Box.GROUPS, 0)
        group = self.group()
        assert group is not None
        (found,) = [one for one in rows if one.contact_id == group.contact_id]
        return found

    def bubbles(self) -> list[Bubble]:
        with self.shop.database.read() as conn:
            return threads.of_conversation(conn, self.row.id, 1000)

    def arrives(self, text: str) -> Bubble:
        def look() -> Bubble | None:
            return next((one for one in self.bubbles() if one.text and text in one.text), None)

        found = wait_until(look, what=text)
        assert found is not None
        return found

    def answers(self, text: str, quoted: int | None = None) -> int:
        with self.shop.database.write() as conn:
            sari = Closer(Author.ADMIN, self.shop._sari(conn))
            return replies.answer(conn, self.row.id, sari, text, utc_now(), quoted=quoted, follow_up=True)

    @property
    def waits(self) -> bool:
        return self.row.waiting_since is not None


@pytest.fixture(scope="module")
def group_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("groups")) as shop:
        with shop.database.write() as conn:
            choices = {"bot": True, "grace": 2, "greeting": "Halo, selamat datang!", "rating": True}
            choices |= {"rating_question": "Bagaimana?", "assign": "least_busy"}
            settings.save(conn, shop.account_id, choices, THE_DESK, utc_now())
        yield shop


def circle_of(shop: Shop, by_lid: bool) -> Circle:
    siti, joko = shop.wa.add_customer("Siti Aminah"), shop.wa.add_customer("Joko")
    chat = shop.wa.add_group(SUBJECT, siti, joko, by_lid=by_lid)
    found = Circle(shop, chat, siti, joko)
    chat.send_text(siti, "sebelum dinyalakan")
    found.switch(GroupMode.MENTIONED)
    wait_until(lambda: (group := found.group()) and group.name, what="its name")
    return found


@pytest.fixture(scope="module")
def circle(group_shop: Shop) -> Circle:
    return circle_of(group_shop, by_lid=True)


@pytest.mark.parametrize("by_lid", [True, False], ids=["by LID", "by phone number"])
def test_a_group_is_shown_from_then_on_with_whoever_wrote_and_waits_only_where_somebody_of_us_is_named(
    circle: Circle, by_lid: bool
) -> None:
    circle = circle if by_lid else circle_of(circle.shop, by_lid=False)
    wa, chat = circle.shop.wa, circle.chat
    chat.send_text(circle.siti, "halo semua")
    first = circle.arrives("halo semua")
    assert first.in_group is not None
    assert first.in_group.writer is not None
    assert (first.in_group.writer.name, first.turn_id, circle.waits) == ("Siti Aminah", None, False)
    assert [one.text for one in circle.bubbles()] == ["halo semua"]
    assert (circle.row.contact_name, circle.row.group and circle.row.group.size) == (chat.record.subject, 3)
    named = chat.send_text(circle.joko, "yang ini kosong?", wa.phone)
    called = circle.arrives("yang ini kosong?")
    wait_until(lambda: circle.waits, what="an open turn")
    assert called.turn_id is not None
    assert called.in_group is not None
    assert called.in_group.named == {chat.name_of(wa.phone).user: None}
    # whoever has called goes on; what others say meanwhile is about something else
    chat.send_text(circle.joko, "warna merah")
    chat.send_text(circle.siti, "aku juga mau")
    circle.arrives("aku juga mau")
    assert [one.turn_id for one in circle.bubbles()] == [None, called.turn_id, called.turn_id, None]
    sent = circle.answers("merah masih ada", quoted=called.id)
    circle.shop.wait_for_delivery(sent, Delivery.DELIVERED)
    assert not circle.waits
    assert circle.row.assignee_id is None
    for member in (circle.siti, circle.joko):
        received = member.wait_for_text("merah masih ada")
        context = received.message.extendedTextMessage.contextInfo
        assert (context.stanzaID, context.participant) == (named, str(chat.name_of(circle.joko)))
        assert received.chat == chat.jid
    # whom a reply names is named on the phones, too
    circle.shop.wait_for_delivery(circle.answers("terima kasih @Joko ya"), Delivery.DELIVERED)
    thanks = circle.joko.wait_for_text("terima kasih").message.extendedTextMessage
    name = chat.name_of(circle.joko)
    assert (thanks.text, list(thanks.contextInfo.mentionedJID)) == (f"terima kasih @{name.user} ya", [str(name)])
    # a reply to what we wrote calls us, too
    chat.send_text(circle.siti, "sip, berapa?", quoted_id=received.id)
    wait_until(lambda: circle.waits, what="an open turn")
    ours = next(one for one in circle.bubbles() if one.id == sent)
    own = circle.answers("50 ribu", quoted=ours.id)
    circle.shop.wait_for_delivery(own, Delivery.DELIVERED)
    author = circle.siti.wait_for_text("50 ribu").message.extendedTextMessage.contextInfo.participant
    assert author == str(chat.name_of(wa.phone))


def test_whatever_is_written_waits_if_the_shop_wants_that_and_nothing_speaks_by_itself(circle: Circle) -> None:
    shop, chat = circle.shop, circle.chat
    circle.switch(GroupMode.ALWAYS)
    chat.send_text(circle.siti, "ada promo?")
    wait_until(lambda: circle.waits, what="an open turn")
    other = shop.wa.add_customer(f"Lina {chat.jid.user[-3:]}")
    other.send_text("halo")
    other.wait_for_text("selamat datang")
    assert circle.row.assignee_id is None
    with shop.database.write() as conn:
        assert conversations.resolve(conn, circle.row.id, THE_DESK, utc_now())
    assert [one.author for one in circle.bubbles() if one.from_me and one.author == Author.BOT] == []
    # it rests until something waits in it again
    assert circle.row.status == "resolved"
    conversation_id = circle.row.id
    circle.switch(GroupMode.MENTIONED)
    chat.send_text(circle.siti, "obrolan biasa")
    circle.arrives("obrolan biasa")
    assert (circle.row.status, circle.waits) == ("resolved", False)
    chat.send_text(circle.siti, "tolong @sari.toko")
    wait_until(lambda: circle.waits, what="an open turn")
    assert (circle.row.id, circle.row.status) == (conversation_id, "unassigned")


def test_everybody_changes_what_is_his_own(circle: Circle) -> None:
    chat = circle.chat
    sent = chat.send_text(circle.siti, "harga 50 ribu")
    wait_until(lambda: circle.joko.wait_for(message_id=sent), what="it in the group")
    bubble = circle.arrives("harga 50 ribu")

    def now() -> Bubble:
        return circle.shop.bubble(bubble.id)

    circle.joko.post_reaction(chat.jid, sent, "👍")
    circle.siti.post_reaction(chat.jid, sent, "🙏")
    wait_until(lambda: sorted(now().reactions) == sorted(("👍", "🙏")), what="both reactions")
    circle.joko.post_reaction(chat.jid, sent, "")
    wait_until(lambda: now().reactions == ("🙏",), what="one reaction")
    circle.joko.post_edit(chat.jid, sent, "harga 5 ribu")
    circle.siti.post_edit(chat.jid, sent, "harga 60 ribu")
    wait_until(lambda: now().text == "harga 60 ribu", what="her own edit")
    assert now().earlier_texts == ("harga 50 ribu",)
    theirs = chat.send_text(circle.joko, "pesan iklan")
    circle.siti.wait_for(message_id=theirs)
    advert = circle.arrives("pesan iklan")
    circle.siti.post_revoke(chat.jid, theirs)
    wait_until(lambda: circle.shop.bubble(advert.id).revoked, what="the admin's deletion")


def test_a_message_that_could_not_be_read_waits_once_it_is_known_that_it_calls(circle: Circle) -> None:
    wa, chat = circle.shop.wa, circle.chat
    circle.answers("sebelum rusak")
    circle.joko.answers_retries = False
    name = chat.name_of(wa.phone)
    circle.joko.post(chat.jid, payload.text(f"@{name.user} rusak", None, [str(name)]), damaged=True)
    wait_until(lambda: any(one.kind == "unreadable" for one in circle.bubbles()), what="a placeholder")
    assert not circle.waits
    circle.joko.answer_retries()
    circle.arrives("rusak")
    wait_until(lambda: circle.waits, what="an open turn")
    circle.joko.answers_retries = True


def test_a_group_that_is_left_takes_nothing_and_says_so_until_the_number_is_back(circle: Circle) -> None:
    shop, chat = circle.shop, circle.chat
    chat.rename(f"{chat.record.subject} (baru)")
    wait_until(lambda: circle.row.contact_name == chat.record.subject, what="the new subject")
    # what was queued before we knew fails, keeps its words, and tells us
    shop.wa.faults.refuse_queries("w:g2")
    chat.remove(shop.wa.phone)
    queued = circle.answers("terlambat")
    shop.wait_for_delivery(queued, Delivery.FAILED)
    failed = shop.bubble(queued)
    assert failed.in_group is not None
    assert (failed.text, failed.in_group.has_left) == ("terlambat", True)
    wait_until(lambda: (group := circle.group()) and group.is_left, what="that it was left")
    with pytest.raises(NotAnswerable, match="left_group"):
        circle.answers("masih bisa?")
    shop.wa.faults.refuse_queries()
    chat.add(shop.wa.phone)
    wait_until(lambda: (group := circle.group()) and not group.is_left, what="that it is back")
    chat.only_admins_write()
    wait_until(lambda: (group := circle.group()) and not group.may_write, what="that it is silenced")
    with pytest.raises(NotAnswerable, match="only_group_admins"):
        circle.answers("masih bisa?")
    chat.only_admins_write(False)
    wait_until(lambda: (group := circle.group()) and group.may_write, what="that all may write")
    shop.wait_for_delivery(circle.answers("kembali"), Delivery.DELIVERED)
    circle.siti.wait_for_text("kembali")


def test_of_a_group_that_is_switched_off_nothing_more_is_kept_and_nothing_waits(circle: Circle) -> None:
    shop, chat = circle.shop, circle.chat
    chat.send_text(circle.siti, "masih menunggu", shop.wa.phone)
    wait_until(lambda: circle.waits, what="an open turn")
    conversation_id = circle.row.id
    circle.switch(GroupMode.OFF)
    shown = [*listing(shop, Box.ALL), *listing(shop, Box.GROUPS), *listing(shop, Box.RESOLVED)]
    assert conversation_id not in [one.id for one in shown]
    with shop.database.read() as conn:
        assert turns.current(conn, conversation_id) is None
    before = count(shop)
    chat.send_text(circle.siti, "tidak disimpan", shop.wa.phone)
    other = shop.wa.add_customer("Penanda")
    other.send_text("penanda")
    shop.wait_for_text("penanda")
    assert count(shop) == before
    circle.switch(GroupMode.ALWAYS)
    chat.send_text(circle.siti, "disimpan lagi")
    circle.arrives("disimpan lagi")
    assert (circle.row.id, "tidak disimpan" in str(circle.bubbles())) == (conversation_id, False)


def listing(shop: Shop, box: Box) -> list[Summary]:
    with shop.database.read() as conn:
        return conversation_list.listing(conn, shop.account_id, box, 0)


def count(shop: Shop) -> Any:
    with shop.database.read() as conn:
        return conn.exec_driver_sql("SELECT count(*) FROM message WHERE participant IS NOT NULL").scalar()
