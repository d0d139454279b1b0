"""How a file on its way up leaves the line to words: it takes what they leave, and little of it waits in a queue.

A shop's router lets bytes out in the order in which they come: behind a file that fills its queue, a reply waits a
second and more. How long the queue is shows in how long an acknowledgement takes beyond the shortest so far
(LEDBAT, RFC 6817): as long as it is short, more may be under way at once, and when it grows, less.
"""

import fcntl
import socket
import struct
import termios
import time
from typing import NamedTuple

# seconds that the queue may be longer through us (RFC 6817 allows 0.1, for lines on which nobody talks)
TARGET = 0.04
# bytes: what is under way at first; and at most, which is 1 Gbit/s over 30 ms
FIRST_WINDOW, LARGEST_WINDOW = 3_000, 4_000_000
# the smallest pieces fit into one packet with TLS around them; bytes of a packet
SMALLEST_PIECE, PACKET = 1_300, 1_460
# shares of a window that is not felt, by which it grows with each turn of the line: at first, and later
_FAST_GROWTH, _GROWTH = 0.5, 0.1
# offsets in the kernel's struct tcp_info (linux/tcp.h), which only ever grows at its end: microseconds
_RTT, _ACKNOWLEDGED, _MIN_RTT, _LENGTH = 68, 120, 148, 152


class _Line(NamedTuple):
    """How long an acknowledgement takes now, and took at least, in seconds; bytes acknowledged so far."""

    round_trip: float
    shortest: float
    acknowledged: int


class GivingWay:
    """Says when the next piece may go into a socket, and how large it may be.

    `slowest` is the speed (bytes a second) that it keeps to whatever the line does, others being on it, too;
    `silence` are the seconds for which the other end may acknowledge nothing.
    """

    def __init__(self, connection: socket.socket, slowest: float, silence: float = 20.0) -> None:
        self._socket = connection
        self._slowest = slowest
        self._silence = silence
        self._window = float(FIRST_WINDOW)
        self._was_felt = False
        # bytes that were acknowledged when what is under way now will have been
        self._turn_ends = 1

    def piece(self, largest: int) -> int:
        """Wait until there is room, then say for how many bytes; raises TimeoutError after too long a silence."""
        acknowledged, heard_at = -1, time.monotonic()
        while True:
            line = self._look()
            if line is None:
                return largest
            under_way, now = self._under_way(), time.monotonic()
            if line.acknowledged != acknowledged:
                acknowledged, heard_at = line.acknowledged, now
            elif now - heard_at > self._silence:
                raise TimeoutError
            if line.acknowledged >= self._turn_ends:
                self._turn_ends = line.acknowledged + under_way + 1
                self._fit(line.round_trip - line.shortest)
            room = int(max(self._window, self._slowest * line.round_trip)) - under_way
            if room >= SMALLEST_PIECE or not under_way:
                return min(largest, max(SMALLEST_PIECE, room))
            time.sleep(min(0.02, max(0.002, line.round_trip / 8)))

    def _look(self) -> _Line | None:
        """What the kernel knows; None where it does not say."""
        try:
            known = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LENGTH)
            (round_trip,), (shortest,) = (
                struct.unpack_from("I", known, _RTT),
                struct.unpack_from("I", known, _MIN_RTT),
            )
            (acknowledged,) = struct.unpack_from("Q", known, _ACKNOWLEDGED)
        except (OSError, AttributeError, struct.error):
            return None
        return _Line(round_trip / 1e6, shortest / 1e6, acknowledged)

    def _fit(self, queued: float) -> None:
        if queued > TARGET:
            self._was_felt = True
            self._window *= max(0.5, TARGET / queued)
        else:
            growth = _GROWTH if self._was_felt else _FAST_GROWTH
            self._window *= 1 + growth * (1 - queued / TARGET)
        self._window = min(max(self._window, PACKET), LARGEST_WINDOW)

    def _under_way(self) -> int:
        """Bytes that the other end has not acknowledged."""
        waiting = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        return int.from_bytes(waiting, "little")
