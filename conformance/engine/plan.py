"""The plan: for each row, whether this target can be judged by it, and why not.

It is made from the profile, the metadata and the hooks. Only the metadata is requested for it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from conformance.judging.needs import Declaration, Needs
from conformance.judging.verdict import Verdict
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec.requirement import Catalogue, Grade, Requirement
from conformance.target.provisions import PROVISIONS

# The outlook of rows that cases judge. A conditional row may still end as not seen.
JUDGED = "judged"
DECIDED_IN_RUN = "decided in the run"

APPLICABLE_KINDS = frozenset({"obligation", "conditional"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case function with its parameters.

    `last` cases judge what all other cases have seen.
    """

    name: str
    claim: str
    declaration: Declaration
    function: Callable[..., None] = field(repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """One requirement as this target is held to it.

    `verdict` is set if it is certain before the run; if it is None, `cases` judge the row. `hook`
    is what would make a row testable that is not.
    """

    requirement: Requirement
    grade: Grade
    verdict: Verdict | None
    reason: str | None = None
    hook: str | None = None
    cases: tuple[str, ...] = ()

    @property
    def is_judged(self) -> bool:
        """Return whether the run judges the row."""
        return self.verdict is None

    @property
    def outlook(self) -> str:
        """Return what to expect of the run: a verdict, or how the row will get one."""
        if self.verdict is not None:
            return str(self.verdict)
        return DECIDED_IN_RUN if self.requirement.kind == "conditional" else JUDGED


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a case can't run against this target."""

    reason: str
    hook: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The requirement ids and sections that the operator selected; empty means everything."""

    requirements: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.requirements or self.sections)

    def holds(self, row: Requirement) -> bool:
        """Return whether a row is selected. A section includes its subsections."""
        if not self:
            return True
        return row.id in self.requirements or any(
            row.section == section or row.section.startswith(f"{section}.")
            for section in self.sections
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The rows for this target, and the cases to run for them."""

    rows: Mapping[str, PlannedRow]
    cases: tuple[Case, ...]
    hooks: Mapping[str, bool]

    @cached_property
    def grades(self) -> dict[str, Grade]:
        """Return the effective grade of each row that is judged."""
        return {row.requirement.id: row.grade for row in self.rows.values() if row.is_judged}

    @property
    def unlocks(self) -> dict[str, int]:
        """Return how many rows each missing hook would make testable."""
        counts: dict[str, int] = {}
        for row in self.rows.values():
            if row.hook is not None:
                counts[row.hook] = counts.get(row.hook, 0) + 1
        return counts


def make_plan(
    catalogue: Catalogue,
    transmitter: RemoteTransmitter,
    cases: Sequence[Case],
    selection: Selection,
    hooks: Mapping[str, bool],
) -> Plan:
    """Plan a run against a target whose metadata is known."""
    profile = transmitter.profile
    # Hundreds of cases share a few sets of needs, and hundreds of rows a few conditions.
    obstacle = cache(lambda needs: obstacle_to(needs, transmitter))
    obstacles = {case.name: obstacle(case.declaration.needs) for case in cases}
    judging: dict[str, list[Case]] = {}
    for case in cases:
        for requirement in case.declaration.ids:
            judging.setdefault(requirement, []).append(case)
    unmet = cache(lambda condition: _unmet(condition, transmitter))
    rows = {
        row.id: _row(row, transmitter, judging.get(row.id, ()), obstacles, unmet)
        for row in catalogue.for_tags(profile.tags)
        if selection.holds(row)
    }
    wanted = {name for row in rows.values() if row.is_judged for name in row.cases}
    chosen = tuple(case for case in cases if case.name in wanted)
    return Plan(rows=rows, cases=chosen, hooks=hooks)


def obstacle_to(needs: Needs, transmitter: RemoteTransmitter) -> Obstacle | None:
    """Return why a case with these needs can't run against this target, or None."""
    return next(_obstacles(needs, transmitter), None)


def _obstacles(needs: Needs, transmitter: RemoteTransmitter) -> Iterator[Obstacle]:
    implicit = transmitter.profile.stream.model == "implicit"
    if needs.model not in {None, transmitter.profile.stream.model}:
        yield Obstacle(f"the profile's stream is {transmitter.profile.stream.model}")
    makes_stream = needs.stream and not implicit
    for operation in (*needs.operations, *(("create_stream",) if makes_stream else ())):
        if not transmitter.offers(operation):
            yield Obstacle(f"the target offers no {operation}")
    if needs.delivery == "poll" and not transmitter.polls:
        yield Obstacle("it is judged by polling alone, which this target does not have")
    if needs.delivery == "push" and not transmitter.delivers("push"):
        yield Obstacle("the target has no push delivery")
    if needs.stream and implicit and not transmitter.target.allow_destructive:
        yield Obstacle(
            "replaces the Receiver's only stream, and an authorization_header may not be readable;"
            " give --allow-destructive"
        )
    remade = transmitter.profile.stream.remade_by_replace
    if needs.destructive and not (transmitter.target.disposable or remade):
        yield Obstacle("deletes the Receiver's only stream, which this API can't make again")
    yield from _not_provided(needs, transmitter)


def _not_provided(needs: Needs, transmitter: RemoteTransmitter) -> Iterator[Obstacle]:
    """Yield what the operator would have to provide."""
    for provision in PROVISIONS.values():
        for need, reason in provision.missing.items():
            if getattr(needs, need) and _is_missing(provision.name, need, needs, transmitter):
                yield Obstacle(reason, provision.name)
    if needs.handshakes and transmitter.target.in_process:
        yield Obstacle("a mock in process has no socket to shake hands with; give --tls")


def _is_missing(name: str, need: str, needs: Needs, transmitter: RemoteTransmitter) -> bool:
    """Return whether a need is unmet for lack of something that the operator can provide."""
    target = transmitter.target
    if need == "subjects":
        return not target.chooses_subjects
    if need == "sets" and name == "push_listener":
        pushed = needs.delivery == "push" or not (needs.delivery or transmitter.polls)
        return pushed and not target.has_hook(name)
    if need == "sets" and transmitter.offers("verify"):
        return False
    return not target.has_hook(name)


def _row(
    row: Requirement,
    transmitter: RemoteTransmitter,
    cases: Sequence[Case],
    obstacles: Mapping[str, Obstacle | None],
    unmet: Callable[[str], str | None],
) -> PlannedRow:
    grade = transmitter.profile.grade(row, transmitter.metadata)

    def planned(
        verdict: Verdict | None, reason: str | None = None, hook: str | None = None
    ) -> PlannedRow:
        return PlannedRow(
            requirement=row,
            grade=grade,
            verdict=verdict,
            reason=reason,
            hook=hook,
            cases=tuple(case.name for case in cases if obstacles[case.name] is None),
        )

    deviation = transmitter.profile.deviation_of(row.id)
    reasons = (unmet(condition) for condition in row.applies_to)
    inapplicable = (
        next((reason for reason in reasons if reason is not None), None)
        if deviation is None
        else deviation.summary
    )
    if inapplicable is not None:
        return planned(Verdict.NOT_APPLICABLE, inapplicable)
    if row.observable == "not-observable":
        return planned(Verdict.EXCLUDED, row.how)
    if not cases:
        return planned(*_without_cases(row))
    hindered = [obstacles[case.name] for case in cases]
    if all(hindered):
        first = next(one for one in hindered if one is not None)
        return planned(Verdict.NOT_TESTABLE, first.reason, first.hook)
    if row.kind == "conditional":
        return planned(None, "speaks only where the target shows what it is about")
    return planned(None)


def _without_cases(row: Requirement) -> tuple[Verdict, str]:
    if row.kind == "tolerance":
        return Verdict.NOT_SEEN, "a freedom of the text: nothing alarms where it is used"
    return Verdict.NOT_TESTABLE, "this version has no case for it"


def _unmet(condition: str, transmitter: RemoteTransmitter) -> str | None:
    """Return why a condition of the catalogue's `applies_to` is not met, None if it is."""
    kind, _, name = condition.partition(":")
    if kind == "operation" and not transmitter.offers(name):
        return f"the target has no {name}"
    if kind == "delivery" and not transmitter.delivers(name):
        return f"the target has no {name} delivery"
    if kind == "metadata" and name not in transmitter.metadata:
        return f"the metadata has no {name}"
    if kind == "tls" and not transmitter.target.tls:
        return "a lab run over plain http"
    return None
