"""The proof: each fault of the mock is seen under its ids, and no variant alarms.

By default a fault runs against its recorded kills and a variant against the cases of the tolerances
that it exercises. The full proof runs every case, and so also tells what alarms beside.
"""

import difflib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from conformance.engine import bundled, defaults
from conformance.engine.plugin import all_cases
from conformance.errors import UsageError
from conformance.proof import kills
from conformance.proof.kills import Kills, Record
from conformance.proof.trial import Outcome, Trial, attempt, cases_of, footprints, planned_rows
from conformance.spec.profile import Profile
from conformance.spec.profile_files import load_profile
from conformance.spec.requirement import load_catalogue
from conformance.spec.shipped_profiles import profile_ids

T = TypeVar("T")
U = TypeVar("U")

OUT_OF_DATE = "the recorded kills are out of date"

# A line of progress comes after so many trials.
_NOW_AND_THEN = 200


class Mode(StrEnum):
    """What a proof runs: recorded kills, everything, or the search for kills to record."""

    RECORDED = "recorded"
    FULL = "full"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Share:
    """One part of so many of a proof: part 1 of 1 is all of it."""

    part: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Share":
        """Read `K/N`: the parts are counted from 1. Raises UsageError."""
        part, slash, of = text.partition("/")
        if not (slash and part.isdecimal() and of.isdecimal() and 1 <= int(part) <= int(of)):
            raise UsageError(f"--share {text!r}: write K/N with K from 1 to N, such as 3/12")
        return cls(int(part), int(of))

    def of_all(self, everything: Sequence[T]) -> list[T]:
        """Return this part of a sequence, spread evenly over it."""
        return list(everything[self.part - 1 :: self.of])


WHOLE = Share()


def trials(
    mode: Mode, names: Sequence[str] = (), profiles: Sequence[str] = (), *, record: Record
) -> list[Trial]:
    """Return the trials of a proof, in every profile that a deviation is about.

    A fault is about the rows that it breaks, a variant about the tolerances that it exercises. A
    fault without recorded kills in a profile runs against all cases of its rows there. The mock
    as it is belongs to the full proof of everything. Raises UsageError for a name that no fault
    or variant has, and UnknownRequirement for a wrong id.
    """
    chosen = _chosen(names)
    for one in chosen:
        load_catalogue().check_ids((*one.breaks, *one.also, *one.exercises))
    order = list(profiles) or list(profile_ids())
    found = []
    if mode is Mode.FULL and not names:
        found += [Trial(profile, None, examples=defaults.EXAMPLES) for profile in order]
    for profile in order:
        for one in chosen:
            rows = rows_of(one, load_profile(profile))
            if not rows or (mode is Mode.RECORD and one.kind != "fault"):
                continue
            if mode is Mode.FULL:
                found.append(Trial(profile, one, examples=defaults.EXAMPLES))
                continue
            known = record.get(one.name, {}).get(profile)
            own = cases_of(profile, rows, over_tls=one.over_tls)
            found.append(Trial(profile, one, frozenset(known or own)))
    return found


def rows_of(deviation: bundled.Deviation, profile: Profile) -> frozenset[str]:
    """Return what a deviation is about in a profile; nothing where that lacks what it needs."""
    planned = planned_rows(profile.id, over_tls=deviation.over_tls)
    if not all(need in planned or profile.has(need) for need in deviation.needs):
        return frozenset()
    if deviation.kind == "fault":
        return planned & set(deviation.breaks)
    catalogue = load_catalogue()
    return frozenset(
        row
        for row in deviation.exercises
        if not profile.tags.keys().isdisjoint(catalogue[row].tags)
    )


def _chosen(names: Sequence[str]) -> list[bundled.Deviation]:
    known = {one.name: one for one in bundled.deviations()}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"prove: no fault or variant is named {name!r}{hint}")
    return [known[name] for name in names] if names else list(known.values())


def _without_untouched(chosen: Sequence[Trial]) -> Iterator[Trial]:
    """Yield the trials, each without the cases that its deviation can't touch.

    Over TLS a deviation may show in any handshake, so there all cases stay.
    """
    profiles = sorted({trial.profile for trial in chosen})
    asked = dict(zip(profiles, side_by_side(footprints, profiles), strict=True))
    last = {case.name for case in all_cases() if case.last}
    for trial in chosen:
        one = trial.deviation
        if one is None or one.over_tls:
            yield trial
            continue
        touched = {case for case, seams in asked[trial.profile].items() if one.touches(seams)}
        yield replace(trial, cases=frozenset(touched | last))


def attempt_recorded(trial: Trial) -> Outcome:
    """Run a trial; where the recorded kills miss a row, try all cases of the fault's rows."""
    outcome = attempt(trial)
    one = trial.deviation
    if one is None or not outcome.missing:
        return outcome
    again = attempt(
        replace(trial, cases=cases_of(trial.profile, one.breaks, over_tls=one.over_tls))
    )
    return again if again.missing else replace(again, problem=again.problem or OUT_OF_DATE)


def side_by_side(work: Callable[[U], T], chosen: Sequence[U]) -> Iterator[T]:
    """Do each piece of work in a few processes that stay, and yield the results in order."""
    # One more than there are cores: a case that waits for a push leaves its core to another.
    workers = min((os.cpu_count() or 1) + 1, max(1, len(chosen)))
    if workers == 1:
        yield from map(work, chosen)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(work, chosen)


