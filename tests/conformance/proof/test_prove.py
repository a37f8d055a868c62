"""What a proof consists of; the proof of every fault and variant is a step of the check command."""

import pytest

from conformance.engine import bundled
from conformance.engine.plugin import all_cases
from conformance.proof.prove import Outcome, Trial, attempt, next_steps, planned, prove, trials
from conformance.spec.profile import load_profile, profile_ids

DEVIATIONS = {one.name: one for one in bundled.deviations()}


@pytest.fixture(scope="module")
def chosen():
    return trials()


@pytest.fixture(scope="module")
def judged():
    return {profile: planned(profile, over_tls=True) for profile in profile_ids()}


def test_every_profile_has_the_plain_mock_and_faults(chosen):
    kinds = {
        (one.profile, "mock" if one.deviation is None else one.deviation.kind) for one in chosen
    }
    assert kinds >= {(profile, kind) for profile in profile_ids() for kind in ("mock", "fault")}
    assert {kind for _, kind in kinds} == {"mock", "fault", "variant"}


def test_a_fault_is_left_out_only_where_no_case_judges_what_it_breaks(chosen, judged):
    everywhere = frozenset().union(*judged.values())
    left = set(DEVIATIONS) - {one.deviation.name for one in chosen if one.deviation is not None}
    assert {name for name in left if everywhere & set(DEVIATIONS[name].breaks)} == set()
    assert {name for name in left if DEVIATIONS[name].exercises} == set()


def test_every_row_that_a_fault_breaks_is_seen_broken_in_some_run(chosen, judged):
    broken = {
        row
        for one in chosen
        if one.deviation is not None
        for row in set(one.deviation.breaks) & judged[one.profile]
    }
    promised = {row for one in DEVIATIONS.values() for row in one.breaks}
    assert broken == promised & frozenset().union(*judged.values())


def test_a_fault_of_an_operation_runs_only_where_the_dialect_has_it(chosen):
    ran = {
        (one.profile, need)
        for one in chosen
        if one.deviation is not None
        for need in one.deviation.needs
    }
    assert ("ssf-1.0", "update_stream") in ran
    assert all(load_profile(profile).offers(need) for profile, need in ran)


def test_a_fault_meets_its_own_cases_and_a_share_of_the_others(chosen):
    """Every case meets many faults, and each fault cases of its own choice."""
    cases = all_cases()
    faults = [one for one in chosen if one.deviation is not None and one.deviation.kind == "fault"]
    for one in faults[:40]:
        own = {*one.deviation.breaks, *one.deviation.also}
        assert all(one.takes(case) for case in cases if own & set(case.declaration.ids))
        others = {case.function for case in cases if not own & set(case.declaration.ids)}
        taken = {case.function for case in cases if one.takes(case)} & others
        assert len(others) / 16 < len(taken) < len(others) / 4
    for function in {case.function for case in cases}:
        case = next(one for one in cases if one.function is function)
        assert sum(one.takes(case) for one in faults) > len(faults) / 16


def test_a_fault_that_is_named_meets_every_case():
    (trial,) = trials(["delete-answers-200"], ["ssf-1.0"])
    assert all(map(trial.takes, all_cases()))


def test_nothing_alarms_on_the_mock_as_it_is():
    outcome = attempt(Trial("avnology", None, examples=2))
    assert outcome.proven, outcome


def test_a_fault_is_seen_under_its_ids_and_no_others():
    fault = DEVIATIONS["patch-loses-the-delivery-method"]
    outcome = attempt(Trial("ssf-1.0", fault, examples=2, one_in=8))
    assert outcome.seen == ("SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",)
    assert outcome.proven, outcome


def test_a_fault_that_names_the_wrong_row_is_not_proven():
    fault = DEVIATIONS["delete-answers-200"]
    wrong = bundled.Deviation(
        fault.name, "fault", fault.summary, ("SSF-8.1.1.1-CREATE-201",), (), ()
    )
    outcome = attempt(Trial("ssf-1.0", wrong, examples=2))
    assert outcome.missing == ("SSF-8.1.1.1-CREATE-201",)
    assert "SSF-8.1.1.5-DELETE-204" in outcome.unexpected
    assert not outcome.proven


NAMED = "patch-accepts-another-iss"
SEEN_BY = f"ssf-mock-transmitter --profile ssf-1.0 --fault {NAMED} --clock simulated"


def outcome(**more):
    return Outcome(**{"profile": "ssf-1.0", "name": NAMED, "kind": "fault", "summary": ""} | more)


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        ({"missing": ("A",)}, ["a missing id", SEEN_BY]),
        ({"unexpected": ("A",)}, ["an unexpected id", SEEN_BY]),
        ({"missing": ("A",), "unexpected": ("B",)}, ["a missing", "an unexpected", SEEN_BY]),
        ({"unexpected": ("A",), "name": ""}, ["an unexpected id", "run --mock --profile ssf-1.0"]),
        ({"problem": "refused"}, ["what is told under"]),
    ],
)
def test_what_is_not_proven_ends_in_the_next_steps(found, steps):
    lines = next_steps([outcome(**found)])
    assert all(line.startswith("next: ") for line in lines)
    assert [step in line for step, line in zip(steps, lines, strict=True)] == [True] * len(steps)


def test_a_proof_that_fails_says_what_to_do_and_one_that_holds_does_not(monkeypatch):
    said = []
    for found in ({"missing": ("A",)}, {}):
        done = [outcome(**found)]
        monkeypatch.setattr("conformance.proof.prove.outcomes", lambda _, done=done: iter(done))
        said.append([])
        prove(names=[NAMED], profiles=[], json_file=None, full=False, say=said[-1].append)
    assert said[0][-1].startswith("next: ")
    assert not any(line.startswith("next: ") for line in said[1])
