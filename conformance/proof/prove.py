"""The proof: each fault of the mock is seen under its ids and no others, and no variant alarms."""

import difflib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from zlib import crc32

from conformance import clock
from conformance.engine import bundled, defaults
from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.plan import Case, Plan
from conformance.engine.plugin import execute
from conformance.engine.results_document import document_of
from conformance.judging.verdict import ALARMS, Verdict
from conformance.receiver.connection import Unreachable
from conformance.spec.profile import Profile, load_profile, profile_ids
from conformance.spec.requirement import load_catalogue
from conformance.target.target import TargetError


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run against one deviation came to; `name` is empty for the mock as it is.

    `missing` are ids that should have been seen, `unexpected` alarms that nothing explains.
    """

    profile: str
    name: str
    kind: str
    summary: str
    seen: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    problem: str | None = None
    duration_s: float = 0.0

    @property
    def proven(self) -> bool:
        """Say whether the run showed what it had to, and nothing else."""
        return not self.missing and not self.unexpected and self.problem is None


# A fault has to be seen with fewer examples than a run draws, which leaves it a margin.
FEW_EXAMPLES = 6
# Where all are proven, each meets the cases of its own rows and one in so many of the others.
ONE_IN = {"fault": 8, "variant": 4}


@dataclass(frozen=True, slots=True)
class Trial:
    """One run to make; `deviation` is None for the mock as it is.

    Of the cases that are not about the deviation's own rows it takes one in `one_in`.
    """

    profile: str
    deviation: bundled.Deviation | None
    examples: int = defaults.EXAMPLES
    one_in: int = 1

    def takes(self, case: Case) -> bool:
        """Say whether the run has this case: which of the others it has, its name decides."""
        one = self.deviation
        own = () if one is None else (*one.breaks, *one.also, *one.exercises)
        if not set(own).isdisjoint(case.declaration.ids):
            return True
        function = case.name.partition("[")[0]
        name = "" if one is None else one.name
        return crc32(f"{name} {function}".encode()) % self.one_in == 0


def trials(
    names: Sequence[str] = (), profiles: Sequence[str] = (), *, full: bool = False
) -> list[Trial]:
    """Return the runs of a proof: the plain mock, and each deviation where it is about something.

    A fault is about the rows that it breaks, a variant about the tolerances that it makes use of.
    Each runs in as few profiles as it takes to meet each of its rows once, with few examples, and
    if nobody has named it without some of the cases that have nothing to do with it. With
    `full` each runs in every profile that has any of its rows, with all examples and cases.

    Raises TargetError for a name that no fault or variant has, and UnknownRequirement for a wrong
    id.
    """
    chosen = _chosen(names)
    for one in chosen:
        load_catalogue().check_ids((*one.breaks, *one.also, *one.exercises))
    # Parents come first: what a dialect shares with its parent is met there, and not in a text that
    # is stricter than the one that a variant keeps to.
    order = list(profiles or sorted(profile_ids(), key=_generation))
    judged = {
        (profile, over_tls): planned(profile, over_tls=over_tls)
        for profile in order
        for over_tls in {one.over_tls for one in chosen}
    }
    found = [] if names else [Trial(profile, None) for profile in order]
    for one in chosen:
        rows = {
            profile: _rows_of(one, load_profile(profile), judged[profile, one.over_tls])
            for profile in order
        }
        one_in = 1 if names or full else ONE_IN[one.kind]
        found += [
            Trial(
                profile,
                one,
                defaults.EXAMPLES if full else FEW_EXAMPLES,
                one_in,
            )
            for profile in ([each for each in order if rows[each]] if full else _fewest(rows))
        ]
    return sorted(found, key=lambda trial: order.index(trial.profile))


def _rows_of(
    deviation: bundled.Deviation, profile: Profile, judged: frozenset[str]
) -> frozenset[str]:
    """Return what a deviation is about in a profile: none where that lacks what it needs."""
    if not all(map(profile.offers, deviation.needs)):
        return frozenset()
    catalogue = load_catalogue()
    used = {
        row
        for row in deviation.exercises
        if not profile.tags.keys().isdisjoint(catalogue[row].tags)
    }
    return judged & set(deviation.breaks) | used


def _fewest(rows: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Yield profiles that have all the rows between them; the first has most of them."""
    left = frozenset().union(*rows.values())
    while left:
        best = max(rows, key=lambda profile: len(rows[profile] & left))
        left -= rows[best]
        yield best


def _generation(profile: str) -> int:
    return len(load_profile(profile).lineage)


def _chosen(names: Sequence[str]) -> list[bundled.Deviation]:
    known = {one.name: one for one in bundled.deviations()}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise TargetError(f"prove: no fault or variant is named {name!r}{hint}")
    return [known[name] for name in names] if names else list(known.values())


def planned(profile: str, *, over_tls: bool = False) -> frozenset[str]:
    """Return the ids that a run against the bundled mock judges in a profile."""
    plan = plan_of(profile, over_tls=over_tls)
    return frozenset(one for one, row in plan.rows.items() if row.is_judged)


def plan_of(profile: str, *, over_tls: bool = False) -> Plan:
    """Return the plan of a run against the bundled mock in a profile."""
    run = make_run(RunArguments(mock=True, tls=over_tls, profile=profile))
    try:
        plan, _ = execute(run, plan_only=True)
    finally:
        run.close()
    return plan


