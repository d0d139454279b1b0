"""To whom a message can be passed on: the open conversations of an account, by name or number."""

from sqlalchemy import Connection, or_, select

from daemon.store import conversation_list
from daemon.store.conversation_list import Summary
from daemon.store.conversations import is_unresolved, is_with_person
from daemon.store.tables.core import contact, conversation

# as many as one looks through
MOST = 30


def search(conn: Connection, account_id: int, words: str, without: int) -> list[Summary]:
    """Conversations whose customer's name or number holds the words, the newest message first."""
    conditions = [conversation.c.account_id == account_id, is_with_person, is_unresolved]
    if words := words.strip():
        matches = [contact.c.name.icontains(words, autoescape=True)]
        # a number is typed with spaces, dashes, a plus or a leading zero
        digits = "".join(character for character in words if character in "0123456789").lstrip("0")
        if len(digits) >= 3:
            matches.append(contact.c.phone.contains(digits))
        conditions.append(or_(*matches))
    ids = conn.execute(
        select(conversation.c.id)
        .join(contact, contact.c.id == conversation.c.contact_id)
        .where(*conditions, conversation.c.id != without)
        .order_by(conversation.c.last_at.desc(), conversation.c.id.desc())
        .limit(MOST)
    )
    found = [conversation_list.summary(conn, conversation_id) for conversation_id in ids.scalars().all()]
    return [about for about in found if about is not None]
