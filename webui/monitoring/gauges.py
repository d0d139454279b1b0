"""The gauges of `/metrics`, in Prometheus's text format: a family of lines for each.

No names, phones or texts; accounts are told apart by their ids.
"""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from daemon import heartbeat
from daemon.domain.links import LinkState, can_send
from daemon.store import accounts, counts, events, links, outbox
from daemon.store.links import Link


def lines(conn: Connection, data: Path, now: datetime) -> Iterator[str]:
    """Every gauge as it stands."""
    every = [links.get(conn, account.id) for account in accounts.every(conn)]
    yield from _family(
        "balas_link_up",
        "gauge",
        "1 while replies can leave",
        ((_of(link), can_send(link.state)) for link in every),
    )
    yield from _family(
        "balas_link_state",
        "gauge",
        "1 for the state that the link is in",
        ((_of(link) | {"state": state.value}, link.state == state) for link in every for state in LinkState),
    )
    yield from _family(
        "balas_link_since_timestamp_seconds",
        "gauge",
        "Since when the link is in its state",
        ((_of(link), link.since.timestamp()) for link in every),
    )
    yield from _family(
        "balas_phone_last_seen_timestamp_seconds",
        "gauge",
        "When the primary phone last gave a sign of life",
        ((_of(link), link.phone_seen_at.timestamp()) for link in every if link.phone_seen_at),
    )
    replies = counts.unsettled_replies(conn)
    yield from _family(
        "balas_outbox",
        "gauge",
        "Replies that are not settled, by state",
        (
            (_of(link) | {"state": state.value}, replies.get((link.account_id, state), 0))
            for link in every
            for state in outbox.UNSETTLED
        ),
    )
    found = counts.waiting_customers(conn)
    waiting = [(_of(link), found.get(link.account_id, counts.WaitingCount())) for link in every]
    yield from _family(
        "balas_turns_open", "gauge", "Customers who wait for an answer", ((who, one.count) for who, one in waiting)
    )
    yield from _family(
        "balas_oldest_open_turn_seconds",
        "gauge",
        "How long the one who waits longest has waited",
        ((who, (now - one.oldest).total_seconds() if one.oldest else 0) for who, one in waiting),
    )
    yield from _ingest_times(every, data)
    everybody: dict[str, str] = {}
    seq = events.last_seq(conn)
    yield from _family("balas_events_total", "counter", "Entries of the event log so far", [(everybody, seq)])
    tabs = counts.open_tabs(conn, now)
    yield from _family("balas_websockets", "gauge", "Open browser tabs", [(everybody, tabs)])
    free = shutil.disk_usage(data).free
    yield from _family("balas_disk_free_bytes", "gauge", "Room left for the data folder", [(everybody, free)])


def _ingest_times(every: list[Link], data: Path) -> Iterator[str]:
    """How long it took to write what came in, from its arrival to its commit."""
    told = [(_of(link), heartbeat.read(data, heartbeat.session(link.account_id))) for link in every]
    name = "balas_ingest_seconds"
    yield from _head(name, "histogram", "From an event's arrival to its being on disk")
    for who, found in told:
        if found is not None:
            yield from _samples(f"{name}_bucket", ((who | {"le": limit}, n) for limit, n in found.classes))
            yield from _samples(f"{name}_sum", [(who, found.total)])
            yield from _samples(f"{name}_count", [(who, sum(found.counts))])


def _of(link: Link) -> dict[str, str]:
    return {"account": str(link.account_id)}


def _family(name: str, kind: str, meaning: str, samples: Any) -> Iterator[str]:
    """One gauge with its head."""
    yield from _head(name, kind, meaning)
    yield from _samples(name, samples)


def _head(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}."
    yield f"# TYPE {name} {kind}"


def _samples(name: str, samples: Any) -> Iterator[str]:
    """The lines of one gauge; the values of our labels need no escaping."""
    for labels, value in samples:
        inside = ",".join(f'{key}="{word}"' for key, word in labels.items())
        yield f"{name}{{{inside}}} {float(value):.15g}" if inside else f"{name} {float(value):.15g}"
