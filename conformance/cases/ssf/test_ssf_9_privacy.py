"""What an answer discloses about a subject: SSF 1.0, section 9.1; the 2021 draft's 9.1."""

from conformance.judging import Blocked, Needs, judges, observe, verify
from conformance.judging.subject_matching import UNKNOWN, simple_subjects
from conformance.receiver.answer import Answer
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.spec.requirement import Grade

# Twin sentences of the final text and the draft of 2021.
CAREFUL = ("SSF-9.1-CAREFUL-ERRORS", "SSE-9.1-CAREFUL-ERRORS")
SUCCESS_WITHOUT_EVENTS = ("SSF-9.1-SUCCESS-WITHOUT-EVENTS", "SSE-9.1-SUCCESS-WITHOUT-EVENTS")


@judges(*CAREFUL, needs=Needs(stream=True, operations=("add_subject",)))
def test_adding_does_not_tell_who_is_known(transmitter: RemoteTransmitter) -> None:
    """Where a subject that nobody knows is added with success, nothing tells it from a known one.

    An error for it is a freedom of the text (section 8.1.3.2), and noted.
    """
    target = transmitter.target
    if not (target.subjects or target.disposable):
        raise Blocked("which subjects the target knows is not said; name some in [capabilities]")
    known = simple_subjects(transmitter)[0]
    with transmitter.new_stream() as stream:
        one = stream.send("add_subject", body={"subject": known})
        other = stream.send("add_subject", body={"subject": UNKNOWN})
        verify(
            CAREFUL,
            told(one) == told(other),
            expected=f"the same answer for a known and for an unknown subject: {one.text!r}",
            got=f"{other.text!r} for the unknown one",
            at_most=Grade.NOTE if other.refused else None,
        )


@judges(*SUCCESS_WITHOUT_EVENTS, needs=Needs(stream=True, operations=("add_subject",)))
def test_adding_may_be_answered_without_a_promise(transmitter: RemoteTransmitter) -> None:
    """A subject that nobody knows may be added with success, and with 204."""
    with transmitter.new_stream() as stream:
        answer = stream.send("add_subject", body={"subject": UNKNOWN})
        if answer.served:
            observe(SUCCESS_WITHOUT_EVENTS, f"{answer.status} for a subject that nobody knows")


def told(answer: Answer) -> tuple[int, bytes]:
    """Return the parts of an answer that a Receiver can compare."""
    return answer.status, answer.body
