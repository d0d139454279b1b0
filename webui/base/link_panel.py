"""The link to WhatsApp as people see it: a title, three sentences, and what may be done now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import Connection

from daemon.desk import pairing
from daemon.domain.clocks import is_wrong, real_lead
from daemon.domain.links import NEXT_STEP, LinkState, NextStep, can_send, wants_pairing
from daemon.domain.sentences.history import history_words
from daemon.domain.sentences.link import sentence
from daemon.store.accounts import Account
from daemon.store.links import Link
from webui.base import formatting, phone_panel, qr
from webui.base.context import Services, services, the_account
from webui.base.phone_panel import PhonePanel


def _(text: str) -> str:
    return text


# The state in two or three words, and the tone it is drawn in: good, busy, waiting or bad.
TITLES = {
    LinkState.UNLINKED: (_("Not linked"), "wait"),
    LinkState.PAIRING: (_("Waiting for the phone"), "busy"),
    LinkState.LINKING: (_("Linking"), "busy"),
    LinkState.CONNECTING: (_("Connecting"), "busy"),
    LinkState.CATCHING_UP: (_("Catching up"), "busy"),
    LinkState.ONLINE: (_("Connected"), "good"),
    LinkState.UNSTABLE: (_("Unstable connection"), "wait"),
    LinkState.OFFLINE: (_("Disconnected"), "wait"),
    LinkState.LOGGED_OUT: (_("Unlinked"), "bad"),
    LinkState.REPLACED: (_("Running elsewhere"), "bad"),
    LinkState.BANNED: (_("Restricted by WhatsApp"), "bad"),
    LinkState.OUTDATED: (_("Update needed"), "bad"),
    LinkState.REFUSED: (_("Refused by WhatsApp"), "wait"),
    LinkState.STOPPED: (_("Stopped"), "wait"),
}


@dataclass(frozen=True, slots=True)
class LinkPanel:
    """Everything that banner and link page show."""

    state: str
    reason: str
    tone: str
    title: str
    happened: str
    works: str
    todo: str
    phone_number: str | None
    can_send: bool
    wants_pairing: bool
    qr: Markup | None
    qr_expires: str | None
    pair_code: str | None
    pair_phone: str | None
    backlog: tuple[int, int] | None
    history: "HistoryView | None"
    until: str | None
    retries: bool
    may_unlink: bool
    may_reconnect: bool
    wish: str
    phone: PhonePanel | None
    # that the computer's clock is wrong
    clock: str | None


def show(account: Account, link: Link, now: datetime, owner: bool = True) -> LinkPanel:
    """A link in the present request's language; only the owner is given codes and buttons."""
    title, tone = TITLES[link.state]
    words = sentence(link.state, link.reason)
    phone = phone_panel.show(account, link, now, services().config.phone_limits)
    fresh = link.qr_expires_at is None or link.qr_expires_at > now
    code = qr.svg(link.qr, gettext("QR code to scan with WhatsApp")) if owner and link.qr and fresh else None
    total, done = link.backlog_total or 0, link.backlog_done or 0
    return LinkPanel(
        state=link.state.value,
        reason=link.reason.value,
        tone=tone,
        title=gettext(title),
        happened=gettext(words.happened),
        works=gettext(words.works),
        # with a link that is well, the missing phone is what there is to do
        todo=phone.todo if phone and phone.is_missing and link.state == LinkState.ONLINE else gettext(words.todo),
        phone_number=formatting.phone(account.phone),
        can_send=can_send(link.state),
        wants_pairing=owner and wants_pairing(link.state),
        qr=code,
        qr_expires=link.qr_expires_at.isoformat() if code and link.qr_expires_at else None,
        pair_code=_in_two(link.pair_code) if owner and link.pair_code else None,
        pair_phone=formatting.phone(link.pair_phone) if owner else None,
        backlog=(min(done, total), total) if link.state == LinkState.CATCHING_UP and total else None,
        history=_history(link, now),
        until=formatting.moment(link.retry_at, now) if link.retry_at and link.retry_at > now else None,
        retries=NEXT_STEP[link.state] == NextStep.RETRY,
        may_unlink=owner and pairing.may_unlink(link),
        may_reconnect=owner and pairing.may_reconnect(link),
        wish=link.wish,
        phone=phone,
        clock=_clock(link.clock_lead),
    )


def _clock(lead: int | None) -> str | None:
    if not is_wrong(lead):
        return None
    span = formatting.duration(abs(real_lead(lead)))
    if real_lead(lead) > timedelta(0):
        return gettext("The clock of Balas's computer is %(span)s ahead of WhatsApp's.", span=span)
    return gettext("The clock of Balas's computer is %(span)s behind WhatsApp's.", span=span)


@dataclass(frozen=True, slots=True)
class HistoryView:
    """How far the import of earlier conversations is."""

    words: str
    percent: int | None
    goes_on: bool


def _history(link: Link, now: datetime) -> HistoryView | None:
    found = history_words(
        link.state, link.history_state, link.history_percent, link.history_messages, link.history_at, now
    )
    return HistoryView(gettext(found.text, **found.values), link.history_percent, found.goes_on) if found else None


def _in_two(code: str) -> str:
    """ABCDEFGH as ABCD-EFGH, the way the phone asks for it."""
    return f"{code[:4]}-{code[4:]}" if len(code) == 8 else code


def keep_codes_coming(found: Services) -> None:
    """Somebody looks at the link page: keep codes coming."""
    now = found.clock()
    with found.database.read() as conn:
        account = the_account(conn)
        due = account is not None and pairing.is_due(conn, account.id, now)
    if due:
        found.note(lambda conn: _keep_codes_coming(conn, now))


def _keep_codes_coming(conn: Connection, now: datetime) -> None:
    if account := the_account(conn):
        pairing.keep_codes_coming(conn, account.id, now)
