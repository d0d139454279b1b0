"""Forgetting a customer, and what is too old: every trace goes, ids never come again, the rest stays."""

import io
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from auth_store.tables import metadata
from daemon.desk import contacts as desk_contacts
from daemon.desk import conversations, file_storage, replies, reports, settings, tags
from daemon.desk.forget import StillSending, forget
from daemon.domain.attachments import small_of
from daemon.domain.desk import Action, Actor
from daemon.domain.groups import GroupMember
from daemon.domain.hours import Hours
from daemon.domain.messages import Author
from daemon.domain.questions import QuestionKind
from daemon.domain.turns import Closer
from daemon.maintenance import retention
from daemon.maintenance.export import Format, export
from daemon.store import (
    accounts,
    audit,
    clock,
    contact_merge,
    erasing,
    groups,
    links,
    media,
    messages,
    questions,
    receipts,
    send_queue,
    turns,
)
from daemon.store import contacts as store_contacts
from daemon.store.engine import Database
from daemon.store.tables.core import message
from tests.support.books import Books, dump
from tests.support.builders import NOON, at, both, group_chat, lid, phone
from tests.support.command_line import balas, refused

JAKARTA = ZoneInfo("Asia/Jakarta")
SECRETS = (
    "Nama-Rahasia",
    "nama-rahasia",
    "panggilan-rahasia",
    "62819990001",
    "700700700",
    "kata-rahasia",
    "catatan-rahasia",
    "XL-rahasia",
    "3EB0RAHASIA",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def books(data: Path, migrated_file: Path) -> Iterator[Books]:
    (data / "balas.db").write_bytes(migrated_file.read_bytes())
    (data / "balas.db").chmod(0o600)
    database = Database(f"sqlite:///{data / 'balas.db'}")
    yield Books(database)
    database.close()


def picture(data: Path, message_id: int) -> Path:
    path = data / "media" / "1" / f"{message_id}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a picture")
    path.with_name(small_of(path.name)).write_bytes(b"the same, smaller")
    return path


class Known:
    """A customer of whom everything is known that can be known, with an earlier conversation and an open one."""

    def __init__(self, books: Books, data: Path) -> None:
        self.books = books
        party = both("700700700", "62819990001")
        self.sari = Actor(Author.ADMIN, books.admin("Sari"), "10.0.0.7")
        assert self.sari.admin_id
        self.earlier, turn_id = books.waiting(party, "kata-rahasia pertama")
        self.contact_id = books.contact(party)
        answer = books.message(self.earlier, "kata-rahasia jawaban", from_me=True, wa_id="3EB0RAHASIA")
        with books.database.write() as conn:
            store_contacts.set_name(conn, self.contact_id, "Nama-Rahasia")
            turns.close(conn, turn_id, Closer(Author.ADMIN, self.sari.admin_id), answer, at(60))
            customer = desk_contacts.of_conversation(conn, self.earlier)
            desk_contacts.save_note(conn, customer, "catatan-rahasia", self.sari, NOON)
            desk_contacts.set_field(conn, customer, "Ukuran", "XL-rahasia", self.sari, NOON)
            desk_contacts.rename(conn, customer, "panggilan-rahasia", self.sari, NOON)
            tags.put_on(conn, customer, "langganan", self.sari, NOON)
            conversations.tag(conn, self.earlier, "grosir", self.sari, NOON)
            who = "62819990001@s.whatsapp.net"
            receipts.record(conn, books.account_id, ("3EB0RAHASIA", "GONE"), who, 0, "read", NOON)
            asked = questions.add(conn, books.account_id, QuestionKind.IS_ON_WHATSAPP, who, None, NOON)
            questions.answer(conn, asked, {"in": True, "lid": "700700700"}, NOON)
            conversations.resolve(conn, self.earlier, self.sari, at(120))
        self.open, _ = books.waiting(party, "kata-rahasia kedua")
        pending = books.message(self.open, None, kind="image", raw=b"kata-rahasia")
        self.picture = picture(data, pending)
        with books.database.write() as conn:
            conn.execute(
                message.update().where(message.c.id == pending).values(media={"file": f"1/{pending}.jpg"})
            )
        self.row, _ = books.queued(self.open, "kata-rahasia antre")

    def forget(self) -> list[str]:
        with self.books.database.write() as conn:
            gone = forget(conn, self.books.account_id, self.contact_id, self.sari, at(200))
        assert gone is not None
        return gone.files


