"""results.json, the only source of every report: its types, writing and reading.

`schemas/ours/results.json` describes the format. Durations and gaps are in seconds, points in time
are RFC 3339 in UTC.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict, cast

from conformance.judging.verdict import BROKEN, KnownFailureState, Verdict
from conformance.spec.schema import validator

FORMAT = 1
FILE_NAME = "results.json"
SCHEMA = "ours/results.json"

# Names the credential of a request. It is recorded, and never sent.
CHANNEL_HEADER = "x-ssf-channel"

LevelWord: TypeAlias = Literal["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"]
RunVerdict: TypeAlias = Literal["CONFORMANT", "NONCONFORMANT", "INCOMPLETE"]


class Suite(TypedDict):
    """The suite that judged."""

    name: str
    version: str


class Catalogue(TypedDict):
    """The catalogue of requirements by which the target was judged."""

    version: str
    digest: str


class Target(TypedDict):
    """The Transmitter that was judged; `credentials` has the Receiver's by channel."""

    name: str
    version: NotRequired[str | None]
    issuer: str
    profile: str
    title: str
    credentials: NotRequired[dict[str, str]]
    ca_file: NotRequired[str | None]


class Selection(TypedDict):
    """The arguments of `--requirement` and `--section`; both empty for a whole run."""

    requirements: list[str]
    sections: list[str]


class Run(TypedDict):
    """The run. `again` is its command without the selection.

    `troubles` are failures of hooks and credentials.
    """

    seed: int | None
    started: str
    duration_s: float
    verdict: RunVerdict
    exit_code: int
    selection: Selection
    examples: int
    workers: int
    again: str
    interrupted: bool
    troubles: NotRequired[list[str]]


class Plan(TypedDict):
    """The hooks that were given, and how many rows each missing one would unlock."""

    hooks: dict[str, bool]
    unlocks: dict[str, int]


class Obligations(TypedDict):
    """How many obligations apply to the target, and what became of them."""

    applicable: int
    judged: int
    not_seen: int


class Counts(TypedDict):
    """The totals. `results` is the number of (requirement, case) pairs."""

    verdicts: dict[str, int]
    levels: dict[str, dict[str, int]]
    obligations: Obligations
    results: int


class Capture(TypedDict):
    """A value that the target created, and the jq `path` to it in the answer."""

    variable: str
    path: str
    value: str


class Exchange(TypedDict):
    """One request and its answer, redacted; `error` says why there was no answer."""

    number: int
    operation: str
    method: str
    url: str
    request_headers: dict[str, str]
    request_body: str | None
    status: int | None
    response_headers: dict[str, str]
    response_body: str | None
    error: str | None
    duration_s: float
    broke: bool
    captures: list[Capture]


class Case(TypedDict):
    """The findings of one case about one requirement; `reproducer` is relative to the file.

    `issuer` is that of the case's own Transmitter, if it had one.
    """

    case: str
    claim: str
    issuer: NotRequired[str]
    verdict: Verdict
    reason: str | None
    started: str
    duration_s: float
    examples: int
    checks: int
    expected: str | None
    got: str | None
    exchanges: list[Exchange]
    observations: list[str]
    reproducer: str | None


class Requirement(TypedDict):
    """One row of the catalogue and its verdict; `hook` would make one testable that is not.

    `known_failure` is the reason in the list of known failures. `known_failure_state` is the state
    of that entry, None if the run did not judge the row.
    """

    id: str
    level: LevelWord
    kind: Literal["obligation", "tolerance", "conditional"]
    grade: Literal["fail", "warn", "note"]
    spec: str
    section: str
    citation: str
    url: str | None
    summary: str
    verdict: Verdict
    reason: str | None
    hook: NotRequired[str | None]
    known_failure: str | None
    known_failure_state: NotRequired[KnownFailureState | None]
    cases: list[Case]


class SeenSet(TypedDict):
    """One distinct SET, decoded and redacted; `times` is how often it came."""

    jti: str
    stream: str
    header: dict[str, Any]
    claims: dict[str, Any]
    times: int


class Series(TypedDict):
    """How one unacknowledged SET was delivered again and again."""

    requirement: str
    case: str
    jti: str
    gaps_s: list[float]
    factor: float | None
    cap_s: float | None


class Results(TypedDict):
    """A whole results.json."""

    format: Literal[1]
    suite: Suite
    catalogue: Catalogue
    target: Target
    run: Run
    plan: Plan
    counts: Counts
    requirements: list[Requirement]
    sets: list[SeenSet]
    series: list[Series]


def smallest_broken(requirement: Requirement) -> Case | None:
    """Return the broken case that is shortest to read, a failed one before a warning."""
    broken = [case for case in requirement["cases"] if case["verdict"] in BROKEN]
    return min(
        broken,
        key=lambda case: (
            case["verdict"] == Verdict.WARNING,
            not case["exchanges"],
            len(case["exchanges"]),
            sum(len(exchange["request_body"] or "") for exchange in case["exchanges"]),
        ),
        default=None,
    )


class UnreadableResults(ValueError):
    """A file can't be read as results.json; the message names it and the reason."""


def write(document: Results, directory: Path) -> Path:
    """Write results.json into a directory, which is made if missing, and return its path.

    Readers see the old file or the new one, never a partial one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / FILE_NAME
    temporary = directory / f".{FILE_NAME}.{os.getpid()}"
    try:
        # JSON can escape half a surrogate pair that a target sent; UTF-8 can't encode it.
        with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            # Piece by piece, for the whole text at once takes ten times its size in memory.
            json.dump(document, file, ensure_ascii=False, allow_nan=False, indent=1)
            file.write("\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def read(path: Path) -> Results:
    """Read a results.json. Members that this version doesn't know are ignored.

    Raises UnreadableResults if the file is missing, is not a results.json, or has another format.
    """
    if path.is_dir():
        path = path / FILE_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableResults(
            f"{path}: {error.strerror}; name the results.json that a run wrote into its reports"
        ) from error
    except ValueError as error:
        raise UnreadableResults(f"{path}: not JSON ({error}); {_NEXT}") from error
    if not isinstance(document, Mapping) or "format" not in document:
        raise UnreadableResults(f"{path}: it has no format, so it is no results.json; {_NEXT}")
    if document["format"] != FORMAT:
        raise UnreadableResults(
            f"{path}: format {document['format']!r}, this version reads format {FORMAT};"
            " read it with the version that wrote it, or run again"
        )
    complaints = [
        error
        for error in validator(SCHEMA).iter_errors(document)
        if not _ADDITIVE.intersection(error.absolute_schema_path)
    ]
    if complaints:
        first = complaints[0]
        message = first.message if len(first.message) <= _LONG else f"{first.message[:_LONG]}..."
        raise UnreadableResults(f"{path}: {first.json_path}: {message}; {_NEXT}")
    for row in document["requirements"]:
        if row.get("known_failure_state") is not None:
            row["known_failure_state"] = KnownFailureState(row["known_failure_state"])
        for judged in (row, *row["cases"]):
            judged["verdict"] = Verdict(judged["verdict"])
    return cast("Results", document)


_ADDITIVE = frozenset({"additionalProperties", "propertyNames"})
_LONG = 200
_NEXT = "a run writes one into its reports, as results.json"
