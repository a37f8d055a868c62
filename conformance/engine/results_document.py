"""results.json: a finished run as a document, the only source of every report."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias, cast

from conformance.engine.exit_codes import ExitCode
from conformance.engine.finished_case import FinishedCase
from conformance.engine.known_failures import KnownFailures
from conformance.engine.plan import APPLICABLE_KINDS, PlannedRow
from conformance.engine.run import Run
from conformance.engine.version import suite_version
from conformance.judging.verdict import (
    ALARMS,
    JUDGED,
    LACKING,
    OUT_OF_SCOPE,
    KnownFailureState,
    Ruling,
    Verdict,
    combine,
)
from conformance.receiver.exchange import told_of
from conformance.reporting.results import Results
from conformance.sets.contents import claims_of, header_of
from conformance.spec.requirement import Grade

Json: TypeAlias = dict[str, Any]

CONFORMANT = "CONFORMANT"
NONCONFORMANT = "NONCONFORMANT"
INCOMPLETE = "INCOMPLETE"

# A row fails if its entry in the list of known failures is stale or expired.
_LISTED_IN_VAIN = {
    KnownFailureState.STALE: "listed as a known failure, but it holds: take it off the list",
    KnownFailureState.EXPIRED: "its date in the list of known failures has passed",
}


def document_of(run: Run, known_failures: KnownFailures | None = None) -> Results:
    """Return results.json for a run whose cases are done."""
    if run.plan is None:
        raise RuntimeError("the run was never planned")
    known = known_failures or KnownFailures()
    rows = [_requirement(run, row, known) for row in run.plan.rows.values()]
    counts = _counts(rows)
    verdict = _verdict(rows, strict=run.options.strict)
    if _is_shut_out(run):
        verdict = INCOMPLETE
    document: Json = {
        "format": 1,
        "suite": {"name": "ssf-conformance", "version": suite_version()},
        "catalogue": {"version": run.catalogue.version, "digest": run.catalogue.digest},
        "target": {
            "name": run.target.name,
            "version": run.target.version,
            "issuer": run.target.issuer,
            "profile": run.target.profile.id,
            "title": run.target.profile.title,
            "credentials": run.target.kinds,
            "ca_file": None if run.target.ca_file is None else str(run.target.ca_file),
        },
        "run": {
            "seed": run.options.seed,
            "started": run.started,
            "duration_s": round(run.duration_s, 3),
            "verdict": verdict,
            "exit_code": _exit_code(run, rows, verdict),
            "selection": {
                "requirements": list(run.options.selection.requirements),
                "sections": list(run.options.selection.sections),
            },
            "examples": run.options.examples,
            "workers": run.workers,
            "again": run.options.command,
            "interrupted": run.interrupted,
            "troubles": troubles_of(run),
        },
        "plan": {"hooks": dict(run.plan.hooks), "unlocks": run.plan.unlocks},
        "counts": counts,
        "requirements": rows,
        "sets": _sets(run),
        "series": [
            {"case": done.case.name, **one}
            for done in run.finished.values()
            for one in done.record.series
        ],
    }
    # A test validates every kind of run by the schema of results.json.
    return cast("Results", document)


def _requirement(run: Run, row: PlannedRow, known: KnownFailures) -> Json:
    requirement = row.requirement
    finished = [run.finished[name] for name in row.cases if name in run.finished]
    if row.verdict is None:
        ruling = combine([done.ruling_on(requirement.id) for done in finished])
    else:
        ruling = Ruling(row.verdict, row.reason)
    state = known.state_of(requirement.id, ruling.verdict)
    if state in _LISTED_IN_VAIN:
        ruling = Ruling(Verdict.FAILED, _LISTED_IN_VAIN[state])
    else:
        if ruling.verdict is Verdict.WARNING:
            ruling = Ruling(Verdict.WARNING, _why_only_a_warning(run, row))
        if state is KnownFailureState.CURRENT:
            ruling = ruling._replace(verdict=Verdict.KNOWN_FAILURE)
    return {
        "id": requirement.id,
        "level": requirement.level,
        "kind": requirement.kind,
        "grade": str(row.grade),
        "spec": requirement.document.name,
        "section": requirement.section,
        "citation": requirement.citation,
        "url": requirement.url,
        "summary": requirement.summary,
        "verdict": ruling.verdict,
        "reason": ruling.reason,
        "hook": row.hook,
        "known_failure": known.reasons.get(requirement.id),
        "known_failure_state": state,
        "cases": [_case(done, requirement.id) for done in finished] if row.is_judged else [],
    }


def troubles_of(run: Run) -> list[str]:
    """Return the failures of hooks and credentials, each once, with the next step."""
    found: dict[str, list[str]] = {}
    for one in run.transmitters.troubles:
        found.setdefault(one.place, []).append(one.text)
    told = [
        f"{texts[0]}{f', and {len(texts) - 1} more' if len(texts) > 1 else ''}; mend {place}"
        for place, texts in found.items()
    ]
    told += [_shut_out(run, channel) for channel in run.refused]
    if run.lost is not None:
        told += [f"the target can't be reached any more ({run.lost}): start it and run again"]
    return told


def _shut_out(run: Run, channel: str) -> str:
    if channel in run.target.credentials:
        return (
            f"every request with the credential of [auth.{channel}] was answered 401, so nothing is"
            " said about the target: give one that is valid"
        )
    return (
        f"every request was answered 401, and there is no credential for {channel}, so nothing is"
        f" said about the target: give [auth.{channel}] in target.toml, or --token-env"
    )


def _why_only_a_warning(run: Run, row: PlannedRow) -> str:
    if row.grade is not Grade.WARN:
        return "this breach of it is only worth a warning"
    requirement = row.requirement
    if requirement.grade is Grade.WARN:
        why = requirement.why or f"its level is {requirement.level}, its basis {requirement.basis}"
    else:
        why = f"profile {run.target.profile.id} holds the target to it no further"
    return f"a breach warns at most: {why}"


def _case(done: FinishedCase, requirement: str) -> Json:
    ruling = done.ruling_on(requirement)
    judgement = done.record.judgements.get(requirement)
    breach = None if judgement is None else judgement.worst()
    broke_at = 0 if breach is None else told_of(breach.exchanges, breach.got, upto=breach.broke_at)
    return {
        "case": done.case.name,
        "claim": done.case.claim,
        "verdict": ruling.verdict,
        "reason": ruling.reason,
        "started": done.started,
        "duration_s": round(done.duration_s, 3),
        "examples": done.record.examples,
        "checks": 0 if judgement is None else judgement.checks,
        "expected": None if breach is None else breach.expected,
        "got": None if breach is None else breach.got,
        "exchanges": []
        if breach is None
        else [one.as_json(broke=one.number == broke_at) for one in breach.exchanges],
        "observations": [] if judgement is None else list(judgement.notes),
        "reproducer": None,
        **({} if done.issuer is None else {"issuer": done.issuer}),
    }


def _counts(rows: Sequence[Json]) -> Json:
    verdicts = Counter(row["verdict"] for row in rows)
    levels: dict[str, Counter[str]] = {}
    for row in rows:
        levels.setdefault(row["level"], Counter())[row["verdict"]] += 1
    applicable = [row for row in rows if _is_applicable(row)]
    return {
        "verdicts": dict(verdicts),
        "levels": {level: dict(counter) for level, counter in levels.items()},
        "obligations": {
            "applicable": len(applicable),
            "judged": sum(row["verdict"] in JUDGED for row in applicable),
            "not_seen": sum(row["verdict"] is Verdict.NOT_SEEN for row in applicable),
        },
        "results": sum(len(row["cases"]) for row in rows),
    }


def _is_applicable(row: Json) -> bool:
    return row["kind"] in APPLICABLE_KINDS and row["verdict"] not in OUT_OF_SCOPE


def _verdict(rows: Sequence[Json], *, strict: bool) -> str:
    loud = ALARMS if strict else {Verdict.FAILED}
    if any(row["verdict"] in loud for row in rows):
        return NONCONFORMANT
    lacking = any(row["verdict"] in LACKING for row in rows if _is_applicable(row))
    if lacking or not any(row["verdict"] in JUDGED for row in rows):
        return INCOMPLETE
    return CONFORMANT


def _is_shut_out(run: Run) -> bool:
    """Return whether the target treated every request as unauthenticated.

    Then nothing was judged.
    """
    return "management" in run.refused


def _exit_code(run: Run, rows: Sequence[Json], verdict: str) -> int:
    if run.interrupted:
        return ExitCode.INTERRUPTED
    if run.crashes:
        return ExitCode.OUR_ERROR
    judged = any(row["verdict"] in JUDGED for row in rows)
    unusable = _is_shut_out(run) or (run.transmitters.troubles and not judged)
    if unusable or (run.lost is not None and verdict != NONCONFORMANT):
        return ExitCode.USAGE
    if verdict == NONCONFORMANT:
        return ExitCode.NONCONFORMANT
    if not judged:
        return ExitCode.NOTHING_JUDGED
    accepted = verdict != INCOMPLETE or run.options.allow_incomplete
    return ExitCode.CONFORMANT if accepted else ExitCode.INCOMPLETE


def _sets(run: Run) -> list[Json]:
    """Return each distinct SET once, decoded, without its signature and subject."""
    seen_sets = run.transmitters.seen_sets
    times = Counter(seen.token for seen in seen_sets)
    first = {seen.token: seen for seen in reversed(seen_sets)}
    shown = []
    for token, count in times.items():
        seen = first[token]
        claims = claims_of(token)
        shown.append(
            {
                "jti": seen.key,
                "stream": seen.stream,
                "header": header_of(token),
                "claims": {
                    name: value for name, value in claims.items() if name not in {"sub_id", "sub"}
                }
                | {name: "***" for name in ("sub_id", "sub") if name in claims},
                "times": count,
            }
        )
    return shown
