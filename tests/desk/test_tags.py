"""Tags of customers and of conversations, their colours, and what is left when somebody is merged or forgotten."""

import pytest

from daemon.desk import contacts, conversations, tags
from daemon.domain.desk import Actor, Box, FieldError
from daemon.domain.ids import ChatKind
from daemon.domain.messages import Author
from daemon.domain.tag_colours import TagColour
from daemon.store import audit, contact_merge, contact_names, conversation_list
from daemon.store import conversations as store_conversations
from daemon.store import tags as store_tags
from tests.support.books import Books
from tests.support.builders import BUDI, NOON, RINA


@pytest.fixture
def sari(books: Books) -> Actor:
    return Actor(Author.ADMIN, books.admin("Sari"))


def names(found: tuple[store_tags.Tag, ...]) -> list[str]:
    return [one.name for one in found]


def test_a_customers_tag_stays_when_his_conversation_is_resolved(books: Books, sari: Actor) -> None:
    first = books.conversation(BUDI)
    with books.database.write() as conn:
        whose = contacts.of_conversation(conn, first)
        assert whose
        assert tags.put_on(conn, whose, "VIP", sari, NOON)
        assert not tags.put_on(conn, whose, "vip", sari, NOON)
        conversations.tag(conn, first, "Retur", sari, NOON)
        conversations.resolve(conn, first, sari, NOON)
        second = store_conversations.start(conn, books.account_id, whose.contact_id, ChatKind.PERSON, NOON)
    about = books.summary(second)
    assert (names(about.contact_tags), names(about.tags)) == (["VIP"], [])
    vip = about.contact_tags[0]
    with books.database.write() as conn:
        # the filter finds what the customer is as well as what the conversation is
        found = conversation_list.listing(conn, books.account_id, Box.ALL, 0, tag_id=vip.id)
        assert [one.id for one in found] == [second]
        lines = audit.search(conn, books.account_id, limit=3)
        assert [line.detail.get("tag") for line in lines if "tag" in line.detail] == ["Retur", "VIP"]
        assert tags.take_off(conn, whose, vip.id, sari, NOON)
        assert not tags.take_off(conn, whose, vip.id, sari, NOON)
        # gone with its last
        assert names(tuple(store_tags.every(conn, books.account_id))) == ["Retur"]


def test_a_tag_from_the_settings_has_a_colour_and_stays(books: Books, sari: Actor) -> None:
    chat = books.conversation(BUDI)
    with books.database.write() as conn:
        tags.save(conn, books.account_id, None, "VIP", "purple", sari, NOON)
        (vip,) = store_tags.every(conn, books.account_id)
        assert vip.colour == TagColour.PURPLE
        whose = contacts.of_conversation(conn, chat)
        tags.put_on(conn, whose, "VIP", sari, NOON)
        conversations.tag(conn, chat, "VIP", sari, NOON)
        assert store_tags.uses(conn, books.account_id) == {vip.id: store_tags.TagUse(1, 1)}
        tags.take_off(conn, whose, vip.id, sari, NOON)
        conversations.untag(conn, chat, vip.id, sari, NOON)
        assert store_tags.every(conn, books.account_id) == [vip]
        tags.save(conn, books.account_id, vip.id, "Langganan", "green", sari, NOON)
        conversations.tag(conn, chat, "langganan", sari, NOON)
        for name, colour, tag_id, wrong in (
            ("LANGGANAN", "red", None, ("tag", "taken")),
            ("", "red", None, ("tag", "empty")),
            ("a" * 41, "red", None, ("tag", "too_long")),
            ("baru", "ultraviolet", None, ("colour", "unknown")),
            ("baru", "red", 999, ("tag", "unknown")),
        ):
            with pytest.raises(FieldError) as error:
                tags.save(conn, books.account_id, tag_id, name, colour, sari, NOON)
            assert (error.value.field, error.value.reason) == wrong
    assert names(books.summary(chat).tags) == ["Langganan"]
    with books.database.write() as conn:
        assert tags.delete(conn, books.account_id, vip.id, sari, NOON)
        assert not tags.delete(conn, books.account_id, vip.id, sari, NOON)
    assert books.summary(chat).tags == ()


def test_the_shops_name_beats_whatsapps_and_is_kept_when_two_become_one(books: Books, sari: Actor) -> None:
    one, two = books.conversation(BUDI), books.conversation(RINA)
    with books.database.write() as conn:
        for chat, name in ((one, "  Ibu\nRátna "), (two, "Bu Rina")):
            whose = contacts.of_conversation(conn, chat)
            assert contacts.rename(conn, whose, name, sari, NOON)
            assert not contacts.rename(conn, whose, name, sari, NOON)
            tags.put_on(conn, whose, f"tag {name.strip()[:3]}", sari, NOON)
        with pytest.raises(FieldError):
            contacts.rename(conn, contacts.of_conversation(conn, one), "a" * 81, sari, NOON)
        # the log knows that it was changed, and not into what
        assert "tna" not in str([line.detail for line in audit.search(conn, books.account_id)])
        ids = [books.summary(chat).contact_id for chat in (one, two)]
        contact_merge.merge(conn, books.account_id, *ids, NOON)
    about = books.summary(one)
    assert about.contact_name == "Ibu Rátna"
    assert len(about.contact_tags) == 2
    with books.database.write() as conn:
        # what the shop called the other one is not lost
        assert contacts.details(conn, ids[0]).note == "Bu Rina"
        listed = "SELECT listed_name FROM contact WHERE id = ?"
        assert conn.exec_driver_sql(listed, (ids[0],)).scalar() == "ibu ratna"
        contact_names.set_shop_name(conn, ids[0], None)
        assert conn.exec_driver_sql(listed, (ids[0],)).scalar() is None
