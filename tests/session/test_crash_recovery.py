"""What a crash catches between WhatsApp's acknowledgement and our books gets a place where a person sees it."""

import sqlite3
from contextlib import closing
from math import inf
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from auth_store.files import session_file
from daemon.desk import forget, unreadable_replies
from daemon.desk.replies import answer
from daemon.domain.desk import THE_DESK
from daemon.domain.ids import Address, Party
from daemon.domain.message_kinds import MessageKind
from daemon.domain.messages import Author, Delivery, Origin, OutboxState, ReceiptKind, ReceiptReceived
from daemon.domain.time import from_unix
from daemon.domain.turns import Closer
from daemon.session.crash_recovery import place_unhandled, recover
from daemon.store import accounts, messages, outbox, send_queue, turns
from daemon.store.engine import Database
from daemon.whatsapp.arrival_journal import ArrivalJournal
from daemon.whatsapp.arrivals import Arrival, ArrivedReceipt, parse_head, parse_receipt
from daemon.whatsapp.wire_text import identifier
from tests.ingest.line import ingest
from tests.support.books import Books, dump
from tests.support.builders import BUDI, NOON, arrives, at, group_chat, lid, phone
from tests.support.inbox import row
from tests.support.shop import Shop
from tests.support.waiting import wait_until

HEAD = (
    b'<message addressing_mode="lid" from="551@lid" id="A" notify="%s" sender_pn="62811@s.whatsapp.net"'
    b' t="1795323605" type="text"'
)
EDIT = (HEAD % b"Budi").replace(b"<message addressing", b'<message edit="7" addressing')
OWN = (
    b'<message addressing_mode="lid" from="118:%d@lid" id="P" notify="Toko"'
    b' peer_recipient_pn="62811@s.whatsapp.net" recipient="551@lid" t="%d" type="text"'
)
REST = b'><enc type="msg" v="2"><!-- 194 bytes --></enc></message>'