def attempt(trial: Trial) -> Outcome:
    """Run the suite against one deviation, and compare what it saw with what it should."""
    deviation = trial.deviation
    active = () if deviation is None else (deviation.name,)
    run = make_run(
        RunArguments(
            mock=True,
            tls=deviation is not None and deviation.over_tls,
            profile=trial.profile,
            deviations=active,
            examples=trial.examples,
            allow_incomplete=True,
            # What counts is what is seen; nobody reads these failures.
            shrink=False,
            taken=trial.takes,
        )
    )
    about = Outcome(
        profile=trial.profile,
        name="" if deviation is None else deviation.name,
        kind="mock" if deviation is None else deviation.kind,
        summary="the mock as it is" if deviation is None else deviation.summary,
    )
    watch = clock.Stopwatch()
    try:
        plan, _ = execute(run)
    except Unreachable as error:
        return _with(about, problem=str(error), duration_s=watch.seconds)
    finally:
        run.close()
    rows = document_of(run)["requirements"]
    seen = {
        row["id"]
        for row in rows
        if row["verdict"] == Verdict.FAILED
        or (row["verdict"] == Verdict.WARNING and row["grade"] == "warn")
    }
    alarms = {row["id"] for row in rows if row["verdict"] in ALARMS}
    breaks = set() if deviation is None else set(deviation.breaks)
    also = set() if deviation is None else set(deviation.also)
    judged = {one for one, row in plan.rows.items() if row.is_judged}
    crash = next(iter(run.crashes.values()), None)
    return _with(
        about,
        seen=tuple(sorted(seen & breaks)),
        also=tuple(sorted(alarms & also)),
        missing=tuple(sorted((breaks & judged) - seen)),
        unexpected=tuple(sorted(alarms - breaks - also)),
        problem=crash,
        duration_s=round(watch.seconds, 2),
    )


def _with(about: Outcome, **changes: object) -> Outcome:
    return Outcome(**{**asdict(about), **changes})


def outcomes(chosen: Sequence[Trial]) -> Iterator[Outcome]:
    """Run the trials side by side in processes of their own, and yield them in order."""
    # One more than there are cores: a run that lets a long poll wait leaves its core to another.
    workers = (os.cpu_count() or 1) + 1
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, max(1, len(chosen))), mp_context=context) as pool:
        yield from pool.map(attempt, chosen)


def prove(
    *,
    names: Sequence[str],
    profiles: Sequence[str],
    json_file: Path | None,
    full: bool,
    say: Callable[[str], None],
) -> int:
    """Make the proof for people: a line for each run, and 0 only if everything is proven."""
    chosen = trials(names, profiles, full=full)
    say(f"{len(chosen)} runs against the bundled mock")
    done: list[Outcome] = []
    for outcome in outcomes(chosen):
        done.append(outcome)
        say(line_of(outcome))
    if json_file is not None:
        try:
            json_file.write_text(
                json.dumps([asdict(one) for one in done], indent=1) + "\n", encoding="utf-8"
            )
        except OSError as error:
            raise TargetError(f"--json {json_file}: can't be written: {error.strerror}") from error
    open_ones = [one for one in done if not one.proven]
    faults = sum(one.kind == "fault" for one in done)
    variants = sum(one.kind == "variant" for one in done)
    for one in open_ones:
        say(f"not proven: {one.name or 'the mock as it is'} in {one.profile}")
    say(
        f"{len(done) - len(open_ones)} of {len(done)} runs proven:"
        f" {faults} with a fault, {variants} with a variant"
    )
    for line in next_steps(open_ones):
        say(line)
    return 1 if open_ones else 0


def next_steps(open_ones: Sequence[Outcome]) -> list[str]:
    """Return what to do about the runs that are not proven, a line for each thing to do."""
    lines = []
    if any(one.missing for one in open_ones):
        lines += ["next: a missing id is one that no check saw broken: mend the check or the fault"]
    if any(one.unexpected for one in open_ones):
        lines.append(
            "next: an unexpected id goes into the fault's `also` if by the text it falls with it;"
            " else mend the check"
        )
    shown = next((one for one in open_ones if one.missing or one.unexpected), None)
    if shown is not None:
        lines += [f"next: to see expected and got of an ID: {_to_see(shown)} --requirement ID"]
    elif open_ones:
        lines += ["next: mend what is told under what is not proven, then prove it again"]
    return lines


def _to_see(outcome: Outcome) -> str:
    if not outcome.name:
        return f"ssf-conformance run --mock --profile {outcome.profile}"
    (one,) = _chosen([outcome.name])
    # As the proof has it: over TLS the mock keeps to the clock of the system.
    how = "--tls" if one.over_tls else "--clock simulated"
    return (
        f"ssf-mock-transmitter --profile {outcome.profile} --{one.kind} {one.name} {how}"
        " --target-out mock, and beside it ssf-conformance run mock/target.toml"
    )


def line_of(outcome: Outcome) -> str:
    """Return what a person reads about one run."""
    word = "proven " if outcome.proven else "NOT YET"
    what = outcome.name or "the mock as it is"
    parts = [f"{word}  {outcome.profile:9} {outcome.kind:8} {what}  {outcome.duration_s:.1f} s"]
    parts += [f"           seen        {one}" for one in outcome.seen]
    parts += [f"           missing     {one}" for one in outcome.missing]
    parts += [f"           unexpected  {one}" for one in outcome.unexpected]
    if outcome.problem is not None:
        parts.append(f"           {outcome.problem}")
    return "\n".join(parts)
