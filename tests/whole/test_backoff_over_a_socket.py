"""A backoff that the suite was not told, on a clock that it moves and on one that it can't."""

import pytest

from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.plugin import execute
from conformance.engine.results_document import document_of
from conformance.spec.profile import load_profile
from mock_transmitter.announcement import write_target
from mock_transmitter.domain.redelivery import parse_curve
from mock_transmitter.server import RunningServer

FIRST_GAPS = {
    "VEPA-UNACKED-REDELIVERED",
    "VEPA-BACKOFF-GAPS-NONDECREASING",
    "VEPA-BACKOFF-SAME-SET",
}
NEEDS_THE_CLOCK = {
    "VEPA-BACKOFF-GAPS-GROW",
    "VEPA-BACKOFF-CAP-24H",
    "VEPA-BACKOFF-CONTINUES",
    "VEPA-BACKOFF-NEW-NOT-HELD-UP",
    "VEPA-BACKOFF-INDEPENDENT",
}


@pytest.fixture
def judged(tmp_path):
    """Return a function that judges a mock with that backoff: its rows by id, and its series."""

    def judge(curve, *, clock, patience_s=None):
        profile = load_profile("avnology")
        with RunningServer(profile, clock=clock, redelivery=parse_curve(curve)) as server:
            target = write_target(
                server, tmp_path, profile="avnology", simulated=clock == "simulated"
            )
            run = make_run(
                RunArguments(
                    target=str(target),
                    requirements=tuple(sorted(FIRST_GAPS | NEEDS_THE_CLOCK)),
                    patience_s=patience_s,
                    examples=3,
                )
            )
            execute(run)
        document = document_of(run)
        return {row["id"]: row for row in document["requirements"]}, document["series"]

    return judge


def with_verdict(rows, verdict):
    return {name for name, row in rows.items() if row["verdict"] == verdict}


def test_factor_and_cap_are_found_and_no_law_is_seen_broken(judged):
    rows, (series,) = judged("initial=7,factor=3,cap=5000", clock="simulated")
    assert with_verdict(rows, "passed") == FIRST_GAPS | NEEDS_THE_CLOCK
    assert series["factor"] == pytest.approx(3.0, rel=0.05)
    assert series["cap_s"] == pytest.approx(5000, rel=0.06)


def test_in_real_time_the_first_gaps_are_judged_and_the_rest_is_not_testable_by_name(judged):
    rows, series = judged("initial=0.4,factor=2", clock="system", patience_s=3)
    assert with_verdict(rows, "passed") == FIRST_GAPS
    assert with_verdict(rows, "not testable") == NEEDS_THE_CLOCK
    assert {rows[name]["reason"] for name in NEEDS_THE_CLOCK} == {
        "the target's clock can't be moved"
    }
    assert series == []


def test_in_real_time_a_first_gap_beyond_the_patience_is_not_held_against_the_target(judged):
    rows, _ = judged("initial=60", clock="system", patience_s=0.5)
    assert with_verdict(rows, "not testable") >= {
        "VEPA-BACKOFF-GAPS-NONDECREASING",
        "VEPA-BACKOFF-SAME-SET",
    }
    reason = rows["VEPA-BACKOFF-SAME-SET"]["reason"]
    assert "no SET came again within the patience of 0.5 s" in reason
