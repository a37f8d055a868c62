"""Whose events a stream brings: SSF 1.0, sections 7.1, 8.1.3.1, 8.1.3.3 and 9.3.

Silence is judged only beside an event that did come; where the text lets a Transmitter cover what
was not added, the subject in question is removed first.
"""

from typing import Any

import pytest

from conformance.stream import Stream
from conformance.subjects import (
    COMPLEX,
    Reports,
    Subject,
    complex_subject,
    cover,
    covers_none_by_default,
    names,
    require_known,
    simple_subjects,
)
from conformance.transmitter import EVENT_SUBJECT, Transmitter
from conformance.transmitting import DELIVERIES, receives_by, stream_by
from conformance.verdicts import Blocked, Needs, judges, observe, require, verify

ADDS = Needs(stream=True, sets=1, events=True, subjects=True, operations=("add_subject",))
BOTH = Needs(
    stream=True,
    sets=1,
    events=True,
    subjects=True,
    operations=("add_subject", "remove_subject"),
)
by_each_delivery = pytest.mark.parametrize("delivery", DELIVERIES)

ANOTHER = {"format": "email", "email": "another.user@example.com"}

# What was added, and what is near to it and still another subject.
NEAR: dict[str, tuple[Subject, Subject]] = {
    "another address": (EVENT_SUBJECT, ANOTHER),
    "a longer address": (EVENT_SUBJECT, {**EVENT_SUBJECT, "email": "user@example.com.example"}),
    "the same text in another format": (
        EVENT_SUBJECT,
        {"format": "opaque", "id": EVENT_SUBJECT["email"]},
    ),
    "the same sub of another iss": (
        {"format": "iss_sub", "iss": "https://idp.example.com/", "sub": "145234573"},
        {"format": "iss_sub", "iss": "https://idp.example.com/b", "sub": "145234573"},
    ),
    "another sub of the same iss": (
        {"format": "iss_sub", "iss": "https://idp.example.com/", "sub": "145234573"},
        {"format": "iss_sub", "iss": "https://idp.example.com/", "sub": "1452345730"},
    ),
}


@by_each_delivery
@judges("SSF-8.1.3.1-MATCHED-SENT", needs=ADDS)
def test_events_about_an_added_subject_are_sent(transmitter: Transmitter, delivery: str) -> None:
    """An event about a subject that was added comes, and its SET names that subject."""
    if not receives_by(transmitter, delivery):
        return
    subject = simple_subjects(transmitter)[0]
    with stream_by(transmitter, delivery) as stream:
        cover(stream, subject)
        found = Reports(stream).of_event(subject)
        require_known(transmitter, subject, reported=bool(found))
        verify(
            "SSF-8.1.3.1-MATCHED-SENT",
            any(names(one, subject) for one in found),
            expected=f"a SET about {subject!r}",
            got=shown(found),
        )


@judges(
    "SSF-7.1-DEFAULT-ALL-DELIVERS", needs=Needs(stream=True, sets=1, events=True, subjects=True)
)
def test_a_stream_may_cover_all_subjects_from_the_start(transmitter: Transmitter) -> None:
    """Where default_subjects is ALL, an event comes about a subject that nobody added."""
    if transmitter.metadata.get("default_subjects") != "ALL":
        return
    subject = simple_subjects(transmitter)[0]
    with transmitter.new_stream() as stream:
        found = Reports(stream).of_event(subject)
        require_known(transmitter, subject, reported=bool(found))
        verify(
            "SSF-7.1-DEFAULT-ALL-DELIVERS",
            any(names(one, subject) for one in found),
            expected=f"a SET about {subject!r}",
            got=shown(found),
        )


