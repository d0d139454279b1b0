"""What a crash catches between WhatsApp's acknowledgement and our books gets a place where a person sees it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from auth_store.place import session_file
from daemon.domain.ids import Address, Party
from daemon.domain.messages import MessageKind
from daemon.recovery import recover
from daemon.store import accounts
from daemon.whatsapp.arrivals import Arrival, Arrivals, parse_head
from tests.books import NOON, Books, at, both, dump, lid
from tests.daemon.test_ingest import arrives, ingest
from tests.shop import Shop, wait_until

BUDI = both("551", "62811")
HEAD = (
    b'<message addressing_mode="lid" from="551@lid" id="A" notify="%s" sender_pn="62811@s.whatsapp.net"'
    b' t="1795323605" type="text"'
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
        assert parse_head(head) == Arrival("A", Party(Address("77", "g.us")), "551@lid", "B", 5)

    @pytest.mark.parametrize(
        "head",
        [
            b'<message from="118@lid" id="A" notify="Toko" recipient="551@lid" t="5" type="text"',
            b'<message from="status@broadcast" id="A" participant="551@lid" t="5" type="media"',
            b'<message from="120@newsletter" id="A" t="5" type="text"',
            b'<message from="nobody" id="A" t="5" type="text"',
            b'<message from="551@l',
            b"",
        ],
    )
    def test_our_own_devices_stories_channels_and_torn_lines_are_nobody(self, head: bytes) -> None:
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


class TestArrivals:
    def test_are_there_for_the_next_process_until_all_is_well(self, keys: Path) -> None:
        arrivals = Arrivals(keys)
        arrivals.start_anew()
        arrivals.note(HEAD % b"Bu\ndi" + REST)
        arrivals.note((HEAD % b"Budi").replace(b'id="A"', b'id="B"') + REST)
        arrivals.settle("B")
        assert Arrivals(keys).read() == [Arrival("A", BUDI, None, "Bu di", 1795323605)]
        arrivals.start_anew()
        assert Arrivals(keys).read() == []

    def test_what_shows_nothing_when_unreadable_is_no_message(self, keys: Path) -> None:
        arrivals = Arrivals(keys)
        arrivals.note(HEAD % b"Budi" + REST.replace(b"type=", b'decrypt-fail="hide" type='))
        assert arrivals.read() == []

    def test_start_anew_only_in_silence_when_asked_to(self, keys: Path) -> None:
        arrivals = Arrivals(keys)
        arrivals.note(HEAD % b"Budi" + REST)
        arrivals.start_anew(silence=30.0)
        assert len(arrivals.read()) == 1

    def test_a_day_without_silence_does_not_fill_the_disk(self, keys: Path) -> None:
        arrivals = Arrivals(keys)
        arrivals.start_anew()
        for number in range(30_000):
            arrivals.note((HEAD % b"Budi").replace(b'id="A"', b'id="%d"' % number) + REST)
        found = arrivals.read()
        assert 4_000 <= len(found) <= 20_000
        assert found[-1].wa_id == "29999"

    def test_a_torn_last_line_hides_nothing_else(self, keys: Path) -> None:
        arrivals = Arrivals(keys)
        arrivals.note(HEAD % b"Budi" + REST)
        with keys.with_name("session.db-arrivals").open("ab") as file:
            file.write(b'<message addressing_mode="lid" fr')
        assert [arrival.wa_id for arrival in arrivals.read()] == ["A"]

    def test_the_librarys_secrets_name_what_a_power_cut_took_from_the_file(self, keys: Path) -> None:
        keep_secret(keys, "old")
        arrivals = Arrivals(keys)
        arrivals.start_anew()
        keep_secret(keys, "A")
        keep_secret(keys, "from the phone", sender="118@lid")
        keep_secret(keys, "B", chat="62811@s.whatsapp.net", sender="62811:3@s.whatsapp.net")
        other_way = Party(Address("62811", "s.whatsapp.net"), Address("551", "lid"))
        assert arrivals.read() == [Arrival("A", BUDI), Arrival("B", other_way)]

    def test_the_secrets_of_a_history_are_no_arrivals(self, keys: Path) -> None:
        arrivals = Arrivals(keys)
        arrivals.start_anew()
        arrivals.note(b'<message category="peer" from="118@s.whatsapp.net" id="P" t="5" type="text"' + REST)
        keep_secret(keys, "old")
        assert arrivals.read() == []
        arrivals.start_anew()
        assert arrivals.read() == []

    def test_a_file_without_tables_has_no_secrets(self, tmp_path: Path) -> None:
        (tmp_path / "new.db").touch()
        arrivals = Arrivals(tmp_path / "new.db")
        arrivals.start_anew()
        assert arrivals.read() == []


@pytest.fixture
def linked(books: Books) -> Books:
    with books.database.write() as conn:
        accounts.set_identity(conn, books.account_id, "62899", "118", 1, NOON)
    return books


class TestRecovery:
    def arrivals(self, keys: Path) -> Arrivals:
        arrivals = Arrivals(keys)
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
        ingest(linked, arrives("A", "halo", party=Party(Address("62811", "s.whatsapp.net"))))
        before = dump(linked.database)
        assert recover(linked.database, linked.account_id, self.arrivals(keys), lambda: at(7200)) == 0
        assert dump(linked.database) == before

    def test_a_message_that_comes_once_more_fills_its_place(self, linked: Books, keys: Path) -> None:
        recover(linked.database, linked.account_id, self.arrivals(keys), lambda: at(7200))
        ingest(linked, arrives("A", None))
        assert linked.bubble(1).kind == MessageKind.LOST
        ingest(linked, arrives("A", "halo"))
        assert (linked.thread(1), linked.bubble(1).kind) == (["halo"], MessageKind.TEXT)

    def test_nobody_is_made_up_while_no_number_is_linked(self, books: Books, keys: Path) -> None:
        assert recover(books.database, books.account_id, self.arrivals(keys), lambda: at(7200)) == 0
        assert books.rows("contact") == 0


@pytest.mark.parametrize("power_cut", [False, True])
def test_a_message_that_was_acknowledged_but_not_committed_is_shown_after_a_kill(
    shop: Shop, power_cut: bool
) -> None:
    customer = shop.wa.add_customer(f"Budi {power_cut}")
    hello = f"halo {power_cut}"
    customer.send_text(hello)
    shop.wait_for_text(hello)
    session = shop.pid("session")
    assert session is not None
    file = session_file(shop.config.data, shop.account_id)
    with shop.database.write():
        # nobody else can commit: the library acknowledges what our callback can't keep
        wa_id = customer.send_text("hilang")
        customer.wait_for_receipt(wa_id)
        if power_cut:
            lines = file.with_name(file.name + "-arrivals").read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if wa_id.encode() not in line and b"peer" not in line]
            file.with_name(file.name + "-arrivals").write_bytes(b"".join(kept))
        shop.kill("session")
    shop.wait_for_successor("session", session)
    found = wait_until(lambda: [b for b in shop.bubbles(customer.name) if b.kind == MessageKind.LOST])
    assert len(found) == 1
    assert shop.texts(customer.name) == [hello, None]
    customer.send_text(f"lalu {power_cut}")
    shop.wait_for_text(f"lalu {power_cut}")
    assert len(shop.bubbles(customer.name)) == 3