@pytest.fixture
def known(books: Books, data: Path) -> Known:
    return Known(books, data)


class TestForgetting:
    def test_no_trace_is_left_in_any_row_or_in_the_files_bytes(self, known: Known, data: Path) -> None:
        media.remove(data, known.forget())
        for table, rows in dump(known.books.database).items():
            for secret in SECRETS:
                assert not [row for row in rows if secret in str(row)], (table, secret)
        assert not list(known.picture.parent.iterdir())
        known.books.database.close()
        with closing(sqlite3.connect(data / "balas.db")) as conn:
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = (data / "balas.db").read_bytes()
        assert not [secret for secret in SECRETS if secret.encode() in content]

    def test_others_keep_everything(self, known: Known, data: Path) -> None:
        other, _ = known.books.waiting(lid("800"), "pesan orang lain")
        theirs = picture(data, known.books.message(other, "foto", media={"file": "1/900.jpg"}))
        before = known.books.thread(other)
        media.remove(data, known.forget())
        assert known.books.thread(other) == before
        assert theirs.exists()
        assert known.books.summary(other).waiting_since is not None

    def test_what_he_wrote_into_a_group_goes_and_the_others_words_stay(self, known: Known, data: Path) -> None:
        group = known.books.conversation(group_chat("120363001"))
        known.books.message(group, "kata-rahasia di grup", participant="700700700@lid")
        known.books.message(group, "kata anggota lain", participant="800@lid")
        contact_id = known.books.switch_group(group_chat("120363001"))
        named = {"mentions": "700700700@lid 900@lid"}
        about = known.books.message(group, "tanya @700700700 dan @900", participant="800@lid", media=named)
        with known.books.database.write() as conn:
            member = GroupMember("700700700@lid", "62819990001@s.whatsapp.net", "Nama-Rahasia")
            groups.see(conn, known.books.account_id, contact_id, [member])
            messages.react(conn, about, False, "👍", NOON, "700700700@lid")
        media.remove(data, known.forget())
        assert known.books.thread(group) == ["kata anggota lain", "tanya @… dan @900"]
        for table, rows in dump(known.books.database).items():
            assert not [row for row in rows if "700700700" in str(row) or "Nama-Rahasia" in str(row)], table

    def test_what_the_team_did_stays_countable(self, known: Known) -> None:
        def report() -> reports.Report:
            with known.books.database.read() as conn:
                return reports.report(conn, known.books.account_id, at(-60), at(300), Hours(), JAKARTA)

        before = report()
        known.forget()
        after = report()
        # whoever waited is gone; whoever was answered counts
        assert (before.handled.by_admins, before.handled.still_open) == (1, 1)
        assert after.handled == replace(before.handled, still_open=0)
        assert [one.row.answered for one in after.admins] == [1]
        assert after.team.first_response == before.team.first_response

    def test_nobody_waits_any_more_and_nothing_leaves(self, known: Known) -> None:
        known.forget()
        assert known.books.summary(known.open).status == "resolved"
        with known.books.database.write() as conn:
            assert turns.current(conn, known.open) is None
            assert send_queue.take_next(conn, known.books.account_id, at(300)) is None
            # there is nobody to write to
            assert not conversations.reopen(conn, known.open, known.sari, at(300))

    def test_whoever_writes_again_is_somebody_new(self, known: Known) -> None:
        known.forget()
        party = both("700700700", "62819990001")
        assert known.books.contact(party) != known.contact_id
        known.books.waiting(party, "halo lagi")

    def test_the_log_tells_who_did_it_and_not_to_whom(self, known: Known) -> None:
        known.forget()
        with known.books.database.read() as conn:
            (line,) = audit.search(conn, known.books.account_id, actions=[Action.CONTACT_FORGOTTEN])
        assert (line.admin_name, line.address) == ("Sari", "10.0.0.7")
        assert line.detail == {"contact": known.contact_id, "messages": 5}

    def test_a_second_time_there_is_nobody(self, known: Known) -> None:
        known.forget()
        with known.books.database.write() as conn:
            assert forget(conn, 1, known.contact_id, known.sari, at(300)) is None
            assert forget(conn, 1, 999, known.sari, at(300)) is None

    def test_whoever_calls_himself_forgotten_is_not(self, books: Books, data: Path) -> None:
        conversation_id = books.conversation(lid("800"))
        contact_id = books.contact(lid("800"))
        for text in ("satu", "dua", "tiga", "empat"):
            books.message(conversation_id, text)
        with books.database.write() as conn:
            store_contacts.set_name(conn, contact_id, "Forgotten customer")
        books.resolve(conversation_id)
        books.waiting(lid("801"), "pelanggan lain")
        retention.sweep(books.database, data, at(400))
        assert books.thread(conversation_id) == ["satu", "dua", "tiga", "empat"]
        with books.database.write() as conn:
            assert forget(conn, books.account_id, contact_id, Actor(Author.ADMIN), at(500)) is not None

    def test_an_export_names_him_as_forgotten(self, known: Known, tmp_path: Path) -> None:
        known.forget()
        export(known.books.database, tmp_path / "out", Format.JSONL, JAKARTA)
        lines = (tmp_path / "out" / "conversations.jsonl").read_text().splitlines()
        assert {json.loads(line)["customer"] for line in lines} == {"Forgotten customer"}

    def test_it_waits_for_a_reply_that_is_leaving(self, known: Known) -> None:
        with known.books.database.write() as conn:
            assert send_queue.take_next(conn, known.books.account_id, at(100)) is not None
        before = dump(known.books.database)
        with pytest.raises(StillSending), known.books.database.write() as conn:
            forget(conn, known.books.account_id, known.contact_id, known.sari, at(200))
        assert dump(known.books.database) == before

    def test_who_was_merged_into_him_goes_too(self, books: Books, data: Path) -> None:
        known = Known(books, data)
        with books.database.write() as conn:
            old = store_contacts.resolve(conn, books.account_id, phone("62819990002"), NOON)
            store_contacts.set_name(conn, old, "Nama-Rahasia Lama")
            contact_merge.merge(conn, books.account_id, survivor=known.contact_id, gone=old, now=NOON)
            found = erasing.find(conn, phone="62819990002")
            assert (
                found
                == erasing.find(conn, contact_id=old)
                == erasing.ErasableContact(books.account_id, known.contact_id)
            )
        known.forget()
        rows = str(dump(books.database)["contact"])
        assert "Rahasia" not in rows
        assert "62819990002" not in rows

    def test_the_id_of_the_newest_message_never_comes_again(self, known: Known) -> None:
        newest = max(row[0] for row in dump(known.books.database)["message"])
        known.forget()
        conversation_id, _ = known.books.waiting(lid("800"), "pelanggan lain")
        contact_id = known.books.contact(lid("800"))
        with known.books.database.read() as conn:
            later = erasing.of_contacts(conn, [contact_id])
        assert min(later) > newest
        # what was emptied only for its id's sake goes once there is a newer one
        assert len(known.books.thread(known.open)) == 1
        retention.sweep(known.books.database, Path(known.books.database.path).parent, at(400))
        assert known.books.thread(known.open) == []
        assert known.books.thread(conversation_id) == ["pelanggan lain"]


