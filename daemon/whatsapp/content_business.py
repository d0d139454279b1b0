"""What businesses and their customers send: goods, orders, payments, choices, invitations; read for a card.

What `media` holds, each only if it is known (texts are one line unless said otherwise):
product: title, description (paragraphs), amount, currency, before (the amount without a sale)
order: title, items (a count), amount, currency, status (accepted or declined)
payment: what (request, sent, declined, cancelled, invitation or invoice), amount, currency
choices: title, footer, options (a list), has_attachment (a picture or file that only the phone shows)
invite: group (its name)
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from daemon.domain.message_kinds import MessageKind
from daemon.whatsapp.found_content import MOST_LINES, Content, amount, known, line, lines, passage

# characters of a button's parameters that are looked at
_LONGEST_JSON = 4_000
# cards side by side; WhatsApp's apps show ten
_MOST_CARDS = 10
_ORDER_STATUS = {2: "accepted", 3: "declined"}


def product(value: Any) -> Content:
    """A thing of somebody's catalogue, or the catalogue itself."""
    item = value.product
    title = line(item.title) or line(value.catalog.title)
    costs = amount(item.salePriceAmount1000 or item.priceAmount1000, item.currencyCode)
    before = amount(item.priceAmount1000, item.currencyCode).get("amount") if item.salePriceAmount1000 else None
    details = known(title=title, description=passage(item.description or value.catalog.description), before=before)
    return Content(MessageKind.PRODUCT, passage(value.body) or title or None, details | costs)


def order(value: Any) -> Content:
    """A cart that was sent."""
    title = line(value.orderTitle)
    details = known(title=title, items=max(value.itemCount, 0), status=_ORDER_STATUS.get(value.status))
    costs = amount(value.totalAmount1000, value.totalCurrencyCode)
    return Content(MessageKind.ORDER, passage(value.message) or title or None, details | costs)


def invoice(value: Any) -> Content:
    """A bill."""
    return Content(MessageKind.PAYMENT, passage(value.note) or None, {"what": "invoice"})


def payment(what: str) -> Callable[[Any], Content]:
    """Something about money that goes through WhatsApp; in most countries there is none."""

    def read(value: Any) -> Content:
        names = value.DESCRIPTOR.fields_by_name
        note = ""
        if "noteMessage" in names:
            note = value.noteMessage.conversation or value.noteMessage.extendedTextMessage.text
        costs = amount(value.amount1000, value.currencyCodeIso4217) if "amount1000" in names else {}
        return Content(MessageKind.PAYMENT, passage(note) or None, {"what": what} | costs)

    return read


def buttons(value: Any) -> Content:
    """Words with buttons."""
    options = (button.buttonText.displayText for button in value.buttons)
    return _choices(value.text, value.contentText, value.footerText, options, _has_file(value))


def choice_list(value: Any) -> Content:
    """Words with a list to choose from."""
    rows = chain.from_iterable(section.rows for section in value.sections)
    options = (_joined(row.title, row.description) for row in islice(rows, MOST_LINES))
    return _choices(value.title, value.description, value.footerText, options)


def template(value: Any) -> Content:
    """Words that a business has prepared, with buttons."""
    if value.HasField("interactiveMessageTemplate"):
        return interactive(value.interactiveMessageTemplate)
    form = value.hydratedFourRowTemplate if value.HasField("hydratedFourRowTemplate") else value.hydratedTemplate
    options = (
        button.quickReplyButton.displayText or button.urlButton.displayText or button.callButton.displayText
        for button in form.hydratedButtons
    )
    return _choices(
        form.hydratedTitleText, form.hydratedContentText, form.hydratedFooterText, options, _has_file(form)
    )


def interactive(value: Any) -> Content:
    """The newest form of such words."""
    options = chain(
        (_display_text(button.buttonParamsJSON) for button in value.nativeFlowMessage.buttons),
        (_joined(card.header.title, card.body.text) for card in islice(value.carouselMessage.cards, _MOST_CARDS)),
    )
    header = value.header
    title = header.title or header.productMessage.product.title
    return _choices(title, value.body.text, value.footer.text, options, header.hasMediaAttachment)


def invite(value: Any) -> Content:
    """An invitation into a group; to follow it is the phone's."""
    return Content(MessageKind.INVITE, passage(value.caption) or None, known(group=line(value.groupName)))


def _choices(
    title: str | bytes,
    body: str | bytes,
    footer: str | bytes,
    options: Iterable[str | bytes],
    has_attachment: bool = False,
) -> Content:
    details = known(
        title=line(title), footer=line(footer), options=lines(options), has_attachment=bool(has_attachment)
    )
    return Content(MessageKind.CHOICES, body or details.get("title"), details)  # type: ignore[arg-type]


def _has_file(value: Any) -> bool:
    return any(value.HasField(name) for name in ("documentMessage", "imageMessage", "videoMessage"))


def _joined(*parts: str | bytes) -> str:
    return " – ".join(_told(parts))


def _told(parts: Iterable[str | bytes]) -> Iterator[str]:
    return (found for part in parts if (found := line(part)))


def _display_text(parameters: str | bytes) -> str:
    """What stands on a button whose parameters are JSON; empty if that can't be told."""
    if not isinstance(parameters, str) or len(parameters) > _LONGEST_JSON:
        return ""
    try:
        found = json.loads(parameters)
    except (ValueError, RecursionError):
        return ""
    words = found.get("display_text") if isinstance(found, dict) else None
    return words if isinstance(words, str) else ""
