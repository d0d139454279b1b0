"""Who may log in: hashed passwords, the same work for unknown names, links that work once."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from auth_store import admins
from auth_store.admins import SETUP_LINK_LIFE, AccountError, Role
from daemon.store.engine import Database
from tests.support.builders import NOON

PASSWORD = "kue lapis legit"


def make(conn: Connection, username: str = "sari", role: Role = Role.OWNER) -> admins.Admin:
    return admins.create(conn, username, username.title(), PASSWORD, role, NOON)


def test_a_password_is_kept_as_a_salted_argon2_hash(database: Database) -> None:
    with database.write() as conn:
        make(conn)
        make(conn, "budi")
        hashes = conn.exec_driver_sql("SELECT password_hash FROM admin").scalars().all()
    assert all(kept.startswith("$argon2id$") and PASSWORD not in kept for kept in hashes)
    assert len(set(hashes)) == 2


def test_only_name_and_password_together_log_in(database: Database) -> None:
    with database.write() as conn:
        sari = make(conn)
        assert admins.authenticate(conn, " SARI ", PASSWORD) == sari
        assert admins.authenticate(conn, "sari", PASSWORD + "x") is None
        assert admins.authenticate(conn, "budi", PASSWORD) is None


def test_an_unknown_name_takes_the_work_of_a_wrong_password(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    verify = type(admins._hasher).verify

    def counted(self: object, kept: str, password: str) -> bool:
        checked.append(kept)
        return verify(self, kept, password)  # type: ignore[arg-type]

    monkeypatch.setattr(type(admins._hasher), "verify", counted)
    with database.read() as conn:
        assert admins.authenticate(conn, "nobody", PASSWORD) is None
    assert len(checked) == 1
    assert checked[0].startswith("$argon2id$")


def test_a_disabled_admin_is_out_at_once(database: Database) -> None:
    with database.write() as conn:
        sari = make(conn)
        assert admins.has_owner(conn)
        conn.exec_driver_sql("UPDATE admin SET disabled_at = 1")
        assert admins.authenticate(conn, "sari", PASSWORD) is None
        assert admins.by_session_key(conn, sari.session_key) is None
        assert not admins.has_owner(conn)
        found = admins.by_id(conn, sari.id)
    assert found is not None
    assert found.disabled_at is not None


def test_a_new_password_ends_every_login(database: Database) -> None:
    with database.write() as conn:
        sari = make(conn)
        assert admins.by_session_key(conn, sari.session_key) == sari
        renewed = admins.set_password(conn, sari.id, "yang baru sekali")
        assert admins.by_session_key(conn, sari.session_key) is None
        assert admins.by_session_key(conn, renewed.session_key) == renewed
        assert admins.authenticate(conn, "sari", PASSWORD) is None
        assert admins.authenticate(conn, "sari", "yang baru sekali") == renewed


@pytest.mark.parametrize(
    ("username", "name", "password", "field", "reason"),
    [
        ("s", "Sari", PASSWORD, "username", "format"),
        ("Sari", "Sari", PASSWORD, "username", "format"),
        ("sari'--", "Sari", PASSWORD, "username", "format"),
        ("sari\n", "Sari", PASSWORD, "username", "format"),
        ("sari", " ", PASSWORD, "name", "format"),
        ("sari", "a" * 81, PASSWORD, "name", "format"),
        ("sari", "Sa\nri", PASSWORD, "name", "format"),
        ("sari", "Sari", "x" * 9, "password", "too_short"),
        ("sari", "Sari", "x" * 201, "password", "too_long"),
    ],
)
def test_an_unusable_field_is_named(
    database: Database, username: str, name: str, password: str, field: str, reason: str
) -> None:
    with database.write() as conn:
        with pytest.raises(AccountError) as error:
            admins.create(conn, username, name, password, Role.ADMIN, NOON)
        assert (error.value.field, error.value.reason) == (field, reason)
        assert admins.everyone(conn) == []


def test_a_name_is_taken_once(database: Database) -> None:
    with database.write() as conn:
        make(conn)
    with database.write() as conn:
        with pytest.raises(AccountError, match="username: taken"):
            make(conn)


def test_a_setup_link_works_once(database: Database) -> None:
    with database.write() as conn:
        token = admins.new_setup_link(conn, Role.OWNER, NOON)
        link = admins.find_setup_link(conn, token, NOON)
        assert link is not None
        assert admins.use_setup_link(conn, link, NOON)
        assert not admins.use_setup_link(conn, link, NOON)
        assert admins.find_setup_link(conn, token, NOON) is None


def test_a_setup_link_expires(database: Database) -> None:
    with database.write() as conn:
        token = admins.new_setup_link(conn, Role.OWNER, NOON)
        assert admins.find_setup_link(conn, token, NOON + SETUP_LINK_LIFE - timedelta(seconds=1)) is not None
        assert admins.find_setup_link(conn, token, NOON + SETUP_LINK_LIFE) is None


def test_a_newer_link_replaces_the_older_of_its_purpose_only(database: Database) -> None:
    with database.write() as conn:
        sari = make(conn)
        owner, renewal = (admins.new_setup_link(conn, Role.OWNER, NOON, admin_id) for admin_id in (None, sari.id))
        newer = admins.new_setup_link(conn, Role.OWNER, NOON)
        found = [admins.find_setup_link(conn, token, NOON) is not None for token in (owner, renewal, newer)]
        assert found == [False, True, True]
        kept = conn.exec_driver_sql("SELECT token_hash FROM setup_link").scalars().all()
    assert not {owner, renewal, newer} & set(kept)


def test_a_guessed_link_is_nothing(database: Database) -> None:
    with database.read() as conn:
        assert admins.find_setup_link(conn, "guess", NOON) is None
