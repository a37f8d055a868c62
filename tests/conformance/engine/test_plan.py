import dataclasses

import pytest
from helpers import mock

from conformance.engine.plan import DECIDED_IN_RUN, Case, Selection, make_plan
from conformance.judging.needs import Declaration, Needs
from conformance.judging.verdict import Verdict
from conformance.spec.profile import ProfileDeviation
from conformance.spec.profile_files import load_profile
from conformance.spec.requirement import Grade, UnknownRequirement, load_catalogue
from conformance.target.provisions import PROVISIONS

CATALOGUE = load_catalogue()
HELD = "SSF-8.1.1.1-CREATE-201"


def case(*ids, name="case", **needs):
    return Case(
        name=name,
        claim="a claim",
        declaration=Declaration(ids, Needs(**needs)),
        function=lambda transmitter: None,
    )


def planned(*cases, transmitter=None, selection=None):
    speaker = transmitter or mock()
    hooks = {name: speaker.target.has_hook(name) for name in PROVISIONS}
    return make_plan(CATALOGUE, speaker, cases, selection or Selection(), hooks)


def without(transmitter, *hooks, **changes):
    """Take hooks away from a Transmitter's target."""
    kept = {
        name: hook
        for name, hook in transmitter.target.hooks.items()
        if name.partition(".")[0] not in hooks
    }
    transmitter.target = dataclasses.replace(transmitter.target, hooks=kept, **changes)
    return transmitter


def test_the_plan_holds_every_transmitter_row_of_the_profiles_tags_and_no_other():
    plan = planned()
    tags = set(load_profile("ssf-1.0").tags)
    assert set(plan.rows) == {
        row.id for row in CATALOGUE if row.role == "transmitter" and tags & set(row.tags)
    }
    assert all(row.requirement.role == "transmitter" for row in plan.rows.values())


def test_a_row_without_a_case_is_not_testable_and_one_with_a_case_is_judged():
    row = planned().rows[HELD]
    assert (row.verdict, row.reason) == (Verdict.NOT_TESTABLE, "this version has no case for it")
    plan = planned(case(HELD))
    assert plan.rows[HELD].is_judged
    assert plan.rows[HELD].cases == ("case",)
    assert plan.grades == {HELD: Grade.FAIL}


def test_only_cases_that_judge_something_are_run():
    plan = planned(case(HELD, name="wanted"), case("VEPA-ACK-PATH", name="of another profile"))
    assert [one.name for one in plan.cases] == ["wanted"]


def test_a_conditional_row_is_decided_in_the_run():
    row = next(
        row
        for row in planned().rows.values()
        if row.requirement.kind == "conditional" and row.verdict is Verdict.NOT_TESTABLE
    )
    assert planned(case(row.requirement.id)).rows[row.requirement.id].outlook == DECIDED_IN_RUN


def test_what_nobody_can_see_is_excluded_with_the_reason():
    found = [row for row in planned().rows.values() if row.verdict is Verdict.EXCLUDED]
    assert found
    assert all(row.requirement.observable == "not-observable" for row in found)
    assert all(row.reason == row.requirement.how for row in found)


def test_why_a_row_is_excluded_is_one_whole_sentence_for_every_profile():
    for row in CATALOGUE:
        if row.observable == "not-observable" and row.role == "transmitter":
            assert row.how.endswith("."), row.id
            assert ". " not in row.how, row.id
            assert len(row.how.split()) > 8, row.id


def test_a_member_or_endpoint_that_the_target_lacks_makes_its_rows_not_applicable():
    speaker = mock()
    rows = planned(transmitter=speaker).rows
    speaker.connection.metadata = {
        name: value for name, value in speaker.metadata.items() if name != "verification_endpoint"
    }
    fewer = planned(transmitter=speaker).rows
    gone = {name for name in rows if rows[name].verdict != fewer[name].verdict}
    assert gone
    assert all(fewer[name].verdict is Verdict.NOT_APPLICABLE for name in gone)
    assert all("verif" in fewer[name].reason for name in gone)
    assert fewer["SSF-8.1.4.2-VERIFY-204"].reason == "the target has no verify"


def test_a_delivery_method_that_the_metadata_does_not_list_is_not_judged():
    speaker = mock()
    speaker.connection.metadata = {
        **speaker.metadata,
        "delivery_methods_supported": ["urn:ietf:rfc:8935"],
    }
    rows = planned(transmitter=speaker).rows
    polled = [row for row in rows.values() if "delivery:poll" in row.requirement.applies_to]
    assert polled
    assert {(row.verdict, row.reason) for row in polled} == {
        (Verdict.NOT_APPLICABLE, "the target has no poll delivery")
    }


def test_a_lab_without_tls_leaves_the_rows_about_tls_out_and_says_so():
    speaker = mock()
    about_tls = [
        row.id
        for row in CATALOGUE.for_tags(speaker.profile.tags)
        if "tls" in row.applies_to and row.observable != "not-observable"
    ]
    assert about_tls
    before = planned(transmitter=speaker).rows
    assert all("plain http" not in (before[name].reason or "") for name in about_tls)
    speaker.target = dataclasses.replace(speaker.target, issuer="http://tx.example")
    rows = planned(transmitter=speaker).rows
    changed = [rows[name] for name in about_tls if rows[name] != before[name]]
    assert changed
    assert all(row.verdict is Verdict.NOT_APPLICABLE for row in changed)
    assert all("plain http" in row.reason for row in changed)


