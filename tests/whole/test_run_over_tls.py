"""The bundled mock as a server over TLS: handshakes are judged, and all else as in process."""

import threading

import pytest
from helpers import carry_out

from conformance.engine import bundled
from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.plugin import all_cases
from conformance.engine.results_document import document_of
from conformance.judging.verdict import Verdict
from conformance.proof.trial import planned_rows

HANDSHAKES = (
    "RFC8936-4.3-TLS12",
    "RFC8936-4.3-TLS-NEWEST",
    "RFC8936-4.3-BCP195",
)
OVER_TLS = [one for one in bundled.deviations() if one.over_tls]


def document_of_run(**arguments):
    run = make_run(RunArguments(mock=True, **arguments))
    try:
        carry_out(run)
    finally:
        run.close()
    assert not run.crashes
    return document_of(run)


def verdicts(document):
    return {row["id"]: row["verdict"] for row in document["requirements"]}


def test_over_tls_the_verdicts_are_those_found_in_process_and_handshakes_besides():
    """A section stands for all: continuous integration runs every profile over TLS."""
    chosen = {"sections": ("8.1.4",), "requirements": HANDSHAKES, "examples": 2}
    in_process = verdicts(document_of_run(**chosen))
    over_tls = verdicts(document_of_run(**chosen, tls=True))
    assert len(over_tls) > len(HANDSHAKES)
    assert {one: in_process.pop(one) for one in HANDSHAKES} == dict.fromkeys(
        HANDSHAKES, "not testable"
    )
    assert {one: over_tls.pop(one) for one in HANDSHAKES} == dict.fromkeys(HANDSHAKES, "passed")
    assert over_tls == in_process


def test_in_process_the_plan_says_what_a_handshake_takes():
    run = make_run(RunArguments(mock=True))
    plan = run.prepare(all_cases())
    row = plan.rows["RFC8936-4.3-TLS12"]
    assert row.verdict is Verdict.NOT_TESTABLE
    assert row.reason.endswith("give --tls")


def test_a_run_that_is_closed_leaves_no_server_and_no_file():
    run = make_run(RunArguments(mock=True, tls=True, requirements=("RFC8936-4.3-TLS12",)))
    ca_file = run.target.ca_file
    assert ca_file.is_file()
    carry_out(run)
    run.close()
    run.close()
    assert not ca_file.exists()
    assert "ssf-mock-transmitter" not in {one.name for one in threading.enumerate()}


@pytest.mark.parametrize("profile", ["ssf-1.0", "caep-interop", "sse-draft"])
def test_each_profile_has_its_handshakes_judged(profile):
    judged = planned_rows(profile, over_tls=True) - planned_rows(profile)
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