class TestHeads:
    @pytest.mark.parametrize("name", ["Budi", "", 'B" id="Z', "a>b <c>", "José 🦊", 't="1" type="x"', "Budi="])
    def test_a_stanza_tells_who_wrote_whatever_he_calls_himself(self, name: str) -> None:
        assert parse_head(HEAD % name.encode()) == Arrival("A", BUDI, None, name, 1795323605)

    def test_a_name_that_hides_the_rest_leaves_the_sender(self) -> None:
        found = parse_head(b'<message from="551@lid" id="A" notify="x')
        assert found == Arrival("A", lid("551"))

    def test_a_group_tells_the_writer(self) -> None:
        head = b'<message from="77@g.us" id="A" notify="B" participant="551@lid" t="5" type="text"'
        assert parse_head(head) == Arrival("A", group_chat("77"), "551@lid", "B", 5)

    @pytest.mark.parametrize(
        "more", [b' verified_level="high" verified_name="123"', b' verified_name="Toko &quot;Roti"', b' zz="1"']
    )
    @pytest.mark.parametrize("name", ["Budi", 't="1" type="x"', 'x" zebra="1'])
    def test_a_business_says_more_behind_its_type(self, name: str, more: bytes) -> None:
        assert parse_head(HEAD % name.encode() + more) == Arrival("A", BUDI, None, name, 1795323605)

    def test_a_customers_broadcast_list_is_in_the_chat_with_him(self) -> None:
        head = (
            b'<message addressing_mode="lid" from="1234@broadcast" id="A" notify="Budi" participant="551@lid"'
            b' participant_pn="62811@s.whatsapp.net" t="5" type="text"'
        )
        assert parse_head(head) == Arrival("A", BUDI, None, "Budi", 5)

    @pytest.mark.parametrize("edit", [1, 3, 7, 8])
    def test_an_edit_or_deletion_tells_that_something_was_changed(self, edit: int) -> None:
        head = b'<message edit="%d" from="551@lid" id="A" notify="Budi" t="5" type="text"' % edit
        assert parse_head(head) == Arrival("A", lid("551"), None, "Budi", 5, is_change=True)

    def test_ids_and_numbers_are_what_they_are_in_events(self) -> None:
        head = b'<message from="551:99999999999@lid" id="\xff\xfe" notify="\xff\x00" t="99999999999" type="text"'
        found = parse_head(head)
        assert found is not None
        assert (found.wa_id, found.party, found.push_name) == (identifier(b"\xff\xfe"), lid("551"), "\ufffd")

    def test_what_another_hosted_device_writes_is_from_the_same_customer(self) -> None:
        head = b'<message from="551:99@hosted.lid" id="A" notify="Budi" t="5" type="text"'
        assert parse_head(head) == Arrival("A", lid("551"), None, "Budi", 5)

    @pytest.mark.parametrize("device", [0, 7])
    def test_what_another_device_of_ours_wrote_tells_in_which_chat(self, device: int) -> None:
        head = (
            b'<message addressing_mode="lid" from="118:%d@lid" id="A" notify="Toko" peer_recipient_pn='
            b'"62811@s.whatsapp.net" recipient="551@lid" t="5" type="text"'
        )
        assert parse_head(head % device) == Arrival("A", BUDI, at=5, writer=Address("118", "lid", device))

    @pytest.mark.parametrize(
        "head",
        [
            b'<message from="118@lid" id="A" notify="Toko" recipient="status@broadcast" t="5" type="text"',
            b'<message from="551@lid" id="A" notify="Budi" t="5" type="reaction"',
            b'<message from="status@broadcast" id="A" participant="551@lid" t="5" type="media"',
            b'<message from="120@newsletter" id="A" t="5" type="text"',
            b'<message from="nobody" id="A" t="5" type="text"',
            b'<message from="551@l',
            b"",
        ],
    )
    def test_stories_channels_torn_lines_and_what_is_no_message_of_its_own_are_nobodys(self, head: bytes) -> None:
        assert parse_head(head) is None


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A session's database with the tables that name received messages, as the library makes them."""
    path = tmp_path / "session.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "CREATE TABLE whatsmeow_message_secrets (our_jid TEXT, chat_jid TEXT, sender_jid TEXT,"
            " message_id TEXT, key bytea NOT NULL, PRIMARY KEY (our_jid, chat_jid, sender_jid, message_id))"
        )
        db.execute("CREATE TABLE whatsmeow_lid_map (lid TEXT PRIMARY KEY, pn TEXT UNIQUE NOT NULL)")
        db.execute("INSERT INTO whatsmeow_lid_map VALUES ('551', '62811')")
        db.commit()
    return path


def keep_secret(keys: Path, wa_id: str, chat: str = "551@lid", sender: str = "551@lid") -> None:
    with closing(sqlite3.connect(keys)) as db:
        db.execute(
            "INSERT INTO whatsmeow_message_secrets VALUES ('118:1@lid', ?, ?, ?, '')", (chat, sender, wa_id)
        )
        db.commit()


