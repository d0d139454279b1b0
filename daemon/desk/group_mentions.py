"""Members named in what the shop writes into a group: "@Name" in the field, "@" and digits on the wire."""

import re

from sqlalchemy import Connection

from daemon.domain.groups import GroupMember
from daemon.store import groups


def in_digits(conn: Connection, contact_id: int, text: str) -> str:
    """A text with the members that it names as WhatsApp wants them; two of one name are left as they are typed."""
    if "@" not in text:
        return text
    by_name: dict[str, list[GroupMember]] = {}
    for member in groups.members(conn, contact_id):
        if member.name:
            by_name.setdefault(member.name.casefold(), []).append(member)
    only = {name: found[0] for name, found in by_name.items() if len(found) == 1}
    if not only:
        return text
    longest_first = sorted(map(re.escape, only), key=len, reverse=True)
    named = re.compile(rf"(?<![\w.@])@({'|'.join(longest_first)})(?!\w)", re.IGNORECASE)

    def put(found: re.Match[str]) -> str:
        member = only.get(found[1].casefold())
        return f"@{member.address.partition('@')[0]}" if member else found[0]

    return named.sub(put, text)