@by_each_delivery
@judges("SSF-7.1-DEFAULT-NONE-SILENT", needs=ADDS)
def test_a_stream_may_cover_no_subject_from_the_start(
    transmitter: Transmitter, delivery: str
) -> None:
    """Where default_subjects is NONE, no event comes about a subject that was not added."""
    if not (covers_none_by_default(transmitter) and receives_by(transmitter, delivery)):
        return
    added, subject, _ = simple_subjects(transmitter)
    with stream_by(transmitter, delivery) as stream:
        cover(stream, added)
        found = Reports(stream).of_event(subject, control=added)
        verify(
            "SSF-7.1-DEFAULT-NONE-SILENT",
            not found,
            expected=f"no SET about {subject!r}, which was not added",
            got=shown(found),
        )


@pytest.mark.parametrize("near", NEAR)
@judges("SSF-8.1.3.1-SIMPLE-EXACT", needs=BOTH)
def test_a_simple_subject_is_no_other(transmitter: Transmitter, near: str) -> None:
    """What was added stands for itself alone, and not for a subject that is near to it."""
    added, subject = NEAR[near]
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        uncover(stream, reports, subject)
        cover(stream, added)
        found = reports.of_event(subject, control=added)
        verify(
            "SSF-8.1.3.1-SIMPLE-EXACT",
            not found,
            expected=f"no SET about {subject!r}, where {added!r} was added",
            got=shown(found),
        )


@judges("SSF-8.1.3.1-SIMPLE-EXACT", needs=BOTH)
def test_an_address_in_another_case_is_not_identical(transmitter: Transmitter) -> None:
    """An address stands for no other spelling; whom SETs name as it was added, they are about."""
    added, subject = EVENT_SUBJECT, {**EVENT_SUBJECT, "email": "User@example.com"}
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        uncover(stream, reports, subject)
        cover(stream, added)
        found = reports.of_event(subject, control=added)
        verify(
            "SSF-8.1.3.1-SIMPLE-EXACT",
            subject not in found,
            expected=f"no SET about {subject!r}, where {added!r} was added",
            got=shown(found),
        )


@pytest.mark.parametrize("adds", ["the wider one", "the narrower one"])
@judges("SSF-8.1.3.1-COMPLEX-WILDCARD", needs=ADDS)
def test_a_member_that_is_missing_matches_any(transmitter: Transmitter, adds: str) -> None:
    """Complex subjects match where a member is missing on either side and the others are equal."""
    narrow = complex_subject(transmitter)
    kept = next(name for name in narrow if name != "format")
    wide = {"format": COMPLEX, kept: narrow[kept]}
    added, subject = (wide, narrow) if adds == "the wider one" else (narrow, wide)
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        cover(stream, added)
        found = reports.of_event(subject)
        known = bool(found or reports.of_event_once_added(subject))
        require_known(transmitter, narrow, reported=known)
        verify(
            "SSF-8.1.3.1-COMPLEX-WILDCARD",
            any(names(one, subject) for one in found),
            expected=f"a SET about {subject!r}, where {added!r} was added",
            got=shown(found),
        )


@pytest.mark.parametrize("place", [0, 1], ids=["the first member", "the second member"])
@judges("SSF-8.1.3.1-COMPLEX-MISMATCH", needs=BOTH)
def test_a_member_that_differs_matches_none(transmitter: Transmitter, place: int) -> None:
    """A complex subject is not reported where one member differs from what was added."""
    added = complex_subject(transmitter)
    name = [one for one in added if one != "format"][place]
    subject = {**added, name: {"format": "opaque", "id": "ssf-conformance-another"}}
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        uncover(stream, reports, subject)
        cover(stream, added)
        found = reports.of_event(subject, control=added)
        verify(
            "SSF-8.1.3.1-COMPLEX-MISMATCH",
            not found,
            expected=f"no SET about {subject!r}, where {added!r} was added",
            got=shown(found),
        )


