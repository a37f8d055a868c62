"""What was said of one subject holds, whatever is said of others: SSF 1.0, section 8.1.3.

Matching itself is judged elsewhere. Silence is judged only beside an event that did come.
"""

from conformance.stream import Stream
from conformance.subjects import (
    Reports,
    Subject,
    complex_subject,
    cover,
    covers_none_by_default,
    names,
    require_known,
    simple_subjects,
)
from conformance.transmitter import Transmitter
from conformance.verdicts import Blocked, Needs, judges, verify

SENT = "SSF-8.1.3.1-MATCHED-SENT"
STOPS = "SSF-8.1.3.3-REMOVE-STOPS"
ALL = "SSF-7.1-DEFAULT-ALL-DELIVERS"
NONE = "SSF-7.1-DEFAULT-NONE-SILENT"

BOTH = Needs(
    stream=True,
    model="explicit",
    sets=1,
    events=True,
    subjects=True,
    operations=("add_subject", "remove_subject"),
)


@judges(SENT, needs=BOTH)
def test_each_of_several_subjects_is_reported(transmitter: Transmitter) -> None:
    """A subject that was added stays so when others are added after it."""
    subjects = (*simple_subjects(transmitter), complex_subject(transmitter))
    with transmitter.new_stream() as stream:
        for subject in subjects:
            cover(stream, subject)
        reports = Reports(stream)
        for subject in subjects:
            verify_reported(SENT, reports, subject, f"one of {len(subjects)} that were added")


@judges(STOPS, needs=BOTH)
def test_a_removed_subject_stays_removed(transmitter: Transmitter) -> None:
    """No more events come about a removed subject when another one is added, or removed."""
    subject, control, third = simple_subjects(transmitter)
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        cover(stream, control)
        silence(stream, reports, subject, control)
        for operation in ("add_subject", "remove_subject"):
            stream.send(operation, body={"subject": dict(third)})
            for _ in range(2):
                verify_silent(STOPS, reports, subject, control, f"{operation} for another one")


@judges(STOPS, SENT, needs=BOTH)
def test_the_order_of_its_members_makes_no_other_subject(transmitter: Transmitter) -> None:
    """A subject is added and removed in whatever order its members stand."""
    subject, control, _ = simple_subjects(transmitter)
    turned = {name: subject[name] for name in reversed(list(subject))}
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        for one in (subject, control):
            cover(stream, one)
        if not reports.of_event(subject, control=control):
            raise Blocked("nothing was reported about a subject that was added")
        answer = stream.send("remove_subject", body={"subject": turned})
        seconds = reports.seconds_until_silent(subject, control=control)
        verify(
            STOPS,
            seconds is not None,
            expected=f"no more SETs about what was removed as {turned!r}",
            got=f"SETs until the patience ended; the removal was answered {answer.text}",
        )
        cover(stream, turned)
        verify_reported(SENT, reports, subject, f"which was added as {turned!r}")


@judges(ALL, NONE, needs=BOTH)
def test_a_new_stream_has_no_subjects_of_an_old_one(transmitter: Transmitter) -> None:
    """A new stream covers what it should by default, whatever was said on one before it."""
    default = transmitter.metadata.get("default_subjects")
    subject, control, _ = simple_subjects(transmitter)
    if default not in {"ALL", "NONE"} or not transmitter.offers("delete_stream"):
        return
    with transmitter.new_stream() as old:
        cover(old, subject)
        if default == "ALL":
            old.send("remove_subject", body={"subject": dict(subject)})
        old.delete()
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        cover(stream, control)
        if default == "ALL":
            verify_reported(ALL, reports, subject, "which was removed from an older stream")
        else:
            verify_silent(NONE, reports, subject, control, "adding it to an older stream")


def silence(stream: Stream, reports: Reports, subject: Subject, control: Subject) -> None:
    """Remove a subject, and wait until its events have ended. Raises Blocked where they go on."""
    if not covers_none_by_default(stream.transmitter):
        cover(stream, subject)
    answer = stream.send("remove_subject", body={"subject": dict(subject)})
    if not answer.served and not covers_none_by_default(stream.transmitter):
        raise Blocked(f"a subject was not removed: {answer.text}")
    if reports.seconds_until_silent(subject, control=control) is None:
        raise Blocked("events about a subject went on after it was removed, as they may")


def verify_reported(requirement: str, reports: Reports, subject: Subject, what: str) -> None:
    """Judge that an event about a subject is reported; one that nobody knows need not be.

    One that is reported when it is added once more is known.
    """
    found = reports.of_event(subject)
    known = found or reports.of_event_once_added(subject)
    require_known(reports.transmitter, subject, reported=bool(known))
    verify(
        requirement,
        any(names(one, subject) for one in found),
        expected=f"a SET about {dict(subject)!r}, {what}",
        got=f"SETs about {found!r}" if found else "no SET",
    )


def verify_silent(
    requirement: str, reports: Reports, subject: Subject, control: Subject, after: str
) -> None:
    """Judge that an event about a subject is not reported, where the control is."""
    found = reports.of_event(subject, control=control)
    verify(
        requirement,
        not found,
        expected=f"no SET about {dict(subject)!r} after {after}",
        got=f"SETs about {found!r}",
    )
