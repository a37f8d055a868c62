"""Verification: SSF 1.0, section 8.1.4."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conformance.client import Stream, Transmitter
from conformance.jose import claims_of
from conformance.verdicts import Blocked, Needs, judges, require, verify

VERIFIES = Needs(stream=True, operations=("verify",))
RECEIVES = Needs(stream=True, operations=("verify",), delivery="poll")

STATES = ("a", "VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRl", "", "zwölf Boxkämpfer", '{"a": 1}', "x" * 300)


@judges(
    "SSF-8.1.4.2-VERIFY-204",
    "SSF-8.1.4.2-204-MEANS-WILL-SEND",
    "SSF-8.1.4.2-STATE-ECHO",
    needs=RECEIVES,
)
@given(state=st.sampled_from(STATES))
def test_a_verification_request_brings_its_state_back(transmitter: Transmitter, state: str) -> None:
    """A request is answered 204, and a Verification Event brings its state back."""
    with transmitter.new_stream() as stream:
        answer = stream.verify(state)
        if answer.refused and state != STATES[0]:
            return  # an odd state that is refused is nobody's breach; the plain one has to work
        verify(
            "SSF-8.1.4.2-VERIFY-204",
            answer.status == 204 and not answer.body,
            expected="204 and an empty body",
            got=answer.text,
        )
        if not answer.served:
            return
        payload = verification_event(transmitter, stream)
        verify(
            "SSF-8.1.4.2-204-MEANS-WILL-SEND",
            payload is not None,
            expected="a Verification Event within the patience",
            got="none",
        )
        if payload is not None:
            verify(
                "SSF-8.1.4.2-STATE-ECHO",
                payload.get("state") == state,
                expected=f"state {state!r}",
                got=payload.get("state"),
            )


@judges("SSF-8.1.4.2-NO-STATE-REQUEST", needs=RECEIVES)
def test_a_verification_request_needs_no_state(transmitter: Transmitter) -> None:
    """A request without state is valid, and the event that follows has none."""
    with transmitter.new_stream() as stream:
        answer = stream.verify()
        verify("SSF-8.1.4.2-NO-STATE-REQUEST", answer.served, expected="204", got=answer.text)
        payload = verification_event(transmitter, stream) if answer.served else None
        if payload is not None:
            verify(
                "SSF-8.1.4.2-NO-STATE-REQUEST",
                "state" not in payload,
                expected="no state in the event",
                got=payload,
            )


@judges("SSF-8.1.4.2-ERR-400", "SSF-8.1.4.2-ERR-404", needs=VERIFIES)
def test_a_verification_request_that_means_nothing_is_refused(transmitter: Transmitter) -> None:
    """Truncated JSON is answered 400, a stream that is no more 404."""
    with transmitter.new_stream() as stream:
        answer = stream.send("verify", raw=b'{"stream_id": "x", "sta')
        verify("SSF-8.1.4.2-ERR-400", answer.status == 400, expected="400", got=answer.text)
        require(stream.delete().served, "the stream could not be deleted")
        answer = stream.send("verify", body={})
        verify("SSF-8.1.4.2-ERR-404", answer.status == 404, expected="404", got=answer.text)


def verification_event(transmitter: Transmitter, stream: Stream) -> dict[str, Any] | None:
    """Return the payload of the Verification Event that comes within the patience."""
    uri = transmitter.profile.sets.verification_event
    try:
        found = stream.await_sets()
    except Blocked:
        return None
    for token in found.values():
        events = claims_of(token).get("events")
        payload = events.get(uri) if isinstance(events, dict) else None
        if isinstance(payload, dict):
            return payload
    return {}
