"""The owner forgets a customer: asked once more, by nobody else, and what stays has no name."""

from daemon.config import Config
from daemon.domain.desk import Action
from daemon.domain.time import utc_now
from daemon.store import audit, conversations, send_queue
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor


def test_only_the_owner_is_offered_it_and_asked(
    stranger: Visitor, sari: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    conversation_id = shop.new_customer("Dewi Rahasia", "halo", "masih ada?")
    path = f"/c/{conversation_id}/forget"
    assert path in sari.get(f"/c/{conversation_id}?details=1").text
    assert path not in budi.get(f"/c/{conversation_id}?details=1").text
    assert (budi.get(path).status_code, budi.post(path).status_code) == (403, 403)
    assert stranger.get(path).status_code == 302
    page = sari.get(path)
    assert page.status_code == 200
    assert "Dewi Rahasia" in page.text
    assert "2 messages go for good" in page.text
    assert sari.get("/c/999/forget").status_code == 404


def test_the_customer_is_gone_from_every_page(sari: Visitor, shop: StaffedBooks, config: Config) -> None:
    conversation_id = shop.new_customer("Dewi Rahasia", "kata-rahasia", phone="62819990001")
    picture = config.data / "media" / "1" / "1.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"a picture")
    shop.customer_writes(conversation_id, None, kind="image", media={"file": "1/1.jpg"})
    done = sari.post(f"/c/{conversation_id}/forget")
    assert (done.status_code, done.location) == (303, f"/c/{conversation_id}")
    assert not picture.exists()
    for path in (
        f"/c/{conversation_id}",
        f"/c/{conversation_id}?details=1",
        "/?box=all",
        "/?box=resolved",
        "/settings/log",
    ):
        page = sari.get(path)
        assert page.status_code == 200, path
        for secret in ("Dewi", "kata-rahasia", "819-990"):
            assert secret not in page.text, (path, secret)
    assert "Forgotten customer" in sari.get(f"/c/{conversation_id}").text
    assert "Forgot the customer" in sari.get("/settings/log").text
    assert f"/c/{conversation_id}/forget" not in sari.get(f"/c/{conversation_id}?details=1").text
    assert sari.get(f"/c/{conversation_id}/forget").status_code == 404
    assert "Write again" not in sari.get(f"/c/{conversation_id}").text
    assert sari.post(f"/c/{conversation_id}/reopen").status_code == 409
    with shop.database.read() as conn:
        (line,) = audit.search(conn, shop.account_id, actions=[Action.CONTACT_FORGOTTEN])
    assert line.admin_name == "Sari"


def test_each_admin_reads_in_his_language_that_a_customer_is_forgotten(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Dewi Rahasia", "halo")
    sari.post(f"/c/{conversation_id}/forget")
    sari.headers["Accept-Language"] = "id"
    assert "Pelanggan yang dilupakan" in sari.get(f"/c/{conversation_id}").text


def test_whoever_calls_himself_forgotten_is_a_customer_like_others(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Forgotten customer", "halo")
    shop.write(lambda conn: conversations.resolve(conn, conversation_id, None, utc_now()))
    assert "Write again" in sari.get(f"/c/{conversation_id}").text
    assert f"/c/{conversation_id}/forget" in sari.get(f"/c/{conversation_id}?details=1").text
    assert "1 message goes for good" in sari.get(f"/c/{conversation_id}/forget").text
    sari.headers["Accept-Language"] = "id"
    assert "Forgotten customer" in sari.get(f"/c/{conversation_id}").text


def test_a_reply_that_is_leaving_makes_it_wait(sari: Visitor, shop: StaffedBooks) -> None:
    conversation_id = shop.new_customer("Dewi", "halo")
    sari.post(f"/c/{conversation_id}/answer", {"text": "siap"})
    shop.write(lambda conn: send_queue.take_next(conn, shop.account_id, utc_now()))
    refused = sari.post(f"/c/{conversation_id}/forget")
    assert refused.status_code == 409
    assert "leaving right now" in refused.text
    assert "Dewi" in sari.get(f"/c/{conversation_id}").text


def test_the_owner_chooses_how_long_messages_are_kept(sari: Visitor) -> None:
    page = sari.get("/settings/desk").text
    assert 'name="keep_days"' in page
    assert "0 is for ever" in page
