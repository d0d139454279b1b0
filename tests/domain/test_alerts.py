"""What is wrong, and how often anybody outside is told of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.domain.alert_checks import AccountFacts, BackupFacts, MachineFacts, judge_account, judge_machine
from daemon.domain.alerts import (
    RULES,
    About,
    Alert,
    AlertChoices,
    AlertKind,
    AlertVerdict,
    Look,
    News,
    Wrong,
    follow,
    kind_of,
)
from daemon.domain.links import LinkReason, LinkState
from daemon.domain.primary_phone import PhoneStep
from daemon.domain.sentences.alerts import KINDS, OVER, TITLES, WORDS
from tests.support.builders import NOON

S, R = LinkState, LinkReason
FINE = MachineFacts(BackupFacts(None, timedelta(hours=9)), 10**10, has_stopped_receiving=False, inbox_answers=True)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def said(verdict: AlertVerdict) -> str:
    return verdict.step if isinstance(verdict, Wrong) else verdict.value


@pytest.mark.parametrize(
    ("state", "reason", "linked", "word"),
    [
        (S.ONLINE, R.NONE, True, "well"),
        (S.OFFLINE, R.NETWORK, True, "down"),
        (S.CONNECTING, R.NONE, True, "down"),
        (S.UNSTABLE, R.NONE, True, "down"),
        (S.REFUSED, R.NONE, True, "down"),
        # the disk is told of as the disk
        (S.OFFLINE, R.DISK_FULL, True, "unknown"),
        (S.CATCHING_UP, R.NONE, True, "unknown"),
        (S.LOGGED_OUT, R.UNLINKED_BY_PHONE, True, "unlinked"),
        (S.LOGGED_OUT, R.UNLINKED_UNSEEN, False, "unlinked"),
        (S.LOGGED_OUT, R.PHONE_AWAY, False, "unlinked"),
        (S.LOGGED_OUT, R.UNLINKED_HERE, False, "moot"),
        (S.UNLINKED, R.UNLINKED_HERE, False, "moot"),
        (S.LOGGED_OUT, R.ACCOUNT_BLOCKED, False, "banned"),
        (S.BANNED, R.NONE, True, "banned"),
        (S.OUTDATED, R.NONE, True, "outdated"),
        (S.REPLACED, R.NONE, True, "replaced"),
        # never linked, or being linked again: nothing new is wrong
        (S.UNLINKED, R.NONE, False, "still"),
        (S.UNLINKED, R.CODES_EXPIRED, False, "still"),
        (S.PAIRING, R.NONE, False, "still"),
        (S.OFFLINE, R.NETWORK, False, "still"),
    ],
)
def test_what_is_wrong_with_a_link(state: LinkState, reason: LinkReason, linked: bool, word: str) -> None:
    verdict = judge_account(AccountFacts(state, reason, is_linked=linked), AlertChoices())[About.LINK]
    assert said(verdict) == word


@pytest.mark.parametrize(
    ("step", "word"),
    [
        (PhoneStep.FINE, "well"),
        (PhoneStep.QUIET, "quiet"),
        (PhoneStep.ASK, "ask"),
        (PhoneStep.WARN, "warn"),
        (PhoneStep.URGENT, "urgent"),
        (PhoneStep.PAST, "past"),
    ],
)
def test_every_step_of_the_phones_ladder_is_wrong(step: PhoneStep, word: str) -> None:
    facts = AccountFacts(S.ONLINE, phone_step=step, phone_seen_at=NOON, phone_seen_by="read")
    assert said(judge_account(facts, AlertChoices())[About.PHONE]) == word
    # nothing is linked any more: nobody is told that the phone is back
    assert judge_account(replace(facts, state=S.LOGGED_OUT), AlertChoices())[About.PHONE] == Look.MOOT


def test_what_is_wrong_with_the_computer() -> None:
    def words(**changes: object) -> dict[About, str]:
        found = judge_machine(replace(FINE, **changes), AlertChoices())  # type: ignore[arg-type]
        return {about: said(verdict) for about, verdict in found.items() if verdict != Look.WELL}

    assert words() == {}
    assert words(inbox_answers=False) == {About.INBOX: "silent"}
    assert words(waiting_files=3) == {About.MEDIA: "full"}
    assert words(free=600 * 1024**2) == {About.DISK: "unknown"}
    assert words(free=500 * 1024**2) == {About.DISK: "low"}
    assert words(has_stopped_receiving=True) == {About.DISK: "full"}
    assert words(backup=None) == {About.BACKUP: "moot"}
    assert words(backup=BackupFacts("failed", timedelta(hours=20))) == {About.BACKUP: "failed"}
    assert words(backup=BackupFacts("failed", 4 * DAY)) == {About.BACKUP: "old"}
    assert words(backup=BackupFacts(None, None)) == {About.BACKUP: "unknown"}


def test_customers_wait_only_while_the_shop_is_open_and_somebody_wants_to_know() -> None:
    def word(waiting: int | None, after: int | None) -> str:
        facts = AccountFacts(S.ONLINE, waiting=waiting)
        return said(judge_account(facts, AlertChoices(waiting_after=after))[About.WAITING])

    assert [word(2, 30), word(0, 30), word(None, 30), word(2, None)] == ["long", "well", "unknown", "moot"]


def test_what_nobody_wants_to_hear_of_neither_begins_nor_ends_anything() -> None:
    deaf = AlertChoices(unwanted=frozenset({AlertKind.DOWN}))
    down, banned = AccountFacts(S.OFFLINE, R.NETWORK), AccountFacts(S.BANNED)
    assert judge_account(down, deaf)[About.LINK] == Look.UNKNOWN
    assert said(judge_account(banned, deaf)[About.LINK]) == "banned"
    told = Alert(About.LINK, "down", {}, NOON, NOON, raised_at=NOON)
    alert, news = follow(About.LINK, told, Look.UNKNOWN, NOON + MINUTE, deaf)
    assert (alert is not None and alert.cleared_at is not None, news) == (True, None)


def test_every_step_has_its_words() -> None:
    assert set(TITLES) == set(RULES)
    assert set(WORDS) == {key for key in RULES if key[0] != About.LINK}
    assert set(OVER) == set(About)
    assert set(KINDS) == {kind_of(*key) for key in RULES} == set(AlertKind)


class Diary:
    """Follows one alert through looks at given times; `news` has (minutes since the start, what, step)."""

    def __init__(self, about: About, choices: AlertChoices | None = None) -> None:
        self.about = about
        self.choices = choices or AlertChoices()
        self.now = NOON
        self.alert: Alert | None = None
        self.news: list[tuple[int, str, str]] = []

    def look(self, verdict: AlertVerdict) -> None:
        alert, news = follow(self.about, self.alert, verdict, self.now, self.choices)
        if news is not None:
            assert alert is not None
            minutes = round((self.now - NOON) / MINUTE)
            self.news.append((minutes, news.value, alert.step))
        self.alert = None if alert is not None and alert.cleared_at else alert

    def watch(self, verdict: AlertVerdict, time: timedelta, every: timedelta = MINUTE) -> None:
        end = self.now + time
        while self.now < end:
            self.look(verdict)
            self.now += every


def test_a_short_outage_is_told_to_nobody() -> None:
    diary = Diary(About.LINK)
    diary.watch(Wrong("down"), 9 * MINUTE)
    diary.watch(Look.WELL, 30 * MINUTE)
    assert (diary.news, diary.alert) == ([], None)


def test_a_link_that_comes_and_goes_for_an_hour_is_one_alert_and_one_all_clear() -> None:
    diary = Diary(About.LINK)
    for _ in range(10):
        diary.watch(Wrong("down"), 3 * MINUTE)
        diary.watch(Look.UNKNOWN, MINUTE)
        diary.watch(Look.WELL, 2 * MINUTE)
    diary.watch(Look.WELL, 60 * MINUTE)
    assert diary.news == [(12, "raised", "down"), (68, "cleared", "down")]


def test_a_worse_state_is_told_at_once_and_a_lesser_one_not_at_all() -> None:
    diary = Diary(About.PHONE)
    for step, days in (("ask", 2), ("warn", 1), ("ask", 0.5), ("warn", 0.25), ("urgent", 1), ("past", 0.5)):
        diary.watch(Wrong(step), days * DAY)
    diary.watch(Look.WELL, MINUTE)
    steps = [(round(minutes / 60 / 24, 2), what, step) for minutes, what, step in diary.news]
    assert steps == [
        (0, "raised", "ask"),
        (1, "again", "ask"),
        (2, "raised", "warn"),
        (3, "again", "ask"),
        (3.5, "raised", "warn"),
        (3.75, "raised", "urgent"),
        (4.75, "raised", "past"),
        (5.25, "cleared", "past"),
    ]


def test_unlinked_for_a_week_is_an_alert_and_a_reminder_a_day_also_while_codes_are_shown() -> None:
    diary = Diary(About.LINK)
    diary.watch(Wrong("unlinked"), 3 * DAY, timedelta(hours=1))
    diary.watch(Look.STILL, 4 * DAY, timedelta(hours=1))
    diary.watch(Look.WELL, MINUTE)
    assert [what for _, what, _ in diary.news] == ["raised", *["again"] * 6, "cleared"]
    assert diary.news[-1][0] == 7 * 24 * 60


def test_a_shop_that_closes_with_customers_waiting_hears_of_it_again_when_it_is_open() -> None:
    diary = Diary(About.WAITING)
    diary.watch(Wrong("long", {"count": 1}), 60 * MINUTE)
    diary.watch(Look.UNKNOWN, 40 * 60 * MINUTE)
    assert [what for _, what, _ in diary.news] == ["raised"]
    diary.watch(Wrong("long", {"count": 4}), MINUTE)
    diary.watch(Look.WELL, 29 * MINUTE)
    diary.watch(Wrong("long", {"count": 1}), MINUTE)
    diary.watch(Look.WELL, 31 * MINUTE)
    assert [what for _, what, _ in diary.news] == ["raised", "again", "cleared"]


@pytest.mark.parametrize("jump", [timedelta(days=3), timedelta(days=-3), timedelta(hours=-1)])
def test_time_in_which_nobody_looked_is_no_outage_and_no_recovery(jump: timedelta) -> None:
    diary = Diary(About.LINK)
    diary.watch(Wrong("down"), 5 * MINUTE)
    diary.now += jump
    diary.watch(Wrong("down"), 4 * MINUTE)
    assert diary.news == []
    diary.watch(Wrong("down"), 5 * MINUTE)
    assert [what for _, what, _ in diary.news] == ["raised"]
    diary.watch(Look.WELL, 5 * MINUTE)
    diary.now += jump
    diary.watch(Look.WELL, 3 * MINUTE)
    assert [what for _, what, _ in diary.news] == ["raised"]
    diary.watch(Look.WELL, 5 * MINUTE)
    assert [what for _, what, _ in diary.news] == ["raised", "cleared"]


looks = st.sampled_from([Wrong("down"), Wrong("banned"), Wrong("unlinked"), Look.WELL, Look.STILL, Look.UNKNOWN])


@given(st.lists(st.tuples(looks, st.integers(1, 400)), max_size=60))
def test_whatever_happens_nobody_is_told_the_same_twice(story: list[tuple[AlertVerdict, int]]) -> None:
    diary = Diary(About.LINK)
    told_at: datetime | None = None
    for verdict, looks_in_a_row in story:
        known = len(diary.news)
        diary.watch(verdict, looks_in_a_row * 3 * MINUTE, 3 * MINUTE)
        for minutes, what, _ in diary.news[known:]:
            at = NOON + minutes * MINUTE
            # reminders are a day after whatever was told last
            assert what != News.AGAIN or (told_at is not None and at - told_at >= DAY)
            told_at = at
    open_steps: set[str] = set()
    for _, what, step in diary.news:
        if what == News.CLEARED:
            assert open_steps
            open_steps.clear()
        elif what == News.RAISED:
            # the same step again only after a reminder that said how it had become
            assert step not in open_steps
            open_steps.add(step)
        else:
            open_steps = {step}
