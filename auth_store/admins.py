"""The admins' accounts: who may log in, and the one-time links with which they choose a password."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from auth_store.tables import admin, setup_link

SETUP_LINK_LIFE = timedelta(hours=24)
PASSWORD_LENGTH = (10, 200)
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")


def _random_base64(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")


_hasher = PasswordHasher()
# Checked when the name is unknown, so that a wrong name takes as long as a wrong password.
# Made up instead of computed: hashing takes a good part of a process's start.
_NOBODY = (
    f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    f"${_random_base64(_hasher.salt_len)}${_random_base64(_hasher.hash_len)}"
)


class Role(StrEnum):
    """What an admin may do: the owner also links accounts and manages admins."""

    OWNER = "owner"
    ADMIN = "admin"


class AccountError(Exception):
    """An account can't be made as asked; `field` names the form field, `reason` is a stable word."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Admin:
    """One person who answers customers."""

    id: int
    username: str
    name: str
    role: Role
    language: str | None
    session_key: str
    disabled_at: datetime | None

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER


@dataclass(frozen=True, slots=True)
class SetupLink:
    """An unused, unexpired link; `admin_id` is set when it renews an existing account's password."""

    token_hash: str
    role: Role
    admin_id: int | None


_COLUMNS = (
    admin.c.id,
    admin.c.username,
    admin.c.name,
    admin.c.role,
    admin.c.language,
    admin.c.session_key,
    admin.c.disabled_at,
)


def _admin(row: Row[*tuple[Any, ...]]) -> Admin:
    return Admin(row[0], row[1], row[2], Role(row[3]), row[4], row[5], row[6])


def _hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def check_new_account(username: str, name: str, password: str) -> None:
    """Raise AccountError for the first unusable field."""
    if not USERNAME.fullmatch(username):
        raise AccountError("username", "format")
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise AccountError("name", "format")
    _check_password(password)


def _check_password(password: str) -> None:
    if len(password) < PASSWORD_LENGTH[0]:
        raise AccountError("password", "too_short")
    if len(password) > PASSWORD_LENGTH[1]:
        raise AccountError("password", "too_long")


def create(conn: Connection, username: str, name: str, password: str, role: Role, now: datetime) -> Admin:
    """Create an account.

    Raises AccountError if a field is unusable or the username is taken.
    """
    check_new_account(username, name, password)
    values = {
        "username": username,
        "name": name.strip(),
        "password_hash": _hasher.hash(password),
        "role": role.value,
        "session_key": secrets.token_hex(16),
        "created_at": now,
    }
    try:
        row = conn.execute(insert(admin).values(values).returning(*_COLUMNS)).one()
    except IntegrityError as error:
        raise AccountError("username", "taken") from error
    return _admin(row)


def authenticate(conn: Connection, username: str, password: str) -> Admin | None:
    """The account of that name and password, or None; takes the same time in every case."""
    row = conn.execute(
        select(*_COLUMNS, admin.c.password_hash).where(admin.c.username == username.strip().lower())
    ).first()
    try:
        _hasher.verify(row.password_hash if row else _NOBODY, password)
    except (Argon2Error, InvalidHashError):
        return None
    return _admin(row) if row and row.disabled_at is None else None


def by_session_key(conn: Connection, session_key: str) -> Admin | None:
    """The account whose login cookie carries this key; None once disabled or the key was renewed."""
    row = conn.execute(
        select(*_COLUMNS).where(admin.c.session_key == session_key, admin.c.disabled_at.is_(None))
    ).first()
    return _admin(row) if row else None


def by_id(conn: Connection, admin_id: int) -> Admin | None:
    """The admin of that id, disabled ones included."""
    row = conn.execute(select(*_COLUMNS).where(admin.c.id == admin_id)).first()
    return _admin(row) if row else None


def by_username(conn: Connection, username: str) -> Admin | None:
    """The account of that user name, disabled ones included."""
    row = conn.execute(select(*_COLUMNS).where(admin.c.username == username.strip().lower())).first()
    return _admin(row) if row else None


def everyone(conn: Connection) -> list[Admin]:
    """All accounts, oldest first."""
    return [_admin(row) for row in conn.execute(select(*_COLUMNS).order_by(admin.c.id))]


def has_owner(conn: Connection) -> bool:
    """Whether an owner who can log in exists."""
    return bool(
        conn.execute(
            select(func.count())
            .select_from(admin)
            .where(admin.c.role == Role.OWNER.value, admin.c.disabled_at.is_(None))
        ).scalar_one()
    )


def new_setup_link(conn: Connection, role: Role, now: datetime, admin_id: int | None = None) -> str:
    """Make a one-time link and return its token; earlier unused links of the same purpose stop working."""
    conn.execute(
        update(setup_link)
        .where(
            setup_link.c.role == role.value,
            setup_link.c.admin_id.is_not_distinct_from(admin_id),
            setup_link.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    token = secrets.token_urlsafe(24)
    conn.execute(
        insert(setup_link).values(
            token_hash=_hash_token(token),
            role=role.value,
            admin_id=admin_id,
            created_at=now,
            expires_at=now + SETUP_LINK_LIFE,
        )
    )
    return token


def find_setup_link(conn: Connection, token: str, now: datetime) -> SetupLink | None:
    """The link of that token, if it is unused and has not expired."""
    row = conn.execute(
        select(setup_link.c.token_hash, setup_link.c.role, setup_link.c.admin_id).where(
            setup_link.c.token_hash == _hash_token(token),
            setup_link.c.used_at.is_(None),
            setup_link.c.expires_at > now,
        )
    ).first()
    return SetupLink(row.token_hash, Role(row.role), row.admin_id) if row else None


def use_setup_link(conn: Connection, link: SetupLink, now: datetime) -> bool:
    """Mark the link as used; False if somebody else used it first."""
    result = conn.execute(
        update(setup_link)
        .where(setup_link.c.token_hash == link.token_hash, setup_link.c.used_at.is_(None))
        .values(used_at=now)
    )
    return result.rowcount == 1


def set_disabled(conn: Connection, admin_id: int, since: datetime | None) -> bool:
    """Close an account from a moment on (or, with None, open it again); False if that is so already.

    Closing ends every login, and every unused link for a new password.
    """
    is_open = admin.c.disabled_at.is_(None)
    values: dict[str, Any] = {"disabled_at": since}
    if since is not None:
        values["session_key"] = secrets.token_hex(16)
        links = update(setup_link).where(setup_link.c.admin_id == admin_id, setup_link.c.used_at.is_(None))
        conn.execute(links.values(used_at=since))
    fits = is_open if since is not None else ~is_open
    return conn.execute(update(admin).where(admin.c.id == admin_id, fits).values(values)).rowcount == 1


def set_language(conn: Connection, admin_id: int, language: str) -> None:
    """Remember the language an admin reads in."""
    conn.execute(update(admin).where(admin.c.id == admin_id).values(language=language))


def set_password(conn: Connection, admin_id: int, password: str) -> Admin:
    """Renew a password; every earlier login of this account ends.

    Raises AccountError if the password is unusable.
    """
    _check_password(password)
    values = {"password_hash": _hasher.hash(password), "session_key": secrets.token_hex(16)}
    return _admin(
        conn.execute(update(admin).where(admin.c.id == admin_id).values(values).returning(*_COLUMNS)).one()
    )
