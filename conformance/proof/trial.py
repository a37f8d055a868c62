"""A trial: the suite's cases against the bundled mock with one deviation, and what came of it.

A trial calls the bare cases of a run, without pytest, so that one process makes thousands of them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache

from conformance import clock
from conformance.engine import bundled
from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.finished_case import FinishedCase
from conformance.engine.plan import Plan
from conformance.engine.plugin import all_cases
from conformance.engine.run import Run
from conformance.judging.verdict import ALARMS, Verdict
from conformance.receiver.http_client import Unreachable
from conformance.spec.requirement import Grade

# A fault has to be seen with fewer examples than a run draws, which leaves it a margin.
FEW_EXAMPLES = 6


@dataclass(frozen=True, slots=True)
class Trial:
    """Cases to run in a profile with a deviation; without one, the mock as it is.

    `cases` are names of cases; None stands for all.
    """

    profile: str
    deviation: bundled.Deviation | None
    cases: frozenset[str] | None = None
    examples: int = FEW_EXAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a trial came to.

    `seen_by` has, for each row that the deviation breaks and that was seen broken, the cases that
    saw it, the fastest first. `also` are alarms that the deviation allows for, `missing` are rows
    that should have been seen, `unexpected` alarms that nothing explains. `problem` is an error
    that ended the trial, or a case in it.
    """

    profile: str
    name: str
    kind: str
    summary: str
    seen_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    problem: str | None = None
    duration_s: float = 0.0

    @property
    def proven(self) -> bool:
        """Return whether the trial showed what it had to, and nothing else."""
        return not self.missing and not self.unexpected and self.problem is None


@cache
def planned_rows(profile: str, *, over_tls: bool = False) -> frozenset[str]:
    """Return the ids that a run against the bundled mock judges in a profile."""
    return runnable(plan_of(profile, over_tls=over_tls))


@cache
def plan_of(profile: str, *, over_tls: bool = False) -> Plan:
    """Return the plan of a run against the bundled mock in a profile."""
    run = make_run(RunArguments(mock=True, tls=over_tls, profile=profile))
    with closing(run):
        return run.prepare(all_cases())


def runnable(plan: Plan) -> frozenset[str]:
    """Return the ids of the rows that a plan has cases for."""
    return frozenset(one for one, row in plan.rows.items() if row.is_judged)


def cases_of(profile: str, rows: Collection[str], *, over_tls: bool = False) -> frozenset[str]:
    """Return the names of the cases that judge any of these rows in a profile."""
    plan = plan_of(profile, over_tls=over_tls)
    wanted = set(rows)
    return frozenset(
        case.name for case in plan.cases if not wanted.isdisjoint(case.declaration.ids)
    )


def attempt(trial: Trial) -> Outcome:
    """Run a trial, and compare what was seen with what its deviation promises."""
    one = trial.deviation
    about = Outcome(
        profile=trial.profile,
        name="" if one is None else one.name,
        kind="mock" if one is None else one.kind,
        summary="the mock as it is" if one is None else one.summary,
    )
    watch = clock.Stopwatch()
    run = make_run(
        RunArguments(
            mock=True,
            tls=one is not None and one.over_tls,
            profile=trial.profile,
            deviations=() if one is None else (one.name,),
            examples=trial.examples,
            allow_incomplete=True,
            # Only what is seen counts: nobody reads these failures.
            shrink=False,
        )
    )
    try:
        with closing(run):
            judged = execute(run, trial.cases)
    except Unreachable as error:
        return replace(about, problem=str(error), duration_s=round(watch.seconds, 2))
    breaks = frozenset[str]() if one is None else frozenset(one.breaks)
    also = frozenset[str]() if one is None else frozenset(one.also)
    alarms = dict(alarms_of(run))
    seen_by = {row: seen for row in sorted(breaks & judged) if (seen := _seen_by(run, row))}
    return replace(
        about,
        seen_by=seen_by,
        also=tuple(sorted(alarms.keys() & also)),
        missing=tuple(sorted((breaks & judged) - seen_by.keys())),
        unexpected=tuple(sorted(alarms.keys() - breaks - also)),
        problem=next(iter(run.crashes.values()), None),
        duration_s=round(watch.seconds, 2),
    )


def execute(run: Run, names: Collection[str] | None) -> frozenset[str]:
    """Plan a run, execute the cases of these names, and return the rows that the plan judges."""
    plan = run.prepare(all_cases())
    chosen = [case for case in plan.cases if names is None or case.name in names]
    for case in sorted(chosen, key=lambda case: case.last):
        run.execute(case)
    return runnable(plan)


def footprints(profile: str) -> dict[str, bundled.Seams]:
    """Return the seams that each case comes to on the mock as it is.

    A deviation that changes nothing at these seams changes nothing for the case, so the case has
    nothing to say of it. What precedes the cases, discovery, belongs to each of them.
    """
    plain = make_run(RunArguments(mock=True, profile=profile, allow_incomplete=True))
    lease = bundled.leases(plain.target, seed=0, active=())
    asked: dict[str, Callable[[], bundled.Seams]] = {}

    def watched(case: str) -> bundled.Bundled:
        leased = lease(case)
        asked[case] = leased.asked
        return leased

    with closing(Run(plain.target, replace(plain.options, lease=watched))) as run:
        execute(run, None)
    before = asked.pop("discovery")()
    return {case: before | seams() for case, seams in asked.items()}


def alarms_of(run: Run) -> Iterator[tuple[str, FinishedCase]]:
    """Yield each row that failed or warned, with the case that said so."""
    for done in run.finished.values():
        for row in done.record.judgements:
            if done.ruling_on(row).verdict in ALARMS:
                yield row, done


def _seen_by(run: Run, row: str) -> tuple[str, ...]:
    """Return the cases that saw a row broken as loudly as its grade has it, the fastest first."""
    loud = ALARMS if run.grade_of(row) is Grade.WARN else {Verdict.FAILED}
    seen = [
        done
        for done in run.finished.values()
        if row in done.record.judgements and done.ruling_on(row).verdict in loud
    ]
    return tuple(done.case.name for done in sorted(seen, key=lambda done: done.duration_s))
