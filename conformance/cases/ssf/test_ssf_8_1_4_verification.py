"""Verification: SSF 1.0, section 8.1.4; SSE Framework 1.0 ID1 (2021), section 7.1.4."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from conformance.judging import Blocked, Needs, judges, observe, require, verify
from conformance.judging.arrivals import Tap, brings
from conformance.receiver.answer import Answer
from conformance.receiver.push_replies import refused
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream
from conformance.sets.contents import events_of
from conformance.spec.requirement import Grade

VERIFIES = Needs(stream=True, operations=("verify",))
NAMES_THE_STREAM = Needs(stream=True, model="explicit", operations=("verify", "list_streams"))
RECEIVES = Needs(stream=True, operations=("verify",), sets=1)
RECEIVES_PUSHES = Needs(stream=True, operations=("verify",), sets=1, delivery="push")
OF_TWO = Needs(stream=True, model="explicit", operations=("verify",), sets=1)
PAUSES = Needs(stream=True, operations=("verify", "read_status", "update_status"), sets=1)

# Twin sentences of the final text, the draft of 2021 and a vendor's page.
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

ANSWERED_204 = ("SSF-8.1.4.2-VERIFY-204", "SSE-7.1.4.2-VERIFY-204")
STATE_COMES_BACK = ("SSF-8.1.4.2-STATE-ECHO", "SSE-7.1.4.2-STATE-ECHO")
# Even where the older text promises no event explicitly, its state has to come back.
PROMISE = ("SSF-8.1.4.2-204-MEANS-WILL-SEND", "SSE-7.1.4.2-STATE-ECHO")
NONE_OF_ITS_OWN = ("SSF-8.1.4.2-STATE-ABSENT-UNSOLICITED", "SSE-7.1.4.2-STATE-ABSENT-UNSOLICITED")
UNSOLICITED = ("SSF-8.1.4-UNSOLICITED-VERIFICATION", "SSE-7.1.4-UNSOLICITED")
SUSPENDED = ("SSF-8.1.4.1-MAY-DISABLE-UNVERIFIED", "SSE-7.1.4.1-MAY-DISABLE")

PLAIN = "VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRl"
# States that change if they are trimmed, cut, normalised, escaped, or parsed as JSON.
ODD_STATES = (
    "",
    "x" * 301,
    " zwo\u0308lf BOXKÄMPFER\n",
    'a+b%41&amp;<i>"\\u0041\U0001f511',
    "before\0after",
    "007",
    '{"a": 1}',
)
NO_STRINGS = (7, True, {"a": "member"}, ["an item"])
# The seconds, on the target's clock, in which nothing is requested.
QUIET_S = 2.0


@judges(*ANSWERED_204, *PROMISE, *STATE_COMES_BACK, needs=RECEIVES)
@given(state=st.text(max_size=80))
@example(state=PLAIN)
@example(state=ODD_STATES[0])
@example(state=ODD_STATES[1])
@example(state=ODD_STATES[2])
@example(state=ODD_STATES[3])
@example(state=ODD_STATES[4])
@example(state=ODD_STATES[5])
@example(state=ODD_STATES[6])
def test_a_verification_request_brings_its_state_back(
    transmitter: RemoteTransmitter, state: str
) -> None:
    """A request is answered 204, and a Verification Event brings its state back."""
    with transmitter.new_stream() as stream:
        answer = stream.verify(state)
        if answer.refused and state != PLAIN:
            return  # refusing an odd state is no breach, but the plain one has to work
        verify_204(answer)
        if not answer.served:
            return
        found = verification_events(stream, state)
        verify(
            PROMISE,
            found,
            expected="a Verification Event within the patience",
            got="none",
        )
        if found:
            verify(
                STATE_COMES_BACK,
                any(payload.get("state") == state for payload in found),
                expected=f"state {state!r}",
                got=f"Verification Events with {found!r}",
            )


@judges(
    *PROMISE,
    *STATE_COMES_BACK,
    "SSF-8.1.4.2-NO-STATE-REQUEST",
    needs=RECEIVES,
)
def test_each_of_several_requests_gets_its_event(transmitter: RemoteTransmitter) -> None:
    """Requests that follow one another bring an event each, with the state of each, if any."""
    requests = ("the first of three", "the second of three", None)
    states = {state for state in requests if state is not None}
    with transmitter.new_stream() as stream:
        for state in requests:
            require(stream.verify(state).served, "a verification request was refused")

        def answered(sets: Mapping[str, str]) -> bool:
            came = payloads(stream, sets)
            return len(came) >= len(requests) and states <= {*map(state_in, came)}

        found = payloads(stream, stream.await_sets_that(answered))
        verify(
            PROMISE,
            len(found) >= len(requests),
            expected=f"{len(requests)} Verification Events within the patience",
            got=f"{len(found)}",
        )
        if len(found) >= len(requests):
            verify(
                STATE_COMES_BACK,
                states <= {*map(state_in, found)},
                expected=f"the states {sorted(states)}",
                got=f"Verification Events with {found!r}",
            )
            verify(
                "SSF-8.1.4.2-NO-STATE-REQUEST",
                not all(payload.get("state") for payload in found),
                expected="one event without a state, as the last request had none",
                got=f"Verification Events with {found!r}",
            )


@judges("SSF-8.1.2-STREAMS-INDEPENDENT", needs=OF_TWO)
def test_a_verification_event_comes_on_its_own_stream(transmitter: RemoteTransmitter) -> None:
    """Of two streams, each brings the event that was requested on it, and not the other's."""
    with transmitter.new_stream() as stream, transmitter.another_stream() as other:
        if other is None:
            raise Blocked("the Receiver may have one stream only")
        asked = {"on the first stream": stream, "on the second stream": other}
        for state, one in asked.items():
            require(one.verify(state).served, "a verification request was refused")
        found = {
            state: payloads(one, one.await_sets_that(bool, patience_s=QUIET_S))
            for state, one in asked.items()
        }
        for state, came in found.items():
            strange = [one for one in map(state_in, came) if one in asked and one != state]
            verify(
                "SSF-8.1.2-STREAMS-INDEPENDENT",
                not strange,
                expected=f"no event {state} with the state of a request on the other stream",
                got=f"the states {strange!r}",
            )


