"""Groups in the inbox: who wrote, whom he names, which are shown, and what can't be sent there."""

import pytest

from daemon.domain.groups import GroupMode
from daemon.store import groups, turns
from tests.support.staffed_books import StaffedBooks
from tests.webui.circle import JOKO, SITI, UNNAMED, US, Circle
from tests.webui.conftest import Visitor


@pytest.fixture
def circle(shop: StaffedBooks) -> Circle:
    return Circle(shop)


def test_a_thread_says_who_wrote_whom_he_names_and_whose_words_he_quotes(circle: Circle, budi: Visitor) -> None:
    first = circle.writes(SITI, "stok baru datang")
    circle.writes(JOKO, "berapa @551 dan @999? @5511 bukan siapa-siapa *ya*", SITI, US, quoted=first)
    circle.writes(UNNAMED, "tanya @553", UNNAMED)
    for member in (JOKO, UNNAMED, US):
        circle.reacts(member, first, "👍")
    page = budi.get(f"/c/{circle.conversation_id}").text
    assert '<span class="writer-name" dir="auto">Siti Aminah</span><span class="writer-phone">+62 813' in page
    assert '<span class="writer-name" dir="auto">Joko &lt;b&gt;Susilo&lt;/b&gt;</span>' in page
    assert '<span class="writer-name" dir="auto">+62 813-5555-6666</span></p>' in page
    drawn = 'berapa <b class="mention">@Siti Aminah</b> dan <b class="mention">@Toko Sari</b>? @5511 bukan'
    assert drawn in page
    assert "<strong>ya</strong>" in page
    assert '<b class="mention">@+62 813-5555-6666</b>' in page
    assert '<span class="quoted-by">Siti Aminah</span>' in page
    assert "<span>👍 3</span>" in page
    assert "4 members" in page
    # who named the number waits for an answer
    assert "Joko &lt;b&gt;Susilo&lt;/b&gt;: " not in page
    assert "+62 813-5555-6666: tanya @553" in page


def test_groups_have_a_box_of_their_own_and_stand_with_the_others_while_they_are_open(
    circle: Circle, budi: Visitor
) -> None:
    customer = circle.shop.new_customer("Lina", "halo")
    assert "Reseller" not in budi.get("/").text
    circle.writes(JOKO, "halo @999", US)
    conversation_id = circle.conversation_id
    everything, box = budi.get("/").text, budi.get("/?box=groups").text
    assert f'data-conversation="{conversation_id}"' in everything
    assert f'data-conversation="{customer}"' in everything
    assert f'data-conversation="{customer}"' not in box
    waits = {"waits": circle.shop.open_turn(conversation_id)}
    assert budi.post(f"/c/{conversation_id}/resolve", waits).status_code == 303
    assert f'data-conversation="{conversation_id}"' not in budi.get("/").text
    assert f'data-conversation="{conversation_id}"' not in budi.get("/?box=resolved").text
    # it goes on: what is said in it is read there
    circle.writes(SITI, "masih di sini")
    assert "Siti Aminah: masih di sini" in budi.get("/?box=groups").text


def test_a_group_that_was_left_or_is_silent_refuses_a_reply_with_a_sentence(circle: Circle, budi: Visitor) -> None:
    circle.writes(JOKO, "halo @999", US)
    thread = f"/c/{circle.conversation_id}"
    circle.told(name="Reseller", size=4, only_admins_write=True)
    refused = budi.post(f"{thread}/answer", {"text": "tetap tersimpan"})
    assert refused.status_code == 422
    assert "Only the group&#39;s admins may write there" in refused.text
    assert "only its admins may write" in refused.text
    circle.told(name="Reseller", is_left=True)
    refused = budi.post(f"{thread}/answer", {"text": "tetap tersimpan"})
    assert "This number is no longer in the group, so nothing can be sent there." in refused.text
    assert "tetap tersimpan</textarea>" in refused.text
    # a note is for the team
    assert budi.post(f"{thread}/note", {"text": "sudah keluar"}).status_code == 303


def test_an_answer_takes_no_group_away_from_the_others(circle: Circle, budi: Visitor) -> None:
    circle.writes(JOKO, "halo @999", US)
    assert budi.post(f"/c/{circle.conversation_id}/answer", {"text": "ya kak"}).status_code == 303
    about = circle.shop.summary(circle.conversation_id)
    assert (about.assignee_id, about.waiting_since) == (None, None)


def test_the_owner_chooses_what_each_group_does(circle: Circle, sari: Visitor, budi: Visitor) -> None:
    circle.writes(JOKO, "halo @999", US)
    assert budi.get("/settings/groups").status_code == 403
    page = sari.get("/settings/groups").text
    assert "Reseller" in page
    assert '<option value="mentioned" selected>' in page
    name = f"mode-{circle.contact_id}"
    assert sari.post("/settings/groups", {name: "nonsense"}).status_code == 303
    assert sari.post("/settings/groups", {name: "off"}).status_code == 303
    with circle.shop.database.read() as conn:
        group = groups.get(conn, circle.contact_id)
        assert group is not None
        assert group.mode == GroupMode.OFF
        assert turns.current(conn, circle.conversation_id) is None
    assert f'data-conversation="{circle.conversation_id}"' not in sari.get("/").text
    assert "Changed what a group does here" in sari.get("/settings/log").text


def test_a_group_can_be_forgotten_with_its_members(circle: Circle, sari: Visitor) -> None:
    circle.writes(JOKO, "kata-rahasia", SITI)
    conversation_id = circle.conversation_id
    assert "Forget this group?" in sari.get(f"/c/{conversation_id}/forget").text
    assert sari.post(f"/c/{conversation_id}/forget").status_code == 303
    assert circle.shop.rows("group_member") == 0
    page = sari.get(f"/c/{conversation_id}").text
    assert "Forgotten group" in page
    assert "kata-rahasia" not in page
    circle.writes(JOKO, "lagi")
    assert "lagi" not in sari.get("/?box=groups").text
