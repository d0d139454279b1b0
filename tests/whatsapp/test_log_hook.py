"""What the library's log is read for, entry by entry, in the form in which the library writes it."""

import ctypes
import logging
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection

import pytest

from daemon.whatsapp.encryption_gate import EncryptionGate
from daemon.whatsapp.log_hook import EXIT_UNWRITTEN, LogHook


def entry(message: str, level: str = "DEBUG", name: str = "Client") -> bytes:
    """neonize's LogEntry: three length-delimited fields."""
    return b"".join(
        bytes([number << 3 | 2]) + _varint(len(value)) + value
        for number, value in enumerate(
            (message.encode(errors="surrogateescape"), level.encode(), name.encode()), start=1
        )
    )


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


class Hooked:
    """A hook and what it has called."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.hook = LogHook(
            lambda: self.calls.append("drain"),
            lambda: self.calls.append("passkey"),
            lambda: self.calls.append("reconnect"),
            EncryptionGate(),
        )

    def write(self, *arguments: str) -> None:
        data = entry(*arguments)
        buffer = ctypes.create_string_buffer(data, len(data))
        self.hook(ctypes.addressof(buffer), len(data))


@pytest.fixture
def log() -> Hooked:
    return Hooked()


RECEIPTS = ("sender", "retry", "read", "read-self", "played", "played-self", "inactive", "peer_msg", "hist_sync")


@pytest.mark.parametrize("kind", RECEIPTS)
def test_a_receipt_that_the_library_can_deliver_passes(log: Hooked, kind: str) -> None:
    log.write(f'<receipt from="1@lid" id="A1" t="1" type="{kind}"/>', "DEBUG", "Client/Recv")
    log.write('<receipt from="1@lid" id="A2" t="1"/>', "DEBUG", "Client/Recv")
    assert not log.hook.poisoned


@pytest.mark.parametrize(
    "node",
    [
        '<receipt id="B1" from="1@lid" type="server-error"/>',
        '<receipt type="view" id="B1" from="1@lid"/>',
        '<chatstate from="1@lid" id="B1"><recording/></chatstate>',
        '<chatstate from="1@lid" id="B1"><composing media="video"/></chatstate>',
    ],
)
def test_what_it_cannot_deliver_waits_for_everything_before_it(log: Hooked, node: str) -> None:
    log.write(node, "DEBUG", "Client/Recv")
    assert log.hook.poisoned
    assert log.calls == ["drain"]
    assert not log.hook.wait_for_ack(0)
    log.write('<ack class="message" id="OTHER"/>', "DEBUG", "Client/Send")
    assert not log.hook.wait_for_ack(0)
    log.write('<ack class="receipt" id="B1" to="1@lid"/>', "DEBUG", "Client/Send")
    assert log.hook.wait_for_ack(0)


@pytest.mark.parametrize("inner", ["<composing/>", '<composing media="audio"/>', "<paused/>"])
def test_ordinary_typing_passes(log: Hooked, inner: str) -> None:
    log.write(f'<chatstate from="1@lid">{inner}</chatstate>', "DEBUG", "Client/Recv")
    assert not log.hook.poisoned


def test_the_id_is_told_once_and_only_for_the_message_that_is_awaited(log: Hooked) -> None:
    seen: list[str] = []
    log.write('<message id="3EB0EARLY" to="1@lid"/>', "DEBUG", "Client/Send")
    log.hook.expect_id(seen.append)
    log.write('<iq id="1.2-3"/>', "DEBUG", "Client/Send")
    log.write('<message to="1@lid" id="3EB0AAAA" type="text"><enc id="no"/></message>', "DEBUG", "Client/Send")
    log.write('<message id="3EB0LATER" to="1@lid"/>', "DEBUG", "Client/Send")
    assert seen == ["3EB0AAAA"]


def fails(wa_id: str) -> None:
    """A callback that can't write the id down."""
    raise OSError("the disk is full")


def send(node: str, callback: Callable[[str], None], done: Connection) -> None:
    """In a process of its own: one message that is about to leave; tells if the library would go on."""
    log = Hooked()
    log.hook.expect_id(callback)
    log.write(node, "DEBUG", "Client/Send")
    done.send("the frame is written")


@pytest.mark.parametrize(
    ("node", "callback", "code"),
    [
        ('<message id="3EB0A" to="1@lid"/>', print, 0),
        ('<message id="3EB0A" to="1@lid"/>', fails, EXIT_UNWRITTEN),
        ('<message to="1@lid"/>', print, EXIT_UNWRITTEN),
        ('<message id="\udcff" to="1@lid"/>', print, EXIT_UNWRITTEN),
    ],
)
def test_a_message_whose_id_was_not_noted_ends_the_process_before_its_frame_is_written(
    node: str, callback: Callable[[str], None], code: int
) -> None:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    process = spawn.Process(target=send, args=(node, callback, there))
    process.start()
    there.close()
    process.join(20)
    assert process.exitcode == code
    if code:
        with pytest.raises(EOFError):
            here.recv()
    else:
        assert here.recv() == "the frame is written"
    here.close()


@pytest.mark.parametrize(
    ("node", "code"),
    [('<failure reason="503" location="x"/>', "503"), ('<stream:error code="515"/>', "515")],
)
def test_a_failure_without_an_event_is_remembered(log: Hooked, node: str, code: str) -> None:
    log.write(node, "DEBUG", "Client/Recv")
    assert log.hook.last_failure == code


def test_a_passkey_request_is_noticed(log: Hooked) -> None:
    log.write('<notification type="passkey_prologue_request" id="1"/>', "DEBUG", "Client/Recv")
    assert log.calls == ["passkey"]


def test_the_librarys_warnings_reach_our_log_without_numbers_or_stanzas(
    log: Hooked, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        log.write("Failed to decrypt from 6281234567890: <message>rahasia</message>", "WARN", "Client")
        log.write("a debug line with 6281234567890", "DEBUG", "Client")
    assert "Failed to decrypt from" in caplog.text
    assert "6281234567890" not in caplog.text
    assert "rahasia" not in caplog.text


def test_the_media_hosts_are_those_that_the_library_was_last_told(log: Hooked) -> None:
    node = (
        '<iq from="s.whatsapp.net" id="1" type="result"><media_conn auth="secret" ttl="300">'
        '<host hostname="media.fna.whatsapp.net" type="primary"/><host hostname="mmg.whatsapp.net"/>'
        "</media_conn></iq>"
    )
    assert log.hook.media_hosts == ()
    log.write(node, "DEBUG", "Client/Recv")
    log.write('<iq from="s.whatsapp.net" id="2" type="result"/>', "DEBUG", "Client/Recv")
    assert log.hook.media_hosts == ("media.fna.whatsapp.net", "mmg.whatsapp.net")


def test_a_logins_answer_tells_the_servers_time_and_begins_the_stream_anew(log: Hooked) -> None:
    told: list[int] = []
    log.hook.on_time = told.append
    stanza = '<message from="1@lid" id="A1" t="1" type="text"><enc type="msg" v="2"/></message>'
    log.write(stanza, "DEBUG", "Client/Recv")
    log.write('<success lid="118:5@lid" location="frc" t="1795323605"/>', "DEBUG", "Client/Recv")
    assert told == [1795323605]
    # what an earlier connection had queued is nobody's turn any more
    assert not log.hook._gate._arrived


def test_a_logins_answer_without_a_time_is_no_trouble(log: Hooked) -> None:
    told: list[int] = []
    log.hook.on_time = told.append
    log.write('<success location="frc"/>', "DEBUG", "Client/Recv")
    assert told == []
