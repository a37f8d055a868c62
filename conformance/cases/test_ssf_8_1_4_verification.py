"""Verification: SSF 1.0, section 8.1.4."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conformance.client import Answer
from conformance.jose import claims_of
from conformance.stream import Stream
from conformance.transmitter import Transmitter
from conformance.verdicts import Needs, judges, observe, require, verify

VERIFIES = Needs(stream=True, operations=("verify",))
RECEIVES = Needs(stream=True, operations=("verify",), sets=1)

# The same sentences stand in the final text, in the draft of 2021 and on a vendor's page.
TOO_SOON = (
    "SSF-8.1.1-MIN-VERIF-429",
    "SSF-8.1.4.2-ERR-429",
    "SSE-7.1.2-MIN-VERIF-429",
    "SSE-7.1.4.2-ERR-429",
    "JAMF-429-RULE",
)
SLOW_ENOUGH = (
    "SSF-8.1.1-MIN-VERIF-NO-429-WHEN-SLOW",
    "SSE-7.1.2-MIN-VERIF-NO-429-WHEN-SLOW",
    "JAMF-NO-429-WHEN-SLOW",
)
TOO_MANY_REQUESTS = 429

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
        found = verification_events(stream, state)
        verify(
            "SSF-8.1.4.2-204-MEANS-WILL-SEND",
            found,
            expected="a Verification Event within the patience",
            got="none",
        )
        if found:
            verify(
                "SSF-8.1.4.2-STATE-ECHO",
                any(payload.get("state") == state for payload in found),
                expected=f"state {state!r}",
                got=f"Verification Events with {found!r}",
            )


@judges("SSF-8.1.4.2-NO-STATE-REQUEST", needs=RECEIVES)
def test_a_verification_request_needs_no_state(transmitter: Transmitter) -> None:
    """A request without state is valid, and the event that follows has none."""
    with transmitter.new_stream() as stream:
        answer = stream.verify()
        verify("SSF-8.1.4.2-NO-STATE-REQUEST", answer.served, expected="204", got=answer.text)
        if answer.served:
            found = verification_events(stream, None)
            verify(
                "SSF-8.1.4.2-NO-STATE-REQUEST",
                found and not any(payload.get("state") for payload in found),
                expected="a Verification Event without a state",
                got=f"Verification Events with {found!r}",
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


@judges(*TOO_SOON, needs=VERIFIES)
def test_a_verification_request_may_come_too_soon(transmitter: Transmitter) -> None:
    """Of two verification requests in a row, the second may be answered with 429."""
    with transmitter.new_stream() as stream:
        interval = stream.read().get("min_verification_interval")
        require(stream.verify().served, "the first verification request was refused")
        second = ask_once(stream)
        if second.status == TOO_MANY_REQUESTS:
            wait = second.headers.get("retry-after", "none")
            for requirement in TOO_SOON:
                observe(
                    requirement,
                    f"429 for the second of two; Retry-After: {wait},"
                    f" min_verification_interval: {interval}",
                )


@judges(*SLOW_ENOUGH, needs=VERIFIES)
def test_a_receiver_that_keeps_to_the_interval_gets_no_429(transmitter: Transmitter) -> None:
    """Verification requests that are min_verification_interval apart are not answered with 429."""
    with transmitter.new_stream() as stream:
        interval = stream.read().get("min_verification_interval")
        if not isinstance(interval, int) or interval < 0:
            return
        require(stream.verify().served, "the first verification request was refused")
        # Where the clock can't be moved, each wait is real time.
        for _ in range(2 if transmitter.clock.movable else 1):
            transmitter.wait(interval + 1)
            answer = ask_once(stream)
            for requirement in SLOW_ENOUGH:
                verify(
                    requirement,
                    answer.status != TOO_MANY_REQUESTS,
                    expected=f"no 429, {interval} s and a moment after the request before",
                    got=answer.text,
                )


def ask_once(stream: Stream) -> Answer:
    """Request verification at once, and don't ask again where that was too soon."""
    return stream.transmitter.call(
        "verify", body={}, stream_id=stream.id, stream=stream.configuration, retried=frozenset()
    )


def verification_events(stream: Stream, state: str | None) -> list[dict[str, Any]]:
    """Return the payloads of the Verification Events that come, until one answers the request.

    Unsolicited ones may come at any time, without a state (section 8.1.4).
    """
    uri = stream.profile.sets.verification_event

    def payloads(sets: Mapping[str, str]) -> list[dict[str, Any]]:
        events = [claims_of(token).get("events") for token in sets.values()]
        found = [one.get(uri) for one in events if isinstance(one, dict)]
        return [payload for payload in found if isinstance(payload, dict)]

    def answered(sets: Mapping[str, str]) -> bool:
        return any(state is None or "state" in payload for payload in payloads(sets))

    return payloads(stream.await_sets_that(answered))
