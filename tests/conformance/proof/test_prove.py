"""What a proof consists of; the proof of every fault and variant is a step of the check command."""

import json
from dataclasses import replace

import pytest

from conformance.engine import bundled
from conformance.engine.plugin import all_cases
from conformance.errors import UsageError
from conformance.proof import kills
from conformance.proof.prove import (
    OUT_OF_DATE,
    Mode,
    Share,
    attempt_recorded,
    next_steps,
    prove,
    rows_of,
    stale_entries,
    trials,
)
from conformance.proof.trial import Outcome, Trial, attempt, cases_of, footprints, planned_rows
from conformance.spec.profile_files import load_profile
from conformance.spec.shipped_profiles import profile_ids

DEVIATIONS = {one.name: one for one in bundled.deviations()}
NAMED = "patch-accepts-another-iss"
LOST = "patch-loses-the-delivery-method"


@pytest.fixture(scope="module")
def record():
    return kills.load()


@pytest.fixture(scope="module")
def chosen(record):
    return trials(Mode.RECORDED, record=record)


def test_every_fault_and_variant_is_tried_in_every_profile_that_it_is_about(chosen):
    tried = {(one.deviation.name, one.profile) for one in chosen}
    assert tried == {
        (name, profile)
        for name, one in DEVIATIONS.items()
        for profile in profile_ids()
        if rows_of(one, load_profile(profile))
    }
    assert {name for name, _ in tried} == set(DEVIATIONS)


def test_a_fault_of_an_operation_is_tried_only_where_the_dialect_has_it(chosen):
    tried = {(one.profile, need) for one in chosen for need in one.deviation.needs}
    assert ("ssf-1.0", "update_stream") in tried
    assert all(
        need in planned_rows(profile) or load_profile(profile).has(need) for profile, need in tried
    )


def test_the_recorded_kills_name_cases_that_there_are_and_no_fault_is_missing(record):
    names = {case.name for case in all_cases()}
    known = {case for seen_in in record.values() for seen in seen_in.values() for case in seen}
    assert known - names == set()
    assert stale_entries(record) == []


def test_a_fault_without_recorded_kills_runs_all_cases_of_its_rows():
    (trial,) = trials(Mode.RECORDED, [LOST], ["ssf-1.0"], record={})
    assert trial.cases == cases_of("ssf-1.0", DEVIATIONS[LOST].breaks)
    assert len(trial.cases) > 10


def test_a_variant_runs_the_cases_of_the_tolerances_that_it_exercises(record):
    variant = next(one for one in DEVIATIONS.values() if one.kind == "variant")
    for trial in trials(Mode.RECORDED, [variant.name], record=record):
        cases = {one.name: one for one in all_cases()}
        assert trial.cases
        assert all(
            not set(variant.exercises).isdisjoint(cases[name].declaration.ids)
            for name in trial.cases
        )


def test_a_full_proof_runs_every_case_and_the_mock_as_it_is(record):
    full = trials(Mode.FULL, record=record)
    assert all(one.cases is None for one in full)
    assert {one.profile for one in full if one.deviation is None} == set(profile_ids())


def test_a_deviation_touches_the_cases_that_come_to_its_seams_on_its_operations():
    fault = replace(DEVIATIONS[LOST], seams=frozenset({"operation", "claims"}), on=frozenset({"p"}))
    assert fault.touches(frozenset({("operation", "p")}))
    assert fault.touches(frozenset({("claims", None)}))
    assert not fault.touches(frozenset({("operation", "q"), ("token", None), ("response", "p")}))
    everywhere = replace(fault, on=frozenset())
    assert everywhere.touches(frozenset({("operation", "q")}))


def test_a_case_that_a_fault_does_not_touch_says_of_it_what_it_says_of_the_mock():
    fault = DEVIATIONS["published-key-is-in-padded-base-64"]
    asked = footprints("avnology")
    # The last cases look at what the others have received, and ask their Transmitters again.
    last = {case.name for case in all_cases() if case.last}
    untouched = frozenset(
        case for case, seams in asked.items() if case not in last and not fault.touches(seams)
    )
    assert untouched
    outcome = attempt(Trial("avnology", fault, untouched, examples=2))
    assert outcome.seen_by == {}
    assert outcome.also == outcome.unexpected == ()
    assert outcome.problem is None


def test_the_shares_of_a_proof_cover_it_once(chosen):
    parts = [Share(part, 12).of_all(chosen) for part in range(1, 13)]
    assert sum(map(len, parts)) == len(chosen)
    assert {id(one) for part in parts for one in part} == set(map(id, chosen))


