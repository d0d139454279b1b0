"""One file to the simulated media hosts, and what becomes of it when they do not want it."""

import hashlib
import time
from collections.abc import Iterator

import pytest

from daemon.media_process.hosts import TransferTimes
from daemon.media_process.upload_job import UploadResult
from tests.media_process.conftest import Host
from tests.whatsapp_server.server.media_host import ANSWERS, Trick
from tests.whatsapp_server.wire.media import MediaKind, decrypt_media

FILE = bytes(range(256)) * 1000 + b"the end"


@pytest.fixture
def failing(host: Host) -> Iterator[Host]:
    """Hosts that are out of order."""
    host.wa.faults.fail_media(503)
    yield host
    host.wa.faults.fail_media(None)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 65535, 65536, len(FILE)])
def test_every_length_lies_there_as_its_message_will_say(host: Host, length: int) -> None:
    brought = host.bring(FILE[:length])
    assert (brought.code, brought.said) == (UploadResult.DONE, "")
    uploaded = brought.uploaded
    assert uploaded is not None
    blob = host.blob(uploaded)
    assert uploaded.enc_sha256 == hashlib.sha256(blob).digest()
    assert uploaded.length == length
    assert decrypt_media(blob, MediaKind.IMAGE, uploaded.key, uploaded.sha256) == FILE[:length]


def test_a_second_try_is_another_file(host: Host) -> None:
    first, second = host.bring(FILE).uploaded, host.bring(FILE).uploaded
    assert first is not None
    assert second is not None
    assert first.sha256 == second.sha256
    assert first.key != second.key
    assert first.path != second.path


def test_a_word_that_lets_nobody_in_is_told_apart(host: Host) -> None:
    brought = host.bring(FILE, auth="")
    assert (brought.code, brought.uploaded) == (UploadResult.NOT_LET_IN, None)


def test_hosts_that_are_out_of_order_may_do_better_later(failing: Host) -> None:
    brought = failing.bring(FILE, hosts=("a.whatsapp.net", "b.whatsapp.net"))
    assert (brought.code, brought.uploaded, brought.said) == (UploadResult.FAILED, None, "")


@pytest.mark.parametrize(
    "trick", [Trick.READS_NOTHING, Trick.ANSWERS_NOTHING, Trick.TRICKLES, Trick.RESETS, *ANSWERS]
)
def test_whatever_a_host_does_it_is_over_soon_and_may_do_better_later(host: Host, trick: Trick) -> None:
    quick = TransferTimes(silence=1, longest=30, grace=20, pause=0.01)
    with host.wa.faults.media_tricks(trick):
        begun = time.monotonic()
        # more than the sockets' buffers hold
        brought = host.bring(bytes(6_000_000), times=quick)
        assert (brought.code, brought.uploaded, brought.said) == (UploadResult.FAILED, None, "")
        assert time.monotonic() - begun < 15
    assert host.bring(FILE).code == UploadResult.DONE


@pytest.mark.parametrize(
    ("status", "result"),
    [(401, UploadResult.NOT_LET_IN), (507, UploadResult.FAILED), (413, UploadResult.REFUSED)],
)
def test_a_status_says_what_to_do(host: Host, status: int, result: UploadResult) -> None:
    host.wa.faults.fail_media(status)
    try:
        assert host.bring(FILE).code == result
    finally:
        host.wa.faults.fail_media(None)


def test_a_file_that_is_gone_fails_with_a_word_and_no_traceback(host: Host) -> None:
    brought = host.bring(FILE, file=str(host.folder / "nowhere"))
    assert (brought.code, brought.said) == (UploadResult.FAILED, "")