@judges(*PROMISE, needs=PAUSES)
def test_a_stream_that_was_paused_is_verified(transmitter: RemoteTransmitter) -> None:
    """A verification request brings its event once a pause is over, as it did before."""
    with transmitter.new_stream() as stream:
        for status in ("paused", "enabled"):
            answer = stream.update_status(status)
            if not answer.served or stream.status != status:
                raise Blocked(f"the stream does not let itself be {status}: {answer.text}")
        verify_promise(stream, "after a pause")


@judges(*PROMISE, needs=RECEIVES_PUSHES)
def test_a_stream_that_pushes_is_verified(transmitter: RemoteTransmitter) -> None:
    """A request that is answered with success brings its event by push where that is configured."""
    state = "by push"
    with transmitter.new_push_stream() as stream:
        tap = Tap(stream)
        stream.raise_set()
        tap.wait(bool)
        answer = stream.verify(state)
        if answer.served:
            came = tap.wait(partial(brings, state))
            verify(
                PROMISE,
                brings(state, came),
                expected="a Verification Event that is pushed, within the patience",
                got=f"none; the request was answered {answer.text}",
            )


@judges(*PROMISE, needs=RECEIVES)
def test_a_stream_without_event_types_is_verified(transmitter: RemoteTransmitter) -> None:
    """A request that is answered with success brings its event, whatever is delivered."""
    if transmitter.profile.stream.model == "implicit":
        return  # there, a stream must have event types
    with transmitter.new_stream(events_requested=[]) as stream:
        verify_promise(stream, "without event types")


@judges("SSF-8.1.4.2-NO-STATE-REQUEST", *ANSWERED_204, needs=RECEIVES)
def test_a_verification_request_needs_no_state(transmitter: RemoteTransmitter) -> None:
    """A request without state is valid, and the event that follows has none."""
    with transmitter.new_stream() as stream:
        answer = stream.verify()
        verify_204(answer)
        verify("SSF-8.1.4.2-NO-STATE-REQUEST", answer.served, expected="204", got=answer.text)
        if answer.served:
            found = verification_events(stream, None)
            verify(
                "SSF-8.1.4.2-NO-STATE-REQUEST",
                found and not any(payload.get("state") for payload in found),
                expected="a Verification Event without a state",
                got=f"Verification Events with {found!r}",
            )


