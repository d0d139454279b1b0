"""What can be done with a conversation: by whom, what it changes, and what bad input leaves alone."""

import re

import pytest

from auth_store import admins
from daemon.desk import assignment, claims, contacts, quick_replies, settings
from daemon.domain.desk import Action, Actor, Priority
from daemon.domain.ids import ChatKind
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.store import audit, conversation_list, conversations, threads
from daemon.store.conversation_list import Summary
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor
from tests.webui.test_inbox import reply

JSON = {"Accept": "application/json"}


def by(admin: admins.Admin) -> Actor:
    return Actor(Author.ADMIN, admin.id)


def about(shop: StaffedBooks, conversation_id: int) -> Summary:
    with shop.database.read() as conn:
        found = conversation_list.summary(conn, conversation_id)
    assert found
    return found


def log(shop: StaffedBooks, action: Action) -> list[audit.AuditEntry]:
    with shop.database.read() as conn:
        return audit.search(conn, shop.account_id, actions=[action])


def texts(shop: StaffedBooks, conversation_id: int) -> list[tuple[MessageKind, str | None]]:
    """What a conversation holds, in the order in which it was written."""
    with shop.database.read() as conn:
        found = sorted(threads.of_conversation(conn, conversation_id), key=lambda one: one.id)
    return [(one.kind, one.text) for one in found]


def contact(shop: StaffedBooks, conversation_id: int) -> contacts.Details:
    with shop.database.read() as conn:
        return contacts.details(conn, about(shop, conversation_id).contact_id)


