"""Access to the only, implicit stream: SSE Framework 1.0 ID1 (2021), section 7.1."""

import pytest

from conformance.judging import Needs, judges, verify
from conformance.judging.challenge import CHALLENGES, verify_challenge
from conformance.judging.foreign_access import is_shown, request_body, status_of
from conformance.receiver.answer import Answer
from conformance.receiver.connection import Credential
from conformance.receiver.remote_transmitter import GARBAGE, RemoteTransmitter
from conformance.receiver.shown_values import differing
from conformance.receiver.stream import Stream
from conformance.spec.requirement import Grade
from conformance.target.credentials import Bearer

ERR_403 = {
    "read_stream": "SSE-7.1.2.1-ERR-403",
    "replace_stream": "SSE-7.1.2.2-ERR-403",
    "delete_stream": "SSE-7.1.2.3-ERR-403",
}
BESIDE_403 = {
    "update_status": "SSE-7.1.1.2-ERR-403",
    "add_subject": "SSE-7.1.3.1-ERR-403",
    "remove_subject": "SSE-7.1.3.2-ERR-403",
}
BESIDE_401 = {
    "read_status": "SSE-7.1.1.1-ERR-401",
    "update_status": "SSE-7.1.1.2-ERR-401",
    "add_subject": "SSE-7.1.3.1-ERR-401",
    "remove_subject": "SSE-7.1.3.2-ERR-401",
    "verify": "SSE-7.1.4.2-ERR-401",
}


@pytest.mark.parametrize("operation", ["read_stream", "replace_stream"])
@judges(
    ERR_403["read_stream"],
    ERR_403["replace_stream"],
    needs=Needs(model="implicit", stream=True, limited_receiver=True),
)
def test_the_stream_is_closed_to_a_receiver_that_may_not(
    transmitter: RemoteTransmitter, operation: str
) -> None:
    """A Receiver that may not read or update its stream gets 403, and nothing is shown or done."""
    with transmitter.new_stream() as stream:
        answer, untouched = attempt(stream, operation)
        verify(
            ERR_403[operation],
            answer.status == 403 and untouched,
            expected="403, nothing shown and nothing done",
            got=answer.text,
            at_most=Grade.WARN if answer.refused and untouched else None,
        )


@judges(
    ERR_403["delete_stream"],
    needs=Needs(
        model="implicit",
        stream=True,
        limited_receiver=True,
        operations=("delete_stream",),
        destructive=True,
    ),
)
def test_the_stream_is_kept_from_a_receiver_that_may_not_delete_it(
    transmitter: RemoteTransmitter,
) -> None:
    """A Receiver that may not delete its stream gets 403, and the stream stays as it was."""
    with transmitter.new_stream() as stream:
        answer, untouched = attempt(stream, "delete_stream")
        verify(
            ERR_403["delete_stream"],
            answer.status == 403 and untouched,
            expected="403, and the stream as it was",
            got=answer.text,
            at_most=Grade.WARN if answer.refused and untouched else None,
        )


@pytest.mark.parametrize("credential", [None, GARBAGE], ids=["no token", "garbage token"])
@pytest.mark.parametrize("operation", BESIDE_401)
@judges(
    *BESIDE_401.values(),
    "SSE-8-OAUTH-BEARER",
    *CHALLENGES,
    needs=Needs(model="implicit", stream=True),
)
def test_what_stands_beside_the_stream_is_closed_to_the_unauthorized(
    transmitter: RemoteTransmitter, operation: str, credential: Bearer | None
) -> None:
    """Without a valid token no status, subject or verification is had: 401, and no effect."""
    if not transmitter.offers(operation):
        return
    with transmitter.new_stream() as stream:
        answer, untouched = attempt_beside(stream, operation, credential)
        verify(BESIDE_401[operation], answer.status == 401, expected="401", got=answer.text)
        verify(
            "SSE-8-OAUTH-BEARER",
            untouched and not answer.served,
            expected=f"{operation} refused and without effect",
            got=answer.text,
        )
        verify_challenge(answer, credential)


@pytest.mark.parametrize("operation", BESIDE_403)
@judges(*BESIDE_403.values(), needs=Needs(model="implicit", stream=True, limited_receiver=True))
def test_what_stands_beside_the_stream_is_closed_to_a_receiver_that_may_not(
    transmitter: RemoteTransmitter, operation: str
) -> None:
    """A Receiver that may not set the status, or choose subjects, gets 403, without effect."""
    if not transmitter.offers(operation):
        return
    with transmitter.new_stream() as stream:
        limited = transmitter.target.limited_receiver["management"]
        answer, untouched = attempt_beside(stream, operation, limited)
        verify(
            BESIDE_403[operation],
            answer.status == 403 and untouched,
            expected="403, and nothing done",
            got=answer.text,
            at_most=Grade.WARN if answer.refused and untouched else None,
        )


def attempt_beside(stream: Stream, operation: str, credential: Credential) -> tuple[Answer, bool]:
    """Call an operation without permission; return the answer and whether the status stayed.

    A changed status is restored.
    """
    status = status_of(stream, operation)
    body = request_body(operation, {}, "asked for without the right to")
    answer = stream.send(operation, body=body, credential=credential)
    untouched = status_of(stream, operation) == status and not is_shown({}, answer, body)
    if not untouched:
        stream.update_status(status)
    return answer, untouched


def attempt(stream: Stream, operation: str) -> tuple[Answer, bool]:
    """Call an operation without permission; return the answer and whether nothing changed."""
    before = stream.read()
    editable = {
        name: before[name] for name in stream.profile.stream.receiver_supplied if name in before
    }
    requested = before.get("events_requested")
    fewer = requested[1:] if isinstance(requested, list) else []
    body = {**editable, "events_requested": fewer} if operation == "replace_stream" else None
    limited = stream.operations.target.limited_receiver["management"]
    answer = stream.send(operation, body=body, credential=limited)
    after = stream.operations.configuration_in(stream.fetch())
    rules = stream.profile.stream
    kept = not differing(before, after, (*rules.receiver_supplied, *rules.transmitter_supplied))
    return answer, kept and not is_shown(before, answer, body)
