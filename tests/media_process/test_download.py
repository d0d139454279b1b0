"""One file from the simulated media hosts, whatever they and its sender say of it."""

import hashlib
import time
from dataclasses import replace

import pytest

from daemon.media_process.download_job import DownloadResult
from tests.media_process.conftest import QUICK, Host
from tests.whatsapp_server.server.media_host import Manner
from tests.whatsapp_server.wire.media import MediaKind, encrypt_media

FILE = bytes(range(256)) * 1000 + b"the end"
MB = 1_000_000


def test_a_file_comes_as_it_was_sent(host: Host) -> None:
    source = host.put(FILE)
    fetched = host.fetch(source)
    assert (fetched.code, fetched.said) == (DownloadResult.DONE, "")
    assert fetched.content == FILE
    target = host.requests()[-1]
    assert target.startswith(f"{source.path}&hash=")
    assert target.endswith("&mms-type=document&__wa-mms=")


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 65525, 65536])
def test_every_length_comes_whole(host: Host, length: int) -> None:
    fetched = host.fetch(host.put(FILE[:length], Manner(chunked=True)))
    assert (fetched.code, fetched.content) == (DownloadResult.DONE, FILE[:length])


def test_a_file_whose_length_nobody_names_comes_whole(host: Host) -> None:
    fetched = host.fetch(host.put(FILE, Manner(chunked=True)))
    assert (fetched.code, fetched.content) == (DownloadResult.DONE, FILE)


@pytest.mark.parametrize("manner", [Manner(), Manner(chunked=True)], ids=["with its length", "without"])
def test_what_is_too_long_is_left_with_little_of_it_fetched_and_little_memory(host: Host, manner: Manner) -> None:
    source = host.put(bytes(20 * MB), manner)
    fetched = host.fetch(source, limit=2 * MB)
    assert fetched.code == DownloadResult.TOO_LARGE
    assert len(fetched.content) <= 2 * MB + 26
    assert fetched.peak < 70 * MB


def test_a_file_just_within_the_limit_comes_and_one_byte_more_does_not(host: Host) -> None:
    assert host.fetch(host.put(FILE, Manner(chunked=True)), limit=len(FILE)).code == DownloadResult.DONE
    longer = FILE + bytes(16)
    assert host.fetch(host.put(longer, Manner(chunked=True)), limit=len(FILE)).code == DownloadResult.TOO_LARGE


def test_the_memory_it_needs_does_not_grow_with_the_file(host: Host) -> None:
    small, large = host.fetch(host.put(FILE)).peak, host.fetch(host.put(bytes(40 * MB))).peak
    assert large - small < 8 * MB


def test_what_drips_endlessly_is_given_up_for_now(host: Host) -> None:
    source = host.put(FILE, Manner(drip=0.02))
    begun = time.monotonic()
    fetched = host.fetch(source, times=replace(QUICK, grace=0.5))
    assert fetched.code == DownloadResult.FAILED
    assert time.monotonic() - begun < 15


def test_the_whole_ends_after_its_time(host: Host) -> None:
    fetched = host.fetch(host.put(FILE, Manner(drip=0.02)), times=replace(QUICK, longest=1.0))
    assert fetched.code == DownloadResult.FAILED


def test_silence_is_given_up_for_now(host: Host) -> None:
    fetched = host.fetch(host.put(FILE, Manner(drip=60)), times=replace(QUICK, silence=0.3))
    assert fetched.code == DownloadResult.FAILED


@pytest.mark.parametrize("chunked", [False, True])
def test_a_connection_that_breaks_in_the_middle_is_tried_again(host: Host, chunked: bool) -> None:
    known = len(host.requests())
    source = host.put(FILE, Manner(chunked=chunked, cut_after=70_000, times=2))
    fetched = host.fetch(source)
    assert (fetched.code, fetched.content) == (DownloadResult.DONE, FILE)
    assert len(host.requests()) == known + 3


def test_one_that_always_breaks_is_asked_for_another_time(host: Host) -> None:
    source = host.put(FILE, Manner(cut_after=70_000))
    assert host.fetch(source).code == DownloadResult.FAILED


@pytest.mark.parametrize("status", [403, 404, 410])
def test_what_the_servers_no_longer_have_is_expired(host: Host, status: int) -> None:
    assert host.fetch(host.put(FILE, Manner(status=status))).code == DownloadResult.EXPIRED


@pytest.mark.parametrize("status", [206, 400, 500, 503])
def test_other_answers_may_be_better_later(host: Host, status: int) -> None:
    assert host.fetch(host.put(FILE, Manner(status=status))).code == DownloadResult.FAILED


def test_a_redirect_leads_nowhere(host: Host) -> None:
    there = host.put(FILE)
    known = len(host.requests())
    manner = Manner(status=302, location=f"https://mmg.whatsapp.net{there.path}")
    assert host.fetch(host.put(FILE, manner)).code == DownloadResult.FAILED
    assert len(host.requests()) == known + 1


def test_another_host_is_asked_when_one_does_not_answer_well(host: Host) -> None:
    source = host.put(FILE, Manner(status=302, times=1))
    fetched = host.fetch(source, hosts=("media.fna.whatsapp.net", "mmg.whatsapp.net"))
    assert (fetched.code, fetched.content) == (DownloadResult.DONE, FILE)


def test_a_host_with_a_foreign_certificate_is_not_believed(host: Host) -> None:
    assert host.fetch(host.put(FILE), hosts=("media.example.org",)).code == DownloadResult.FAILED


def test_another_file_mac_content_or_key_is_damaged(host: Host) -> None:
    source = host.put(FILE)
    blob = host.media.blob
    other = encrypt_media(b"x" * len(FILE), MediaKind.DOCUMENT, source.key)
    # the sum of what is there, but neither its MAC nor its content
    wrong_mac = blob[:-1] + bytes([blob[-1] ^ 1])
    damaged = [
        host.put_blob(other.blob),
        replace(host.put_blob(wrong_mac), enc_sha256=hashlib.sha256(wrong_mac).digest()),
        replace(source, sha256=bytes(32)),
        replace(source, key=bytes(32)),
        host.put_blob(b"short"),
    ]
    assert [host.fetch(one).code for one in damaged] == [DownloadResult.DAMAGED] * len(damaged)


def test_nothing_is_asked_for_a_path_that_leads_elsewhere(host: Host) -> None:
    source = host.put(FILE)
    known = len(host.requests())
    fetched = host.fetch(replace(source, path="https://example.org/x"))
    assert (fetched.code, fetched.content) == (DownloadResult.DAMAGED, b"")
    assert len(host.requests()) == known
