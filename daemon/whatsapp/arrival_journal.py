"""What WhatsApp has handed over since the last moment when all of it was surely in our books.

The library acknowledges a stanza before our callback has it, and moves its ratchet before that: what a
crash catches in between never comes again. Two witnesses name such a message: this file, a line for each
stanza, written before the library handles it (it survives a killed process, not always a power cut), and
the secrets that the library keeps of received messages (on disk for good, but without a time). Of a receipt
and a call the line holds everything.
"""

import logging
import os
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from daemon.domain.ids import Party
from daemon.domain.messages import CallChanged
from daemon.whatsapp import message_secrets
from daemon.whatsapp.arrivals import Arrival, ArrivedReceipt, arrival_of, attributes_of, parse_receipt
from daemon.whatsapp.calls import parse_call
from daemon.whatsapp.message_secrets import Keys, SecretsUnread
from daemon.whatsapp.wire_text import identifier

log = logging.getLogger(__name__)

# bytes kept of a longer head, from its beginning and its end: in between is a name or an id that no app sends
_HEAD_BEGINS, _HEAD_ENDS = 300, 600
# bytes of a receipt, which may be for some hundred messages at once
_LONGEST_RECEIPT = 16_000
# bytes of a call's stanza: who rings, and how, stands at its beginning
_LONGEST_CALL = 2_000
# lines at which a day without silence is cut back to what may still be under way (whatsmeow queues 2048 stanzas)
_MOST_LINES, _KEPT_LINES = 20_000, 4_000
# how each encrypted part begins in the library's log
_PART = b"<enc "
_PEER, _DONE, _SECRETS = b"peer", b"done ", b"secrets "

# as whatsmeow writes it; what a customer can choose comes after it
_ID = re.compile(rb'^<message (?:[a-z_-]+="[^"]*" )*?id="([^"]+)"')
# where the head ends: the first part of a stanza's own
_PARTS = re.compile(rb'(?<=")/?><[a-z_-]{3,}[ />]')
_CHANGES_IN_HEAD = re.compile(rb'^<message [^>]{0,200}?\bedit="[1378]"')