@judges(*NONE_OF_ITS_OWN, *UNSOLICITED, needs=Needs(stream=True, sets=1))
def test_an_event_that_nobody_asked_for_has_no_state(transmitter: RemoteTransmitter) -> None:
    """A Verification Event that the Transmitter sends by itself has no state."""
    if transmitter.profile.stream.model == "implicit" and not transmitter.target.disposable:
        return  # an event may answer a request of an earlier run
    with transmitter.new_stream() as stream:
        for payload in payloads(stream, stream.await_sets_that(bool, patience_s=QUIET_S)):
            observe(UNSOLICITED, "a Verification Event that nobody asked for")
            verify(
                NONE_OF_ITS_OWN,
                "state" not in payload,
                expected="no state",
                got=f"a Verification Event with {payload!r}",
                at_most=None if payload.get("state") else Grade.WARN,
            )


@judges("SSF-8.1.4.2-ERR-400", "SSE-7.1.4.2-ERR-400", "SSF-8.1.4.2-ERR-400-INVALID", needs=VERIFIES)
def test_a_verification_request_that_means_nothing_is_refused(
    transmitter: RemoteTransmitter,
) -> None:
    """Truncated JSON is answered 400, and so is a state that is no string."""
    with transmitter.new_stream() as stream:
        answer = stream.send("verify", raw=b'{"stream_id": "x", "sta')
        verify("SSF-8.1.4.2-ERR-400", answer.status == 400, expected="400", got=answer.text)
        verify("SSE-7.1.4.2-ERR-400", answer.status == 400, expected="400", got=answer.text)
        for state in NO_STRINGS:
            answer = stream.send("verify", body={"state": state})
            verify(
                "SSF-8.1.4.2-ERR-400-INVALID",
                answer.status == 400,
                expected=f"400 for a state that is {state!r}",
                got=answer.text,
            )
            verify(
                "SSE-7.1.4.2-ERR-400",
                answer.status == 400,
                expected=f"400 for a state that is {state!r}",
                got=answer.text,
                at_most=Grade.WARN,
            )


@judges("SSF-8.1.4.2-ERR-400-INVALID", needs=NAMES_THE_STREAM)
def test_a_verification_request_names_its_stream(transmitter: RemoteTransmitter) -> None:
    """A request without stream_id is answered 400, also where there is but one stream."""
    with transmitter.new_stream() as stream:
        listed = transmitter.configurations_in(transmitter.list_streams())
        if [one.get("stream_id") for one in listed] != [stream.id]:
            raise Blocked("the list shows other streams, which such a request might be for")
        answer = transmitter.call("verify", body={"state": PLAIN})
        verify(
            "SSF-8.1.4.2-ERR-400-INVALID",
            answer.status == 400,
            expected="400 for a request without stream_id",
            got=answer.text,
        )


@judges(
    "SSF-8.1.4.2-ERR-404",
    needs=Needs(stream=True, model="explicit", operations=("verify", "delete_stream")),
)
def test_a_stream_that_is_no_more_is_not_verified(transmitter: RemoteTransmitter) -> None:
    """A verification request for a stream that was deleted is answered 404."""
    with transmitter.new_stream() as stream:
        require(stream.delete().served, "the stream could not be deleted")
        answer = stream.send("verify", body={})
        verify("SSF-8.1.4.2-ERR-404", answer.status == 404, expected="404", got=answer.text)


@judges(
    "SSF-8.1.4.1-STREAM-SUBJECT-STICKY",
    needs=Needs(stream=True, model="explicit", operations=("verify", "remove_subject"), sets=1),
)
def test_the_stream_itself_stays_a_subject(transmitter: RemoteTransmitter) -> None:
    """Verification Events come also after the stream was removed as a subject of its own."""
    state = "after the removal"
    with transmitter.new_stream() as stream:
        subject = {"format": "opaque", "id": stream.id}
        stream.send("remove_subject", body={"subject": subject})
        answer = stream.verify(state)
        if answer.status == TOO_MANY_REQUESTS:
            raise Blocked("the first verification request on a stream was answered 429")
        found = verification_events(stream, state) if answer.served else []
        verify(
            "SSF-8.1.4.1-STREAM-SUBJECT-STICKY",
            found,
            expected="a Verification Event, whatever the removal was answered",
            got=f"{answer.text}; Verification Events with {found!r}",
        )


