"""The catalogue of deviations, and that each makes a difference that can be seen."""

import inspect
import re
from typing import get_args

import pytest
from conversation import conversation, differs
from in_process_mock import Mock

from conformance.spec.profile_files import load_profile
from conformance.spec.requirement import load_catalogue
from mock_transmitter.deviations.catalogue import UnknownDeviation, faults, find, variants
from mock_transmitter.deviations.deviation import Deviation
from mock_transmitter.domain.seams import Seam

ALL = {**faults(), **variants()}
PROFILES = ("ssf-1.0", "jamf", "avnology", "sse-draft")
TAGS = {profile: set(load_profile(profile).tags) for profile in PROFILES}
ROWS = {row.id: row for row in load_catalogue()}
KEBAB_CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
ONE_SENTENCE = re.compile(r"[^.]+(?:\S\.\S[^.]*)*\.")


def named(entry):
    return (*entry.breaks, *entry.also, *entry.exercises)


def test_a_deviation_names_requirements_that_exist_and_each_once():
    unknown = {name: set(named(entry)) - set(ROWS) for name, entry in ALL.items()}
    assert {name: ids for name, ids in unknown.items() if ids} == {}
    repeated = [name for name, entry in ALL.items() if len(set(entry.breaks)) < len(entry.breaks)]
    assert repeated == []
    both = {name: set(entry.breaks) & set(entry.also) for name, entry in ALL.items()}
    assert {name: ids for name, ids in both.items() if ids} == {}


def test_a_fault_breaks_what_a_transmitter_owes():
    assert [name for name, fault in faults().items() if not fault.breaks] == []
    tolerances = {
        name: [one for one in fault.breaks if ROWS[one].kind == "tolerance"]
        for name, fault in faults().items()
    }
    assert {name: ids for name, ids in tolerances.items() if ids} == {}


def test_a_variant_exercises_something_and_breaks_nothing():
    assert [name for name, one in variants().items() if not one.exercises or one.breaks] == []


def test_a_name_is_in_kebab_case_and_its_summary_one_sentence():
    assert [name for name in ALL if not KEBAB_CASE.fullmatch(name)] == []
    summaries = {name: entry.summary for name, entry in ALL.items()}
    assert {
        name: text for name, text in summaries.items() if not ONE_SENTENCE.fullmatch(text)
    } == {}


def judged_in(profile, entry):
    """Return whether a profile judges some of the rows that a deviation breaks or exercises."""
    rows = [ROWS[one] for one in (*entry.breaks, *entry.exercises)]
    return any(TAGS[profile] & set(row.tags) for row in rows)


def test_each_profile_has_faults_of_its_own():
    for profile in PROFILES:
        assert len([one for one in faults().values() if judged_in(profile, one)]) > 8, profile


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(UnknownDeviation, match="ack-is-ignored"):
        find("ack-ignored")
    with pytest.raises(UnknownDeviation, match="catalogue"):
        find("zzzzzz")


@pytest.fixture(scope="module")
def undisturbed():
    """Return what a conversation with a mock without deviations shows, by profile."""
    return {profile: conversation(Mock(profile)) for profile in PROFILES}


def test_a_deviation_belongs_to_the_module_that_holds_it():
    modules = {entry.deviation.__module__ for entry in ALL.values()}
    held = ("mock_transmitter.deviations.faults.", "mock_transmitter.deviations.variants.")
    assert all(name.startswith(held) for name in modules)


def test_a_deviation_has_a_method_for_each_seam():
    names = {name for name, value in vars(Deviation).items() if inspect.isfunction(value)}
    assert names == {*get_args(Seam), "operation", "tls"}


def test_the_base_class_changes_nothing(undisturbed):
    same = Mock("ssf-1.0")
    same.tenant._seams.use([Deviation(), Deviation()])
    assert conversation(same) == undisturbed["ssf-1.0"]


def test_a_variant_shows_in_at_least_one_profile(undisturbed):
    """The proof sees every fault. It sees no variant, so each has to show here."""
    hidden = [
        name
        for name, variant in variants().items()
        if not variant.over_tls
        and not any(
            differs(Mock(profile, deviations=[name]), undisturbed[profile])
            for profile in likely_profiles(variant)
        )
    ]
    assert hidden == []


def likely_profiles(variant):
    """Return the profiles, first those that judge what a variant exercises."""
    return sorted(PROFILES, key=lambda profile: not judged_in(profile, variant))


@pytest.mark.parametrize("profile", PROFILES)
def test_deviations_can_be_combined(profile):
    """However they are combined, the mock answers; a bug of its own would be a 500 in its log."""
    names = [name for name, entry in ALL.items() if judged_in(profile, entry)]
    groups = [names[begin : begin + 40] for begin in range(0, len(names), 40)]
    bugs = [
        group
        for group in groups
        if "the mock has a bug" in repr(conversation(Mock(profile, deviations=group)))
    ]
    assert bugs == []