def prove(
    *,
    mode: Mode,
    names: Sequence[str] = (),
    profiles: Sequence[str] = (),
    share: Share = WHOLE,
    json_file: Path | None = None,
    say: Callable[[str], None],
) -> int:
    """Make the proof for people, and return 0 only if everything is proven.

    Says a line for each trial that is not proven, and now and then how far it is; of a full proof
    and of named deviations it says every trial.
    """
    record = {} if mode is Mode.RECORD else kills.load()
    chosen = share.of_all(trials(mode, names, profiles, record=record))
    say(f"{len(chosen)} trials against the bundled mock")
    if mode is Mode.FULL:
        chosen = list(_without_untouched(chosen))
    if mode is Mode.RECORD:
        done = list(_record(chosen, whole=not (names or profiles), say=say))
    else:
        done = list(_attempts(mode, chosen, chatty=bool(names), say=say))
    if json_file is not None:
        _write(done, json_file)
    unproven = [one for one in done if not one.proven]
    for one in unproven:
        say(f"not proven: {one.name or 'the mock as it is'} in {one.profile}")
    faults = sum(one.kind == "fault" for one in done)
    variants = sum(one.kind == "variant" for one in done)
    say(
        f"{len(done) - len(unproven)} of {len(done)} trials proven:"
        f" {faults} with a fault, {variants} with a variant"
    )
    stale = [] if mode is Mode.RECORD or names or profiles else stale_entries(record)
    for line in stale:
        say(f"{OUT_OF_DATE}: {line}")
    for line in next_steps(unproven, stale=bool(stale)):
        say(line)
    return 1 if unproven or stale else 0


def stale_entries(record: Record) -> list[str]:
    """Return where the recorded kills and the faults that there are differ, in words."""
    wanted = _where_faults_apply()
    found = {(fault, profile) for fault, seen_in in record.items() for profile in seen_in}
    return [
        f"{fault} in {profile} is {'not recorded' if new else 'recorded, and does not apply'}"
        for some, new in ((wanted - found, True), (found - wanted, False))
        for fault, profile in sorted(some)
    ]


def _where_faults_apply() -> set[tuple[str, str]]:
    """Return each fault's name with each profile in which it breaks a row."""
    return {
        (one.name, profile)
        for profile in profile_ids()
        for one in bundled.deviations()
        if one.kind == "fault" and rows_of(one, load_profile(profile))
    }


def _attempts(
    mode: Mode, chosen: Sequence[Trial], *, chatty: bool, say: Callable[[str], None]
) -> Iterator[Outcome]:
    """Run the trials and tell how it goes: every one of a full proof, else what is not proven."""
    work = attempt if mode is Mode.FULL else attempt_recorded
    for number, outcome in enumerate(side_by_side(work, chosen), 1):
        if chatty or mode is Mode.FULL or not outcome.proven:
            say(line_of(outcome))
        elif number % _NOW_AND_THEN == 0:
            say(f"{number} of {len(chosen)} trials made")
        yield outcome


def _write(done: Sequence[Outcome], file: Path) -> None:
    try:
        file.write_text(json.dumps([asdict(one) for one in done], indent=1) + "\n", "utf-8")
    except OSError as error:
        raise UsageError(f"--json {file}: can't be written: {error.strerror}") from error


def _record(
    chosen: Sequence[Trial], *, whole: bool, say: Callable[[str], None]
) -> Iterator[Outcome]:
    """Search for the kills of each fault, and write what was found over what the file holds.

    What the file holds of faults that no longer apply in a profile goes.
    """
    kept: dict[str, dict[str, Kills]] = {}
    if not whole:
        kept = {fault: dict(seen_in) for fault, seen_in in kills.load().items()}
    for number, (outcome, found) in enumerate(side_by_side(kills.find, chosen), 1):
        kept.setdefault(outcome.name, {})[outcome.profile] = found
        if not outcome.proven:
            say(line_of(outcome))
        if number % _NOW_AND_THEN == 0:
            say(f"{number} of {len(chosen)} trials made")
        yield outcome
    wanted = _where_faults_apply()
    kills.write(
        {
            fault: applied
            for fault, seen_in in kept.items()
            if (
                applied := {
                    profile: seen for profile, seen in seen_in.items() if (fault, profile) in wanted
                }
            )
        }
    )
    say(f"wrote {kills.FILE}")


def next_steps(unproven: Sequence[Outcome], *, stale: bool = False) -> list[str]:
    """Return what to do about the trials that are not proven, a line for each thing to do."""
    lines = []
    if stale or any(one.problem == OUT_OF_DATE for one in unproven):
        lines.append(f"next: {OUT_OF_DATE}: write them anew with `prove --record [FAULT...]`")
    if any(one.missing for one in unproven):
        lines.append(
            "next: a missing id is one that no check saw broken: mend the check or the fault"
        )
    if any(one.unexpected for one in unproven):
        lines.append(
            "next: an unexpected id goes into the fault's `also` if by the text it falls with it;"
            " else mend the check"
        )
    shown = next((one for one in unproven if one.missing or one.unexpected), None)
    if shown is not None:
        lines.append(f"next: to see expected and got of an ID: {_to_see(shown)} --requirement ID")
    elif unproven and not lines:
        lines.append("next: mend what is told under what is not proven, then prove it again")
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
    """Return what a person reads about one trial."""
    word = "proven " if outcome.proven else "NOT YET"
    what = outcome.name or "the mock as it is"
    parts = [f"{word}  {outcome.profile:12} {outcome.kind:7} {what}  {outcome.duration_s:.1f} s"]
    parts += [f"           seen        {one}  by {by[0]}" for one, by in outcome.seen_by.items()]
    parts += [f"           missing     {one}" for one in outcome.missing]
    parts += [f"           unexpected  {one}" for one in outcome.unexpected]
    if outcome.problem is not None:
        parts.append(f"           {outcome.problem}")
    return "\n".join(parts)
