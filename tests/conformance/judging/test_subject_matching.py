import dataclasses

import pytest
from helpers import mock
from hypothesis import given

from conformance.generate import simple_formats, stream_subjects, subject_of_format, subject_sites
from conformance.generate.configurations import generating_for
from conformance.generate.example_settings import run_settings
from conformance.judging.subject_matching import (
    Reports,
    complex_subject,
    cover,
    matches,
    simple_subjects,
)
from conformance.receiver.preconditions import Blocked
from conformance.spec import schema

SCHEMAS = ["ssf/subject.json", "sse/subject.json"]
A = {"format": "email", "email": "a@example.com"}
B = {"format": "email", "email": "b@example.com"}
GROUP = {"format": "opaque", "id": "group"}


def breaches(name, subject):
    return [one.message for one in schema.problems(name, subject) if one.requirement is not None]


@pytest.mark.parametrize("profile", ["ssf-1.0", "sse-draft"])
def test_every_generated_subject_is_valid(profile):
    transmitter = mock(profile)
    name = transmitter.profile.schemas["subject"]
    formats = set()

    @run_settings(examples=100, seed=None)
    @given(subjects=stream_subjects())
    def draw(subjects):
        for one in subjects:
            assert breaches(name, one) == []
        formats.add(subjects[0]["format"])

    with generating_for(transmitter):
        draw()
    assert formats == set(simple_formats(name))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_simplest_subject_of_each_format_is_valid(name):
    found = {one: breaches(name, subject_of_format(name, one)) for one in simple_formats(name)}
    assert len(found) >= 10
    assert not any(found.values())


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_broken_subject_breaks_its_format_there(name):
    for subject_format in simple_formats(name):
        sites = list(subject_sites(name, subject_format))
        assert sites
        for site in sites:
            for wrong in site.broken({"subject": subject_of_format(name, subject_format)}):
                # A list of addresses may be empty: the text sets no minimum.
                empty = site.keyword == "minItems" and subject_format == "ip-addresses"
                assert empty or breaches(name, wrong["subject"]), (site, wrong)


def complex_of(**members):
    return {"format": "complex", **members}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (A, A, True),
        (A, B, False),
        (A, {**A, "note": "x"}, False),
        (complex_of(user=A), complex_of(user=A, group=GROUP), True),
        (complex_of(user=A, group=GROUP), complex_of(user=A), True),
        (complex_of(user=A, group=GROUP), complex_of(user=A, group=B), False),
        (complex_of(user=A), A, False),
    ],
)
def test_subjects_match_as_the_text_has_it(one, other, expected):
    assert matches(one, other) is expected
    assert matches(other, one) is expected


def knowing(*subjects):
    transmitter = mock()
    transmitter.target = dataclasses.replace(
        transmitter.target, subjects=subjects, disposable=False
    )
    return transmitter


def test_subjects_that_the_operator_names_come_first():
    whole = complex_of(user=A, group=GROUP)
    transmitter = knowing(complex_of(user=A), whole, B)
    assert simple_subjects(transmitter)[0] == B
    assert complex_subject(transmitter) == whole


def test_nobody_has_to_report_a_subject_that_was_made_up():
    with knowing(A).new_stream() as stream:
        reports = Reports(stream)
        stream.update_status("disabled")
        reports.require_known(A)
        with pytest.raises(Blocked, match=r"\[capabilities\] subjects"):
            reports.require_known(B)
        stream.update_status("enabled")
        reports.require_known(B)


def test_reports_tell_whom_the_sets_of_an_event_are_about():
    with mock("ssf-1.0", "no-subjects-by-default").new_stream() as stream:
        reports = Reports(stream)
        cover(stream, A)
        assert reports.of_event(A) == [A]
        assert reports.of_event(B, control=A) == []
        assert reports.seconds_until_silent(B, control=A) == 0
        cover(stream, B)
        assert reports.of_event(B, control=A) == [B]


def test_what_is_added_is_reported_until_it_was_removed():
    with mock("ssf-1.0", "no-subjects-by-default").new_stream() as stream:
        reports = Reports(stream)
        assert reports.of_event(A) == []
        assert reports.of_covered(A, B) == [A]
        reports.end(A, control=B)
        assert reports.of_event(A, control=B) == []


def test_what_was_added_and_is_not_reported_says_nothing_about_its_removal():
    with mock("ssf-1.0", "added-subjects-are-not-reported").new_stream() as stream:
        reports = Reports(stream)
        with pytest.raises(Blocked):
            reports.of_covered(A, B)


def test_silence_without_its_control_says_nothing():
    with (
        mock("ssf-1.0", "no-subjects-by-default").new_stream() as stream,
        pytest.raises(Blocked, match="silence says nothing"),
    ):
        Reports(stream).of_event(A, control=B)


def test_events_that_never_end_have_no_end():
    with mock().new_stream() as stream:
        assert Reports(stream).seconds_until_silent(A, control=B) is None
