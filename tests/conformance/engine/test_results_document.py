import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from helpers import finished_run, transmitter_of

from conformance.engine.exit_codes import ExitCode
from conformance.engine.finished_case import FinishedCase
from conformance.engine.known_failures import KnownFailureError, KnownFailures
from conformance.engine.results_document import document_of
from conformance.engine.run import Run
from conformance.engine.run_options import RunOptions
from conformance.judging.checks import example, recording, verify
from conformance.judging.record import Nonconformance
from conformance.receiver.connection import SeenSet
from conformance.reporting import results
from conformance.spec import schema
from conformance.spec.requirement import Grade, load_catalogue

# An obligation, and two more, of SSF 1.0 with a case of their own each.
CREATE = "SSF-8.1.1.1-CREATE-201"
READ = "SSF-8.1.1.2-READ-200"
PATCH = "SSF-8.1.1.3-PATCH-200-FULL"
TODAY = datetime.now(tz=UTC).date()


@pytest.fixture(scope="module")
def passed():
    return finished_run(CREATE, READ)


def with_verdicts(run, **verdicts):
    """Return a run with the same plan, in which requirements came to the given ends."""
    again = Run(run.target, run.options)
    again.plan = run.plan
    for name, done in run.finished.items():
        record = type(done.record)(ids=done.record.ids, grades=done.record.grades)
        again.finished[name] = FinishedCase(done.case, record, "2026-01-01T00:00:00Z")
    for requirement, end in verdicts.items():
        name = (
            requirement.replace("_", "-")
            .replace("SSF-8-1-1-1", "SSF-8.1.1.1")
            .replace("SSF-8-1-1-2", "SSF-8.1.1.2")
        )
        for case in run.plan.rows[name].cases:
            _bring_to(again.finished[case], name, end)
    return again


def _bring_to(done, requirement, end):
    if end == "crashed":
        done.crashed = "Traceback"
    elif end == "not reached":
        done.not_reached = "no stream"
    elif end == "not testable":
        done.blocked = "no SET"
    elif end != "not seen":
        softer = Grade.WARN if end == "warning" else None
        with recording(done.record):
            try:
                with example():
                    verify(requirement, end == "passed", expected="e", at_most=softer)
            except Nonconformance:
                return


@pytest.mark.parametrize(
    ("create", "read", "verdict", "code"),
    [
        ("passed", "passed", "CONFORMANT", 0),
        ("passed", "warning", "CONFORMANT", 0),
        ("passed", "not seen", "CONFORMANT", 0),
        ("passed", "failed", "NONCONFORMANT", 1),
        ("warning", "failed", "NONCONFORMANT", 1),
        ("not reached", "failed", "NONCONFORMANT", 1),
        ("passed", "not reached", "INCOMPLETE", 6),
        ("passed", "not testable", "INCOMPLETE", 6),
        ("not testable", "not reached", "INCOMPLETE", 5),
        ("passed", "crashed", "INCOMPLETE", 3),
        ("failed", "crashed", "NONCONFORMANT", 3),
    ],
)
def test_the_verdict_and_the_exit_code_follow_from_the_rows(passed, create, read, verdict, code):
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201=create, SSF_8_1_1_2_READ_200=read)
    document = document_of(run)
    assert (document["run"]["verdict"], document["run"]["exit_code"]) == (verdict, code)


def test_a_run_that_judged_nothing_is_not_called_conformant(passed):
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201="not seen", SSF_8_1_1_2_READ_200="not seen")
    document = document_of(run)
    assert document["run"]["exit_code"] == ExitCode.NOTHING_JUDGED
    assert document["run"]["verdict"] != "CONFORMANT"


def test_strict_makes_a_warning_a_failure(passed):
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201="passed", SSF_8_1_1_2_READ_200="warning")
    run.options = RunOptions(strict=True)
    assert document_of(run)["run"]["verdict"] == "NONCONFORMANT"
    assert document_of(run)["run"]["exit_code"] == 1


