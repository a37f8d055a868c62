"""Allure results: one per (requirement, case), written from results.json by allure_commons.

Allure has five statuses. Verdicts map to them as follows:

- `failed` is a breach and nothing else. A known failure is `failed` too, and marked as known.
- `unknown` is a warning, neither red nor green: a run with only warnings is CONFORMANT, but they
  must not be lost among the passed ones. `broken`, Allure's word for a defect in the tests, is not
  used, because an error of the suite ends a run without a verdict.
- `skipped` is every other verdict (not seen, not reached, ...), which counts in no pass rate.

A message begins with the word of the verdict, by which the categories are chosen.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from allure_commons.logger import AllureMemoryLogger
from allure_commons.model2 import (
    ATTACHMENT_PATTERN,
    TEST_CASE_PATTERN,
    Attachment,
    Label,
    Link,
    Parameter,
    Status,
    StatusDetails,
    TestResult,
    TestStepResult,
)

from conformance.judging.verdict import BROKEN, Verdict
from conformance.reporting.results import CHANNEL_HEADER, Case, Exchange, Requirement, Results
from conformance.text import printable, shortened

FOLDER = "allure-results"
CATEGORIES = "allure-categories.json"

_STATUSES = {
    Verdict.PASSED: Status.PASSED,
    Verdict.FAILED: Status.FAILED,
    Verdict.KNOWN_FAILURE: Status.FAILED,
    Verdict.WARNING: Status.UNKNOWN,
}
_SEVERITIES = {"fail": "critical", "warn": "normal", "note": "trivial"}
_OURS = ("*-result.json", "*-attachment.*", "environment.properties", "categories.json")
_MOST_STEPS = 60
_LONGEST_NAME = 200


class _Logger(Protocol):
    test_cases: list[dict[str, object]]
    attachments: dict[str, bytes]

    def report_result(self, result: TestResult) -> None: ...

    def report_attached_data(self, body: bytes, file_name: str) -> None: ...


def write(document: Results, directory: Path) -> Path:
    """Write Allure results into `allure-results` in a directory, and return that folder.

    Results of an earlier run are removed. A reproducer is attached if its script exists, so write
    the reproducers first.
    """
    folder = directory / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in _OURS:
        for old in folder.glob(pattern):
            old.unlink()
    for requirement in document["requirements"]:
        for case in requirement["cases"]:
            _write(document, requirement, case, directory, folder)
    (folder / "environment.properties").write_text(_environment(document), encoding="utf-8")
    categories = categories_file().read_text(encoding="utf-8")
    (folder / "categories.json").write_text(categories, encoding="utf-8")
    return folder


def _write(
    document: Results, requirement: Requirement, case: Case, directory: Path, folder: Path
) -> None:
    """Write one result and what is attached to it.

    allure_commons has a logger that writes files too, but it takes twice the time.
    """
    # allure_commons says that it is typed, and isn't.
    logger: _Logger = AllureMemoryLogger()  # type: ignore[no-untyped-call]
    logger.report_result(_result(document, requirement, case, directory, logger))
    for name, body in logger.attachments.items():
        (folder / name).write_bytes(body)
    text = json.dumps(logger.test_cases[0], ensure_ascii=False)
    name = TEST_CASE_PATTERN.format(prefix=uuid.uuid4())
    (folder / name).write_text(text, encoding="utf-8")


def categories_file() -> Path:
    """Return the categories of the report: the wheel's copy, or that of the checkout."""
    packaged = Path(__file__).with_name(CATEGORIES)
    return packaged if packaged.is_file() else Path(__file__).parents[2] / "reports" / CATEGORIES


def _result(
    document: Results,
    requirement: Requirement,
    case: Case,
    directory: Path,
    logger: _Logger,
) -> TestResult:
    verdict = _verdict(requirement, case)
    identity = sha256(f"{requirement['id']}\n{case['case']}".encode()).hexdigest()[:32]
    start = _milliseconds(case["started"])
    return TestResult(
        uuid=str(uuid.uuid4()),
        historyId=identity,
        testCaseId=identity,
        fullName=f"{requirement['id']} {case['case']}",
        name=f"{requirement['id']} {case['claim']}",
        status=_STATUSES.get(verdict, Status.SKIPPED),
        statusDetails=_details(verdict, requirement, case),
        stage="finished",
        start=start,
        stop=start + round(case["duration_s"] * 1000),
        description=_description(requirement, case),
        labels=list(_labels(requirement, verdict)),
        links=[Link(type="link", url=requirement["url"], name=requirement["citation"])]
        if requirement["url"]
        else [],
        parameters=list(_parameters(document, case)),
        steps=list(_steps(case, start)),
        attachments=list(_attachments(case, directory, logger)),
        titlePath=[requirement["spec"], requirement["section"]],
    )


def _verdict(requirement: Requirement, case: Case) -> Verdict:
    if case["verdict"] == Verdict.FAILED and requirement["verdict"] == Verdict.KNOWN_FAILURE:
        return Verdict.KNOWN_FAILURE
    return case["verdict"]


