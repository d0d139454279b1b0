"""Who waits for whom at the library's sessions, told by nothing but its log entries."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from daemon.whatsapp.encryption_gate import EncryptionGate
from tests.support.waiting import wait_until

RINA, BUDI = "118000000000021:3@lid", "118000000000022@lid"
# long enough that no wait ends by itself here, short enough for a test that fails
PATIENCE = 20.0


class Library:
    """What the library's goroutines write, each call on a thread of its own."""

    def __init__(self, longest: float = PATIENCE) -> None:
        self.gate = EncryptionGate(longest, longest)
        self._threads = ThreadPoolExecutor(8)

    def reads(self, wa_id: str, sender: str = RINA, inner: str = '<enc type="msg"/>', more: str = "") -> None:
        self.gate.arrived(
            f'<message from="{sender}" id="{wa_id}" notify="x"{more} t="1">{inner}</message>'.encode()
        )

    def decrypts(self, sender: str = RINA) -> Future[None]:
        line = f"Decrypting message from {sender} in {sender.partition(':')[0]}@lid\x12\x05DEBUG\x1a\x06Client"
        return self._begin(lambda: self.gate.logged(line.encode()))

    def answers_retry(self, wa_id: str) -> Future[None]:
        line = f"Found message in local cache to accept retry receipt for {BUDI}/{wa_id} from {BUDI}\x12\x05DEBUG"
        return self._begin(lambda: self.gate.logged(line.encode()))

    def sends(self) -> Future[None]:
        def enter() -> None:
            self._turn = self.gate.enter()

        return self._begin(enter)

    def has_sent(self) -> None:
        self.gate.leave(self._turn)

    def writes(self, node: str) -> None:
        self.gate.left(node.encode())

    def waiting(self, count: int = 1) -> None:
        wait_until(lambda: len(self.gate._waiting) == count)

    def _begin(self, step: Callable[[], None]) -> Future[None]:
        return self._threads.submit(step)


def receipt(wa_id: str, kind: str = "inactive") -> str:
    return f'<receipt id="{wa_id}" to="{RINA}" type="{kind}"/>'


@pytest.fixture
def library() -> Library:
    return Library()


def test_no_decryption_begins_while_a_reply_is_encrypted(library: Library) -> None:
    library.reads("A")
    library.sends().result(5)
    decryption = library.decrypts()
    library.waiting()
    assert not decryption.done()
    library.has_sent()
    decryption.result(5)


@pytest.mark.parametrize(
    "end",
    [
        receipt("A"),
        '<ack class="message" id="A" to="x"/>',
        # one that could not be decrypted
        f'<receipt id="A" to="{RINA}" type="retry"><retry count="1" id="A" t="1" v="1"/></receipt>',
    ],
)
def test_no_reply_is_encrypted_before_the_stanza_in_hand_has_its_answer(library: Library, end: str) -> None:
    library.reads("A")
    library.decrypts().result(5)
    reply = library.sends()
    library.waiting()
    # late ones, of stanzas before it, and answers to receipts
    library.writes(receipt("EARLIER"))
    library.writes('<ack class="receipt" id="3EB0OURS" to="x"/>')
    library.writes('<message id="A" to="x"/>')
    assert not reply.done()
    library.writes(end)
    reply.result(5)


def test_the_late_receipt_of_an_earlier_stanza_ends_no_later_decryption(library: Library) -> None:
    library.reads("A")
    library.reads("B")
    library.decrypts().result(5)
    library.decrypts().result(5)
    reply = library.sends()
    library.waiting()
    library.writes(receipt("A"))
    assert not reply.done()
    library.writes(receipt("B"))
    reply.result(5)


def test_a_reply_that_waits_comes_before_the_next_stanza(library: Library) -> None:
    library.reads("A")
    library.reads("B")
    library.decrypts().result(5)
    reply = library.sends()
    library.waiting()
    following = library.decrypts()
    reply.result(5)
    library.waiting()
    assert not following.done()
    library.has_sent()
    following.result(5)