@by_each_delivery
@judges(
    "SSF-8.1.3.3-REMOVE-STOPS",
    "SSF-8.1.3.1-MATCHED-SENT",
    "SSF-9.3-EVENTS-AFTER-REMOVE",
    needs=BOTH,
)
def test_a_removal_ends_the_events_of_its_subject_alone(
    transmitter: Transmitter, delivery: str
) -> None:
    """Events about a removed subject end in time, on that stream; all others go on."""
    if not receives_by(transmitter, delivery):
        return
    subject, other, _ = simple_subjects(transmitter)
    with stream_by(transmitter, delivery) as stream:
        reports = Reports(stream)
        cover(stream, subject)
        require_known(transmitter, subject, reported=bool(reports.of_event(subject)))
        cover(stream, other)
        found = reports.of_event(subject)
        verify(
            "SSF-8.1.3.1-MATCHED-SENT",
            any(names(one, subject) for one in found),
            expected=f"a SET about {subject!r}, which stays when {other!r} is added",
            got=shown(found),
        )
        remove(stream, subject)
        found = reports.of_event(other)
        verify(
            "SSF-8.1.3.1-MATCHED-SENT",
            any(names(one, other) for one in found),
            expected=f"a SET about {other!r}, which was not removed",
            got=shown(found),
        )
        seconds = reports.seconds_until_silent(subject, control=other)
        verify(
            "SSF-8.1.3.3-REMOVE-STOPS",
            seconds is not None,
            expected=f"no more SETs about {subject!r}, which was removed",
            got="SETs until the patience ended",
        )
        if seconds:
            observe("SSF-9.3-EVENTS-AFTER-REMOVE", f"events went on for {seconds:.0f} s")


@judges("SSF-8.1.3.3-REMOVE-STOPS", needs=BOTH)
def test_a_complex_subject_can_be_removed(transmitter: Transmitter) -> None:
    """Events about a complex subject end in time once it was removed as it was added."""
    subject, other = complex_subject(transmitter), simple_subjects(transmitter)[0]
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        for one in (subject, other):
            cover(stream, one)
        if not reports.of_event(subject, control=other):
            raise Blocked("nothing was reported about a complex subject that was added")
        remove(stream, subject)
        verify(
            "SSF-8.1.3.3-REMOVE-STOPS",
            reports.seconds_until_silent(subject, control=other) is not None,
            expected=f"no more SETs about {subject!r}, which was removed",
            got="SETs until the patience ended",
        )


@pytest.mark.parametrize("operation", ["update_stream", "update_status"])
@judges("SSF-8.1.3.1-MATCHED-SENT", "SSF-8.1.3.3-REMOVE-STOPS", needs=BOTH)
def test_subjects_outlive_an_update_and_a_pause(transmitter: Transmitter, operation: str) -> None:
    """What was added stays added, and what was removed stays away, when a stream is changed."""
    if not transmitter.offers(operation):
        return
    subject, other, _ = simple_subjects(transmitter)
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        for one in (subject, other):
            cover(stream, one)
        require_known(transmitter, subject, reported=bool(reports.of_event(subject)))
        remove(stream, other)
        if reports.seconds_until_silent(other, control=subject) is None:
            raise Blocked("events about a subject went on after it was removed, as they may")
        change(stream, operation)
        found = reports.of_event(subject)
        verify(
            "SSF-8.1.3.1-MATCHED-SENT",
            any(names(one, subject) for one in found),
            expected=f"a SET about {subject!r}, which was added before {operation}",
            got=shown(found),
        )
        if found:
            found = reports.of_event(other, control=subject)
            verify(
                "SSF-8.1.3.3-REMOVE-STOPS",
                not found,
                expected=f"no SET about {other!r}, which was removed before {operation}",
                got=shown(found),
            )


@judges("SSF-8.1.3.1-MATCHED-SENT", needs=BOTH)
def test_a_removal_is_of_one_stream(transmitter: Transmitter) -> None:
    """A subject that is removed from one stream stays on another of the same Receiver."""
    subject = simple_subjects(transmitter)[0]
    with transmitter.new_stream() as stream, transmitter.another_stream() as beside:
        if beside is None:
            return
        for one in (stream, beside):
            cover(one, subject)
        remove(beside, subject)
        found = Reports(stream).of_event(subject)
        require_known(transmitter, subject, reported=bool(found))
        verify(
            "SSF-8.1.3.1-MATCHED-SENT",
            any(names(one, subject) for one in found),
            expected=f"a SET about {subject!r}, which another stream has removed",
            got=shown(found),
        )


