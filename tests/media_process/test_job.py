"""What a sender says of his file, and how it goes to the process."""

import pytest

from daemon.domain.attachments import MediaFolder, MediaSource
from daemon.media_process.download_job import DownloadJob, is_usable
from daemon.media_process.hosts import LAST_HOST, TransferTimes, hosts_to_ask

PATH = "/v/t62.7118-24/1234_n.enc?ccb=11-4&oh=01_Q5Aa-x&oe=67ABCDEF&_nc_sid=5e03e0"


def source(path: str = PATH, key: bytes = b"k" * 32) -> MediaSource:
    return MediaSource(MediaFolder.IMAGE, path, key, b"s" * 32, b"e" * 32)


def test_a_job_arrives_as_it_was_sent() -> None:
    job = DownloadJob(source(), ("a.whatsapp.net",), 77, times=TransferTimes(silence=3), parent=4711)
    assert DownloadJob.from_json(job.to_json()) == job


def test_no_key_shows_in_a_job_that_is_printed() -> None:
    assert "k" * 32 not in repr(DownloadJob(source()))


def test_whatsapps_own_path_is_usable() -> None:
    assert is_usable(source())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "v/x.enc",
        "//evil.example/x",
        "https://evil.example/x",
        "@evil.example/x",
        "/v/../x",
        "/v/%2e%2E/x",
        "/v/./x",
        "/v/x y",
        "/v/x\r\nHost: evil.example",
        "/v/x\n",
        "/v/x\0",
        "/v/x#y",
        "/v\\x",
        "/v/é",
        "/" + "x" * 2000,
    ],
)
def test_a_path_that_is_not_plain_is_not_usable(path: str) -> None:
    assert not is_usable(source(path))


def test_a_key_of_another_length_is_not_usable() -> None:
    assert not is_usable(source(key=b"short"))


def test_hosts_are_asked_in_their_order_and_the_one_that_always_answers_comes_last() -> None:
    assert hosts_to_ask(()) == (LAST_HOST,)
    assert hosts_to_ask((LAST_HOST, "media.fna.whatsapp.net")) == ("media.fna.whatsapp.net", LAST_HOST)
    assert hosts_to_ask(("evil.example/x", "a:80", "x y", "")) == (LAST_HOST,)
    assert len(hosts_to_ask(tuple(f"m{i}.whatsapp.net" for i in range(9)))) == 4
