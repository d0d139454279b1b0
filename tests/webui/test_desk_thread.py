"""A thread tells who handled what, from where and when; the list who answers, who waits, what is urgent."""

import re
from datetime import timedelta

import pytest

from auth_store import admins
from daemon.desk import assignment, claims, no_reply_needed, notes, replies, settings
from daemon.desk import conversations as desk_conversations
from daemon.domain.desk import THE_DESK, Action, Actor, Priority
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.domain.turns import Closer
from daemon.store import audit, conversations, turns
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor


def by(admin: admins.Admin) -> Actor:
    return Actor(Author.ADMIN, admin.id, "10.0.0.7")


def marks(page: str) -> list[str]:
    """The words under each turn, in the order of the thread."""
    found = re.findall(r'<li class="turn-mark".*?</li>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", mark).split()) for mark in found]


def activities(page: str) -> list[str]:
    return re.findall(r'data-activity="\d+".*?<p><span dir="auto">([^<]+)</span>', page, re.DOTALL)


def answer(shop: StaffedBooks, conversation_id: int, closer: Closer, text: str = "siap") -> int:
    found: int = shop.write(lambda conn: replies.answer(conn, conversation_id, closer, text, utc_now()))
    return found


def test_each_turn_says_who_handled_it_and_from_where(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "satu")
    first = answer(shop, conversation_id, Closer(Author.ADMIN, shop.budi.id))
    shop.customer_writes(conversation_id, "dua")
    shop.shop_wrote(conversation_id, "dari HP", Author.PHONE)
    shop.customer_writes(conversation_id, "tiga")
    shop.shop_wrote(conversation_id, "dari web", Author.COMPANION)
    shop.customer_writes(conversation_id, "empat")
    answer(shop, conversation_id, Closer(Author.BOT))
    shop.customer_writes(conversation_id, "ok, makasih")
    turn = shop.open_turn(conversation_id)
    assert turn
    shop.write(lambda conn: no_reply_needed.mark(conn, conversation_id, turn, by(shop.budi), utc_now()))
    shop.customer_writes(conversation_id, "eh, satu lagi")

    page = sari.get(f"/c/{conversation_id}").text
    words = [re.sub(r"\d\d:\d\d", "HH:MM", mark) for mark in marks(page)]
    assert words == [
        "Answered by Budi · inbox · HH:MM",
        "Answered on the phone · HH:MM",
        "Answered on WhatsApp Web or another linked device · HH:MM",
        "Answered by the bot · HH:MM",
        "Marked as handled by Budi · HH:MM",
        "Waiting since HH:MM No reply needed",
    ]
    assert f'href="#message-{first}"' in page


def test_a_mark_stands_under_the_last_message_of_its_turn(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "satu", "dua")
    last = shop.customer_writes(conversation_id, "tiga")
    answer(shop, conversation_id, Closer(Author.ADMIN, shop.sari.id))
    page = sari.get(f"/c/{conversation_id}").text
    assert re.findall(r'data-after="(\d+)"', page) == [str(last)]


def test_only_the_last_turn_can_be_opened_again(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "ok")
    turn = shop.open_turn(conversation_id)
    assert sari.post(f"/c/{conversation_id}/turns/{turn}/handled").status_code == 303
    assert shop.open_turn(conversation_id) is None
    assert marks(sari.get(f"/c/{conversation_id}").text)[0].endswith("Undo")
    assert sari.post(f"/c/{conversation_id}/turns/{turn}/unhandled").status_code == 303
    assert shop.open_turn(conversation_id) == turn
    assert sari.post(f"/c/{conversation_id}/turns/{turn}/handled").status_code == 303
    shop.customer_writes(conversation_id, "eh")
    assert "Undo" not in marks(sari.get(f"/c/{conversation_id}").text)[0]
    assert sari.post(f"/c/{conversation_id}/turns/{turn}/unhandled").status_code == 409
    assert sari.post(f"/c/{conversation_id}/turns/{turn}/handled").status_code == 409


def test_a_polite_machine_leaves_the_customer_waiting(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    turn = shop.open_turn(conversation_id)
    assert turn
    shop.write(lambda conn: replies.acknowledge(conn, conversation_id, turn, "Halo!", "greeting", utc_now()))
    (mark,) = marks(sari.get(f"/c/{conversation_id}").text)
    assert mark.startswith("Waiting since")
    assert "The bot has greeted — still waiting for a person" in mark


def test_what_the_phone_has_read_is_said_but_is_no_answer(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    last = shop.customer_writes(conversation_id, "ada?")
    shop.write(lambda conn: conversations.note(conn, conversation_id, last, Author.PHONE, utc_now()))
    (mark,) = marks(sari.get(f"/c/{conversation_id}").text)
    assert re.search(r"Waiting since .* Seen on the phone \d\d:\d\d", mark)


def test_automatic_messages_of_the_phone_are_labelled(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.customer_writes(conversation_id, "?")
    shop.phone_answers_by_itself(conversation_id, "Kami sedang tutup")
    assert "Automatic message from the phone" in sari.get(f"/c/{conversation_id}").text


def test_what_the_desk_did_stands_between_the_messages(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.write(lambda conn: assignment.assign(conn, conversation_id, shop.budi.id, by(shop.budi), utc_now()))
    to, urgent = shop.sari.id, Priority.URGENT
    shop.write(lambda conn: assignment.transfer(conn, conversation_id, to, "tolong", by(shop.budi), utc_now()))
    shop.write(lambda c: desk_conversations.set_priority(c, conversation_id, urgent, by(shop.sari), utc_now()))
    shop.write(lambda conn: assignment.give_back(conn, conversation_id, by(shop.sari), utc_now()))
    for action, detail in ((Action.RETURNED, {"why": "silent"}), (Action.ALARM, {}), (Action.RATED, {"score": 5})):
        shop.write(
            lambda conn, action=action, detail=detail: audit.record(
                conn, shop.account_id, action, THE_DESK, utc_now(), conversation_id, shop.budi.id, detail
            )
        )
    assert activities(sari.get(f"/c/{conversation_id}").text) == [
        "Budi took this",
        "Budi handed this over to Sari",
        "Sari set the priority: Urgent",
        "Sari put this back for everyone",
        "Back for everyone: Budi has not answered",
        "The customer has been waiting too long",
        "The customer&#39;s rating: 5 of 5",
    ]


@pytest.mark.parametrize("action", list(Action))
def test_every_line_of_the_log_can_be_shown_without_detail(
    sari: Visitor, shop: StaffedBooks, action: Action
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.write(lambda conn: audit.record(conn, shop.account_id, action, THE_DESK, utc_now(), conversation_id))
    assert sari.get(f"/c/{conversation_id}").status_code == 200


def test_a_note_is_marked_as_internal_and_names_are_no_markup(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    text = "@sari lihat <b>ini</b> & a@b.id"
    shop.write(lambda conn: notes.add(conn, conversation_id, text, by(shop.budi), utc_now()))
    page = sari.get(f"/c/{conversation_id}").text
    assert "Internal note" in page
    assert '<b class="mention">@sari</b> lihat &lt;b&gt;ini&lt;/b&gt; &amp; a@b.id' in page
    assert re.search(rf'own note[^>]*data-kind="{MessageKind.NOTE.value}"', page)


def test_the_list_says_who_answers_who_waits_and_what_is_urgent(
    sari: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    turn = shop.open_turn(conversation_id)
    assert turn
    shop.write(lambda conn: claims.take(conn, conversation_id, by(shop.budi), "tab", utc_now()))
    shop.write(
        lambda conn: desk_conversations.set_priority(
            conn, conversation_id, Priority.URGENT, by(shop.sari), utc_now()
        )
    )
    shop.write(lambda conn: desk_conversations.tag(conn, conversation_id, "Reseller", by(shop.sari), utc_now()))
    shop.write(lambda conn: notes.add(conn, conversation_id, "@sari?", by(shop.budi), utc_now()))
    page = sari.get("/").text
    assert re.search(r'data-claim-of="\d+" >.*Budi is answering', page)
    for words in ("Urgent", "Reseller"):
        assert words in page
    assert re.search(r"data-mentioned[^>]*note\" >", page)
    # to himself nobody says that he is answering, and he is not the one who was named
    own = budi.get("/").text
    assert re.search(r'data-claim-of="\d+" hidden>', own)
    assert re.search(r"data-mentioned[^>]*note\" hidden>", own)


def test_looking_at_a_conversation_answers_the_mention(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    sari.get(f"/c/{conversation_id}")
    shop.write(lambda conn: notes.add(conn, conversation_id, "@sari?", by(shop.budi), utc_now()))
    assert f'data-mentions="{conversation_id}"' in sari.get("/").text
    sari.get(f"/c/{conversation_id}")
    assert 'data-mentions=""' in sari.get("/").text


def test_the_list_can_be_narrowed_to_a_tag(sari: Visitor, shop: StaffedBooks) -> None:
    tagged, plain = shop.new_customer("Ibu Ratna", "halo"), shop.new_customer("Pak Joko", "pagi")
    shop.write(lambda conn: desk_conversations.tag(conn, tagged, "Grosir", by(shop.sari), utc_now()))
    found = re.search(r"tag=(\d+)", sari.get("/").text)
    assert found
    page = sari.get(f"/?tag={found[1]}").text
    assert f'data-conversation="{tagged}"' in page
    assert f'data-conversation="{plain}"' not in page
    assert "Nothing here has this tag" in sari.get(f"/?box=mine&tag={found[1]}").text
    for nonsense in ("999", "x", "1" * 40):
        assert sari.get(f"/?tag={nonsense}").status_code == 200


def test_a_resolved_conversation_rests_in_its_own_box_and_can_be_read(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    assert (
        sari.post(f"/c/{conversation_id}/resolve", {"waits": shop.open_turn(conversation_id)}).status_code == 303
    )
    assert f'data-conversation="{conversation_id}"' not in sari.get("/").text
    assert f'data-conversation="{conversation_id}"' in sari.get("/?box=resolved").text
    page = sari.get(f"/c/{conversation_id}").text
    assert "This conversation is resolved." in page
    assert "Write again" in page
    assert 'id="composer"' not in page


def test_an_older_conversation_leads_to_the_newest(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    sari.post(f"/c/{conversation_id}/resolve", {"waits": shop.open_turn(conversation_id)})
    assert sari.post(f"/c/{conversation_id}/reopen").status_code == 303
    assert 'id="composer"' in sari.get(f"/c/{conversation_id}").text
    assert sari.post(f"/c/{conversation_id}/reopen").status_code == 409


def test_strict_mode_shows_who_alone_may_answer(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.write(lambda conn: settings.save(conn, shop.account_id, {"strict": True}, by(shop.sari), utc_now()))
    shop.write(lambda conn: assignment.assign(conn, conversation_id, shop.budi.id, by(shop.budi), utc_now()))
    assert "Only Budi may answer this." in sari.get(f"/c/{conversation_id}").text
    assert re.search(r"data-locked [^>]*hidden", budi.get(f"/c/{conversation_id}").text)


def test_an_older_part_shows_no_mark_of_a_turn_that_goes_on(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna")
    for n in range(70):
        shop.customer_writes(conversation_id, f"pesan {n}", at=utc_now() + timedelta(seconds=n))
    page = sari.get(f"/c/{conversation_id}").text
    assert len(marks(page)) == 1
    older = re.search(r'data-action="older" href="([^"]+)"', page)
    assert older
    assert marks(sari.get(older[1].replace("&amp;", "&")).text) == []
    turn = shop.open_turn(conversation_id)
    assert turn
    with shop.database.read() as conn:
        assert turns.mark(conn, turn) is None
