"""The shop's phone as people see it: when it was last seen and by what, and how much of the fortnight is gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext

from daemon.domain.primary_phone import ALARMING, PhoneLimits, PhoneStep, SightingKind, unseen
from daemon.domain.sentences.phone import BACK, PHONE_SENTENCES, SEEN_BY, STEP_TITLES
from daemon.store.accounts import Account
from daemon.store.links import Link
from webui.base import formatting

# the good news stays on the page for so long
BACK_SHOWN = timedelta(hours=3)
# the steps' tones, as in linkview.TITLES
TONES = {
    PhoneStep.FINE: "good",
    PhoneStep.QUIET: "good",
    PhoneStep.ASK: "wait",
    PhoneStep.WARN: "wait",
    PhoneStep.URGENT: "bad",
    PhoneStep.PAST: "bad",
}


@dataclass(frozen=True, slots=True)
class PhonePanel:
    """What banner and link page show of the phone; `gone` and `marks` are percent of WhatsApp's fortnight."""

    step: str
    tone: str
    title: str
    happened: str
    works: str
    todo: str
    seen: str | None
    days: int
    most: int
    gone: float
    marks: list[float]
    is_missing: bool
    is_back: bool

    @property
    def in_banner(self) -> bool:
        """Whether the team reads of it in the inbox."""
        return self.step != PhoneStep.FINE or self.is_back

    @property
    def is_small(self) -> bool:
        """Whether that may be said in passing: there is nothing to do yet."""
        return self.step == PhoneStep.QUIET


def show(account: Account, link: Link, now: datetime, limits: PhoneLimits) -> PhonePanel | None:
    """The phone in the present request's language; None while no account is linked."""
    if account.device is None:
        return None
    words = PHONE_SENTENCES[link.phone_step]
    silence = unseen(link.phone_seen_at, account.linked_at, now)
    share = silence / timedelta(days=limits.past)
    returned = link.phone_back_at if link.phone_step == PhoneStep.FINE else None
    back = returned is not None and abs(now - returned) < BACK_SHOWN
    return PhonePanel(
        step=link.phone_step.value,
        tone=TONES[link.phone_step],
        title=gettext(STEP_TITLES[link.phone_step]),
        happened=gettext(BACK) if back else gettext(words.happened),
        works=gettext(words.works),
        todo=gettext(words.todo),
        seen=_last_seen(account, link, now),
        days=silence.days,
        most=round(limits.past),
        gone=round(min(share, 1.0) * 100, 1),
        marks=[round(begins / timedelta(days=limits.past) * 100, 1) for _, begins in limits.begin()[:-1]],
        is_missing=link.phone_step in ALARMING,
        is_back=back,
    )


def _last_seen(account: Account, link: Link, now: datetime) -> str | None:
    at, by = link.phone_seen_at, link.phone_seen_by
    if at is None or (account.linked_at is not None and account.linked_at > at):
        at, by = account.linked_at, SightingKind.LINKED
    if at is None or by is None:
        return None
    return gettext("Last seen: %(moment)s, %(by)s.", moment=formatting.moment(at, now), by=gettext(SEEN_BY[by]))
