"""Quick replies: the team's are the owner's to write, one's own are one's own."""

import io
import os
import re
from datetime import timedelta

from daemon.config import Config
from daemon.desk import settings
from daemon.desk.file_storage import keep
from daemon.domain.desk import Actor
from daemon.domain.messages import Author
from daemon.domain.time import utc_now
from daemon.store import media, quick_replies
from daemon.store.engine import Database
from tests.support.staffed_books import StaffedBooks
from tests.webui.conftest import Visitor

PAGE = "/settings/quick-replies"


def usable(shop: StaffedBooks, admin_id: int) -> dict[str, str]:
    with shop.database.read() as conn:
        return {one.shortcut: one.text for one in quick_replies.listing(conn, shop.account_id, admin_id)}


def reply_id(shop: StaffedBooks, admin_id: int, shortcut: str) -> int:
    with shop.database.read() as conn:
        found = quick_replies.listing(conn, shop.account_id, admin_id)
    return next(one.id for one in found if one.shortcut == shortcut)


def test_the_owner_writes_for_the_team_and_for_himself(sari: Visitor, shop: StaffedBooks) -> None:
    assert sari.post(PAGE, {"whose": "team", "shortcut": "harga", "text": "10.000"}).status_code == 303
    assert sari.post(PAGE, {"whose": "own", "shortcut": "/TK", "text": "Terima kasih"}).status_code == 303
    assert usable(shop, shop.sari.id) == {"harga": "10.000", "tk": "Terima kasih"}
    assert usable(shop, shop.budi.id) == {"harga": "10.000"}
    page = sari.get(PAGE).text
    assert "/harga" in page
    assert "/tk" in page