def test_an_incomplete_run_can_be_accepted_and_a_failed_one_cannot(passed):
    accepted = RunOptions(allow_incomplete=True)
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201="passed", SSF_8_1_1_2_READ_200="not reached")
    run.options = accepted
    assert document_of(run)["run"]["verdict"] == "INCOMPLETE"
    assert document_of(run)["run"]["exit_code"] == 0
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201="failed", SSF_8_1_1_2_READ_200="not reached")
    run.options = accepted
    assert document_of(run)["run"]["exit_code"] == 1


def test_an_interrupted_run_says_so_whatever_it_has_seen(passed):
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201="failed", SSF_8_1_1_2_READ_200="crashed")
    run.interrupted = True
    assert document_of(run)["run"]["exit_code"] == 2
    assert document_of(run)["run"]["interrupted"] is True


def test_a_case_that_never_ran_leaves_its_rows_not_reached(passed):
    run = with_verdicts(passed)
    run.finished = {}
    rows = {row["id"]: row for row in document_of(run)["requirements"]}
    assert (rows[CREATE]["verdict"], rows[CREATE]["cases"]) == ("not reached", [])
    assert document_of(run)["run"]["exit_code"] == 5


def test_counts_are_the_sums_of_the_rows(passed):
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201="passed", SSF_8_1_1_2_READ_200="failed")
    document = document_of(run)
    rows = document["requirements"]
    counts = document["counts"]
    assert sum(counts["verdicts"].values()) == len(rows) == 2
    assert sum(sum(level.values()) for level in counts["levels"].values()) == 2
    assert counts["obligations"] == {"applicable": 2, "judged": 2, "not_seen": 0}
    assert counts["results"] == sum(len(row["cases"]) for row in rows)


def test_the_document_keeps_its_schema(passed):
    schema.validator("ours/results.json").validate(
        json.loads(json.dumps(document_of(passed), allow_nan=False))
    )


def test_no_document_comes_of_a_run_that_was_never_planned(passed):
    with pytest.raises(RuntimeError, match="never planned"):
        document_of(Run(passed.target, passed.options))


# -- known failures ---------------------------------------------------


def listed(*ids, expired=()):
    return KnownFailures(dict.fromkeys(ids, "a ticket"), frozenset(expired))


def row_of(document, name):
    return next(row for row in document["requirements"] if row["id"] == name)


@pytest.mark.parametrize("end", ["failed", "warning"])
def test_a_known_failure_is_shown_and_costs_nothing(passed, end):
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201=end, SSF_8_1_1_2_READ_200="passed")
    document = document_of(run, listed(CREATE))
    row = row_of(document, CREATE)
    assert (row["verdict"], row["known_failure"]) == ("known failure", "a ticket")
    assert row["known_failure_state"] == "current"
    assert (document["run"]["verdict"], document["run"]["exit_code"]) == ("CONFORMANT", 0)
    assert document["counts"]["verdicts"]["known failure"] == 1


def test_a_stale_known_failure_fails_the_run(passed):
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201="passed", SSF_8_1_1_2_READ_200="passed")
    document = document_of(run, listed(CREATE))
    assert row_of(document, CREATE)["verdict"] == "failed"
    assert row_of(document, CREATE)["known_failure_state"] == "stale"
    assert "take it off" in row_of(document, CREATE)["reason"]
    assert document["run"]["exit_code"] == 1


@pytest.mark.parametrize(
    "end",
    [
        "failed",
        pytest.param("warning"),
    ],
)
def test_an_expired_known_failure_fails_the_run(passed, end):
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201=end, SSF_8_1_1_2_READ_200="passed")
    document = document_of(run, listed(CREATE, expired=[CREATE]))
    assert row_of(document, CREATE)["known_failure_state"] == "expired"
    assert "date" in row_of(document, CREATE)["reason"]
    assert document["run"]["exit_code"] == 1


@pytest.mark.parametrize("end", ["not reached", "not seen"])
def test_a_known_failure_that_was_not_looked_at_stays_what_it_was(passed, end):
    run = with_verdicts(passed, SSF_8_1_1_1_CREATE_201=end, SSF_8_1_1_2_READ_200="passed")
    row = row_of(document_of(run, listed(CREATE)), CREATE)
    assert (row["verdict"], row["known_failure_state"]) == (end, None)


