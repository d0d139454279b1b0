"""The page of the customers: all of an account's by name, found by name, number or tag; export for the owner."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, request
from flask_login import login_required

from daemon.desk import contact_export
from daemon.domain.contact_names import normal
from daemon.store import contact_list, tags
from daemon.store.contact_list import ListedContact
from daemon.store.tags import Tag
from webui.auth import owner_required, the_actor
from webui.base import layout
from webui.base.context import services
from webui.inbox import row
from webui.inbox.row import Person

pages = Blueprint("contacts", __name__)

LENGTH = 50
_MOST_WORDS = 6
# what people write numbers with
_NUMBER = re.compile(r"[\s\d().+\-\u2010-\u2015]{3,40}")


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A customer as one row of the list."""

    id: int
    person: Person
    own_name: str | None
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: as typed, and as the books are asked."""

    typed: str
    words: list[str]
    digits: str


def search() -> Search:
    """What the address asks for."""
    typed = " ".join(request.args.get("q", "")[:200].split())
    digits = re.sub(r"\D", "", typed) if _NUMBER.fullmatch(typed) else ""
    # 0812 and 00628 are how people begin what is kept as 62812
    return Search(typed, normal(typed).split()[:_MOST_WORDS], digits.lstrip("0"))


def shown(one: ListedContact) -> ContactLine:
    """A customer as his row shows him."""
    own = one.own_name if one.own_name != one.name else None
    return ContactLine(one.id, row.person_of(one.id, one.name, one.phone), own, one.tags)


def number(name: str) -> int | None:
    """A row's id in the address."""
    wish = request.args.get(name, "")
    return int(wish) if re.fullmatch(r"\d{1,15}", wish, re.ASCII) else None


@pages.get("/contacts")
@login_required  # type: ignore[untyped-decorator]
def page() -> Any:
    """A part of the list."""
    wanted, tag_id = search(), number("tag")
    with services().database.read() as conn:
        account_id = layout.account_of(conn)
        found = contact_list.listing(
            conn, account_id, wanted.words, wanted.digits, tag_id, number("after"), LENGTH + 1
        )
        every = tags.every(conn, account_id)
        return layout.show(
            "pages/contacts.html",
            conn,
            rows=[shown(one) for one in found[:LENGTH]],
            after=found[LENGTH - 1].id if len(found) > LENGTH else None,
            is_first=number("after") is None,
            q=wanted.typed,
            every_tag=every,
            tag=next((one for one in every if one.id == tag_id), None),
        )


@pages.get("/contacts/export.<form>")
@owner_required
def export(form: str) -> Any:
    """All customers as a file, for the owner alone; who took it is noted."""
    if form not in contact_export.FORMS:
        abort(404)
    mime, write = contact_export.FORMS[form]
    with services().database.write() as conn:
        account_id = layout.account_of(conn)
        contact_export.record(conn, account_id, form, the_actor(), services().clock())

    def parts() -> Iterator[str]:
        with services_database.read() as conn:
            yield from write(conn, account_id)

    services_database = services().database
    headers = {"Content-Disposition": f'attachment; filename="contacts.{form}"', "Cache-Control": "no-store"}
    return Response(parts(), mimetype=mime, headers=headers)
