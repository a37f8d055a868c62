"""A backoff that the suite was not told, on a clock that it moves and on one that it can't."""

from contextlib import contextmanager, nullcontext

import httpx
import pytest
from helpers import carry_out

from conformance.clock import RealClock
from conformance.engine.arguments import RunArguments, make_run
from conformance.engine.results_document import document_of
from conformance.spec.profile_files import load_profile
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
def judged(tmp_path, monkeypatch):
    """Return a function that judges a mock with that backoff: its rows by id, and its series."""

    def judge(curve, *, movable, patience_s=None):
        profile = load_profile("avnology")
        with (
            RunningServer(profile, clock="simulated", redelivery=parse_curve(curve)) as server,
            nullcontext() if movable else shared_clock(monkeypatch, server.control_url),
        ):
            target = write_target(server, tmp_path, profile="avnology", simulated=movable)
            run = make_run(
                RunArguments(
                    target=str(target),
                    requirements=tuple(sorted(FIRST_GAPS | NEEDS_THE_CLOCK)),
                    patience_s=patience_s,
                    examples=3,
                )
            )
            carry_out(run)
        document = document_of(run)
        return {row["id"]: row for row in document["requirements"]}, document["series"]

    return judge


@contextmanager
def shared_clock(monkeypatch, control_url):
    """Have the judge's real clock be the mock's, so that a wait takes no time and no more time."""
    with httpx.Client(base_url=control_url) as client:
        monkeypatch.setattr(RealClock, "now", lambda self: client.get("clock").json()["now"])
        monkeypatch.setattr(
            RealClock,
            "advance",
            lambda self, seconds: client.post("clock", json={"advance_s": seconds}),
        )
        yield


def with_verdict(rows, verdict):
    return {name for name, row in rows.items() if row["verdict"] == verdict}


def test_factor_and_cap_are_found_and_no_law_is_seen_broken(judged):
    rows, (series,) = judged("initial=7,factor=3,cap=5000", movable=True)
    assert with_verdict(rows, "passed") == FIRST_GAPS | NEEDS_THE_CLOCK
    assert series["factor"] == pytest.approx(3.0, rel=0.05)
    assert series["cap_s"] == pytest.approx(5000, rel=0.06)


def test_in_real_time_the_first_gaps_are_judged_and_the_rest_is_not_testable_by_name(judged):
    rows, series = judged("initial=0.4,factor=2", movable=False, patience_s=3)
    assert with_verdict(rows, "passed") == FIRST_GAPS
    assert with_verdict(rows, "not testable") == NEEDS_THE_CLOCK
    assert {rows[name]["reason"] for name in NEEDS_THE_CLOCK} == {
        "the target's clock can't be moved"
    }
    assert series == []


def test_in_real_time_a_first_gap_beyond_the_patience_is_not_held_against_the_target(judged):
    rows, _ = judged("initial=60", movable=False, patience_s=0.5)
    assert with_verdict(rows, "not testable") >= {
        "VEPA-BACKOFF-GAPS-NONDECREASING",
        "VEPA-BACKOFF-SAME-SET",
    }
    reason = rows["VEPA-BACKOFF-SAME-SET"]["reason"]
    assert "no SET came again within the patience of 0.5 s" in reason
