"""The subjects whose events a stream delivers: SSF 1.0, 7.1, 8.1.3.1, 8.1.3.3 and 9.3.

Silence is judged only beside an event that did come. Where a Transmitter may cover subjects that
were not added, the subject in question is removed first.
"""

import pytest
from hypothesis import given

from conformance.generate import simple_formats, subject_of_format, subjects_alike
from conformance.judging import Blocked, Needs, judges, observe, require, verify
from conformance.judging.arrivals import DELIVERIES, receives_by, stream_by
from conformance.judging.subject_matching import (
    COMPLEX,
    Reports,
    Subject,
    complex_subject,
    cover,
    covers_none_by_default,
    matches,
    remove,
    simple_subjects,
    verify_ends,
    verify_reported,
    verify_silent,
)
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import EVENT_SUBJECT, Stream

ADDS = Needs(stream=True, sets=1, events=True, subjects=True, operations=("add_subject",))
BOTH = Needs(
    stream=True,
    sets=1,
    events=True,
    subjects=True,
    operations=("add_subject", "remove_subject"),
)
by_each_delivery = pytest.mark.parametrize("delivery", DELIVERIES)

SENT = "SSF-8.1.3.1-MATCHED-SENT"
STOPS = "SSF-8.1.3.3-REMOVE-STOPS"
EXACT = "SSF-8.1.3.1-SIMPLE-EXACT"
WILDCARD = "SSF-8.1.3.1-COMPLEX-WILDCARD"
MISMATCH = "SSF-8.1.3.1-COMPLEX-MISMATCH"
ALL_DELIVERS = "SSF-7.1-DEFAULT-ALL-DELIVERS"
ALL_STOPS = "SSF-7.1-DEFAULT-ALL-REMOVE-STOPS"
IDEMPOTENT = "SSF-8.1.3.2-ADD-IDEMPOTENT"

SCHEMA = "ssf/subject.json"
ANOTHER = {"format": "email", "email": "another.user@example.com"}