class TestReceipts:
    HEAD = b'<receipt from="551:3@lid" id="A" t="1795323605"'

    def test_a_receipt_is_read_whole(self) -> None:
        list_of_three = b'><list><item id="B"/><item id="C"/></list></receipt>'
        found = parse_receipt(self.HEAD + b' type="read"' + list_of_three)
        budi = Address("551", "lid", 3)
        assert found == ArrivedReceipt(("A", "B", "C"), budi, None, ReceiptKind.READ, 1795323605)
        assert parse_receipt(self.HEAD + b"/>") == ArrivedReceipt(
            ("A",), budi, None, ReceiptKind.DELIVERED, 1795323605
        )

    def test_what_we_read_elsewhere_tells_in_which_chat(self) -> None:
        found = parse_receipt(b'<receipt from="118@lid" id="A" recipient="551@lid" t="5" type="read-self"/>')
        chat = Address("551", "lid")
        assert found == ArrivedReceipt(("A",), Address("118", "lid"), chat, ReceiptKind.READ_SELF, 5)

    def test_a_device_that_asks_again_says_so(self) -> None:
        found = parse_receipt(self.HEAD + b' type="retry"><retry count="1" id="A" t="5" v="1"/></receipt>')
        assert found == ArrivedReceipt(("A",), Address("551", "lid", 3), None, ReceiptKind.RETRY, 1795323605)

    def test_a_participants_tells_in_which_group(self) -> None:
        found = parse_receipt(b'<receipt from="77@g.us" id="A" participant="551:3@lid" t="5" type="read"/>')
        group, budi = Address("77", "g.us"), Address("551", "lid", 3)
        assert found == ArrivedReceipt(("A",), budi, group, ReceiptKind.READ, 5)

    @pytest.mark.parametrize(
        "node",
        [
            HEAD + b' type="hist_sync"/>',
            # a group's, of nobody
            HEAD.replace(b"551:3@lid", b"77@g.us") + b"/>",
            b'<receipt from="551@lid" id="A"/>',
            b'<receipt from="551@l',
        ],
    )
    def test_what_moves_nothing_is_passed_over(self, node: bytes) -> None:
        assert parse_receipt(node) is None