def test_every_table_that_hangs_on_a_message_is_known_to_erasing() -> None:
    hanging = {
        table.name
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname == "message.id"
    }
    assert hanging == {
        *("reaction", "download", "outbox", "outgoing_file", "mention", "message_change", "message_version")
    }


class TestRetention:
    def keep(self, books: Books, days: int) -> None:
        actor = Actor(Author.ADMIN, None)
        with books.database.write() as conn:
            settings.save(conn, books.account_id, {"keep_days": days}, actor, NOON)

    def test_old_messages_of_resolved_conversations_go_with_their_files(self, books: Books, data: Path) -> None:
        done, running = books.conversation(lid("1")), books.conversation(lid("2"))
        for conversation_id in (done, running):
            for days in (0, 10, 40):
                message_id = books.message(conversation_id, f"{days} hari", sent_at=at(days * 86400))
                with books.database.write() as conn:
                    file = {"file": f"1/{message_id}.jpg"}
                    conn.execute(message.update().where(message.c.id == message_id).values(media=file))
                picture(data, message_id)
        books.resolve(done)
        now = at(41 * 86400)
        assert retention.sweep(books.database, data, now) == 0
        self.keep(books, 30)
        assert retention.sweep(books.database, data, now) == 2
        assert books.thread(done) == ["40 hari"]
        assert books.thread(running) == ["0 hari", "10 hari", "40 hari"]
        left = {row[0] for row in dump(books.database)["message"]}
        assert {int(path.name.partition(".")[0]) for path in (data / "media" / "1").iterdir()} == left
        assert retention.sweep(books.database, data, now) == 0

    def test_a_clock_that_is_years_ahead_takes_nothing(self, books: Books, data: Path) -> None:
        conversation_id = books.conversation(lid("1"))
        for _ in range(2):
            books.message(conversation_id, "kemarin", sent_at=at(0))
        books.resolve(conversation_id)
        self.keep(books, 30)
        years = 5 * 365 * 86400
        with books.database.write() as conn:
            accounts.take_identity(conn, books.account_id, "62811", "118", 3, at(60))
            links.change(conn, books.account_id, at(60), heard_at=at(60))
        # the machine starts with a wrong clock: WhatsApp has not shown yet what time it is
        assert retention.sweep(books.database, data, at(years)) == 0
        # now it has
        with books.database.write() as conn:
            links.change(conn, books.account_id, at(years), heard_at=at(years))
            clock.note(conn, books.account_id, years - 120, at(years))
        assert retention.sweep(books.database, data, at(years)) == 0
        with books.database.write() as conn:
            clock.note(conn, books.account_id, 0, at(years))
        assert retention.sweep(books.database, data, at(years)) == 1

    def test_a_reply_that_waits_and_the_newest_message_stay(self, books: Books, data: Path) -> None:
        conversation_id = books.conversation(lid("1"))
        books.message(conversation_id, "lama")
        books.queued(conversation_id, "menunggu")
        books.message(conversation_id, "terbaru")
        books.resolve(conversation_id)
        self.keep(books, 1)
        assert retention.sweep(books.database, data, at(90 * 86400)) == 1
        assert sorted(filter(None, books.thread(conversation_id))) == ["menunggu", "terbaru"]

    def test_a_file_that_two_messages_send_goes_with_the_second(self, books: Books, data: Path) -> None:
        sent = file_storage.keep(
            data, books.account_id, io.BytesIO(b"daftar harga"), "harga.pdf", "application/pdf"
        )
        path = data / "media" / sent.file
        small = data / "media" / small_of(sent.file)
        small.write_bytes(b"its first page")
        first, second = books.conversation(lid("1")), books.conversation(lid("2"))
        for conversation_id, days in ((first, 0), (second, 50)):
            with books.database.write() as conn:
                replies.answer(conn, conversation_id, Closer(Author.BOT), "ini", at(days * 86400), files=[sent])
                conn.exec_driver_sql("UPDATE outbox SET state = 'sent'")
            books.resolve(conversation_id)
        books.message(books.conversation(lid("3")), "terbaru", sent_at=at(100 * 86400))
        self.keep(books, 30)
        assert retention.sweep(books.database, data, at(60 * 86400)) == 1
        assert path.read_bytes() == b"daftar harga"
        assert small.exists()
        assert retention.sweep(books.database, data, at(90 * 86400)) == 1
        assert not path.exists()
        assert not small.exists()

    def test_an_attached_file_that_nobody_has_sent_goes_after_a_day(self, books: Books, data: Path) -> None:
        conversation_id = books.conversation(lid("1"))
        kept = [
            file_storage.keep(data, books.account_id, io.BytesIO(content), "a.pdf", "application/pdf")
            for content in (b"satu", b"dua")
        ]
        for file in kept:
            (data / "media" / small_of(file.file)).write_bytes(b"kecil")
        with books.database.write() as conn:
            replies.answer(conn, conversation_id, Closer(Author.BOT), "ini", NOON, files=kept[:1])
        for file in kept:
            for name in (file.file, small_of(file.file)):
                os.utime(data / "media" / name, (0, 0))
        retention.sweep(books.database, data, NOON)
        assert [(data / "media" / file.file).exists() for file in kept] == [True, False]
        assert [(data / "media" / small_of(file.file)).exists() for file in kept] == [True, False]

    def test_many_go_in_portions(self, books: Books, data: Path) -> None:
        conversation_id = books.conversation(lid("1"))
        contact_id = books.contact(lid("1"))
        row = {"account_id": books.account_id, "conversation_id": conversation_id, "contact_id": contact_id}
        row |= {"from_me": False, "author": "customer", "kind": "text", "sent_at": NOON, "arrived_at": NOON}
        with books.database.write() as conn:
            conn.execute(insert(message), [row | {"text": "lama", "wa_id": f"X{n}"} for n in range(1201)])
        books.resolve(conversation_id)
        self.keep(books, 1)
        assert retention.sweep(books.database, data, at(90 * 86400)) == 1200

    def test_files_of_no_message_go_once_they_are_old(self, books: Books, data: Path) -> None:
        conversation_id = books.conversation(lid("1"))
        kept = books.message(conversation_id, "foto", media={"file": "1/1.jpg"})
        files = [picture(data, message_id) for message_id in (kept, 77, 78)]
        (data / "media" / "1" / "5.bin.part").write_bytes(b"half")
        now = at(90 * 86400)
        for path in (data / "media" / "1").iterdir():
            os.utime(path, (now.timestamp() - 90_000,) * 2)
        os.utime(files[2], (now.timestamp() - 60,) * 2)
        retention.sweep(books.database, data, now)
        left = sorted(path.name for path in (data / "media" / "1").iterdir())
        assert left == ["1.jpg", "1.jpg.small.jpg", "78.jpg"]


class TestCommand:
    def test_a_phone_number_as_people_write_it_is_enough(self, known: Known, data: Path) -> None:
        refused(balas(data, "forget", "0819 990 009", "--yes"), "no such customer")
        done = balas(data, "forget", "\u202a٠٨١٩\u2011990\u2011001\u202c", "--yes")
        assert done.returncode == 0, done.stderr
        assert "Erased 5 messages in 2 conversations." in done.stdout
        assert not known.picture.exists()
        assert "Rahasia" not in str(dump(known.books.database)["contact"])
        refused(balas(data, "forget", str(known.contact_id), "--yes"), "already")

    def test_it_asks_first(self, known: Known, data: Path) -> None:
        asked = balas(data, "forget", str(known.contact_id), stdin="n\n")
        assert asked.returncode == 1
        assert "Erase Nama-Rahasia with 5 messages for good?" in asked.stdout
        assert "Nama-Rahasia" in str(dump(known.books.database)["contact"])

    @pytest.mark.parametrize("customer", ["Budi", "99", "62812000000000"])
    def test_nobody_else_is_hit(self, known: Known, data: Path, customer: str) -> None:
        before = dump(known.books.database)
        refused(balas(data, "forget", customer, "--yes"))
        assert dump(known.books.database) == before
