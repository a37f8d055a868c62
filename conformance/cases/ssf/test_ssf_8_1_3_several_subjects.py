"""A subject keeps its state, whatever happens to others: SSF 1.0, section 8.1.3.

Matching is judged elsewhere. Silence is judged only beside an event that did come.
"""

from conformance.judging import Needs, judges
from conformance.judging.subject_matching import (
    Reports,
    complex_subject,
    cover,
    remove,
    simple_subjects,
    verify_ends,
    verify_reported,
    verify_silent,
)
from conformance.receiver.remote_transmitter import RemoteTransmitter

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
def test_each_of_several_subjects_is_reported(transmitter: RemoteTransmitter) -> None:
    """A subject that was added stays so when others are added after it."""
    subjects = (*simple_subjects(transmitter), complex_subject(transmitter))
    with transmitter.new_stream() as stream:
        cover(stream, *subjects)
        reports = Reports(stream)
        for subject in subjects:
            verify_reported(SENT, reports, subject, f"one of {len(subjects)} that were added")


@judges(STOPS, needs=BOTH)
def test_a_removed_subject_stays_removed(transmitter: RemoteTransmitter) -> None:
    """No more events come about a removed subject when another one is added, or removed."""
    subject, control, third = simple_subjects(transmitter)
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        cover(stream, subject, control)
        reports.end(subject, control)
        for operation in ("add_subject", "remove_subject"):
            stream.send(operation, body={"subject": dict(third)})
            for _ in range(2):
                verify_silent(STOPS, reports, subject, control, f"after {operation} for another")


@judges(STOPS, SENT, needs=BOTH)
def test_the_order_of_its_members_makes_no_other_subject(transmitter: RemoteTransmitter) -> None:
    """A subject is added and removed in whatever order its members stand."""
    subject, control, _ = simple_subjects(transmitter)
    turned = {name: subject[name] for name in reversed(list(subject))}
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        reports.of_covered(subject, control)
        stream.send("remove_subject", body={"subject": turned})
        verify_ends(STOPS, reports, subject, control, f"which was removed as {turned!r}")
        cover(stream, turned)
        verify_reported(SENT, reports, subject, f"which was added as {turned!r}")


@judges(ALL, NONE, needs=BOTH)
def test_a_new_stream_has_no_subjects_of_an_old_one(transmitter: RemoteTransmitter) -> None:
    """A new stream covers what it should by default, whatever was said on one before it."""
    default = transmitter.metadata.get("default_subjects")
    subject, control, _ = simple_subjects(transmitter)
    if default not in {"ALL", "NONE"} or not transmitter.offers("delete_stream"):
        return
    with transmitter.new_stream() as old:
        cover(old, subject)
        if default == "ALL":
            remove(old, subject)
        old.delete()
    with transmitter.new_stream() as stream:
        reports = Reports(stream)
        cover(stream, control)
        if default == "ALL":
            verify_reported(ALL, reports, subject, "which was removed from an older stream")
        else:
            verify_silent(NONE, reports, subject, control, "which an older stream had")
