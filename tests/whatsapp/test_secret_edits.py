"""An edit that is encrypted once more is opened with its message's secret, or not at all."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.domain.messages import MessageEdited, Origin
from daemon.whatsapp.message_secrets import Keys
from daemon.whatsapp.secret_edits import open_edit
from tests.support.builders import BUDI, NOON
from tests.whatsapp_server.wire import payload
from tests.whatsapp_server.wire.protos import e2e, neonize

LID, PHONE, OTHER = "551@lid", "62811@s.whatsapp.net", "552@lid"
SECRET = b"s" * 32
FROM_BUDI = Origin(BUDI, False, 0, NOON)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    file = tmp_path / "session.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute(
            "CREATE TABLE whatsmeow_message_secrets (our_jid, chat_jid, sender_jid, message_id, key,"
            " PRIMARY KEY (our_jid, chat_jid, sender_jid, message_id))"
        )
        rows = [
            (LID, "A", SECRET),
            (PHONE, "P", SECRET),
            (OTHER, "A", b"o" * 32),
            (LID, "E", b""),
            ("\ud7ff", "X", 5),
        ]
        for sender, wa_id, secret in rows:
            db.execute(
                "INSERT INTO whatsmeow_message_secrets VALUES ('118:1@lid', ?, ?, ?, ?)",
                (sender, sender, wa_id, secret),
            )
        db.commit()
    return Keys(file)


def jid(text: str) -> Any:
    user, _, server = text.partition("@")
    return neonize.JID(User=user, Server=server, Device=3, RawAgent=0, Integrator=0, IsEmpty=False)


def event(message: Any, sender: str = LID, other: str = PHONE) -> Any:
    made = neonize.Message(Message=message)
    source = made.Info.MessageSource
    source.Sender.CopyFrom(jid(sender))
    source.SenderAlt.CopyFrom(jid(other))
    return made


def sealed(wa_id: str = "A", secret: bytes = SECRET, author: str = LID, text: str = "3 loyang") -> Any:
    return payload.secret_edit(LID, wa_id, text, secret, author, at_ms=0)


def changed(message: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(message.secretEncryptedMessage, name, value)
    return message


@pytest.mark.parametrize(("wa_id", "author"), [("A", LID), ("P", PHONE)])
@pytest.mark.parametrize(("sender", "other"), [(LID, PHONE), (PHONE, LID)])
def test_whoever_wrote_it_may_change_it_by_either_of_his_addresses(
    keys: Keys, wa_id: str, author: str, sender: str, other: str
) -> None:
    found = open_edit(event(sealed(wa_id, author=author), sender, other), FROM_BUDI, keys)
    assert found == MessageEdited(wa_id, FROM_BUDI, "3 loyang")
    wrapped = e2e.Message(ephemeralMessage=e2e.FutureProofMessage(message=sealed(wa_id, author=author)))
    assert open_edit(event(wrapped, sender, other), FROM_BUDI, keys) == found


@pytest.mark.parametrize(
    "message",
    [
        sealed("UNKNOWN"),
        sealed("E", b"e" * 32),
        sealed("X"),
        sealed("\ud7ff" * 200),
        sealed(secret=b"x" * 32),
        # somebody else's message with the same id
        sealed(secret=b"o" * 32, author=OTHER),
        sealed(text=""),
        changed(sealed(), secretEncType=1),
        changed(sealed(), encIV=b""),
        changed(sealed(), encIV=b"i" * 16),
        changed(sealed(), encPayload=b""),
        changed(sealed(), encPayload=b"p" * 99),
        e2e.Message(secretEncryptedMessage=e2e.SecretEncryptedMessage()),
    ],
)
def test_what_cannot_be_opened_is_no_edit(keys: Keys, message: Any) -> None:
    assert open_edit(event(message), FROM_BUDI, keys) is None


def test_a_library_without_a_file_opens_nothing(tmp_path: Path) -> None:
    assert open_edit(event(sealed()), FROM_BUDI, Keys(tmp_path / "none.db")) is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=80))
def test_whatever_was_sealed_breaks_nothing(keys: Keys, content: bytes) -> None:
    message = sealed()
    part = message.secretEncryptedMessage
    part.encPayload = payload.sealed_with(SECRET, f"A{LID}{LID}Message Edit".encode(), part.encIV, content)
    found = open_edit(event(message), FROM_BUDI, keys)
    assert found is None or found.text
