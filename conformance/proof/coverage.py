"""How far the suite judges the catalogue: profile by profile, level by level, kind by kind.

Nothing is run. What is judged is what the plan of a run against the bundled mock over TLS says,
which has every hook; what was seen red, and which freedoms were used, is what the catalogue of the
mock's faults and variants promises and `prove` shows.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, TypeAlias

from conformance.engine import bundled
from conformance.engine.plan import PlannedRow
from conformance.judging.verdict import OUT_OF_SCOPE, Verdict
from conformance.proof.trial import plan_of
from conformance.spec.certification import load_certification
from conformance.spec.profile_files import load_profile
from conformance.spec.requirement import LEVELS, Grade
from conformance.text import aligned, hanging

Json: TypeAlias = dict[str, Any]

KINDS = ("obligation", "conditional", "tolerance")

COVERED = "covered"
OPEN = "open"
STATES = (COVERED, str(Verdict.EXCLUDED), str(Verdict.NOT_APPLICABLE), OPEN)

NO_FAULT = "no fault breaks it"
NO_VARIANT = "no variant exercises it"

_COLUMNS = ("rows", *STATES, "faults", "variants", "official")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredRow:
    """One requirement in one profile.

    `state` is one of STATES, and `reason` says why where it isn't covered. `faults` break it and
    `variants` exercise it, in whatever profile; `official` are the modules of the official suite
    that look at it.
    """

    id: str
    level: str
    kind: str
    grade: Grade
    state: str
    reason: str | None
    faults: tuple[str, ...]
    variants: tuple[str, ...]
    official: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The rows of one profile, in the order of the catalogue."""

    profile: str
    title: str
    rows: tuple[CoveredRow, ...]

    def grouped(self) -> dict[tuple[str, str], list[CoveredRow]]:
        """Return the rows by level and kind, without the groups that have none."""
        groups = {
            (level, kind): [row for row in self.rows if (row.level, row.kind) == (level, kind)]
            for level in LEVELS
            for kind in KINDS
        }
        return {key: rows for key, rows in groups.items() if rows}

    def reasons(self, state: str) -> dict[str, list[str]]:
        """Return the ids of the rows in a state, by the reason for it."""
        found: dict[str, list[str]] = {}
        for row in self.rows:
            if row.state == state and row.reason is not None:
                found.setdefault(row.reason, []).append(row.id)
        return found


def coverage_of(profile: str) -> Coverage:
    """Return how far the suite judges a profile; raises ProfileError for one that is not there."""
    title = load_profile(profile).title
    faults, variants = _named("breaks"), _named("exercises")
    rows = []
    for one, planned in plan_of(profile, over_tls=True).rows.items():
        red, used = faults.get(one, ()), variants.get(one, ())
        state, reason = _state(planned, red, used)
        rows.append(
            CoveredRow(
                id=one,
                level=planned.requirement.level,
                kind=planned.requirement.kind,
                grade=planned.grade,
                state=state,
                reason=reason,
                faults=red,
                variants=used,
                official=tuple(module.name for module in load_certification().touching(one)),
            )
        )
    return Coverage(profile, title, tuple(rows))


def _state(
    row: PlannedRow, faults: Sequence[str], variants: Sequence[str]
) -> tuple[str, str | None]:
    """Return what a row has come to, and why where it isn't covered."""
    if row.verdict in OUT_OF_SCOPE:
        return str(row.verdict), row.reason
    if row.requirement.kind == "tolerance":
        return (COVERED, None) if variants else (OPEN, NO_VARIANT)
    if not row.is_judged:
        return OPEN, row.reason
    # The breach of a row that is at most noted alarms nobody, so no fault could be seen by it.
    if faults or row.grade is Grade.NOTE:
        return COVERED, None
    return OPEN, NO_FAULT


@cache
def _named(field: str) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the deviations whose `breaks` or `exercises` has each id."""
    found: dict[str, tuple[str, ...]] = {}
    for one in bundled.deviations():
        for requirement in getattr(one, field):
            found[requirement] = (*found.get(requirement, ()), one.name)
    return found


def text_of(profiles: Sequence[Coverage]) -> str:
    """Return the coverage for people: all profiles at a glance, then each of them."""
    return "\n".join(_text(profiles))


def _text(profiles: Sequence[Coverage]) -> Iterator[str]:
    certification = load_certification()
    totals = [((one.profile, ""), one.rows) for one in profiles]
    yield from _table(("profile", ""), totals)
    for one in profiles:
        yield from ("", f"{one.profile}  {one.title}", "")
        yield from _table(("level", "kind"), [*one.grouped().items(), (("all", ""), one.rows)])
        for state in STATES[1:]:
            yield from _because(state, one.reasons(state))
    yield ""
    for word, meaning in {
        "covered": "judged in a run against the bundled mock over TLS, and seen red by a fault;"
        " a tolerance: a variant makes use of it, and nothing alarms",
        "faults": "how many faults of the mock break a row of the line",
        "variants": "how many of its variants use a freedom that a row of the line gives",
        "official": f"how many rows the {certification.suite} {certification.version} looks at:"
        f" {certification.url}",
    }.items():
        yield from hanging(f"{word:<10}", meaning)
    yield "next: ssf-conformance requirements show ID"


def _table(
    heading: tuple[str, str], groups: Iterable[tuple[tuple[str, str], Sequence[CoveredRow]]]
) -> list[str]:
    lines: list[tuple[str, ...]] = [(*heading, *_COLUMNS)]
    for key, rows in groups:
        counts = _counts(rows)
        cells = (f"{counts[column] or '-':>{len(column)}}" for column in _COLUMNS)
        lines.append((*key, *cells))
    return [f"  {line}" for line in aligned(lines)]


def _counts(rows: Sequence[CoveredRow]) -> dict[str, int]:
    return {
        "rows": len(rows),
        **{state: sum(row.state == state for row in rows) for state in STATES},
        "faults": len(set(chain.from_iterable(row.faults for row in rows))),
        "variants": len(set(chain.from_iterable(row.variants for row in rows))),
        "official": sum(bool(row.official) for row in rows),
    }


def _because(state: str, reasons: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield each reason with its ids, those of most rows first."""
    if reasons:
        yield from ("", f"  {state}")
    for reason, ids in sorted(reasons.items(), key=lambda item: -len(item[1])):
        yield from hanging(f"  {len(ids):>4}  ", reason)
        yield from hanging("          ", ", ".join(ids))


def json_of(profiles: Iterable[Coverage]) -> str:
    """Return the coverage for machines: each profile with its groups and rows."""
    certification = load_certification()
    document: Json = {
        "official_suite": {
            "name": certification.suite,
            "version": certification.version,
            "url": certification.url,
        },
        "profiles": [
            {
                "id": one.profile,
                "title": one.title,
                "counts": _counts(one.rows),
                "groups": [
                    {"level": level, "kind": kind, **_counts(rows)}
                    for (level, kind), rows in one.grouped().items()
                ],
                "requirements": [_row_json(row) for row in one.rows],
            }
            for one in profiles
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def _row_json(row: CoveredRow) -> Json:
    return {
        "id": row.id,
        "level": row.level,
        "kind": row.kind,
        "grade": str(row.grade),
        "state": row.state,
        "reason": row.reason,
        "faults": list(row.faults),
        "variants": list(row.variants),
        "official": list(row.official),
    }