# A subject that was added, and a similar one that is still another subject.
NEAR: dict[str, tuple[Subject, Subject]] = {
    "another address": (EVENT_SUBJECT, ANOTHER),
    "a longer address": (EVENT_SUBJECT, {**EVENT_SUBJECT, "email": "user@example.com.example"}),
    "the same text in another format": (
        {"format": "uri", "uri": "https://user.example.com/"},
        {"format": "opaque", "id": "https://user.example.com/"},
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
@judges(SENT, needs=ADDS)
def test_events_about_an_added_subject_are_sent(
    transmitter: RemoteTransmitter, delivery: str
) -> None:
    """An event about a subject that was added comes, and its SET names that subject."""
    if not receives_by(transmitter, delivery):
        return
    subject = simple_subjects(transmitter)[0]
    with stream_by(transmitter, delivery) as stream:
        cover(stream, subject)
        verify_reported(SENT, Reports(stream), subject, "which was added")


@pytest.mark.parametrize("subject_format", simple_formats(SCHEMA))
@judges(SENT, needs=ADDS)
def test_a_subject_of_each_format_is_reported(
    transmitter: RemoteTransmitter, subject_format: str
) -> None:
    """An event comes about a subject of any format that may be added, and names that subject."""
    subject = subject_of_format(SCHEMA, subject_format)
    with transmitter.new_stream() as stream:
        cover(stream, subject)
        verify_reported(SENT, Reports(stream), subject, "which was added")


@judges(EXACT, WILDCARD, MISMATCH, needs=BOTH)
@given(pair=subjects_alike(SCHEMA))
def test_of_subjects_that_are_alike_those_that_match_are_reported(
    transmitter: RemoteTransmitter, pair: tuple[Subject, Subject]
) -> None:
    """What was added is compared member by member with whom an event is about."""
    added, subject = pair
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        what = f"where {added!r} was added"
        if matches(added, subject):
            cover(stream, added)
            row = WILDCARD if added["format"] == COMPLEX else EXACT
            verify_reported(row, reports, subject, what)
            return
        reports.leave_out(subject)
        cover(stream, added)
        row = MISMATCH if added["format"] == COMPLEX else EXACT
        verify_silent(row, reports, subject, added, what)


@judges(ALL_DELIVERS, needs=Needs(stream=True, sets=1, events=True, subjects=True))
def test_a_stream_may_cover_all_subjects_from_the_start(transmitter: RemoteTransmitter) -> None:
    """Where default_subjects is ALL, an event comes about a subject that nobody added."""
    if transmitter.metadata.get("default_subjects") != "ALL":
        return
    subject = simple_subjects(transmitter)[0]
    with transmitter.new_stream() as stream:
        verify_reported(ALL_DELIVERS, Reports(stream), subject, "which nobody had to add")


@by_each_delivery
@judges("SSF-7.1-DEFAULT-NONE-SILENT", needs=ADDS)
def test_a_stream_may_cover_no_subject_from_the_start(
    transmitter: RemoteTransmitter, delivery: str
) -> None:
    """Where default_subjects is NONE, no event comes about a subject that was not added."""
    if not (covers_none_by_default(transmitter) and receives_by(transmitter, delivery)):
        return
    added, subject, _ = simple_subjects(transmitter)
    with stream_by(transmitter, delivery) as stream:
        cover(stream, added)
        verify_silent(
            "SSF-7.1-DEFAULT-NONE-SILENT", Reports(stream), subject, added, "which was not added"
        )


@pytest.mark.parametrize("near", NEAR)
@judges(EXACT, needs=BOTH)
def test_a_simple_subject_is_no_other(transmitter: RemoteTransmitter, near: str) -> None:
    """What was added stands for itself alone, and not for a subject that is near to it."""
    added, subject = NEAR[near]
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        reports.leave_out(subject)
        cover(stream, added)
        verify_silent(EXACT, reports, subject, added, f"where {added!r} was added")


@judges(EXACT, needs=BOTH)
def test_an_address_in_another_case_is_not_identical(transmitter: RemoteTransmitter) -> None:
    """An address stands for no other spelling; whom SETs name as it was added, they are about."""
    added, subject = EVENT_SUBJECT, {**EVENT_SUBJECT, "email": "User@example.com"}
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        reports.leave_out(subject)
        cover(stream, added)
        found = reports.of_event(subject, control=added)
        verify(
            EXACT,
            subject not in found,
            expected=f"no SET about {subject!r}, where {added!r} was added",
            got=f"SETs about {found!r}",
        )


@pytest.mark.parametrize("adds", ["the wider one", "the narrower one"])
@judges(WILDCARD, needs=ADDS)
def test_a_member_that_is_missing_matches_any(transmitter: RemoteTransmitter, adds: str) -> None:
    """Complex subjects match where a member is missing on either side and the others are equal."""
    narrow = complex_subject(transmitter)
    kept = next(name for name in narrow if name != "format")
    wide = {"format": COMPLEX, kept: narrow[kept]}
    added, subject = (wide, narrow) if adds == "the wider one" else (narrow, wide)
    with transmitter.new_stream() as stream:
        cover(stream, added)
        verify_reported(WILDCARD, Reports(stream), subject, f"where {added!r} was added")


@pytest.mark.parametrize("place", [0, 1], ids=["the first member", "the second member"])
@judges(MISMATCH, needs=BOTH)
def test_a_member_that_differs_matches_none(transmitter: RemoteTransmitter, place: int) -> None:
    """A complex subject is not reported where one member differs from what was added."""
    added = complex_subject(transmitter)
    name = [one for one in added if one != "format"][place]
    subject = {**added, name: {"format": "opaque", "id": "ssf-conformance-another"}}
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        reports.leave_out(subject)
        cover(stream, added)
        verify_silent(MISMATCH, reports, subject, added, f"where {added!r} was added")


@by_each_delivery
@judges(STOPS, SENT, "SSF-9.3-EVENTS-AFTER-REMOVE", needs=BOTH)
def test_a_removal_ends_the_events_of_its_subject_alone(
    transmitter: RemoteTransmitter, delivery: str
) -> None:
    """Events about a removed subject end in time, on that stream; all others go on."""
    if not receives_by(transmitter, delivery):
        return
    subject, other, _ = simple_subjects(transmitter)
    with stream_by(transmitter, delivery) as stream:
        reports = Reports(stream)
        cover(stream, subject)
        if not reports.of_event(subject):
            reports.require_known(subject)
        cover(stream, other)
        verify_reported(SENT, reports, subject, f"which stays when {other!r} is added")
        remove(stream, subject)
        verify_reported(SENT, reports, other, "which was not removed")
        seconds = verify_ends(STOPS, reports, subject, other, "which was removed")
        if seconds:
            observe("SSF-9.3-EVENTS-AFTER-REMOVE", f"events went on for {seconds:.0f} s")


@judges(STOPS, needs=BOTH)
def test_a_complex_subject_can_be_removed(transmitter: RemoteTransmitter) -> None:
    """Events about a complex subject end in time once it was removed as it was added."""
    subject, other = complex_subject(transmitter), simple_subjects(transmitter)[0]
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        reports.of_covered(subject, other)
        remove(stream, subject)
        verify_ends(STOPS, reports, subject, other, "which was removed")


@pytest.mark.parametrize("operation", ["update_stream", "update_status"])
@judges(SENT, STOPS, needs=BOTH)
def test_subjects_outlive_an_update_and_a_pause(
    transmitter: RemoteTransmitter, operation: str
) -> None:
    """What was added stays added, and what was removed stays away, when a stream is changed."""
    if not transmitter.offers(operation):
        return
    subject, other, _ = simple_subjects(transmitter)
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        reports.of_covered(subject, other)
        reports.end(other, control=subject)
        change(stream, operation)
        verify_reported(SENT, reports, subject, f"which was added before {operation}")
        verify_silent(STOPS, reports, other, subject, f"which was removed before {operation}")


@judges(SENT, needs=BOTH)
def test_a_removal_is_of_one_stream(transmitter: RemoteTransmitter) -> None:
    """A subject that is removed from one stream stays on another of the same Receiver."""
    subject = simple_subjects(transmitter)[0]
    with transmitter.new_stream() as stream, transmitter.another_stream() as beside:
        if beside is None:
            return
        for one in (stream, beside):
            cover(one, subject)
        remove(beside, subject)
        verify_reported(SENT, Reports(stream), subject, "which another stream has removed")


@judges(IDEMPOTENT, needs=BOTH)
def test_one_removal_ends_what_was_added_twice(transmitter: RemoteTransmitter) -> None:
    """A subject that was added twice is removed by removing it once, and reported once."""
    subject, other, _ = simple_subjects(transmitter)
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        once = reports.of_covered(subject, other)
        cover(stream, subject)
        twice = reports.of_event(subject, control=other)
        verify(
            IDEMPOTENT,
            len(twice) == len(once),
            expected=f"as many SETs for one event as before it was added again: {len(once)}",
            got=f"SETs about {twice!r}",
        )
        remove(stream, subject)
        verify_ends(IDEMPOTENT, reports, subject, other, "added twice and removed once")


@judges(ALL_STOPS, needs=BOTH)
def test_what_is_covered_by_default_can_be_removed_and_added_again(
    transmitter: RemoteTransmitter,
) -> None:
    """Where default_subjects is ALL, a removal ends a subject's events, and adding renews them."""
    if transmitter.metadata.get("default_subjects") != "ALL":
        return
    subject, other, _ = simple_subjects(transmitter)
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        if not reports.of_event(subject):
            reports.require_known(subject)
        remove(stream, subject)
        verify_ends(ALL_STOPS, reports, subject, other, "which was removed")
        cover(stream, subject)
        verify_reported(ALL_STOPS, reports, subject, "which was added again")


def change(stream: Stream, operation: str) -> None:
    """Update a stream's description, or pause and enable the stream.

    Raises NotReached, and Blocked if pausing is refused.
    """
    if operation == "update_stream":
        require(stream.update({"description": "after"}).served, "the update was refused")
        return
    for status in ("paused", "enabled"):
        answer = stream.update_status(status)
        if not answer.served:
            raise Blocked(f"the stream does not let itself be {status}: {answer.text}")