def test_a_decryption_is_over_when_its_message_is_handed_over(library: Library) -> None:
    library.reads("A")
    library.decrypts().result(5)
    reply = library.sends()
    library.waiting()
    library.gate.handed_over("B")
    assert not reply.done()
    # what we do with it may take long
    library.gate.handed_over("A")
    reply.result(5)
    library.gate.handed_over("A")
    assert library.gate._turn is library._turn


@pytest.mark.parametrize(
    ("inner", "more"),
    [
        ("<unavailable/>", ""),
        ("<plaintext/>", ""),
        # what could not be parsed has an <enc>, but no line about its decryption
        ('<enc type="msg"/>', ""),
    ],
)
def test_stanzas_that_are_not_decrypted_are_passed_over(library: Library, inner: str, more: str) -> None:
    library.reads("N", "120363@newsletter", inner, more)
    library.reads("A")
    library.decrypts().result(5)
    reply = library.sends()
    library.waiting()
    library.writes('<ack class="message" id="N" to="x"/>')
    assert not reply.done()
    library.writes(receipt("A"))
    reply.result(5)


def test_in_a_group_it_is_the_participant_who_wrote(library: Library) -> None:
    library.reads("B", BUDI)
    library.reads("G", "1203630@g.us", more=f' participant="{RINA}"')
    library.decrypts(RINA).result(5)
    reply = library.sends()
    library.waiting()
    library.writes(receipt("B"))
    assert not reply.done()
    library.writes(receipt("G"))
    reply.result(5)


def test_a_new_connection_forgets_what_the_old_one_had_not_handled(library: Library) -> None:
    library.reads("A")
    library.gate.begin_stream()
    library.reads("B")
    library.decrypts().result(5)
    reply = library.sends()
    library.waiting()
    library.writes(receipt("B"))
    reply.result(5)


@pytest.mark.parametrize(
    "end",
    [
        '<message id="3EB0R" to="x"/>',
        "Failed to handle retry receipt for 1@lid/3EB0R from 1@lid: no session",
        "Dropping retry request from 3EB0R for 1@lid: internal retry counter is 10",
    ],
)
def test_an_answer_to_a_retry_receipt_is_an_encryption(library: Library, end: str) -> None:
    library.reads("A")
    library.answers_retry("3EB0R").result(5)
    decryption = library.decrypts()
    library.waiting()
    library.writes('<message id="3EB0OTHER" to="x"/>')
    library.writes('<receipt id="3EB0R" to="x"/>')
    assert not decryption.done()
    if end.startswith("<"):
        library.writes(end)
    else:
        library.gate.logged(end.encode())
    decryption.result(5)


def test_two_devices_that_ask_for_the_same_reply_are_answered_one_after_the_other(library: Library) -> None:
    library.answers_retry("3EB0R").result(5)
    second = library.answers_retry("3EB0R")
    library.waiting()
    assert not second.done()
    library.writes('<message id="3EB0R" to="x"/>')
    second.result(5)
    reply = library.sends()
    library.waiting()
    library.writes('<message id="3EB0R" to="x"/>')
    reply.result(5)


def test_a_turn_whose_end_is_never_seen_ends_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    library = Library(longest=0.1)
    library.reads("A")
    library.decrypts().result(5)
    library.sends().result(5)
    library.decrypts().result(5)
    assert library.gate.overruns == 2
    assert len(caplog.records) == 1
    # the reply's own end comes late and takes nobody's turn
    library.has_sent()
    assert library.gate._turn is not None


def test_an_open_gate_holds_nobody(library: Library) -> None:
    library.sends().result(5)
    library.reads("A")
    decryption = library.decrypts()
    library.waiting()
    library.gate.open()
    decryption.result(5)
    library.sends().result(5)


def test_many_at_once_never_overlap(library: Library) -> None:
    inside: list[int] = []
    most: list[int] = []
    start = threading.Barrier(4)

    def work(number: int) -> None:
        start.wait(5)
        for _ in range(300):
            turn = library.gate.enter()
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)
            library.gate.leave(turn)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(most), max(most), library.gate.overruns) == (1200, 1, 0)
