"""Who wrote inside a group, whom he names, and what the group itself says about its messages."""

import re
from collections import Counter
from dataclasses import dataclass

from flask_babel import gettext
from markupsafe import Markup

from daemon.domain.groups import GroupMember
from daemon.domain.ids import parse_address
from daemon.store.group_people import InGroup
from webui.base import formatting
from webui.base.context import services

TONES = 6


@dataclass(frozen=True, slots=True)
class ShownWriter:
    """A member as a bubble names him; `key` is the same for whatever he writes, `phone` if it is not the name."""

    key: str
    name: str
    tone: int
    phone: str | None


def shown(member: GroupMember | None) -> ShownWriter | None:
    """Somebody in a group; None for nobody."""
    if member is None:
        return None
    phone = phone_of(member)
    digits = re.sub(r"\D", "", member.address)[-9:] or "0"
    name = member.name or phone or gettext("A member")
    return ShownWriter(f"{int(digits):x}", name, int(digits) % TONES, phone if member.name else None)


def phone_of(member: GroupMember) -> str | None:
    """His phone number, if either address is one."""
    users = (parse_address(one) for one in member.addresses)
    return next((formatting.phone(one.user) for one in users if one.is_phone), None)


def names(found: InGroup | None) -> dict[str, str]:
    """What stands for the digits behind an @; the number itself is the shop."""
    if found is None:
        return {}
    names = {}
    for digits, member in found.named.items():
        if member is None:
            names[digits] = services().config.shop
        elif member.name or phone_of(member):
            names[digits] = member.name or phone_of(member) or ""
    return names


def named(text: str, names: dict[str, str]) -> str:
    """A text with names instead of digits."""
    return _pattern(names).sub(lambda found: f"@{names[found[1]]}", text) if names else text


def marked(digits: str, names: dict[str, str]) -> Markup:
    """One mention as it is drawn."""
    return Markup('<b class="mention">@{}</b>').format(names[digits])


def _pattern(names: dict[str, str]) -> re.Pattern[str]:
    return re.compile(rf"@({'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?!\d)")


def mentions(names: dict[str, str]) -> tuple[re.Pattern[str], dict[str, str]] | None:
    """How mentions are found in a text, and the HTML of each."""
    return (_pattern(names), {digits: str(marked(digits, names)) for digits in names}) if names else None


def counted(reactions: tuple[str, ...]) -> tuple[str, ...]:
    """Many reactions, each emoji once."""
    return tuple(emoji if count == 1 else f"{emoji} {count}" for emoji, count in Counter(reactions).items())


def quoted_by(found: InGroup | None, own: bool) -> str:
    """Who wrote what is quoted."""
    if found is None:
        return ""
    if own:
        return str(services().config.shop)
    writer = shown(found.quoted)
    return writer.name if writer else ""