class ArrivalJournal:
    """The file of one session, beside its keys; the library's threads write what the session reads."""

    def __init__(self, session_file: Path) -> None:
        # the library keeps secrets of received messages there
        self.keys = Keys(session_file)
        self._path = session_file.with_name(session_file.name + "-arrivals")
        self._lock = threading.Lock()
        self._last_note = time.monotonic()
        self._is_empty = False
        self._lines = 0
        # ids and lines in the order of their arrival: those still to be handed over, and those that never will be
        self._pending: deque[tuple[str, bytes]] = deque(maxlen=_KEPT_LINES)
        self._passed_over: list[bytes] = []
        # ids of stanzas in two parts of which the first has not been handed over
        self._of_two: deque[str] = deque(maxlen=_KEPT_LINES)
        # the lines and secrets that the last `read` could not make anything of, by their numbers
        self.unreadable: list[str] = []
        self._fd = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def note(self, node: bytes) -> None:
        """Keep the head of a message stanza; of one between our own devices only that it came."""
        if b'category="peer"' in node[:200]:
            # it may announce a history, whose messages the library also keeps secrets of
            with self._lock:
                self._write(_PEER)
                os.fdatasync(self._fd)
            return
        # reactions, votes and the like: nobody is told when one of those can't be read, either
        if b'decrypt-fail="hide"' in node and not _CHANGES_IN_HEAD.match(node):
            return
        end = _PARTS.search(node)
        head = node[: end.start()] if end else node.removesuffix(b">").removesuffix(b"/")
        if len(head) > _HEAD_BEGINS + _HEAD_ENDS:
            head = head[:_HEAD_BEGINS] + head[-_HEAD_ENDS:]
        line = head.replace(b"\n", b" ")
        with self._lock:
            self._write(line)
            if match := _ID.match(line):
                wa_id = identifier(match[1])
                self._pending.append((wa_id, line))
                if node.count(_PART) > 1:
                    self._of_two.append(wa_id)

    def note_receipt(self, node: bytes) -> None:
        """Keep a receipt's stanza."""
        with self._lock:
            self._write(node[:_LONGEST_RECEIPT].replace(b"\n", b" "))

    def note_call(self, node: bytes) -> None:
        """Keep what a stanza says of a call."""
        with self._lock:
            self._write(node[:_LONGEST_CALL].replace(b"\n", b" "))

    def has_more(self, wa_id: str) -> bool:
        """Whether what was handed over of a message is only the first of its two parts; asked once for each part.

        In a group it is the writer's key, for whoever has not got it yet; his words come behind it.
        """
        with self._lock:
            if wa_id not in self._of_two:
                return False
            self._of_two.remove(wa_id)
            return True

    def settle(self, wa_id: str) -> None:
        """Note that a message turned out to say nothing that belongs into our books."""
        with self._lock:
            self._write(_DONE + wa_id.encode())

    def handed_over(self, wa_id: str) -> None:
        """The library has told us this message: what it took before and has not told, it never will.

        It takes one stanza after the other, and tells of each before the next (whatsmeow's handlerQueueLoop).
        """
        with self._lock:
            if not any(pending == wa_id for pending, _ in self._pending):
                return
            while (first := self._pending.popleft())[0] != wa_id:
                self._passed_over.append(first[1])

    def _write(self, line: bytes) -> None:
        os.write(self._fd, line + b"\n")
        self._lines += 1
        if self._lines > _MOST_LINES:
            self._cut_back()
        self._last_note = time.monotonic()
        self._is_empty = False

    def _cut_back(self) -> None:
        lines = self._path.read_bytes().splitlines(keepends=True)
        old, kept = lines[:-_KEPT_LINES], lines[-_KEPT_LINES:]
        kept[:0] = [line for line in old if line.startswith((_SECRETS, _PEER))][:2]
        os.ftruncate(self._fd, 0)
        os.write(self._fd, b"".join(kept))
        self._lines = len(kept)

    def start_anew(self, silence: float = 0.0) -> None:
        """Everything so far is in our books: forget it, unless less than `silence` seconds have passed since."""
        if self._is_to_stay(silence):
            return
        # outside the lock: asking takes a moment, and what arrives meanwhile keeps the file as it is
        try:
            secrets = _SECRETS + str(message_secrets.newest(self.keys)).encode()
        except SecretsUnread as error:
            log.warning("the library's file could not be read: %s", error)
            if silence:
                return
            # the lines that follow are a witness all the same
            secrets = _PEER
        with self._lock:
            if self._is_to_stay(silence):
                return
            os.ftruncate(self._fd, 0)
            self._lines = 0
            self._write(secrets)
            os.fdatasync(self._fd)
            self._is_empty = True

    def _is_to_stay(self, silence: float) -> bool:
        if self._passed_over:
            return True
        return silence > 0 and (self._is_empty or time.monotonic() - self._last_note < silence)

    def read(self) -> list[Arrival]:
        """Every message since `start_anew`, oldest first; `unreadable` then names what made no sense."""
        self.unreadable = []
        found, known_secrets = self._arrivals_in(self._read_lines())
        if known_secrets is not None:
            ids = {arrival.wa_id for arrival in found}
            found += (arrival for arrival in self._secrets_after(known_secrets) if arrival.wa_id not in ids)
        return self._believed(found)

    @contextmanager
    def passed_over(self, silence: float) -> Iterator[list[Arrival]]:
        """The messages that were not and will not be handed over; `silence` in seconds.

        If nothing has arrived for so long, these are all that are pending. They are forgotten at the end of the
        block, unless it raises.
        """
        with self._lock:
            if self._pending and time.monotonic() - self._last_note >= silence:
                self._passed_over += (line for _, line in self._pending)
                self._pending.clear()
            lines = list(self._passed_over)
        yield self._believed(self._arrivals_in(lines)[0])
        with self._lock:
            # others may have come behind them
            del self._passed_over[: len(lines)]

    def read_receipts(self) -> list[ArrivedReceipt]:
        """Every receipt since `start_anew` that may still have been under way, oldest first."""
        lines = [line for line in self._read_lines() if line.startswith(b"<receipt")]
        return [found for line in lines[-_KEPT_LINES:] if (found := parse_receipt(line))]

    def read_calls(self) -> list[CallChanged]:
        """What happened to calls since `start_anew`, oldest first."""
        lines = (line for line in self._read_lines() if line.startswith(b"<call "))
        return [found for line in lines if (found := parse_call(line))]

    def _arrivals_in(self, lines: list[bytes]) -> tuple[list[Arrival], int | None]:
        """The messages that were not settled, and which of the library's secrets are older than the file."""
        found: dict[tuple[str, Party], Arrival] = {}
        settled: set[str] = set()
        known_secrets: int | None = None
        for number, line in enumerate(lines, 1):
            if line.startswith(_SECRETS):
                known_secrets = _rowid(line[len(_SECRETS) :])
                if known_secrets is None:
                    self.unreadable.append(f"line {number}")
            elif line.startswith(_DONE):
                settled.add(line[len(_DONE) :].decode(errors="replace"))
            elif line == _PEER:
                known_secrets = None
            elif line.startswith(b"<message"):
                attributes = attributes_of(line) if len(line) <= _HEAD_BEGINS + _HEAD_ENDS else None
                if attributes is None:
                    self.unreadable.append(f"line {number}")
                if attributes and (arrival := arrival_of(attributes)):
                    found[arrival.wa_id, arrival.party] = arrival
            elif line and not line.startswith((b"<receipt", b"<call ")):
                self.unreadable.append(f"line {number}")
        return [arrival for arrival in found.values() if arrival.wa_id not in settled], known_secrets

    def _secrets_after(self, rowid: int) -> list[Arrival]:
        found = []
        try:
            rows = message_secrets.rows_after(self.keys, rowid)
        except SecretsUnread:
            self.unreadable.append("the library's file")
            return []
        for number, row in enumerate(rows, 1):
            try:
                arrival = message_secrets.arrival_of_row(*row)
            except (ValueError, TypeError):
                self.unreadable.append(f"secret {number} after {rowid}")
            else:
                found += [arrival] if arrival else []
        return found

    def _believed(self, found: list[Arrival]) -> list[Arrival]:
        """With their other addresses only if the library knows them, too: a name can look like one."""
        try:
            pairs = message_secrets.pairs(self.keys) if found else set()
        except SecretsUnread:
            pairs = set()
        return [
            arrival
            if (arrival.party.lid, arrival.party.phone) in pairs or arrival.party.alternative is None
            else replace(arrival, party=Party(arrival.party.address))
            for arrival in found
        ]

    def _read_lines(self) -> list[bytes]:
        return self._path.read_bytes().split(b"\n")


def _rowid(text: bytes) -> int | None:
    return int(text) if re.fullmatch(rb"\d{1,18}", text) else None
