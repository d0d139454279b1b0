"""What WhatsApp has handed over since the last moment when all of it was surely in our books.

The library acknowledges a stanza before our callback has it, and moves its ratchet before that: what a
crash catches in between never comes again. Two witnesses name such a message: this file, a line for each
stanza, written before the library handles it (it survives a killed process, not always a power cut), and
the secrets that the library keeps of received messages (on disk for good, but without a time). Of a receipt
the line holds everything.
"""

import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from daemon.domain.ids import Address, ChatKind, Party, parse_address
from daemon.domain.messages import ReceiptKind

# bytes of a stanza that hold its head; what follows is ciphertext
_LONGEST_HEAD = 900
# bytes of a receipt, which may be for some hundred messages at once
_LONGEST_RECEIPT = 16_000
# of the library's secrets: more messages than its pipeline holds (neonize's channel has room for 100)
_LONGEST_PIPELINE = 300
# lines at which a day without silence is cut back to what may still be under way (whatsmeow queues 2048 stanzas)
_MOST_LINES, _KEPT_LINES = 20_000, 4_000
_PEER, _DONE, _SECRETS = b"peer", b"done ", b"secrets "

# the library writes attributes in the order of the alphabet; a name may hold anything
_WHO = re.compile(rb'^<message ((?:[a-z_]+="[^"]*" )*?)from="([^"]*)" id="([^"]+)"(.*)$')
_REST = re.compile(rb'^(?: notify="(.*?)")?((?: [o-t][a-z_]*="[^"]*")*) t="(\d+)" type="([a-z_]+)"$')
_ATTRIBUTE = re.compile(rb' ([a-z_]+)="([^"]*)"')
_RECEIPT, _ITEM = re.compile(rb"^<receipt((?: [a-z_]+=\"[^\"]*\")+)"), re.compile(rb'<item id="([^"]+)"')
# the types of receipt that move something; the rest is between the library and other clients
_RECEIPT_KINDS = {
    b"": ReceiptKind.DELIVERED,
    b"sender": ReceiptKind.SENDER,
    b"inactive": ReceiptKind.INACTIVE,
    b"read": ReceiptKind.READ,
    b"read-self": ReceiptKind.READ_SELF,
    b"played": ReceiptKind.PLAYED,
    b"played-self": ReceiptKind.PLAYED_SELF,
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that reached the library; `at` in Unix seconds, if it is known.

    `writer` is the device of ours that wrote it to the party, None for what the party wrote to us.
    """

    wa_id: str
    party: Party
    participant: str | None = None
    push_name: str = ""
    at: int | None = None
    writer: Address | None = None


@dataclass(frozen=True, slots=True)
class ArrivedReceipt:
    """A receipt that reached the library; `chat` is where its messages are, if another device of ours sent it."""

    wa_ids: tuple[str, ...]
    sender: Address
    chat: Address | None
    kind: ReceiptKind
    at: int


class ArrivalJournal:
    """The file of one session, beside its keys; `note` and `settle` are called on the library's threads."""

    def __init__(self, session_file: Path) -> None:
        self._session_file = session_file
        self._path = session_file.with_name(session_file.name + "-arrivals")
        self._lock = threading.Lock()
        self._last_note = time.monotonic()
        self._is_empty = False
        self._lines = 0
        self._fd = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def note(self, node: bytes) -> None:
        """Keep the head of a message stanza; of one between our own devices only that it came."""
        if b'category="peer"' in node[:200]:
            # it may announce a history, whose messages the library also keeps secrets of
            with self._lock:
                self._write(_PEER)
                os.fdatasync(self._fd)
            return
        # reactions, edits and the like: nobody is told when one of those can't be read, either
        if b'decrypt-fail="hide"' not in node:
            with self._lock:
                self._write(node.partition(b"><enc ")[0][:_LONGEST_HEAD].replace(b"\n", b" "))

    def note_receipt(self, node: bytes) -> None:
        """Keep a receipt's stanza."""
        with self._lock:
            self._write(node[:_LONGEST_RECEIPT].replace(b"\n", b" "))

    def settle(self, wa_id: str) -> None:
        """Note that a message turned out to say nothing that belongs into our books."""
        with self._lock:
            self._write(_DONE + wa_id.encode())

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
        with self._lock:
            if silence and (self._is_empty or time.monotonic() - self._last_note < silence):
                return
            newest = _newest_secret(self._session_file)
            os.ftruncate(self._fd, 0)
            self._lines = 0
            self._write(_SECRETS + str(newest).encode())
            os.fdatasync(self._fd)
            self._is_empty = True

    def read(self) -> list[Arrival]:
        """Every message since `start_anew`, oldest first."""
        found: dict[tuple[str, Party], Arrival] = {}
        settled: set[str] = set()
        known_secrets: int | None = None
        for line in self._read_lines():
            if line.startswith(_SECRETS):
                known_secrets = int(line[len(_SECRETS) :])
            elif line.startswith(_DONE):
                settled.add(line[len(_DONE) :].decode(errors="replace"))
            elif line == _PEER:
                known_secrets = None
            elif arrival := parse_head(line):
                found[arrival.wa_id, arrival.party] = arrival
        if known_secrets is not None:
            ids = {arrival.wa_id for arrival in found.values()}
            for arrival in _secrets_after(self._session_file, known_secrets):
                if arrival.wa_id not in ids:
                    found[arrival.wa_id, arrival.party] = arrival
        return [arrival for arrival in found.values() if arrival.wa_id not in settled]

    def read_receipts(self) -> list[ArrivedReceipt]:
        """Every receipt since `start_anew` that may still have been under way, oldest first."""
        lines = [line for line in self._read_lines() if line.startswith(b"<receipt")]
        return [found for line in lines[-_KEPT_LINES:] if (found := parse_receipt(line))]

    def _read_lines(self) -> list[bytes]:
        return self._path.read_bytes().split(b"\n")


def parse_head(head: bytes) -> Arrival | None:
    """What a stanza's head says; None if it is in no person's or group's chat, or no message of its own."""
    who = _WHO.match(head)
    if who is None:
        return None
    rest = _REST.match(who[4])
    attributes = dict(_ATTRIBUTE.findall(rest[2])) if rest else {}
    at = int(rest[3]) if rest else None
    if rest and (rest[4] == b"reaction" or b'edit="' in who[1]):
        return None
    if chat := attributes.get(b"recipient"):
        # written on another device of ours
        party = _party(chat, attributes.get(b"peer_recipient_pn") or attributes.get(b"peer_recipient_lid"))
        writer = _address(who[2])
        return Arrival(who[3].decode(), party, at=at, writer=writer) if party and writer else None
    party = _party(who[2], attributes.get(b"sender_pn") or attributes.get(b"sender_lid"))
    if party is None:
        return None
    participant = None
    if party.kind == ChatKind.GROUP:
        participant = attributes.get(b"participant", b"").decode() or None
    name = (rest[1] or b"").decode(errors="replace") if rest else ""
    return Arrival(who[3].decode(), party, participant, name, at)


def parse_receipt(node: bytes) -> ArrivedReceipt | None:
    """What a receipt says; None if it is of no kind that moves anything, or in no person's chat."""
    head = _RECEIPT.match(node)
    if head is None:
        return None
    attributes = dict(_ATTRIBUTE.findall(head[1]))
    kind = _RECEIPT_KINDS.get(attributes.get(b"type", b""))
    sender, wa_id, at = _address(attributes.get(b"from", b"")), attributes.get(b"id"), attributes.get(b"t", b"")
    if kind is None or sender is None or sender.kind != ChatKind.PERSON or not wa_id or not at.isdigit():
        return None
    chat = attributes.get(b"recipient")
    ids = (wa_id, *_ITEM.findall(node))
    return ArrivedReceipt(
        tuple(i.decode(errors="replace") for i in ids), sender, _address(chat) if chat else None, kind, int(at)
    )


def _party(address: bytes | str, alternative: bytes | str | None) -> Party | None:
    chat, other = _address(address), _address(alternative) if alternative else None
    if chat is None or chat.kind not in (ChatKind.PERSON, ChatKind.GROUP):
        return None
    return Party(chat.bare(), other.bare() if other else None)


def _address(text: bytes | str) -> Address | None:
    try:
        return parse_address(_text(text))
    except ValueError:
        return None


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")


def _newest_secret(session_file: Path) -> int:
    with closing(_open(session_file)) as db:
        try:
            return int(db.execute("SELECT coalesce(max(rowid), 0) FROM whatsmeow_message_secrets").fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # a new file without tables


def _secrets_after(session_file: Path, rowid: int) -> Iterator[Arrival]:
    with closing(_open(session_file)) as db:
        try:
            rows = db.execute(
                "SELECT chat_jid, sender_jid, message_id, pn, lid FROM whatsmeow_message_secrets"
                " LEFT JOIN whatsmeow_lid_map ON chat_jid IN (lid || '@lid', pn || '@s.whatsapp.net')"
                " WHERE whatsmeow_message_secrets.rowid > ?"
                " ORDER BY whatsmeow_message_secrets.rowid DESC LIMIT ?",
                (rowid, _LONGEST_PIPELINE),
            ).fetchall()
        except sqlite3.OperationalError:
            return
    for chat, sender, wa_id, pn, lid in reversed(rows):
        alternative = (f"{pn}@s.whatsapp.net" if chat.endswith("@lid") else f"{lid}@lid") if pn else None
        party = _party(chat, alternative)
        if party is None:
            continue
        if party.kind == ChatKind.GROUP:
            yield Arrival(wa_id, party, sender)
        elif _is_one_of(parse_address(sender).bare(), party):
            yield Arrival(wa_id, party)
        else:
            # which device it was, is not kept
            yield Arrival(wa_id, party, writer=parse_address(sender))


def _is_one_of(sender: Address, party: Party) -> bool:
    """Whether the other side of a chat wrote, and not another device of ours."""
    return sender in (party.address, party.alternative)


def _open(session_file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{session_file.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