class TestArrivals:
    def test_are_there_for_the_next_process_until_all_is_well(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        arrivals.start_anew()
        arrivals.note(HEAD % b"Bu\ndi" + REST)
        arrivals.note((HEAD % b"Budi").replace(b'id="A"', b'id="B"') + REST)
        arrivals.settle("B")
        assert ArrivalJournal(keys).read() == [Arrival("A", BUDI, None, "Bu di", 1795323605)]
        arrivals.start_anew()
        assert ArrivalJournal(keys).read() == []

    def test_what_shows_nothing_when_unreadable_is_no_message(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        arrivals.note(HEAD % b"Budi" + REST.replace(b"type=", b'decrypt-fail="hide" type='))
        assert arrivals.read() == []

    def test_edits_and_deletions_are_kept_until_they_were_handed_over(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        hidden = REST.replace(b"type=", b'decrypt-fail="hide" type=')
        for wa_id in (b"E", b"F"):
            arrivals.note(
                (HEAD % b"Budi").replace(b"<message ", b'<message edit="1" ').replace(b'"A"', b'"%s"' % wa_id)
                + hidden
            )
        arrivals.settle("E")
        assert [(arrival.wa_id, arrival.is_change) for arrival in arrivals.read()] == [("F", True)]

    def test_a_long_name_hides_neither_the_sender_nor_the_time(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        arrivals.note(HEAD % (b"B" * 5000) + b' verified_name="1"><verified_name v="1">x</verified_name' + REST)
        (found,) = arrivals.read()
        assert (found.wa_id, found.party, found.at) == ("A", BUDI, 1795323605)

    def test_a_name_that_looks_like_an_address_joins_no_two_customers(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        forged = b'x" sender_pn="62812@s.whatsapp.net'
        arrivals.note(b'<message from="551@lid" id="A" notify="%s" t="5" type="text"' % forged + REST)
        assert [arrival.party for arrival in arrivals.read()] == [lid("551")]

    @pytest.mark.parametrize(
        "line",
        [
            b"secrets ",
            b"secrets 12x",
            b"secrets " + b"9" * 400,
            b"secrets \xff",
            b"\0" * 4096,
            b"<message " + b"a" * 1_000_000,
            b'<message from="551@lid" id="' + b"\xff" * 1_000_000 + b'" t="5" type="text"',
            b'<message id="A" t="5" type="text"',
            b"\xff\xfe\xfd",
            b"done",
        ],
        ids=lambda line: repr(line[:20]),
    )
    def test_a_line_that_cannot_be_read_is_named_and_hides_nothing_else(self, keys: Path, line: bytes) -> None:
        arrivals = ArrivalJournal(keys)
        with keys.with_name("session.db-arrivals").open("ab") as file:
            file.write(line + b"\n")
        arrivals.note(HEAD % b"Budi" + REST)
        assert [arrival.wa_id for arrival in arrivals.read()] == ["A"]
        assert arrivals.unreadable == ["line 1"]
        assert arrivals.read_receipts() == []

    def test_a_secret_with_bytes_for_texts_is_named_or_read(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        arrivals.start_anew()
        for wa_id, chat, sender in (
            (b"\xff", "551@lid", "551@lid"),
            ("A", b"\xff", "x"),
            ("B", "551@lid", "\ud7ff@"),
        ):
            keep_secret(keys, wa_id, chat, sender)  # type: ignore[arg-type]
        with closing(sqlite3.connect(keys)) as db:
            db.execute(
                "UPDATE whatsmeow_message_secrets SET chat_jid = CAST(x'ff406c6964' AS TEXT)"
                " WHERE message_id = 'A'"
            )
            db.commit()
        found = arrivals.read()
        assert found[0].wa_id == identifier(b"\xff")
        assert len(arrivals.unreadable) + len(found) == 3
        assert all(name.startswith("secret ") for name in arrivals.unreadable)

    def test_start_anew_only_in_silence_when_asked_to(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        arrivals.note(HEAD % b"Budi" + REST)
        arrivals.start_anew(silence=30.0)
        assert len(arrivals.read()) == 1

    def test_a_day_without_silence_does_not_fill_the_disk(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        arrivals.start_anew()
        for i in range(30_000):
            arrivals.note((HEAD % b"Budi").replace(b'id="A"', b'id="%d"' % i) + REST)
        found = arrivals.read()
        assert 4_000 <= len(found) <= 20_000
        assert found[-1].wa_id == "29999"

    def test_a_torn_last_line_hides_nothing_else(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        arrivals.note(HEAD % b"Budi" + REST)
        with keys.with_name("session.db-arrivals").open("ab") as file:
            file.write(b'<message addressing_mode="lid" fr')
        assert [arrival.wa_id for arrival in arrivals.read()] == ["A"]

    def test_the_librarys_secrets_name_what_a_power_cut_took_from_the_file(self, keys: Path) -> None:
        keep_secret(keys, "old")
        arrivals = ArrivalJournal(keys)
        arrivals.start_anew()
        keep_secret(keys, "A")
        keep_secret(keys, "from the phone", sender="118@lid")
        keep_secret(keys, "B", chat="62811@s.whatsapp.net", sender="62811:3@s.whatsapp.net")
        other_way = Party(Address("62811", "s.whatsapp.net"), Address("551", "lid"))
        by_us = Arrival("from the phone", BUDI, writer=Address("118", "lid"))
        assert arrivals.read() == [Arrival("A", BUDI), by_us, Arrival("B", other_way)]

    def test_the_secrets_of_a_history_are_no_arrivals(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        arrivals.start_anew()
        arrivals.note(b'<message category="peer" from="118@s.whatsapp.net" id="P" t="5" type="text"' + REST)
        keep_secret(keys, "old")
        assert arrivals.read() == []
        arrivals.start_anew()
        assert arrivals.read() == []

    def test_a_file_without_tables_has_no_secrets(self, tmp_path: Path) -> None:
        (tmp_path / "new.db").touch()
        arrivals = ArrivalJournal(tmp_path / "new.db")
        arrivals.start_anew()
        assert arrivals.read() == []


@pytest.fixture
def linked(books: Books) -> Books:
    with books.database.write() as conn:
        accounts.set_identity(conn, books.account_id, "62899", "118", 1, NOON)
    return books


class TestRecovery:
    def arrivals(self, keys: Path) -> ArrivalJournal:
        arrivals = ArrivalJournal(keys)
        arrivals.note(HEAD % b"Budi" + REST)
        return arrivals

    def test_a_lost_message_waits_for_an_answer_in_its_conversation(self, linked: Books, keys: Path) -> None:
        ingest(linked, arrives("earlier", "halo"))
        assert recover(linked.database, linked.account_id, self.arrivals(keys), lambda: at(7200)) == 1
        assert linked.thread(1) == ["halo", None]
        assert linked.bubble(2).kind == MessageKind.LOST
        assert linked.summary(1).waiting_since is not None

    def test_a_stranger_gets_a_conversation_and_his_name(self, linked: Books, keys: Path) -> None:
        recover(linked.database, linked.account_id, self.arrivals(keys), lambda: at(7200))
        assert linked.summary(1).contact_name == "Budi"

    def test_doing_it_twice_changes_nothing(self, linked: Books, keys: Path) -> None:
        recover(linked.database, linked.account_id, self.arrivals(keys), lambda: at(7200))
        before = dump(linked.database)
        assert recover(linked.database, linked.account_id, self.arrivals(keys), lambda: at(7300)) == 0
        assert dump(linked.database) == before

    def test_a_message_that_was_committed_is_left_alone(self, linked: Books, keys: Path) -> None:
        # it came under the number alone, before anybody knew that both are one
        ingest(linked, arrives("A", "halo", party=phone("62811")))
        before = dump(linked.database)
        assert recover(linked.database, linked.account_id, self.arrivals(keys), lambda: at(7200)) == 0
        assert dump(linked.database) == before

    def test_who_was_forgotten_does_not_come_back(self, linked: Books, keys: Path) -> None:
        arrivals = self.arrivals(keys)
        ingest(linked, arrives("A", "halo"))
        linked.write(lambda conn: forget.forget(conn, linked.account_id, 1, THE_DESK, at(10)))
        # also a receipt of his, and an edit, that are still in the file
        arrivals.note(EDIT + REST)
        arrivals.note_receipt(b'<receipt from="551@lid" id="A" t="1795323605" type="read"/>')
        before = dump(linked.database)
        assert recover(linked.database, linked.account_id, arrivals, lambda: at(7200)) == 0
        assert dump(linked.database) == before
        # and what was sent once more, or stands in the history that a phone uploads
        ingest(linked, arrives("A", "halo"), arrives("A", "halo", is_history=True))
        assert [dump(linked.database)[name] for name in ("contact", "message", "receipt")] == [
            before[name] for name in ("contact", "message", "receipt")
        ]

    def test_a_device_that_asked_again_in_a_crash_is_heard(self, linked: Books, keys: Path) -> None:
        ingest(linked, arrives("A", "halo"))
        sari = Closer(Author.ADMIN, linked.admin("Sari"))
        reply = linked.write(lambda conn: answer(conn, 1, sari, "ada", at(3)))
        outbox_id = linked.journey(reply).id
        linked.write(lambda conn: outbox.settle(conn, outbox_id, OutboxState.SENT, at(5)))
        linked.write(lambda conn: outbox.record_wa_id(conn, outbox_id, "3EB0X"))
        arrivals = ArrivalJournal(keys)
        arrivals.note_receipt(b'<receipt from="551@lid" id="3EB0X" t="1795323605" type="retry"/>')
        recover(linked.database, linked.account_id, arrivals, lambda: at(7200))
        linked.write(lambda conn: unreadable_replies.tend(conn, linked.account_id, at(7300)))
        assert linked.bubble(reply).is_unreadable

    def test_a_secret_of_a_customers_broadcast_list_is_in_the_chat_with_him(self, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        arrivals.start_anew()
        keep_secret(keys, "A", "1234@broadcast", "551:2@lid")
        keep_secret(keys, "B", "status@broadcast", "551:2@lid")
        assert [(arrival.wa_id, arrival.party.address) for arrival in arrivals.read()] == [("A", BUDI.address)]

    def test_a_message_that_comes_once_more_fills_its_place(self, linked: Books, keys: Path) -> None:
        recover(linked.database, linked.account_id, self.arrivals(keys), lambda: at(7200))
        ingest(linked, arrives("A", None))
        assert linked.bubble(1).kind == MessageKind.LOST
        ingest(linked, arrives("A", "halo"))
        assert (linked.thread(1), linked.bubble(1).kind) == (["halo"], MessageKind.TEXT)

    def test_a_reply_on_the_phone_that_nobody_saw_closes_its_turn(self, linked: Books, keys: Path) -> None:
        ingest(linked, arrives("A", "halo"))
        _, queued = linked.queued(1)
        arrivals = ArrivalJournal(keys)
        arrivals.note(OWN % (0, NOON.timestamp() + 9) + REST)
        assert recover(linked.database, linked.account_id, arrivals, lambda: at(7200)) == 1
        with linked.database.read() as conn:
            mark = turns.last_closed(conn, 1)
        assert mark is not None
        assert (mark.closer, mark.closed_at, mark.text) == (Closer(Author.PHONE, device=0), at(9), None)
        assert linked.summary(1).waiting_since is None
        # what an admin had queued meanwhile waits for his decision
        assert linked.bubble(queued).delivery == Delivery.HELD
        assert (linked.bubble(3).kind, linked.bubble(3).from_me) == (MessageKind.LOST, True)
        before = dump(linked.database)
        assert recover(linked.database, linked.account_id, arrivals, lambda: at(7300)) == 0
        assert dump(linked.database) == before

    def test_what_the_customer_wrote_after_that_reply_waits_on(self, linked: Books, keys: Path) -> None:
        ingest(linked, arrives("A", "halo"), arrives("B", "dan satu lagi", 20))
        arrivals = ArrivalJournal(keys)
        arrivals.note(OWN % (7, NOON.timestamp() + 9) + REST)
        recover(linked.database, linked.account_id, arrivals, lambda: at(7200))
        assert linked.summary(1).waiting_since == at(20)

    def test_a_secret_of_a_stranger_in_a_customers_chat_answers_nobody(self, linked: Books, keys: Path) -> None:
        ingest(linked, arrives("A", "halo"))
        arrivals = ArrivalJournal(keys)
        arrivals.start_anew()
        keep_secret(keys, "B", sender="777@lid")
        keep_secret(keys, "C", sender="118:3@lid")
        assert recover(linked.database, linked.account_id, arrivals, lambda: at(7200)) == 1
        assert linked.summary(1).waiting_since is None

    def test_lost_receipts_settle_what_is_uncertain_and_what_was_read_elsewhere(
        self, linked: Books, keys: Path
    ) -> None:
        ingest(linked, arrives("A", "halo"))
        outbox_id, message_id = linked.queued(1)
        with linked.database.write() as conn:
            send_queue.take_next(conn, 1, NOON)
            outbox.record_wa_id(conn, outbox_id, "OURS")
            outbox.settle(conn, outbox_id, OutboxState.UNCERTAIN, NOON)
            messages.set_delivery(conn, message_id, Delivery.UNCERTAIN)
        arrivals = ArrivalJournal(keys)
        arrivals.note_receipt(b'<receipt from="551@lid" id="OURS" t="1795323605"/>')
        arrivals.note_receipt(b'<receipt from="118@lid" id="A" recipient="551@lid" t="1795323605" type="read"/>')
        recover(linked.database, linked.account_id, arrivals, lambda: at(7200))
        summary = linked.summary(1)
        assert linked.bubble(message_id).delivery == Delivery.DELIVERED
        assert (summary.unread, summary.seen_elsewhere_by) == (0, Author.PHONE)
        # WhatsApp's own repetition is nothing new
        before = dump(linked.database)
        again = ReceiptReceived(
            ("OURS",), Origin(lid("551"), False, 0, from_unix(1795323605)), ReceiptKind.DELIVERED
        )
        ingest(linked, again)
        assert dump(linked.database) == before

    def test_lost_calls_are_missed_or_taken_as_they_would_have_been(self, linked: Books, keys: Path) -> None:
        ingest(linked, arrives("A", "halo"))
        arrivals = ArrivalJournal(keys)
        taken, missed = (
            b'<call from="551@lid" id="1" t="%d"><%s call-creator="551@lid" call-id="%s"/>' + b" " * 9_000,
            b'<call from="552@lid" id="1" t="1795323605"><terminate call-creator="552@lid" call-id="C2"/></call>',
        )
        arrivals.note_call(taken % (1795323605, b"offer", b"C1"))
        arrivals.note_call(taken % (1795323606, b"accept", b"C1"))
        arrivals.note_call(missed)
        arrivals.note_call(b'<call from="551@lid" id="\xff\n')
        for _ in range(2):
            recover(linked.database, linked.account_id, ArrivalJournal(keys), lambda: at(7200))
        assert arrivals.unreadable == []
        assert [linked.bubble(number).kind for number in (2, 3)] == [MessageKind.ANSWERED_CALL, MessageKind.CALL]
        assert (linked.summary(2).waiting_since is not None, linked.rows("message")) == (True, 3)

    def test_one_that_cannot_be_placed_does_not_stop_the_others(self, linked: Books, keys: Path) -> None:
        arrivals = self.arrivals(keys)
        arrivals.note((HEAD % b"Budi").replace(b'"A"', b'"B"') + REST)
        with linked.database.write() as conn:
            conn.exec_driver_sql(
                "CREATE TRIGGER broken BEFORE INSERT ON message WHEN NEW.wa_id = 'A'"
                " BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        assert recover(linked.database, linked.account_id, arrivals, lambda: at(7200)) == 1
        assert linked.rows("message") == 1

    def test_a_lost_edit_leaves_a_line_where_it_happened(self, linked: Books, keys: Path) -> None:
        ingest(linked, arrives("A", "2 kotak"))
        turn_id = linked.open_turn(1)
        arrivals = ArrivalJournal(keys)
        arrivals.note(EDIT.replace(b'"A"', b'"E"') + REST)
        assert recover(linked.database, linked.account_id, arrivals, lambda: at(7200)) == 1
        assert linked.bubble(2).kind == MessageKind.LOST_CHANGE
        assert (linked.summary(1).unread, linked.open_turn(1)) == (2, turn_id)
        before = dump(linked.database)
        assert recover(linked.database, linked.account_id, arrivals, lambda: at(7300)) == 0
        assert dump(linked.database) == before

    def test_a_lost_edit_of_a_stranger_is_about_nothing(self, linked: Books, keys: Path) -> None:
        arrivals = ArrivalJournal(keys)
        arrivals.note(EDIT + REST)
        assert recover(linked.database, linked.account_id, arrivals, lambda: at(7200)) == 0
        assert linked.rows("conversation") == 0

    def test_what_the_library_never_hands_over_has_a_place_once_it_is_silent(
        self, linked: Books, keys: Path
    ) -> None:
        def look(silence: float) -> int:
            return place_unhandled(linked.database, linked.account_id, arrivals, lambda: at(7200), silence)

        arrivals = ArrivalJournal(keys)
        arrivals.start_anew()
        ingest(linked, arrives("known", "halo"))
        arrivals.note((HEAD % b"Budi").replace(b'"A"', b'"known"') + REST)
        arrivals.note((HEAD % b"Budi").replace(b'"A"', b'"settled"') + REST)
        for wa_id in ("known", "settled"):
            arrivals.handed_over(wa_id)
        arrivals.settle("settled")
        arrivals.note(HEAD % b"Budi" + REST)
        assert look(silence=30.0) == 0
        with closing(sqlite3.connect(linked.database.path)) as other:
            other.execute("BEGIN IMMEDIATE")
            brief = Database(linked.database.url, patience_ms=10)
            with pytest.raises(OperationalError):
                place_unhandled(brief, linked.account_id, arrivals, lambda: at(7200), 0.0)
            brief.close()
        # what found the database locked is still to be placed, and keeps its line
        arrivals.start_anew(silence=0.0)
        assert b"Budi" in keys.with_name("session.db-arrivals").read_bytes()
        assert look(silence=0.0) == 1
        assert [linked.bubble(i).kind for i in (1, 2)] == [MessageKind.TEXT, MessageKind.UNREADABLE]
        assert look(silence=0.0) == 0
        ingest(linked, arrives("A", "tadi rusak"))
        assert linked.thread(1) == ["halo", "tadi rusak"]

    def test_what_the_library_passes_over_has_a_place_with_the_next_message(
        self, linked: Books, keys: Path
    ) -> None:
        arrivals = ArrivalJournal(keys)
        for wa_id in (b"first", b"passed over", b"second", b"third"):
            arrivals.note((HEAD % b"Budi").replace(b'"A"', b'"' + wa_id + b'"') + REST)

        def look() -> int:
            return place_unhandled(linked.database, linked.account_id, arrivals, lambda: at(7200), silence=inf)

        for wa_id, placed in (("first", 0), ("a reaction", 0), ("second", 1), ("third", 0)):
            ingest(linked, arrives(wa_id, wa_id))
            arrivals.handed_over(wa_id)
            assert look() == placed
        assert sorted(linked.thread(1), key=str) == [None, "a reaction", "first", "second", "third"]

    def test_nobody_is_made_up_while_no_account_is_linked(self, books: Books, keys: Path) -> None:
        assert recover(books.database, books.account_id, self.arrivals(keys), lambda: at(7200)) == 0
        assert books.rows("contact") == 0


@pytest.mark.parametrize("power_cut", [False, True])
def test_what_was_acknowledged_but_not_committed_leaves_its_trace_after_a_kill(
    shop: Shop, power_cut: bool
) -> None:
    customer, asks = shop.wa.add_customer(f"Budi {power_cut}"), shop.wa.add_customer(f"Rina {power_cut}")
    hello = f"halo {power_cut}"
    for one in (customer, asks):
        one.send_text(hello)
        wait_until(lambda one=one: shop.texts(one.name) == [hello])
    reply = shop.answer(customer.name, "siap")
    shop.wait_for_delivery(reply, Delivery.DELIVERED)
    session = shop.pid("session")
    assert session is not None
    file = session_file(shop.config.data, shop.account_id)
    with shop.database.write():
        # nobody else can commit: the library acknowledges what our callback can't keep
        wa_id = customer.send_text("hilang")
        customer.wait_for_receipt(wa_id)
        customer.read()
        by_phone = shop.wa.phone.send_text(asks, "dari HP")
        wait_until(lambda: shop.wa.waiting() == 0, what="the acknowledgements")
        if power_cut:
            lines = file.with_name(file.name + "-arrivals").read_bytes().splitlines(keepends=True)
            gone = (wa_id.encode(), by_phone.encode(), b"peer")
            kept = [line for line in lines if not any(part in line for part in gone)]
            file.with_name(file.name + "-arrivals").write_bytes(b"".join(kept))
        shop.kill("session")
    shop.wait_for_successor("session", session)
    found = wait_until(lambda: [b for b in shop.bubbles(customer.name) if b.kind == MessageKind.LOST])
    assert len(found) == 1
    assert shop.texts(customer.name) == [hello, "siap", None]
    # receipts are applied behind the messages, in a transaction of their own
    shop.wait_for_delivery(reply, Delivery.READ)
    # somebody has answered, even if nobody here has seen what
    assert [(b.kind, b.author) for b in shop.bubbles(asks.name)[1:]] == [(MessageKind.LOST, Author.PHONE)]
    assert (row(shop, asks.name).waiting_since, row(shop, customer.name).waiting_since is None) == (None, False)
    customer.send_text(f"lalu {power_cut}")
    shop.wait_for_text(f"lalu {power_cut}")
    assert len(shop.bubbles(customer.name)) == 4