def _details(verdict: Verdict, requirement: Requirement, case: Case) -> StatusDetails | None:
    if verdict == Verdict.PASSED:
        return None
    parts = [
        ("expected", case["expected"]),
        ("got", case["got"]),
        ("because", case["reason"] or requirement["reason"]),
        ("known", requirement["known_failure"]),
    ]
    told = "\n".join(f"{name} {printable(text)}" for name, text in parts if text)
    message = f"{verdict}: {told}" if told else verdict
    known = requirement["verdict"] == Verdict.KNOWN_FAILURE and verdict in BROKEN
    return StatusDetails(message=message, known=known)


def _labels(requirement: Requirement, verdict: Verdict) -> Iterator[Label]:
    yield Label(name="epic", value=requirement["spec"])
    yield Label(name="feature", value=requirement["section"])
    yield Label(name="story", value=requirement["id"])
    yield Label(name="severity", value=_SEVERITIES[requirement["grade"]])
    yield Label(name="tag", value=requirement["level"])
    yield Label(name="tag", value=str(verdict))
    yield Label(name="framework", value="ssf-conformance")


def _parameters(document: Results, case: Case) -> Iterator[Parameter]:
    # Excluded from the identity of a result, or its history would break when a value changes.
    for name, value in (
        ("profile", document["target"]["profile"]),
        ("case", case["case"]),
        ("examples", str(case["examples"])),
        ("checks", str(case["checks"])),
    ):
        yield Parameter(name=name, value=value, excluded=True)


def _description(requirement: Requirement, case: Case) -> str:
    parts = [f"{requirement['level']}: {requirement['summary']}"]
    for title, text in (("Expected", case["expected"]), ("Got", case["got"])):
        if text is not None:
            parts += [f"**{title}**\n\n{_fenced(text)}"]
    if reason := case["reason"] or requirement["reason"]:
        parts += [f"**Because**\n\n{_fenced(reason)}"]
    if case["observations"]:
        parts += ["**Seen, where the text leaves it free**", *map(_fenced, case["observations"])]
    return "\n\n".join(parts)


def _fenced(text: str) -> str:
    """Return a Markdown block in which text from a target is never markup."""
    return "\n".join(f"    {line}" for line in map(printable, text.split("\n")))


def _steps(case: Case, start: int) -> Iterator[TestStepResult]:
    at = start
    for exchange in case["exchanges"][:_MOST_STEPS]:
        stop = at + round(exchange["duration_s"] * 1000)
        yield TestStepResult(
            name=shortened(printable(_step_name(exchange)), _LONGEST_NAME),
            status=_step_status(case, exchange),
            stage="finished",
            start=at,
            stop=stop,
        )
        at = stop
    left = len(case["exchanges"]) - _MOST_STEPS
    if left > 0:
        name = f"{left} more in exchanges.json"
        yield TestStepResult(name=name, status=Status.PASSED, start=at, stop=at)


def _step_name(exchange: Exchange) -> str:
    answer = exchange["error"] if exchange["status"] is None else exchange["status"]
    mark = "  <- broke here" if exchange["broke"] else ""
    return f"{exchange['number']}  {exchange['method']} {exchange['url']}  {answer or ''}{mark}"


def _step_status(case: Case, exchange: Exchange) -> str:
    broken = _STATUSES.get(case["verdict"], Status.SKIPPED) if exchange["broke"] else None
    return str(broken or Status.PASSED)


def _attachments(case: Case, directory: Path, logger: _Logger) -> Iterator[Attachment]:
    if case["reproducer"] and (directory / case["reproducer"]).is_file():
        script = (directory / case["reproducer"]).read_bytes()
        yield _attached(logger, "reproducer.sh", script, "sh", "text/plain")
    if case["exchanges"]:
        shown = [_as_sent(exchange) for exchange in case["exchanges"]]
        text = json.dumps(shown, ensure_ascii=False, indent=2)
        body = text.encode("utf-8", "backslashreplace")
        yield _attached(logger, "exchanges.json", body, "json", "application/json")


def _attached(
    logger: _Logger, name: str, body: bytes, extension: str, media_type: str
) -> Attachment:
    source = ATTACHMENT_PATTERN.format(prefix=uuid.uuid4(), ext=extension)
    logger.report_attached_data(body, source)
    return Attachment(name=name, source=source, type=media_type)


def _as_sent(exchange: Exchange) -> dict[str, object]:
    headers = {
        name: value
        for name, value in exchange["request_headers"].items()
        if name.lower() != CHANNEL_HEADER
    }
    return {**exchange, "request_headers": headers}


def _environment(document: Results) -> str:
    target, run = document["target"], document["run"]
    given = [name for name, is_given in document["plan"]["hooks"].items() if is_given]
    values = {
        "verdict": run["verdict"],
        "target": target["name"],
        "target.version": target.get("version") or "not told",
        "issuer": target["issuer"],
        "profile": f"{target['profile']} ({target['title']})",
        "hooks": ", ".join(given) or "none",
        "suite": f"{document['suite']['name']} {document['suite']['version']}",
        "catalogue": f"{document['catalogue']['version']} ({document['catalogue']['digest']})",
        "examples": str(run["examples"]),
        "seed": "derandomised" if run["seed"] is None else str(run["seed"]),
    }
    return "".join(
        f"{name}={printable(value).replace(chr(92), chr(92) * 2)}\n"
        for name, value in values.items()
    )


def _milliseconds(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1000)
