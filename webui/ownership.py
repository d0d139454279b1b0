"""Whose conversation is it? Numbers of another linked number's rows are simply not found here."""

from flask import Flask, abort, request
from flask_login import current_user
from sqlalchemy import Column, Connection, select

from daemon.store.tables import conversation, message
from webui.context import services, the_account

# what an address may name, and the row it stands for
_OWNED: dict[str, tuple[Column[int], Column[int]]] = {
    "conversation_id": (conversation.c.id, conversation.c.account_id),
    "message_id": (message.c.id, message.c.account_id),
}


def install(app: Flask) -> None:
    """Check every address of the inbox that names a conversation or a message."""
    app.before_request(_check)


def _check() -> None:
    named = {name: value for name, value in (request.view_args or {}).items() if name in _OWNED}
    if not named or not current_user.is_authenticated:
        return
    with services().database.read() as conn:
        if not all(_is_ours(conn, name, value) for name, value in named.items()):
            abort(404)


def _is_ours(conn: Connection, name: str, number: int) -> bool:
    row, owner = _OWNED[name]
    account = the_account(conn)
    return account is not None and conn.execute(select(owner).where(row == number)).scalar() == account.id
