"""A file on its way up leaves the line to others; where the kernel says nothing about the line, it just goes."""

import shutil
import socket
import subprocess
import sys

import pytest

from daemon.media_process.giving_way import FIRST_WINDOW, GivingWay
from tests.support.shop import ROOT

# In a network of its own: somebody who says a word every 20 ms, and a file beside it for some seconds, over a line
# of 400 kbit/s. Prints the words' median time there and back in ms, and how much of the line the file had.
MEASURE = "tests.media_process.words_beside_a_file"


def _can_be_slow() -> bool:
    if not (shutil.which("tc") and shutil.which("ip")):
        return False
    return subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not _can_be_slow(), reason="needs root and iproute2, for a line that is slow")
def test_words_beside_a_file_wait_for_one_packet_and_not_for_a_full_queue() -> None:
    told = subprocess.run([sys.executable, "-m", MEASURE], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    median, share = map(float, told.stdout.split())
    # one packet takes 30 ms on this line, a full queue 1.3 s
    assert median < 120
    assert share > 0.5


def test_where_the_line_is_not_known_a_file_goes_as_it_would() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert GivingWay(one, 4000).piece(65_536) == 65_536


def test_at_first_little_is_under_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as one:
            assert GivingWay(one, 4000).piece(65_536) <= 2 * FIRST_WINDOW
