"""The ledger of a finished run as results.json holds it: the one source of every report."""

from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeAlias, cast

from conformance.engine.known_failures import KnownFailures
from conformance.engine.plan import APPLICABLE_KINDS, RUNNABLE, Row, State
from conformance.engine.run import Finished, Run, combine, verdict_of
from conformance.receiver.exchange import told_of
from conformance.reporting.results import Results
from conformance.sets.contents import claims_of, header_of
from conformance.spec.requirement import Grade

Json: TypeAlias = dict[str, Any]

CONFORMANT = "CONFORMANT"
NONCONFORMANT = "NONCONFORMANT"
INCOMPLETE = "INCOMPLETE"

# Exit codes of `run` (README, "Exit codes").
EXIT_CONFORMANT = 0
EXIT_NONCONFORMANT = 1
EXIT_INTERRUPTED = 2
EXIT_OUR_ERROR = 3
EXIT_USAGE = 4
EXIT_NOTHING_JUDGED = 5
EXIT_INCOMPLETE = 6

_JUDGED = frozenset({"passed", "failed", "warning", "known failure"})
_LACKING = frozenset({"not testable", "not reached"})


def suite_version() -> str:
    """Return the version of the installed suite."""
    try:
        return version("ssf-conformance")
    except PackageNotFoundError:
        return "0+unknown"


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
    # The schema of results.json holds what the type says; a test validates every kind of run.
    return cast("Results", document)


def _requirement(run: Run, row: Row, known: KnownFailures) -> Json:
    requirement = row.requirement
    finished = [run.finished[name] for name in row.cases if name in run.finished]
    runs = row.state in RUNNABLE
    verdict, reason = (
        combine([verdict_of(done, requirement.id) for done in finished])
        if runs
        else (str(row.state), row.reason)
    )
    if verdict == "warning":
        reason = (
            f"a breach warns at most: {_why_softer(run, row)}"
            if row.grade is Grade.WARN
            else "this breach of it is only worth a warning"
        )
    known_failure = known.reasons.get(requirement.id)
    if known_failure is not None and runs:
        if verdict in {"failed", "warning"} and requirement.id not in known.expired:
            verdict = "known failure"
        elif verdict == "passed":
            verdict, reason = (
                "failed",
                "listed as a known failure, but it holds: take it off the list",
            )
        elif verdict in {"failed", "warning"}:
            verdict, reason = "failed", "its date in the list of known failures has passed"
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
        "verdict": verdict,
        "reason": reason,
        "hook": row.hook,
        "known_failure": known_failure,
        "cases": [_case(done, requirement.id) for done in finished] if runs else [],
    }


def troubles_of(run: Run) -> list[str]:
    """Return what failed of what the operator lends, each once, with the next step."""
    found: dict[str, list[str]] = {}
    for one in run.troubles:
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


def _why_softer(run: Run, row: Row) -> str:
    if row.requirement.grade is Grade.WARN:
        return row.requirement.why or f"its level is {row.requirement.level}, its basis " + (
            row.requirement.basis
        )
    return f"profile {run.target.profile.id} holds the target to it no further"


def _case(done: Finished, requirement: str) -> Json:
    verdict, reason = verdict_of(done, requirement)
    judgement = done.record.judgements.get(requirement)
    breach = None if judgement is None else judgement.worst()
    broke_at = 0 if breach is None else told_of(breach.exchanges, breach.got, upto=breach.broke_at)
    return {
        "case": done.case.name,
        "claim": done.case.claim,
        "verdict": verdict,
        "reason": reason,
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
            "judged": sum(row["verdict"] in _JUDGED for row in applicable),
            "not_seen": sum(row["verdict"] == "not seen" for row in applicable),
        },
        "results": sum(len(row["cases"]) for row in rows),
    }


def _is_applicable(row: Json) -> bool:
    out = {State.NOT_APPLICABLE, State.EXCLUDED}
    return row["kind"] in APPLICABLE_KINDS and row["verdict"] not in out


def _verdict(rows: Sequence[Json], *, strict: bool) -> str:
    loud = {"failed", "warning"} if strict else {"failed"}
    if any(row["verdict"] in loud for row in rows):
        return NONCONFORMANT
    lacking = any(row["verdict"] in _LACKING for row in rows if _is_applicable(row))
    if lacking or not any(row["verdict"] in _JUDGED for row in rows):
        return INCOMPLETE
    return CONFORMANT


def _is_shut_out(run: Run) -> bool:
    """Say whether the target took the Receiver for nobody: then it was not judged at all."""
    return "management" in run.refused


def _exit_code(run: Run, rows: Sequence[Json], verdict: str) -> int:
    if run.interrupted:
        return EXIT_INTERRUPTED
    if run.crashes:
        return EXIT_OUR_ERROR
    judged = any(row["verdict"] in _JUDGED for row in rows)
    unusable = _is_shut_out(run) or (run.troubles and not judged)
    if unusable or (run.lost is not None and verdict != NONCONFORMANT):
        return EXIT_USAGE
    if verdict == NONCONFORMANT:
        return EXIT_NONCONFORMANT
    if not judged:
        return EXIT_NOTHING_JUDGED
    accepted = verdict != INCOMPLETE or run.options.allow_incomplete
    return EXIT_CONFORMANT if accepted else EXIT_INCOMPLETE


def _sets(run: Run) -> list[Json]:
    """Return each distinct SET once, decoded, without signature and subject."""
    times = Counter(seen.token for seen in run.seen_sets)
    shown = []
    for token, count in times.items():
        seen = next(one for one in run.seen_sets if one.token == token)
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
