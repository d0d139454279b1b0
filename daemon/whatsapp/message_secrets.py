"""The secrets that the library keeps of received messages: on disk before our callback runs, without a time."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from daemon.domain.ids import ChatKind, Party
from daemon.whatsapp import keys_query
from daemon.whatsapp.arrivals import Arrival, party_of
from daemon.whatsapp.keys_query import rows
from daemon.whatsapp.wire_text import address_in, identifier

# of the library's secrets: more messages than its pipeline holds (neonize's channel has room for 100)
_LONGEST_PIPELINE = 300


class SecretsUnread(Exception):
    """The library's file could not be read now."""


class Keys:
    """The library's file: read by this process at first, and by another once the library has opened it."""

    def __init__(self, session_file: Path) -> None:
        self._file = session_file
        self._is_the_librarys = False

    def leave_to_the_library(self) -> None:
        """The library is about to open the file (`daemon.whatsapp.keys_query` says why that matters)."""
        self._is_the_librarys = True

    def ask(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows, texts as bytes; none while there are no tables. Raises SecretsUnread."""
        try:
            return (
                self._from_outside(question, values)
                if self._is_the_librarys
                else rows(self._file, question, values)
            )
        except (OSError, subprocess.SubprocessError, sqlite3.Error) as error:
            raise SecretsUnread(type(error).__name__) from None

    def _from_outside(self, question: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        asked = json.dumps({"file": str(self._file.absolute()), "question": question, "values": values})
        # without what is installed: it starts in some hundredths of a second
        command = [sys.executable, "-I", "-S", keys_query.__file__]
        # a fixed program, and our own file
        done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
        return [tuple(map(_bytes, row)) for row in json.loads(done.stdout)]


def _bytes(value: Any) -> Any:
    return value.encode("latin-1") if isinstance(value, str) else value


def newest(keys: Keys) -> int:
    """The newest secret's number; 0 if there is none. Raises SecretsUnread."""
    found = keys.ask("SELECT coalesce(max(rowid), 0) FROM whatsmeow_message_secrets")
    return int(found[0][0]) if found else 0


def rows_after(keys: Keys, rowid: int) -> list[Any]:
    """The newest secrets behind that number, oldest first; for `arrival_of_row`. Raises SecretsUnread."""
    return keys.ask(
        "SELECT chat_jid, sender_jid, message_id, pn, lid FROM whatsmeow_message_secrets"
        " LEFT JOIN whatsmeow_lid_map ON chat_jid IN (lid || '@lid', pn || '@s.whatsapp.net')"
        " WHERE whatsmeow_message_secrets.rowid > ?"
        " ORDER BY whatsmeow_message_secrets.rowid DESC LIMIT ?",
        rowid,
        _LONGEST_PIPELINE,
    )[::-1]


def pairs(keys: Keys) -> set[tuple[str, str]]:
    """The customers' LIDs and phone numbers that belong together, as WhatsApp told the library.

    Raises SecretsUnread.
    """
    found = keys.ask("SELECT lid, pn FROM whatsmeow_lid_map")
    return {(_raw(lid).decode(errors="replace"), _raw(pn).decode(errors="replace")) for lid, pn in found}


def secrets_of(keys: Keys, wa_id: str | bytes) -> list[tuple[bytes, str]]:
    """The secrets of messages with that id, each with its author's address. Raises SecretsUnread."""
    asked = wa_id.decode(errors="replace") if isinstance(wa_id, bytes) else wa_id
    found = keys.ask("SELECT key, sender_jid FROM whatsmeow_message_secrets WHERE message_id = ?", asked)
    return [(_raw(key), _raw(author).decode(errors="replace")) for key, author in found]


def arrival_of_row(chat: Any, sender: Any, wa_id: Any, pn: Any, lid: Any) -> Arrival | None:
    """The message of a secret; None if it is in no person's or group's chat.

    Raises ValueError if the row names no sender or no id.
    """
    there, who = address_in(_raw(chat)), address_in(_raw(sender))
    if there is None or who is None or not wa_id:
        raise ValueError("a secret of nobody's")
    if there.kind == ChatKind.BROADCAST:
        # through a customer's list: it belongs into the chat with him
        there = who
    number, hidden = address_in(_raw(pn) + b"@s.whatsapp.net"), address_in(_raw(lid) + b"@lid")
    other = (number if there.is_lid else hidden) if pn and lid else None
    party = party_of(there, None)
    if party is None:
        return None
    party = Party(party.address, other)
    wa_id = identifier(_raw(wa_id))
    if party.kind == ChatKind.GROUP:
        return Arrival(wa_id, party, str(who.bare()))
    if who.bare() in (party.address, party.alternative):
        return Arrival(wa_id, party)
    # another device of ours wrote; which one it was, is not kept
    return Arrival(wa_id, party, writer=who)


def _raw(value: Any) -> bytes:
    """Whatever SQLite gives: text is asked for as bytes, but a column may hold anything."""
    return value if isinstance(value, bytes) else b"" if value is None else str(value).encode()