def test_an_admin_writes_only_his_own(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    sari.post(PAGE, {"whose": "team", "shortcut": "harga", "text": "10.000"})
    sari.post(PAGE, {"whose": "own", "shortcut": "tk", "text": "Terima kasih"})
    assert budi.post(PAGE, {"whose": "team", "shortcut": "alamat", "text": "x"}).status_code == 403
    assert budi.post(PAGE, {"whose": "own", "shortcut": "alamat", "text": "Jl. Melati"}).status_code == 303
    teams, saris = reply_id(shop, shop.sari.id, "harga"), reply_id(shop, shop.sari.id, "tk")
    for path, code in ((f"{PAGE}/{teams}", 403), (f"{PAGE}/{saris}", 404)):
        assert budi.get(path).status_code == code
        assert budi.post(path, {"shortcut": "x", "text": "x"}).status_code == code
        assert budi.post(f"{path}/delete").status_code == code
    assert usable(shop, shop.sari.id) == {"harga": "10.000", "tk": "Terima kasih"}
    assert "/tk" not in budi.get(PAGE).text


def test_a_quick_reply_is_changed_and_deleted(budi: Visitor, shop: StaffedBooks) -> None:
    budi.post(PAGE, {"whose": "own", "shortcut": "alamat", "text": "Jl. Melati"})
    path = f"{PAGE}/{reply_id(shop, shop.budi.id, 'alamat')}"
    assert "Jl. Melati" in budi.get(path).text
    assert budi.post(path, {"shortcut": "lokasi", "text": "Jl. Mawar", "whose": "team"}).status_code == 303
    assert usable(shop, shop.sari.id) == {}
    assert usable(shop, shop.budi.id) == {"lokasi": "Jl. Mawar"}
    assert budi.post(f"{path}/delete").status_code == 303
    assert usable(shop, shop.budi.id) == {}
    assert budi.post(f"{path}/delete").status_code == 404


def test_a_mistake_is_said_beside_its_field(sari: Visitor, shop: StaffedBooks) -> None:
    for field, typed in (
        ("shortcut", ""),
        ("shortcut", "two words"),
        ("shortcut", "x" * 33),
        ("shortcut", "harga"),
        ("text", " "),
        ("text", "x" * 70_000),
    ):
        sari.post(PAGE, {"whose": "team", "shortcut": "harga", "text": "10.000"})
        answer = sari.post(PAGE, {"whose": "team", "shortcut": "baru", "text": "kata-kata"} | {field: typed})
        assert answer.status_code == 422
        assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', answer.text)
        assert typed in answer.text
        assert "kata-kata" in answer.text or field == "text"
        assert usable(shop, shop.sari.id) == {"harga": "10.000"}


def test_a_quick_reply_belongs_to_the_team_or_to_somebody(sari: Visitor) -> None:
    assert sari.post(PAGE, {"whose": "mars", "shortcut": "harga", "text": "10.000"}).status_code == 400


PDF = b"%PDF-1.7 katalog"


def upload(content: bytes = PDF, name: str = "katalog.pdf") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def got(visitor: Visitor, path: str) -> tuple[int, bytes, str]:
    """Status, content, and how it is handed out."""
    with visitor.get(path) as found:
        return found.status_code, found.data, found.headers.get("Content-Disposition", "")


def test_a_quick_reply_brings_a_file_until_it_is_taken_off(
    sari: Visitor, budi: Visitor, shop: StaffedBooks
) -> None:
    chat = shop.new_customer("Ibu Ratna", "ada katalog?")
    fields = {
        "whose": "team",
        "shortcut": "katalog",
        "text": "Halo {nama}, ini katalog {toko}",
        "upload": upload(),
    }
    assert sari.post(PAGE, fields).status_code == 303
    assert "katalog.pdf" in budi.get(PAGE).text
    path = f"{PAGE}/{reply_id(shop, shop.sari.id, 'katalog')}"
    offered = budi.get(f"/quick-replies.json?c={chat}").json["replies"][0]
    assert offered["text"] == "Halo Ibu Ratna, ini katalog Toko Sari"
    assert (offered["file"]["name"], offered["file"]["kind"]) == ("katalog.pdf", "document")
    assert got(budi, f"{path}/file") == (200, PDF, "attachment; filename=katalog.pdf")
    # what the list gives is what a reply names its files by
    answer = budi.post(f"/c/{chat}/answer", {"text": offered["text"], "files": offered["file"]["word"]})
    assert answer.status_code == 303
    assert "katalog.pdf" in budi.get(f"/c/{chat}").text

    # the form keeps it when only the words change
    word = re.search(r'name="file" value="([^"]+)"', sari.get(path).text)
    assert word
    sari.post(path, {"whose": "team", "shortcut": "katalog", "text": "baru", "file": word[1]})
    assert got(budi, f"{path}/file")[0] == 200
    sari.post(path, {"whose": "team", "shortcut": "katalog", "text": "baru", "file": word[1], "drop_file": "1"})
    assert got(budi, f"{path}/file")[0] == 404
    assert budi.get(f"/quick-replies.json?c={chat}").json["replies"][0]["file"] is None


def test_a_file_needs_no_words_and_survives_a_mistake_beside_it(sari: Visitor, shop: StaffedBooks) -> None:
    wrong = sari.post(PAGE, {"whose": "team", "shortcut": "", "text": "", "upload": upload()})
    assert wrong.status_code == 422
    assert "katalog.pdf" in wrong.text
    word = re.search(r'name="file" value="([^"]+)"', wrong.text)
    assert word
    assert sari.post(PAGE, {"whose": "team", "shortcut": "qris", "text": "", "file": word[1]}).status_code == 303
    assert usable(shop, shop.sari.id) == {"qris": ""}
    assert sari.post(PAGE, {"whose": "team", "shortcut": "x", "text": "x", "file": "made up"}).status_code == 400
    with shop.database.write() as conn:
        settings.save(conn, shop.account_id, {"largest_upload": 1}, Actor(Author.ADMIN, shop.sari.id), utc_now())
    large = b"x" * 1_000_001
    for content, words in ((b"", "This file is empty."), (large, "This file is too large: 1.0 MB at most.")):
        wrong = sari.post(PAGE, {"whose": "team", "shortcut": "b", "text": "kata-kata", "upload": upload(content)})
        assert wrong.status_code == 422
        assert words in wrong.text
        assert "kata-kata" in wrong.text
        wrong.request.environ["wsgi.input"].close()


def test_a_colleagues_own_file_is_his(sari: Visitor, budi: Visitor, shop: StaffedBooks) -> None:
    picture = b"\x89PNG\r\n\x1a\n"
    budi.post(PAGE, {"whose": "own", "shortcut": "qris", "text": "", "upload": upload(picture, "q.png")})
    path = f"{PAGE}/{reply_id(shop, shop.budi.id, 'qris')}/file"
    assert got(budi, path) == (200, picture, "inline; filename=q.png")
    assert got(sari, path)[0] == 404


def test_the_file_of_a_quick_reply_stays_as_long_as_it_or_a_message_has_it(
    sari: Visitor, shop: StaffedBooks, config: Config, database: Database
) -> None:
    chat = shop.new_customer("Ibu Ratna", "ada katalog?")
    for shortcut in ("satu", "dua"):
        sari.post(PAGE, {"whose": "team", "shortcut": shortcut, "text": "", "upload": upload(shortcut.encode())})
    loose = keep(config.data, shop.account_id, io.BytesIO(b"nobody's"), "x.pdf", "application/pdf")
    offered = sari.get(f"/quick-replies.json?c={chat}").json["replies"]
    sari.post(f"/c/{chat}/answer", {"text": "ini", "files": offered[0]["file"]["word"]})
    folder = config.data / media.FOLDER / str(shop.account_id)
    yesterday = (utc_now() - timedelta(days=2)).timestamp()
    for path in folder.iterdir():
        os.utime(path, (yesterday, yesterday))

    def orphans() -> int:
        with database.read() as conn:
            return len(media.orphans(conn, config.data, utc_now()))

    assert orphans() == 1, "only what nobody has"
    (folder.parent / loose.file).unlink()
    for shortcut in ("satu", "dua"):
        sari.post(f"{PAGE}/{reply_id(shop, shop.sari.id, shortcut)}/delete")
    assert orphans() == 1, "the message's stays"


def test_a_file_that_is_gone_is_told_and_not_offered(sari: Visitor, shop: StaffedBooks, config: Config) -> None:
    chat = shop.new_customer("Ibu Ratna", "ada katalog?")
    sari.post(PAGE, {"whose": "team", "shortcut": "katalog", "text": "ini", "upload": upload()})
    for path in (config.data / media.FOLDER / str(shop.account_id)).iterdir():
        path.unlink()
    assert sari.get(f"/quick-replies.json?c={chat}").json["replies"][0]["file"] is None
    assert "katalog.pdf is not here any more. Choose it again." in sari.get(PAGE).text
    assert sari.get(f"{PAGE}/{reply_id(shop, shop.sari.id, 'katalog')}").status_code == 200


def test_what_is_no_placeholder_is_told(sari: Visitor) -> None:
    sari.post(PAGE, {"whose": "team", "shortcut": "halo", "text": "Halo {nma}, {JAM} {harga} {nma} {1}"})
    assert "Nothing is filled in for {nma}, {harga}: it would be sent as it stands." in sari.get(PAGE).text