@judges("SSF-8.1.3.2-ADD-IDEMPOTENT", needs=BOTH)
def test_one_removal_ends_what_was_added_twice(transmitter: Transmitter) -> None:
    """A subject that was added twice is removed by removing it once, and reported once."""
    subject, other, _ = simple_subjects(transmitter)
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        for one in (subject, other):
            cover(stream, one)
        once = reports.of_event(subject, control=other)
        if not once:
            raise Blocked("nothing was reported about a subject that was added once")
        cover(stream, subject)
        twice = reports.of_event(subject, control=other)
        verify(
            "SSF-8.1.3.2-ADD-IDEMPOTENT",
            len(twice) == len(once),
            expected=f"as many SETs for one event as before it was added again: {len(once)}",
            got=shown(twice),
        )
        remove(stream, subject)
        seconds = reports.seconds_until_silent(subject, control=other)
        verify(
            "SSF-8.1.3.2-ADD-IDEMPOTENT",
            seconds is not None,
            expected="no more SETs about what was added twice and removed once",
            got="SETs until the patience ended",
        )


@judges("SSF-7.1-DEFAULT-ALL-REMOVE-STOPS", needs=BOTH)
def test_what_is_covered_by_default_can_be_removed_and_added_again(
    transmitter: Transmitter,
) -> None:
    """Where default_subjects is ALL, a removal ends a subject's events, and adding renews them."""
    if transmitter.metadata.get("default_subjects") != "ALL":
        return
    subject, other, _ = simple_subjects(transmitter)
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        require_known(transmitter, subject, reported=bool(reports.of_event(subject)))
        remove(stream, subject)
        seconds = reports.seconds_until_silent(subject, control=other)
        verify(
            "SSF-7.1-DEFAULT-ALL-REMOVE-STOPS",
            seconds is not None,
            expected=f"no more SETs about {subject!r}, which was removed",
            got="SETs until the patience ended",
        )
        cover(stream, subject)
        found = reports.of_event(subject)
        verify(
            "SSF-7.1-DEFAULT-ALL-REMOVE-STOPS",
            any(names(one, subject) for one in found),
            expected=f"a SET about {subject!r}, which was added again",
            got=shown(found),
        )


def remove(stream: Stream, subject: Subject) -> None:
    """Remove a subject. Raises Blocked where that is refused."""
    answer = stream.send("remove_subject", body={"subject": dict(subject)})
    if not answer.served:
        raise Blocked(f"a subject was not removed: {answer.text}")


def change(stream: Stream, operation: str) -> None:
    """Update a stream's description, or pause it and enable it again.

    Raises NotReached, and Blocked where the stream does not let itself be paused.
    """
    if operation == "update_stream":
        require(stream.update({"description": "after"}).served, "the update was refused")
        return
    for status in ("paused", "enabled"):
        answer = stream.update_status(status)
        if not answer.served:
            raise Blocked(f"the stream does not let itself be {status}: {answer.text}")


def uncover(stream: Stream, reports: Reports, subject: Subject) -> None:
    """See to it that a stream reports nothing about a subject. Raises Blocked where it goes on.

    Where nothing is covered by default that is so from the start.
    """
    if covers_none_by_default(stream.transmitter):
        return
    control = simple_subjects(stream.transmitter)[2]
    remove(stream, subject)
    if reports.seconds_until_silent(subject, control=control) is None:
        raise Blocked("events about a subject went on after it was removed, as they may")


def shown(found: list[Any]) -> str:
    """Return whom SETs are about, for people."""
    return f"SETs about {found!r}" if found else "no SET"
