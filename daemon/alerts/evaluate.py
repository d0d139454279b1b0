"""Decides, in one transaction, what is wrong and what is to be told: the rows are all that survives a crash."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from daemon.alerts import facts
from daemon.alerts.facts import Machine
from daemon.alerts.message import AlertWriter
from daemon.config import Config
from daemon.domain.alert_checks import judge_account, judge_machine
from daemon.domain.alerts import About, Alert, AlertChoices, AlertVerdict, News, follow
from daemon.logs import Guard
from daemon.store import accounts, alerts

log = logging.getLogger(__name__)

# what is wrong with one alert holds up no other
_guarded = Guard(log, "an alert's")


@dataclass(frozen=True, slots=True)
class Change:
    """What one look makes of one alert."""

    account_id: int | None
    alert_id: int | None
    before: Alert | None
    after: Alert | None
    news: News | None


def changes(conn: Connection, machine: Machine, now: datetime) -> list[Change]:
    """What is to be written down and told now; empty if everything stays as it is."""
    choices = alerts.choices(conn)
    known = {(one.account_id, one.alert.about): one for one in alerts.unfinished(conn)}
    found = []
    for account_id, about, verdict in _verdicts(conn, machine, choices, now):
        row = known.get((account_id, about))
        before = row.alert if row else None
        after, news = follow(about, before, verdict, now, choices)
        if after != before:
            found.append(Change(account_id, row.id if row else None, before, after, news))
    return found


def _verdicts(
    conn: Connection, machine: Machine, choices: AlertChoices, now: datetime
) -> Iterator[tuple[int | None, About, AlertVerdict]]:
    for account in accounts.every(conn):
        judged: dict[About, AlertVerdict] = {}
        with _guarded(f"look at account {account.id}"):
            judged = judge_account(facts.of_account(conn, account, choices, machine.config, now), choices)
        yield from ((account.id, about, verdict) for about, verdict in judged.items())
    judged = {}
    with _guarded("look at the computer"):
        judged = judge_machine(machine.facts(conn, now), choices)
    yield from ((alerts.MACHINE, about, verdict) for about, verdict in judged.items())


def tend(conn: Connection, machine: Machine, writer: AlertWriter, now: datetime) -> list[Change]:
    """Write everything down, and put what is to be told on its way to every channel; one that fails waits."""
    found = changes(conn, machine, now)
    for change in found:
        with _guarded("entry"), conn.begin_nested():
            _write(conn, change, writer, now)
    return found


def _write(conn: Connection, change: Change, writer: AlertWriter, now: datetime) -> None:
    if change.after is None:
        assert change.alert_id is not None
        alerts.drop(conn, change.alert_id)
        return
    alert_id = alerts.keep(conn, change.account_id, change.alert_id, change.after)
    if change.news is not None:
        message = writer.message(change.news, change.after, _name(conn, change.account_id))
        for channel in alerts.channels(conn):
            kind = change.news.value
            alerts.post(conn, channel.id, alert_id, kind, message.title, message.body, now)


def _name(conn: Connection, account_id: int | None) -> str | None:
    """What to call an account, if there are several."""
    every = accounts.every(conn)
    return next((one.name for one in every if one.id == account_id), None) if len(every) > 1 else None


def send_test(conn: Connection, config: Config, channel_id: int, now: datetime) -> int:
    """Put a test on its way to one channel; returns its row."""
    message = AlertWriter(config).test()
    return alerts.post(conn, channel_id, None, alerts.TEST, message.title, message.body, now)
