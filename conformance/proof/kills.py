"""Recorded kills: for each fault, profile and row, the case that sees the fault under that row.

The record is a file of the package, written by `prove --record`. It makes a proof cheap: a fault
runs against the cases that are known to see it, not against all that might.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from conformance.engine.plugin import all_cases
from conformance.errors import UsageError
from conformance.proof.trial import Outcome, Trial, attempt, cases_of

# Case to the rows that it sees; a case without rows brings SETs that a later one judges.
Kills: TypeAlias = Mapping[str, tuple[str, ...]]
# Fault to profile to its kills.
Record: TypeAlias = Mapping[str, Mapping[str, Kills]]

FILE = Path(__file__).with_name("kills.json")


def load(file: Path = FILE) -> Record:
    """Return the recorded kills; none without a file. Raises UsageError for one that is broken."""
    if not file.exists():
        return {}
    try:
        return {
            fault: {
                profile: {case: tuple(rows) for case, rows in kills.items()}
                for profile, kills in profiles.items()
            }
            for fault, profiles in json.loads(file.read_text(encoding="utf-8")).items()
        }
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{file}: can't be read: {error}; write it anew with `ssf-conformance prove --record`"
        ) from error


def write(record: Record, file: Path = FILE) -> None:
    """Write the recorded kills: a line for each fault and profile, so that changes read well.

    Raises UsageError where the file can't be written.
    """
    faults = []
    for fault, profiles in sorted(record.items()):
        lines = [f"  {json.dumps(one)}: {json.dumps(profiles[one])}" for one in sorted(profiles)]
        faults.append(f" {json.dumps(fault)}: {{\n" + ",\n".join(lines) + "\n }")
    try:
        file.write_text("{\n" + ",\n".join(faults) + "\n}\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file}: can't be written: {error.strerror}") from error


def find(trial: Trial) -> tuple[Outcome, Kills]:
    """Search for the fewest cases that see a fault under each of its rows.

    Runs the cases of those rows; where that is not enough, which is so where a case judges what
    others have received, all cases, of which only the needed ones are kept.
    """
    fault = trial.deviation
    if fault is None:
        raise ValueError("only a fault has kills")
    own = cases_of(trial.profile, fault.breaks, over_tls=fault.over_tls)
    outcome = attempt(replace(trial, cases=own))
    if outcome.missing:
        outcome = attempt(replace(trial, cases=None))
    kills = dict(_cover(outcome))
    last = {case.name for case in all_cases() if case.last}
    late = {case: rows for case, rows in kills.items() if case in last}
    if late and attempt(replace(trial, cases=frozenset(late))).missing:
        rows = {row for seen in late.values() for row in seen}
        first = (own if own - last and not outcome.missing else all_names()) - last
        feeders = _needed(trial, sorted(first), frozenset(late), rows)
        kills = {**dict.fromkeys(feeders, ()), **kills}
    ordered = sorted(kills, key=lambda case: (case in last, case))
    return outcome, {case: kills[case] for case in ordered}


def all_names() -> frozenset[str]:
    """Return the name of every case."""
    return frozenset(case.name for case in all_cases())


def _cover(outcome: Outcome) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Yield cases that see all rows that were seen; the first sees most of them."""
    left = set(outcome.seen_by)
    while left:
        speed: dict[str, int] = {}
        sees: dict[str, set[str]] = {}
        for row in left:
            for place, case in enumerate(outcome.seen_by[row]):
                speed[case] = max(speed.get(case, 0), place)
                sees.setdefault(case, set()).add(row)
        best = min(sees, key=lambda case: (-len(sees[case]), speed[case], case))
        yield best, tuple(sorted(sees[best]))
        left -= sees[best]


def _needed(
    trial: Trial, feeders: list[str], late: frozenset[str], rows: set[str]
) -> tuple[str, ...]:
    """Return a part of `feeders` with which the `late` cases see these rows, by halving."""

    def enough(some: Iterable[str]) -> bool:
        outcome = attempt(replace(trial, cases=frozenset(some) | late))
        return rows <= outcome.seen_by.keys()

    while len(feeders) > 1:
        middle = len(feeders) // 2
        half = next((one for one in (feeders[:middle], feeders[middle:]) if enough(one)), None)
        if half is None:
            break
        feeders = half
    return tuple(feeders)