def test_a_known_difference_makes_its_rows_not_applicable_with_its_summary():
    speaker = mock()
    known = ProfileDeviation(summary="a known difference", source="its page", requirements=(HELD,))
    speaker.profile = dataclasses.replace(speaker.profile, deviations=(known,))
    row = planned(case(HELD), transmitter=speaker).rows[HELD]
    assert (row.verdict, row.reason) == (Verdict.NOT_APPLICABLE, "a known difference")


@pytest.mark.parametrize(
    ("needs", "taken", "changes", "hook", "words"),
    [
        ({"clock": True}, ("clock",), {}, "clock", "clock"),
        (
            {"second_receiver": True},
            (),
            {"second_receiver": {}},
            "second_receiver",
            "second Receiver",
        ),
        (
            {"limited_receiver": True},
            (),
            {"limited_receiver": {}},
            "limited_receiver",
            "may not manage",
        ),
        ({"destructive": True}, (), {"disposable": False}, None, "can't make again"),
        ({"operations": ("acknowledge",)}, (), {}, None, "acknowledge"),
        ({"model": "implicit"}, (), {}, None, "explicit"),
    ],
)
def test_what_is_missing_is_named_and_unlocks_its_rows(needs, taken, changes, hook, words):
    plan = planned(case(HELD, **needs), transmitter=without(mock(), *taken, **changes))
    row = plan.rows[HELD]
    assert (row.verdict, row.hook) == (Verdict.NOT_TESTABLE, hook)
    assert words in row.reason
    assert plan.unlocks == ({hook: 1} if hook else {})
    assert (plan.cases, plan.grades) == ((), {})


def test_sets_come_from_the_hook_or_else_from_verification():
    asking = case(HELD, sets=1)
    assert planned(asking, transmitter=without(mock(), "emit_event")).rows[HELD].is_judged
    speaker = without(mock(), "emit_event")
    speaker.connection.metadata = {
        name: value for name, value in speaker.metadata.items() if name != "verification_endpoint"
    }
    row = planned(asking, transmitter=speaker).rows[HELD]
    assert (row.verdict, row.hook) == (Verdict.NOT_TESTABLE, "emit_event")


def test_one_case_that_can_run_is_enough_and_is_the_only_one_run():
    plan = planned(
        case(HELD, name="hindered", clock=True),
        case(HELD, name="free"),
        transmitter=without(mock(), "clock"),
    )
    assert (plan.rows[HELD].verdict, plan.rows[HELD].cases) == (None, ("free",))
    assert [one.name for one in plan.cases] == ["free"]


def test_a_borrowed_stream_is_never_touched_unasked():
    jamf = "SSE-7.1.2.1-READ-200"
    rows = planned(transmitter=mock("jamf")).rows
    judged = (
        jamf
        if jamf in rows
        else next(name for name, row in rows.items() if row.verdict is Verdict.NOT_TESTABLE)
    )
    speaker = without(mock("jamf"), allow_destructive=False)
    row = planned(case(judged, stream=True), transmitter=speaker).rows[judged]
    assert row.verdict is Verdict.NOT_TESTABLE
    assert "--allow-destructive" in row.reason


@pytest.mark.parametrize(
    ("section", "held", "missed"),
    [
        ("8.1.1.1", "SSF-8.1.1.1-CREATE-201", "SSF-8.1.1-STREAMID-PRESENT"),
        ("8.1.1", "SSF-8.1.1.1-CREATE-201", "SSF-7.2-CONTENT-TYPE"),
        ("8", "SSF-8.1.1-STREAMID-PRESENT", "SSF-7.2-CONTENT-TYPE"),
    ],
)
def test_a_section_selects_what_lies_below_it(section, held, missed):
    chosen = Selection(sections=(section,))
    assert chosen.holds(CATALOGUE[held])
    assert not chosen.holds(CATALOGUE[missed])


def test_section_8_1_is_not_section_8_10():
    row = dataclasses.replace(CATALOGUE[HELD], section="8.10.2")
    assert not Selection(sections=("8.1",)).holds(row)
    assert Selection(sections=("8.10",)).holds(row)


def test_a_selection_is_a_union_and_an_empty_one_is_everything():
    chosen = Selection(requirements=(HELD,), sections=("7.2",))
    plan = planned(selection=chosen)
    assert HELD in plan.rows
    assert "SSF-7.2-CONTENT-TYPE" in plan.rows
    assert "SSF-8.1.1-STREAMID-PRESENT" not in plan.rows
    assert not Selection()
    assert Selection().holds(CATALOGUE[HELD])


def test_an_unknown_id_of_a_case_or_of_the_operator_stops_before_anything():
    with pytest.raises(UnknownRequirement, match="NO-SUCH-ID"):
        CATALOGUE.check_ids([HELD, "NO-SUCH-ID"])
