"""The bundled mock as a server over TLS: handshakes are judged, and all else as in process."""

import threading

import pytest

from conformance.engine import bundled
from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.plugin import execute
from conformance.engine.results_document import document_of
from conformance.judging.verdict import Verdict
from conformance.proof.prove import planned

HANDSHAKES = (
    "RFC8936-4.3-TLS12",
    "RFC8936-4.3-TLS-NEWEST",
    "RFC8936-4.3-BCP195",
)
# What is about how an issuer is written, and the two are written differently.
OF_THE_ISSUER = "SSF-7.2.1-TRAILING-SLASH-STRIPPED"
OVER_TLS = [one for one in bundled.deviations() if one.over_tls]


def document_of_run(**arguments):
    run = make_run(RunArguments(mock=True, **arguments))
    try:
        execute(run)
    finally:
        run.close()
    assert not run.crashes
    return document_of(run)


def verdicts(document):
    return {row["id"]: row["verdict"] for row in document["requirements"]}


@pytest.mark.slow
def test_over_tls_the_verdicts_are_those_found_in_process_and_handshakes_besides():
    in_process = verdicts(document_of_run(examples=2))
    over_tls = verdicts(document_of_run(examples=2, tls=True))
    assert {one: in_process.pop(one) for one in HANDSHAKES} == dict.fromkeys(
        HANDSHAKES, "not testable"
    )
    assert {one: over_tls.pop(one) for one in HANDSHAKES} == dict.fromkeys(HANDSHAKES, "passed")
    assert in_process.pop(OF_THE_ISSUER) == "passed"
    assert over_tls.pop(OF_THE_ISSUER) in {"passed", "not seen"}
    assert over_tls == in_process


def test_in_process_the_plan_says_what_a_handshake_takes():
    run = make_run(RunArguments(mock=True))
    plan, _ = execute(run, plan_only=True)
    row = plan.rows["RFC8936-4.3-TLS12"]
    assert row.verdict is Verdict.NOT_TESTABLE
    assert row.reason.endswith("give --tls")


def test_a_run_that_is_closed_leaves_no_server_and_no_file():
    run = make_run(RunArguments(mock=True, tls=True, requirements=("RFC8936-4.3-TLS12",)))
    ca_file = run.target.ca_file
    assert ca_file.is_file()
    execute(run)
    run.close()
    run.close()
    assert not ca_file.exists()
    assert "ssf-mock-transmitter" not in {one.name for one in threading.enumerate()}


@pytest.mark.parametrize("profile", ["ssf-1.0", "caep-interop", "sse-draft"])
def test_each_profile_has_its_handshakes_judged(profile):
    judged = planned(profile, over_tls=True) - planned(profile)
    assert "RFC8936-4.3-TLS12" in judged
    assert verdicts(
        document_of_run(tls=True, profile=profile, requirements=tuple(judged))
    ) == dict.fromkeys(judged, "passed")


@pytest.mark.parametrize("deviation", OVER_TLS, ids=lambda one: one.name)
def test_a_deviation_of_tls_shows_under_its_rows_alone(deviation):
    document = document_of_run(tls=True, requirements=HANDSHAKES, deviations=(deviation.name,))
    found = verdicts(document)
    for requirement in HANDSHAKES:
        if requirement in deviation.breaks:
            assert found[requirement] == "failed"
        else:
            assert found[requirement] == "passed" or requirement in deviation.also


def test_each_case_has_an_issuer_of_its_own_that_names_itself():
    run = make_run(RunArguments(mock=True, tls=True))
    try:
        first, second = (run.options.lease(case).target for case in ("one", "two"))
    finally:
        run.close()
    assert first.issuer != second.issuer
    assert first.credentials["management"] != second.credentials["management"]
    assert first.ca_file == run.target.ca_file
    assert not first.in_process
