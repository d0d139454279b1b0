"""What the soak concludes: how the faults went, what the log and the disk hold, which promises are broken."""

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from auth_store.files import session_file
from tests.bench.faults import GENTLE, HARD
from tests.bench.traffic import Traffic, p95
from tests.support.shop import Shop

# figures that must be zero
NEVER = (
    "silently_lost",
    "shown_for_nothing",
    "duplicated",
    "turns_answered_twice",
    "replies_kept_twice",
    "replies_forgotten",
    "sent_but_not_received",
)
_LINE = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ (\S+) (DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
_CRASH = re.compile(r"Traceback|panic:|fatal error:|SIG[A-Z]+:|Fatal Python")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one fault went: the states passed, seconds from its end to a shop that works, and what was wrong."""

    at: float
    name: str
    passed: tuple[str, ...]
    recovered_s: float
    violation: str | None


def of_outcomes(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Recovery over all faults and by their names, and what went wrong."""
    took = [outcome.recovered_s for outcome in outcomes]
    by_name: dict[str, list[float]] = defaultdict(list)
    for outcome in outcomes:
        by_name[outcome.name].append(outcome.recovered_s)
    return {
        "faults": len(outcomes),
        "recovery_p50_s": round(statistics.median(took), 2),
        "recovery_p95_s": p95(took),
        "recovery_worst_s": max(took),
        "recovery": {name: {"times": len(each), "worst_s": max(each)} for name, each in sorted(by_name.items())},
        "violations": [
            f"{outcome.at:.0f} s, {outcome.name}: {outcome.violation} ({', '.join(outcome.passed)})"
            for outcome in outcomes
            if outcome.violation
        ],
    }


def missing_attachments(shop: Shop) -> int:
    """Attachments that are still to be fetched."""
    return _count(shop, "SELECT count(*) FROM download")


def of_attachments(shop: Shop) -> dict[str, int]:
    """What was fetched, and what WhatsApp's servers said they no longer have (the inbox says so)."""
    with_state = "SELECT count(*) FROM message WHERE json_extract(media, '$.{}') IS NOT NULL"
    return {
        "attachments_fetched": _count(shop, with_state.format("file")),
        "attachments_given_up": _count(shop, with_state.format("gone")),
    }


def sizes(shop: Shop) -> dict[str, float]:
    """The sizes in MB of the database, of its write-ahead log and of the keys."""
    path = Path(shop.database.path)
    files = {
        "database": path,
        "log_of_database": path.with_name(path.name + "-wal"),
        "keys": session_file(shop.config.data, shop.account_id),
    }
    return {name: round(file.stat().st_size / 1e6, 2) if file.exists() else 0.0 for name, file in files.items()}


def of_sizes(found: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Each file's size at the first fault, at the last, and at most."""
    return {
        name: {"first": found[0][name], "last": found[-1][name], "most": max(one[name] for one in found)}
        for name in found[0]
    }


def of_log(shop: Shop, outcomes: Sequence[Outcome], traffic: Traffic) -> dict[str, Any]:
    """How much was logged, which errors no fault explains, and whether anybody is named."""
    times = Counter(outcome.name for outcome in outcomes)
    # each fault explains its line once
    explained = Counter({f.errors: times[f.name] for f in (*GENTLE, *HARD) if f.errors})
    lines = shop.log().splitlines()
    levels: Counter[str] = Counter()
    unexplained: Counter[str] = Counter()
    for line in lines:
        if found := _LINE.match(line):
            level, words = found[2], line[found.end() :]
        else:
            # what `balas run` tells the person in front of it, or a crash
            level, words = "CRASH" if _CRASH.match(line) else "to people", line
        levels[level] += 1
        if level not in ("ERROR", "CRITICAL", "CRASH"):
            continue
        reason = next((errors for errors, left in explained.items() if left and re.search(errors, words)), None)
        if reason is None:
            unexplained[words[:160]] += 1
        else:
            explained[reason] -= 1
    people = [name for c in (*traffic.customers, *traffic.others) for name in (c.phone_number, c.lid)]
    return {
        "lines": len(lines),
        "kilobytes": round(sum(map(len, lines)) / 1000),
        "levels": dict(levels),
        "unexplained_errors": dict(unexplained.most_common(20)),
        "lines_that_name_somebody": sum(any(n in line for n in people) or "pesan " in line for line in lines),
    }


def broken(figures: Mapping[str, Any]) -> list[str]:
    """The promises that did not hold, in words."""
    found = [f"a fault: {words}" for words in figures["violations"]]
    found += [f"{name}: {figures[name]}" for name in NEVER if figures[name]]
    found += [f"{role} grew" for role, about in figures["processes"].items() if about["flat"] is False]
    log = figures["log"]
    if log["unexplained_errors"]:
        found.append(f"{sum(log['unexplained_errors'].values())} lines in the log that no fault explains")
    if log["lines_that_name_somebody"]:
        found.append("the log names a customer")
    return found


def _count(shop: Shop, words: str) -> int:
    with shop.database.read() as conn:
        return int(conn.execute(text(words)).scalar_one())
