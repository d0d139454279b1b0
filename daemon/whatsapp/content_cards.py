"""Places, people, polls and dates that somebody sends: read from a waE2E.Message into what a card shows.

What `media` holds, each only if it is known (texts are one line unless said otherwise):
location: lat, lng (degrees), name, address, is_live (it moved on; only where it began is told)
contact: contacts, a list of {name, numbers}; left_out, how many more there were
    numbers, a list of {number, as it was written; wa, WhatsApp's digits}
poll: question, options (a list), many (several may be chosen)
event: name, description (paragraphs), starts, ends (Unix seconds), place, lat, lng, canceled, link, is_call
"""

from itertools import islice
from typing import Any

from daemon.domain.message_kinds import MessageKind
from daemon.domain.text_cleaning import readable
from daemon.whatsapp import vcard, wire_text
from daemon.whatsapp.found_content import MOST_LINES, Content, known, line, lines, passage, place

# contacts on one card; WhatsApp's apps send up to 257
_MOST_CONTACTS = 50
# where WhatsApp's own calls begin
_CALL_LINK = "https://call.whatsapp.com/"


def location(value: Any) -> Content:
    """A place, or where somebody's live location began."""
    is_live = "sequenceNumber" in value.DESCRIPTOR.fields_by_name or value.isLive
    name, address = line(getattr(value, "name", "")), line(getattr(value, "address", ""))
    words = name or address or passage(getattr(value, "caption", "") or getattr(value, "comment", ""))
    # a place that is nowhere keeps its name
    return Content(
        MessageKind.LOCATION,
        words or None,
        place(value) | known(name=name, address=address, is_live=bool(is_live)),
    )


def contact(value: Any) -> Content:
    """One contact."""
    return _contacts(value.displayName, [value], 1)


def contacts(value: Any) -> Content:
    """Several contacts."""
    return _contacts(value.displayName, list(islice(value.contacts, _MOST_CONTACTS)), len(value.contacts))


def _contacts(title: str | bytes, found: list[Any], count: int) -> Content:
    people = []
    for one in found:
        card = vcard.parse(one.vcard)
        person = known(name=wire_text.name(one.displayName) or card.name, numbers=list(card.numbers))
        people += [person] if person else []
    names = ", ".join(person["name"] for person in people if "name" in person) or wire_text.name(title)
    return Content(MessageKind.CONTACT, names or None, known(contacts=people, left_out=count - len(found)))


def poll(value: Any) -> Content:
    """A question with the answers that can be chosen; the votes are encrypted, and only the phone counts them."""
    options = (readable(option.optionName) for option in islice(value.options, MOST_LINES))
    words = [readable(value.name), *(f"• {option}" for option in options)]
    details = known(
        question=line(value.name),
        options=lines(option.optionName for option in islice(value.options, MOST_LINES)),
        many=value.selectableOptionsCount != 1,
    )
    return Content(MessageKind.POLL, "\n".join(words), details)


def event(value: Any) -> Content:
    """A date that somebody proposes."""
    link = wire_text.word(value.joinLink, 200)
    details = known(
        name=line(value.name),
        description=passage(value.description),
        starts=_second(value.startTime),
        ends=_second(value.endTime),
        place=line(value.location.name) or line(value.location.address),
        canceled=value.isCanceled,
        link=link if link.startswith(_CALL_LINK) else "",
        is_call=value.isScheduleCall or bool(link),
    )
    return Content(MessageKind.EVENT, details.get("name"), details | place(value.location))


def scheduled_call(value: Any) -> Content:
    """A call that somebody proposes, as older apps did."""
    details = known(name=line(value.title), starts=_second(value.scheduledTimestampMS // 1000), is_call=True)
    return Content(MessageKind.EVENT, details.get("name"), details)


def _second(value: int) -> int:
    """A moment in Unix seconds; 0 if there is none that can be shown."""
    return int(wire_text.moment(value).timestamp())