@judges(
    *SUSPENDED,
    needs=Needs(
        stream=True,
        operations=("verify", "read_status", "update_status"),
        sets=1,
        delivery="push",
    ),
)
def test_a_stream_that_fails_verification_may_be_suspended(transmitter: RemoteTransmitter) -> None:
    """A stream whose Verification Event is refused may be paused or disabled."""
    with transmitter.new_push_stream() as stream:
        stream.answer_pushes(refused("invalid_state"))
        require(stream.verify(PLAIN).served, "the verification request was refused")
        stream.await_pushes()
        status = stream.status
        if status in {"paused", "disabled"}:
            observe(SUSPENDED, f"{status}, after a Verification Event was refused")
            stream.send("update_status", body={"status": "enabled"})


@judges(*TOO_SOON, needs=VERIFIES)
def test_a_verification_request_may_come_too_soon(transmitter: RemoteTransmitter) -> None:
    """Of two verification requests in a row, the second may be answered with 429."""
    with transmitter.new_stream() as stream:
        interval = stream.read().get("min_verification_interval")
        require(stream.verify().served, "the first verification request was refused")
        second = ask_once(stream)
        if second.status == TOO_MANY_REQUESTS:
            wait = second.headers.get("retry-after", "none")
            observe(
                TOO_SOON,
                f"429 for the second of two; Retry-After: {wait},"
                f" min_verification_interval: {interval}",
            )


@judges(*SLOW_ENOUGH, needs=VERIFIES)
def test_a_receiver_that_keeps_to_the_interval_gets_no_429(transmitter: RemoteTransmitter) -> None:
    """Verification requests that are min_verification_interval apart are not answered with 429."""
    with transmitter.new_stream() as stream:
        interval = stream.read().get("min_verification_interval")
        if not isinstance(interval, int) or interval < 0:
            return
        require(stream.verify().served, "the first verification request was refused")
        # Where the clock can't be moved, waits take real time and are never exact.
        movable = transmitter.clock.movable
        for _ in range(2 if movable else 1):
            transmitter.wait(interval if movable else interval + 1)
            answer = ask_once(stream)
            verify(
                SLOW_ENOUGH,
                answer.status != TOO_MANY_REQUESTS,
                expected=f"no 429, {interval} s after the request before",
                got=answer.text,
            )


def ask_once(stream: Stream) -> Answer:
    """Request verification once, without repeating a request that came too soon."""
    return stream.operations.call(
        "verify", body={}, stream_id=stream.id, stream=stream.configuration, retried=frozenset()
    )


def verification_events(stream: Stream, state: str | None) -> list[dict[str, Any]]:
    """Return the payloads of Verification Events until one answers the request.

    Unsolicited ones may come at any time, without a state (section 8.1.4).
    """

    def answered(sets: Mapping[str, str]) -> bool:
        return any(state is None or "state" in payload for payload in payloads(stream, sets))

    return payloads(stream, stream.await_sets_that(answered))


def verify_promise(stream: Stream, state: str) -> None:
    """Judge that a successful request is followed by its event."""
    answer = stream.verify(state)
    if answer.served:
        found = verification_events(stream, state)
        verify(
            PROMISE,
            found,
            expected=f"a Verification Event {state}, within the patience",
            got=f"none; the request was answered {answer.text}",
        )


def payloads(stream: Stream, sets: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the payloads of the Verification Events among SETs."""
    uri = stream.profile.sets.verification_event
    found = [events_of(token).get(uri) for token in sets.values()]
    return [payload for payload in found if isinstance(payload, dict)]


def state_in(payload: Mapping[str, Any]) -> str | None:
    """Return the state of a Verification Event, or None if it is not a string."""
    found = payload.get("state")
    return found if isinstance(found, str) else None


def verify_204(answer: Answer) -> None:
    """Judge the answer to a verification request."""
    verify(
        ANSWERED_204,
        answer.status == 204 and not answer.body,
        expected="204 and an empty body",
        got=answer.text,
    )
