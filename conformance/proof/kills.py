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

    Runs the cases of those rows, and all cases where that is not enough. A case may need another
    one before it, whose SETs it judges or which shows that pushes arrive: that one is kept too.
    """
    fault = trial.deviation
    if fault is None:
        raise ValueError("only a fault has kills")
    tried = cases_of(trial.profile, fault.breaks, over_tls=fault.over_tls)
    outcome = attempt(replace(trial, cases=tried))
    if outcome.missing:
        tried = frozenset(case.name for case in all_cases())
        outcome = attempt(replace(trial, cases=tried))
    kills = dict(_cover(outcome))
    before = _needed_before(trial, frozenset(kills), sorted(tried - kills.keys()), outcome)
    found = {**dict.fromkeys(before, ()), **kills}
    return outcome, {case: found[case] for case in sorted(found)}


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


def _needed_before(
    trial: Trial, kills: frozenset[str], others: list[str], outcome: Outcome
) -> list[str]:
    """Return which other cases have to run for the kills to see what they saw; halves them."""

    def enough(some: Iterable[str]) -> bool:
        seen = attempt(replace(trial, cases=kills.union(some))).seen_by
        return outcome.seen_by.keys() <= seen.keys()

    if enough(()):
        return []
    while len(others) > 1:
        middle = len(others) // 2
        half = next((one for one in (others[:middle], others[middle:]) if enough(one)), None)
        if half is None:
            break
        others = half
    return others
