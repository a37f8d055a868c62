"""Judging the answer to a valid poll: RFC 8936, sections 2.3 and 2.5."""

from conformance.judging.checks import verify
from conformance.judging.message_shape import verify_shape
from conformance.judging.poll_sequences import SETTLES_S
from conformance.receiver.answer import Answer
from conformance.receiver.polling import PollAnswer
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream
from conformance.spec import codec
from conformance.spec.requirement import Grade


def fetched_with_an_empty_object(stream: Stream) -> PollAnswer:
    """Raise a SET, give it time to be queued, and poll for it with all defaults."""
    stream.raise_set()
    stream.operations.clock.advance(SETTLES_S)
    return stream.poll(return_immediately=None)


def verify_answer(transmitter: RemoteTransmitter, result: PollAnswer, what: str) -> None:
    """Judge status, label and each member of the answer to a valid poll."""
    answer = result.answer
    verify_200(answer, what)
    if not (answer.served and answer.is_json):
        return
    verify(
        "RFC8936-2-JSON-MEDIA",
        answer.media_type == "application/json",
        expected=f"Content-Type: application/json for {what}",
        got=answer.headers.get("content-type", "none"),
    )
    document = codec.decode(transmitter.profile, "poll_response", answer.document)
    verify_shape(transmitter, "poll_response", document)


def verify_200(answer: Answer, what: str = "a valid poll") -> None:
    """Judge that the answer to a valid poll is 200 with JSON."""
    verify(
        "RFC8936-2.5-STATUS-200",
        answer.status == 200 and answer.is_json,  # noqa: PLR2004 (the code that the row requires)
        expected=f"200 and JSON for {what}",
        got=answer.text,
        at_most=Grade.WARN if answer.served and answer.is_json else None,
    )