def entry(name=CREATE, reason="a ticket", expires=TODAY, more=""):
    return f'[[known]]\nid = "{name}"\nreason = "{reason}"\nexpires = {expires}\n{more}'


def test_the_file_of_known_failures_is_read_and_the_date_is_the_last_day(tmp_path):
    path = tmp_path / "known.toml"
    path.write_text(entry() + entry(READ, expires=TODAY - timedelta(days=1)))
    known = KnownFailures.read(path)
    assert known.reasons == {CREATE: "a ticket", READ: "a ticket"}
    assert known.expired == {READ}
    assert KnownFailures.read(None).reasons == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (entry(more='owner = "me"'), "number 1"),
        (entry() + f'[[known]]\nid = "{READ}"', "number 2"),
        (entry(expires='"2030-01-01"'), "expires"),
        ('known = "everything"', r"\[\[known\]\]"),
        ('known = ["everything"]', "number 1"),
        ("known = [", "can't be read"),
        pytest.param(entry().replace("[[known]]", "[[knwon]]"), "knwon"),
    ],
)
def test_a_wrong_file_of_known_failures_is_named_with_the_entry(tmp_path, text, words):
    path = tmp_path / "known.toml"
    path.write_text(text)
    with pytest.raises(KnownFailureError, match=words) as raised:
        KnownFailures.read(path)
    assert str(path) in str(raised.value)


def test_a_file_of_known_failures_that_is_missing_or_no_text_is_named(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(KnownFailureError, match="can't be read"):
            KnownFailures.read(path)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KnownFailureError, match="can't be read"):
        KnownFailures.read(tmp_path / "bytes")


def test_an_unknown_id_among_known_failures_is_named(tmp_path):
    path = tmp_path / "known.toml"
    path.write_text(entry("SSF-8.1.1.1-CREATE-200"))
    with pytest.raises(KnownFailureError, match=r"SSF-8\.1\.1\.1-CREATE-200.*CREATE-201"):
        KnownFailures.read(path)


# -- the SETs that were seen ---------------------------------------------------


def part(document):
    return base64.urlsafe_b64encode(document).rstrip(b"=").decode()


def seen(run, *tokens):
    transmitter = transmitter_of(run.target, metadata={})
    return [
        SeenSet(transmitter.connection, "s", {}, f"jti-{token[:1]}", token, (), 0.0)
        for token in tokens
    ]


def test_each_distinct_set_is_shown_once_without_its_subject(passed):
    run = with_verdicts(passed)
    token = ".".join(
        (
            part(b'{"alg": "none"}'),
            part(b'{"jti": "1", "sub_id": {"email": "who@example"}, "sub": "who"}'),
            "",
        )
    )
    run.transmitters.seen_sets = seen(run, token, token, "no token at all")
    first, second = document_of(run)["sets"]
    assert first["times"] == 2
    assert first["claims"] == {"jti": "1", "sub_id": "***", "sub": "***"}
    assert (second["header"], second["claims"], second["times"]) == ({}, {}, 1)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(b'{"a": NaN}'),
        b'{"a":' * 700 + b"1" + b"}" * 700,
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"9" * 4000 + b"}",
        b'{"a": 1e999}'.replace(b"1e999", b'"x"'),
        b'["a"]',
        b"\xff",
    ],
    ids=["NaN", "deep", "surrogate", "long number", "plain", "array", "no UTF-8"],
)
def test_results_are_written_whatever_a_set_claims(passed, tmp_path, claims):
    run = with_verdicts(passed)
    run.transmitters.seen_sets = seen(run, f"{part(b'{}')}.{part(claims)}.x")
    results.write(document_of(run), tmp_path)
    assert results.read(tmp_path)["sets"][0]["times"] == 1


def test_every_requirement_of_the_catalogue_has_a_name_that_stays(passed):
    assert {CREATE, READ, PATCH} <= {row.id for row in load_catalogue()}
