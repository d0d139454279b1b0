"""One at a time on the library's Signal sessions: what encrypts and what decrypts.

whatsmeow reads a device's session, changes it and writes it back: in send.go for a message that leaves, in
message.go for one that comes, without a common lock. Whoever writes later turns the other's counter back, and the
customer's device drops the next reply as one that it has had. The library's log says when each begins and has
ended: the gate holds its goroutines there.
"""

import logging
import re
import threading
import time
from collections import deque

log = logging.getLogger(__name__)

# Seconds after which a turn whose end was not seen counts as over. A reply's end is always seen, and may take that
# long: the library asks the server for keys in between, and a disk can be slow.
LONGEST_REPLY, LONGEST_OTHER = 30.0, 15.0
# stanzas between the reader and the handler (whatsmeow queues 2048)
_MOST_ARRIVED = 4_096

# the library writes attributes in the order of the alphabet; what a customer can choose comes after these
_HEAD = re.compile(rb'<message (?:[a-z_]+="[^"]*" )*?from="([^"]*)" id="([^"]+)"')
_PARTICIPANT = re.compile(rb' participant="([^"]*)"')
_MANY = (b"@g.us", b"@broadcast")
_DECRYPTING, _DECRYPTION_ENDS = b"Decrypting message from ", (b"<receipt", b"<ack")
# "Found message in local cache [with alternate chat JID C] to accept retry receipt for CHAT/ID from DEVICE"
_FOUND = re.compile(rb"^Found message in .* for [^ ]*/([^ /]+) from ")
# "Failed to handle retry receipt for CHAT/ID from DEVICE: …" and "Dropping retry request from ID for DEVICE: …"
_GIVEN_UP = re.compile(rb"^(?:Failed to handle retry receipt for [^ ]*/|Dropping retry request from )([^ /]+) ")

# how the entries begin that `logged` wants to see
LOGGED = (
    _DECRYPTING,
    b"Found message in ",
    b"Failed to handle retry receipt for ",
    b"Dropping retry request from ",
)


class Turn:
    """Somebody's time on the sessions; a stanza with `key` in it and one of the tags in `ends` shows its end.

    It lasts `longest` seconds at most.
    """

    __slots__ = ("ends", "key", "longest")

    def __init__(self, longest: float, key: bytes = b"", ends: tuple[bytes, ...] = ()) -> None:
        self.longest = longest
        self.key = key
        self.ends = ends


class EncryptionGate:
    """Turns, in the order in which they were asked for; called on the library's threads and the sender's."""

    def __init__(self, longest_reply: float = LONGEST_REPLY, longest_other: float = LONGEST_OTHER) -> None:
        self._longest_reply, self._longest_other = longest_reply, longest_other
        self._changed = threading.Condition()
        self._turn: Turn | None = None
        self._since = 0.0
        self._waiting: deque[Turn] = deque()
        self._is_open = False
        # stanzas that the reader has put into the handler's queue: who wrote them, and their ids
        self._arrived: deque[tuple[bytes, bytes]] = deque(maxlen=_MOST_ARRIVED)
        # turns that were taken from those who had them for too long
        self.overruns = 0

    def enter(self) -> Turn:
        """Wait for the turn of a reply; `leave` gives it back."""
        turn = Turn(self._longest_reply)
        with self._changed:
            self._enter(turn)
        return turn

    def leave(self, turn: Turn) -> None:
        """Give a turn back; one that is over already stays over."""
        with self._changed:
            self._leave(turn)

    def open(self) -> None:
        """Let everybody through from now on: the session is about to end."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def begin_stream(self) -> None:
        """A new connection: what an earlier one had queued is not handled any more."""
        self._arrived.clear()

    def arrived(self, node: bytes) -> None:
        """A message stanza was read; the handler, one goroutine, takes them in this order."""
        if b"<enc " in node and (head := _HEAD.match(node)):
            sender, wa_id = head.groups()
            if sender.endswith(_MANY) and (one := _PARTICIPANT.search(node)):
                sender = one[1]
            self._arrived.append((sender, wa_id))

    def logged(self, message: bytes) -> None:
        """An entry that begins with one of LOGGED, on the goroutine that is about to do it."""
        if message.startswith(_DECRYPTING):
            sender = message[len(_DECRYPTING) :].partition(b" ")[0].partition(b"\x12")[0]
            turn = Turn(self._longest_other, self._next_of(sender), _DECRYPTION_ENDS)
            with self._changed:
                if self._turn is not None and self._turn.ends == turn.ends:
                    # the handler has gone on: its last one is over, and its receipt only late
                    self._leave(self._turn)
                self._enter(turn)
        elif found := _FOUND.match(message):
            with self._changed:
                self._enter(Turn(self._longest_other, _attribute(found[1]), (b"<message",)))
        elif given_up := _GIVEN_UP.match(message):
            self._end(b"<message", _attribute(given_up[1]))

    def handed_over(self, wa_id: str) -> None:
        """A message's event has come: it is decrypted, though its receipt waits for what we do with it."""
        turn = self._turn
        if turn is not None and turn.ends == _DECRYPTION_ENDS and turn.key == _attribute(wa_id.encode()):
            self.leave(turn)

    def left(self, node: bytes) -> None:
        """A stanza is about to be written: it may end a decryption or the answer to a retry receipt."""
        turn = self._turn
        if turn is not None and turn.key and turn.key in node and node.startswith(turn.ends):
            self.leave(turn)

    def _next_of(self, sender: bytes) -> bytes:
        """The stanza that the handler has come to; empty if that can't be told."""
        arrived = self._arrived
        if not arrived:
            return b""
        if arrived[0][0] != sender:
            # what lies before it was no ciphertext to the library, and is handled
            place = next((i for i, one in enumerate(list(arrived)) if one[0] == sender), None)
            if place is None:
                return b""
            for _ in range(place):
                arrived.popleft()
        return _attribute(arrived.popleft()[1])

    def _end(self, tag: bytes, key: bytes) -> None:
        turn = self._turn
        if turn is not None and turn.key == key and tag in turn.ends:
            self.leave(turn)

    def _enter(self, turn: Turn) -> None:
        if self._turn is not None or self._waiting:
            self._wait(turn)
        self._turn, self._since = turn, time.monotonic()

    def _wait(self, turn: Turn) -> None:
        self._waiting.append(turn)
        while not self._is_open:
            if self._waiting[0] is not turn:
                self._changed.wait()
                continue
            if self._turn is None:
                break
            left = self._since + self._turn.longest - time.monotonic()
            if left <= 0:
                self._count_overrun()
                break
            self._changed.wait(left)
        self._waiting.remove(turn)
        self._changed.notify_all()

    def _leave(self, turn: Turn) -> None:
        if self._turn is turn:
            self._turn = None
            if self._waiting:
                self._changed.notify_all()

    def _count_overrun(self) -> None:
        self.overruns += 1
        if self.overruns == 1:
            log.warning("the library's sessions were in use for too long: a message may have to be sent again")


def _attribute(wa_id: bytes) -> bytes:
    return b' id="' + wa_id + b'"'