@pytest.mark.parametrize("text", ["", "3", "0/12", "13/12", "a/b", "-1/2"])
def test_a_share_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="write K/N"):
        Share.parse(text)


def test_nothing_alarms_on_the_mock_as_it_is():
    outcome = attempt(Trial("avnology", None, examples=2))
    assert outcome.proven, outcome


def test_a_fault_is_seen_under_its_ids_and_no_others(record):
    (trial,) = trials(Mode.RECORDED, [LOST], ["ssf-1.0"], record=record)
    outcome = attempt_recorded(trial)
    assert set(outcome.seen_by) == {"SSF-8.1.1.3-PATCH-MISSING-UNCHANGED"}
    assert outcome.proven, outcome


def test_a_kill_that_no_longer_sees_the_fault_is_out_of_date():
    blind = "test_ssf_8_1_1_5_delete_stream.py::test_a_deleted_stream_is_gone"
    stale = Trial("ssf-1.0", DEVIATIONS[LOST], frozenset({blind}))
    outcome = attempt_recorded(stale)
    assert outcome.missing == ()
    assert outcome.problem == OUT_OF_DATE
    assert not outcome.proven


def test_a_fault_that_names_the_wrong_row_is_not_proven():
    fault = DEVIATIONS["delete-answers-200"]
    wrong = replace(fault, breaks=("SSF-8.1.1.1-CREATE-201",), also=())
    cases = cases_of("ssf-1.0", (*fault.breaks, *wrong.breaks))
    outcome = attempt(Trial("ssf-1.0", wrong, cases, examples=2))
    assert outcome.missing == ("SSF-8.1.1.1-CREATE-201",)
    assert "SSF-8.1.1.5-DELETE-204" in outcome.unexpected
    assert not outcome.proven


def test_the_search_records_the_fewest_cases_that_see_a_fault():
    trial = Trial("ssf-1.0", DEVIATIONS["ack-is-ignored"], frozenset())
    outcome, found = kills.find(trial)
    assert outcome.proven
    ((case, rows),) = found.items()
    assert rows == ("RFC8936-2.2-ACK-ACCEPTED",)
    assert attempt(replace(trial, cases=frozenset({case}))).proven


def test_the_record_is_read_as_it_was_written(tmp_path):
    record = {
        "b": {"y": {"case": ("R1", "R2")}, "x": {"feeder": (), "late": ("R3",)}},
        "a": {"x": {}},
    }
    file = tmp_path / "kills.json"
    kills.write(record, file)
    assert kills.load(file) == record
    assert list(json.loads(file.read_text(encoding="utf-8"))) == ["a", "b"]


@pytest.mark.parametrize("text", ["", "[", "[]", '{"a": 1}'])
def test_a_record_that_is_broken_says_how_to_write_it_anew(tmp_path, text):
    file = tmp_path / "kills.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="prove --record"):
        kills.load(file)


def test_a_record_with_a_fault_too_many_or_too_few_is_out_of_date(record):
    without = {fault: seen for fault, seen in record.items() if fault != NAMED}
    assert any(f"{NAMED} in ssf-1.0 is not recorded" == line for line in stale_entries(without))
    more = {**record, "no-such-fault": {"ssf-1.0": {}}}
    assert stale_entries(more) == ["no-such-fault in ssf-1.0 is recorded, and does not apply"]


def test_recording_a_fault_keeps_the_others_and_drops_what_no_longer_applies(monkeypatch, record):
    written = []
    more = {**record, "no-such-fault": {"ssf-1.0": {}}, NAMED: {**record[NAMED], "gone": {}}}
    monkeypatch.setattr(kills, "load", lambda: more)
    monkeypatch.setattr(kills, "write", written.append)
    found = record[NAMED]["ssf-1.0"]
    monkeypatch.setattr(
        "conformance.proof.prove.side_by_side", lambda *_: iter([(outcome(), found)])
    )
    prove(mode=Mode.RECORD, names=[NAMED], say=lambda _: None)
    assert written == [record]


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
        ({"problem": OUT_OF_DATE}, ["prove --record"]),
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
        monkeypatch.setattr(
            "conformance.proof.prove.side_by_side", lambda *_, done=done: iter(done)
        )
        said.append([])
        prove(mode=Mode.RECORDED, names=[NAMED], say=said[-1].append)
    assert said[0][-1].startswith("next: ")
    assert not any(line.startswith("next: ") for line in said[1])