def test_an_admin_takes_a_conversation_hands_it_over_and_gives_it_back(
    sari: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    assert sari.post(f"/c/{conversation_id}/assign", {}, **JSON).status_code == 204
    assert about(shop, conversation_id).assignee_id == shop.sari.id
    assert sari.post(f"/c/{conversation_id}/assign", {"admin_id": shop.sari.id}, **JSON).status_code == 409
    fields = {"admin_id": shop.budi.id, "note": "@budi tolong ya"}
    assert sari.post(f"/c/{conversation_id}/transfer", fields, **JSON).status_code == 204
    assert about(shop, conversation_id).assignee_id == shop.budi.id
    assert texts(shop, conversation_id)[-1] == (MessageKind.NOTE, "@budi tolong ya")
    assert budi.post(f"/c/{conversation_id}/return", {}, **JSON).status_code == 204
    assert about(shop, conversation_id).assignee_id is None
    assert budi.post(f"/c/{conversation_id}/return", {}, **JSON).status_code == 409
    (line,) = log(shop, Action.TRANSFERRED)
    assert (line.admin_name, line.subject_name, line.address) == ("Sari", "Budi", "127.0.0.1")


def test_handing_over_without_a_word_writes_no_note(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    assert (
        sari.post(f"/c/{conversation_id}/transfer", {"admin_id": shop.budi.id, "note": " "}, **JSON).status_code
        == 204
    )
    assert about(shop, conversation_id).assignee_id == shop.budi.id
    assert [kind for kind, _ in texts(shop, conversation_id)] == [MessageKind.TEXT]


@pytest.mark.parametrize("priority", list(Priority))
def test_every_priority_can_be_set(sari: Visitor, shop: StaffedBooks, priority: Priority) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    answer = sari.post(f"/c/{conversation_id}/priority", {"priority": priority.value}, **JSON)
    assert answer.status_code == (409 if priority == Priority.NORMAL else 204)
    assert about(shop, conversation_id).priority == priority


def test_tags_are_put_on_and_taken_off(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    for _ in range(2):
        assert sari.post(f"/c/{conversation_id}/tag", {"tag": "Grosir"}, **JSON).status_code == 204
    (tag,) = about(shop, conversation_id).tags
    assert tag.name == "Grosir"
    assert sari.post(f"/c/{conversation_id}/untag", {"tag_id": tag.id}, **JSON).status_code == 204
    assert about(shop, conversation_id).tags == ()


def test_what_the_shop_knows_about_a_customer_is_kept(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo", phone="6281234567890")
    assert sari.post(f"/c/{conversation_id}/contact", {"note": "alergi kacang"}, **JSON).status_code == 204
    size = {"name": "Ukuran", "value": "20 cm"}
    assert sari.post(f"/c/{conversation_id}/contact", size, **JSON).status_code == 204
    known = contact(shop, conversation_id)
    assert (known.note, known.fields) == ("alergi kacang", [("Ukuran", "20 cm")])
    panel = sari.get(f"/c/{conversation_id}/details").text
    for words in ("alergi kacang", "Ukuran", "20 cm", "+62 812-3456-7890"):
        assert words in panel
    assert sari.post(f"/c/{conversation_id}/contact", {"name": "ukuran", "value": ""}, **JSON).status_code == 204
    assert contact(shop, conversation_id).fields == []


def test_the_panel_leads_to_earlier_conversations(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    sari.post(f"/c/{conversation_id}/resolve", {"waits": shop.open_turn(conversation_id)})
    with shop.database.write() as conn:
        old = about(shop, conversation_id)
        kind = ChatKind.PERSON
        new = conversations.start(conn, shop.account_id, old.contact_id, kind, utc_now())
    shop.customer_writes(new, "halo lagi")
    assert f'href="/c/{conversation_id}"' in sari.get(f"/c/{new}/details").text
    assert f'href="/c/{new}"' in sari.get(f"/c/{conversation_id}").text
    assert sari.post(f"/c/{conversation_id}/reopen", {}, **JSON).status_code == 409


@pytest.mark.parametrize(
    ("path", "fields", "wrong"),
    [
        ("tag", {"tag": "  "}, "tag"),
        ("tag", {"tag": "x" * 41}, "tag"),
        ("contact", {"name": "", "value": "x"}, "name"),
        ("contact", {"name": "x" * 41, "value": "x"}, "name"),
        ("contact", {"name": "Ukuran", "value": "x" * 501}, "value"),
        ("contact", {"note": "x" * 70_000}, "note"),
        ("transfer", {"note": "x" * 70_000}, "note"),
        ("note", {"text": ""}, None),
        ("note", {"text": "\x00\x01 \x7f"}, None),
        ("note", {"text": "x" * 70_000}, None),
    ],
)
def test_a_wrong_field_is_named_and_nothing_changes(
    sari: Visitor, shop: StaffedBooks, path: str, fields: dict[str, str], wrong: str | None
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    if path == "transfer":
        fields = {**fields, "admin_id": str(shop.budi.id)}
    before, sizes, known = about(shop, conversation_id), shop.sizes(), contact(shop, conversation_id)
    script = sari.post(f"/c/{conversation_id}/{path}", fields, **JSON)
    assert script.status_code == 422
    body = script.json or {}
    assert body["errors"][wrong] if wrong else body["error"]
    page = sari.post(f"/c/{conversation_id}/{path}", fields)
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert (about(shop, conversation_id), shop.sizes(), contact(shop, conversation_id)) == (before, sizes, known)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("assign", {"admin_id": "x"}),
        ("assign", {"admin_id": "-1"}),
        ("transfer", {}),
        ("transfer", {"admin_id": "1" * 40}),
        ("priority", {}),
        ("priority", {"priority": "highest"}),
        ("untag", {}),
        ("untag", {"tag_id": "²"}),
    ],
)
def test_forged_fields_are_refused(sari: Visitor, shop: StaffedBooks, path: str, fields: dict[str, str]) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    before, sizes = about(shop, conversation_id), shop.sizes()
    assert sari.post(f"/c/{conversation_id}/{path}", fields, **JSON).status_code == 400
    assert (about(shop, conversation_id), shop.sizes()) == (before, sizes)


PATHS = (
    "assign",
    "transfer",
    "return",
    "resolve",
    "reopen",
    "priority",
    "tag",
    "untag",
    "contact",
    "turns/1/handled",
    "turns/1/unhandled",
)
GOOD = {"admin_id": "2", "priority": "high", "tag": "x", "tag_id": "1", "note": "x"}


@pytest.mark.parametrize("path", PATHS)
def test_an_unknown_conversation_and_a_stranger_get_nowhere(
    sari: Visitor, stranger: Visitor, shop: StaffedBooks, path: str
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    before, sizes = about(shop, conversation_id), shop.sizes()
    assert sari.post(f"/c/4711/{path}", GOOD, **JSON).status_code == 404
    answer = stranger.post(f"/c/{conversation_id}/{path}", GOOD)
    assert answer.status_code == 302
    assert answer.location.startswith("/login")
    assert (about(shop, conversation_id), shop.sizes()) == (before, sizes)


@pytest.mark.parametrize("path", ["return", "resolve", "priority", "transfer", "turns/1/handled"])
def test_a_resolved_conversation_stays_as_it_is(sari: Visitor, shop: StaffedBooks, path: str) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    sari.post(f"/c/{conversation_id}/resolve", {"waits": shop.open_turn(conversation_id)})
    before, sizes = about(shop, conversation_id), shop.sizes()
    assert sari.post(f"/c/{conversation_id}/{path}", GOOD, **JSON).status_code == 409
    assert sari.post(f"/c/{conversation_id}/note", {"text": "x"}, **JSON).status_code == 422
    assert (about(shop, conversation_id), shop.sizes()) == (before, sizes)


def test_nobody_is_given_work_who_does_not_work_here(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    sizes = shop.sizes()
    assert sari.post(f"/c/{conversation_id}/assign", {"admin_id": "4711"}, **JSON).status_code == 409
    assert shop.sizes() == sizes


def test_a_note_stays_inside_and_answers_nobody(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    turn, outgoing = shop.open_turn(conversation_id), shop.sizes()[1]
    answer = sari.post(f"/c/{conversation_id}/note", {"text": "pelanggan lama"}, **JSON)
    assert answer.status_code == 201
    assert "pelanggan lama" in (answer.json or {})["bubble"]
    assert (shop.open_turn(conversation_id), shop.sizes()[1]) == (turn, outgoing)
    # the same field without scripts: what is chosen beside it decides
    page = sari.get(f"/c/{conversation_id}").text
    assert sari.post(f"/c/{conversation_id}/answer", {**reply(page, "juga"), "mode": "note"}).status_code == 303
    assert texts(shop, conversation_id)[1:] == [(MessageKind.NOTE, "pelanggan lama"), (MessageKind.NOTE, "juga")]
    assert shop.sizes()[1] == outgoing


def test_a_second_answer_is_counted_where_it_was_prevented(
    sari: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    slow = budi.get(f"/c/{conversation_id}").text
    sari.post(f"/c/{conversation_id}/answer", reply(sari.get(f"/c/{conversation_id}").text, "sudah"))
    assert budi.post(f"/c/{conversation_id}/answer", reply(slow, "juga"), **JSON).status_code == 409
    (line,) = log(shop, Action.ANSWER_REFUSED)
    assert (line.admin_name, line.conversation_id) == ("Budi", conversation_id)
    # another admin's follow-up has to be meant as well
    fresh = reply(budi.get(f"/c/{conversation_id}").text, "tambahan")
    refused = budi.post(f"/c/{conversation_id}/answer", fresh, **JSON)
    assert refused.status_code == 409
    assert "sudah" in (refused.json or {})["notice"]
    assert budi.post(f"/c/{conversation_id}/answer", {**fresh, "follow_up": "1"}, **JSON).status_code == 201


def test_a_colleagues_claim_is_asked_about_before_it_is_taken_over(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.write(lambda conn: claims.take(conn, conversation_id, by(shop.budi), "tab", utc_now()))
    page = sari.get(f"/c/{conversation_id}").text
    assert "Budi is answering this" in page
    before = shop.sizes()
    form = reply(page, "saya saja")
    refused = sari.post(f"/c/{conversation_id}/answer", form, **JSON)
    assert refused.status_code == 409
    assert "Take over and send" in (refused.json or {})["claim"]
    shown = sari.post(f"/c/{conversation_id}/answer", form)
    assert shown.status_code == 409
    assert ">saya saja</textarea>" in shown.text
    assert 'name="take_over"' in shown.text
    assert shop.sizes() == before
    assert sari.post(f"/c/{conversation_id}/answer", {**form, "take_over": "1"}, **JSON).status_code == 201
    assert [line.subject_name for line in log(shop, Action.CLAIM_TAKEN_OVER)] == ["Budi"]


def test_strict_mode_refuses_everybody_but_the_assignee(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    shop.write(lambda conn: settings.save(conn, shop.account_id, {"strict": True}, by(shop.sari), utc_now()))
    shop.write(lambda conn: assignment.assign(conn, conversation_id, shop.budi.id, by(shop.budi), utc_now()))
    form = reply(sari.get(f"/c/{conversation_id}").text, "saya saja")
    before = shop.sizes()
    refused = sari.post(f"/c/{conversation_id}/answer", form, **JSON)
    assert refused.status_code == 409
    assert (refused.json or {})["error"] == "Only Budi may answer this."
    assert shop.sizes() == before
    assert budi.post(f"/c/{conversation_id}/answer", form, **JSON).status_code == 201


def test_quick_replies_come_filled_in_and_only_ones_own(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    for admin, short, text in (
        (None, "salam", "Halo {name}, ini {admin} dari {shop} {lain}"),
        (shop.budi, "rahasia", "hanya Budi"),
    ):
        actor, owner = by(admin or shop.sari), admin.id if admin else None
        shop.write(
            lambda conn, owner=owner, short=short, text=text, actor=actor: quick_replies.save(
                conn, shop.account_id, None, owner, short, text, actor, utc_now()
            )
        )
    answer = sari.get(f"/quick-replies.json?c={conversation_id}")
    words = "Halo Ibu Ratna, ini Sari dari Toko Sari {lain}"
    assert answer.json == {
        "replies": [{"shortcut": "salam", "text": words, "own": False, "file": None}],
        # of a group: whom an @ may name
        "members": [],
    }
    theirs = budi.get(f"/quick-replies.json?c={conversation_id}").json or {}
    assert [one["shortcut"] for one in theirs["replies"]] == ["rahasia", "salam"]
    assert sari.get("/quick-replies.json?c=4711").status_code == 404
    assert sari.get("/quick-replies.json?c=x").status_code == 400


def test_every_form_of_a_thread_carries_its_token(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Ibu Ratna", "halo")
    page = sari.get(f"/c/{conversation_id}?details=1").text
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", page, re.DOTALL)
    assert len(forms) > 6
    assert all(re.search(r'name="csrf_token" value="[^"]{20,}"', form) for form in forms)
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son\w+=", page)
