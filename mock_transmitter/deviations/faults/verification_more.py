"""More faults of verification: several requests, odd ones, and events that nobody asked for."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.invalid_requests import with_document
from mock_transmitter.deviations.faults.update import STILL_WORKS, target
from mock_transmitter.deviations.faults.verification import (
    STATE_ECHO,
    StateDeviation,
    VerificationIntervalNeverEnds,
)
from mock_transmitter.domain.errors import TooManyRequests
from mock_transmitter.http import json_body
from mock_transmitter.http.message import Request
from mock_transmitter.http.operations import Call, Outcome, Reply

_TOO_SOON_BY_S = 0.5


def verify_unasked(call: Call, state: str | None) -> None:
    """Verify the stream that a call has made; it does not count against the interval.

    An implicit stream counts as made when it is replaced.
    """
    transmitter = call.transmitter
    made = "create_stream" if transmitter.explicit else "replace_stream"
    if call.operation == made and transmitter.profile.offers("verify"):
        stream = transmitter.streams(call.audience)[-1]
        before, stream.verified_at = stream.verified_at, None
        transmitter.verify(stream, state)
        stream.verified_at = before


@fault_at(StateDeviation, breaks=STATE_ECHO)
def verification_state_loses_its_accents(state: str) -> str | None:
    """The Verification Event echoes the state without what is not ASCII."""
    return state.encode("ascii", "ignore").decode()


@fault_at(StateDeviation, breaks=STATE_ECHO, also=("SSF-8.1.4.2-204-MEANS-WILL-SEND",))
def verification_state_that_is_empty_is_left_out(state: str) -> str | None:
    """The Verification Event has no state where the request has an empty one."""
    return state or None


@fault
class VerificationEchoesTheRequestBefore(Deviation):
    """From the second request of a stream on, the event echoes the state of the one before."""

    breaks = STATE_ECHO
    also = ("SSF-8.1.4.2-NO-STATE-REQUEST",)

    def __init__(self) -> None:
        self._before: dict[str, str] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream, state = target(call), call.body.get("state")
        if call.operation != "verify" or stream is None or not isinstance(state, str):
            return proceed(call)
        echoed = self._before.get(stream.stream_id, state)
        self._before[stream.stream_id] = state
        return proceed(replace(call, body={**call.body, "state": echoed}))


@fault
class OnlyTheFirstVerificationIsSent(Deviation):
    """Of the Verification Events that a stream's Receiver asks for, only the first is sent."""

    on = ("verify",)
    breaks = ("SSF-8.1.4.2-204-MEANS-WILL-SEND",)
    also = (*STILL_WORKS, *STATE_ECHO)

    def __init__(self) -> None:
        self._verified: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None:
            return proceed(call)
        if stream.stream_id in self._verified:
            return Reply(status=call.transmitter.profile.operations["verify"].success[0])
        outcome = proceed(call)
        self._verified.add(stream.stream_id)
        return outcome


@fault_at(
    "operation",
    breaks=("SSF-8.1.4.2-STATE-ABSENT-UNSOLICITED", "SSE-7.1.4.2-STATE-ABSENT-UNSOLICITED"),
    also=(*STATE_ECHO, "SSF-8.1.4.2-204-MEANS-WILL-SEND", "SSF-8.1.4.2-NO-STATE-REQUEST"),
)
def unasked_verification_has_a_state(call: Call, proceed: Proceed) -> Outcome:
    """A stream that was just made is verified unasked, with a state of the Transmitter's own."""
    outcome = proceed(call)
    verify_unasked(call, "a state of our own")
    return outcome


@fault_at("request", breaks=("SSF-8.1.4.2-ERR-400-INVALID",), also=("SSE-7.1.4.2-ERR-400",))
def verification_takes_any_state(request: Request) -> Request:
    """A verification request whose state is a number is served, with the number's digits."""
    body = _posted(request)
    if not isinstance(body.get("state"), int):
        return request
    return with_document(request, {**body, "state": str(body["state"])})


@fault
class VerificationTakesTheOnlyStream(Deviation):
    """A verification request without stream_id is served for the stream that was made last."""

    on = ("create_stream",)
    breaks = ("SSF-8.1.4.2-ERR-400-INVALID",)

    def __init__(self) -> None:
        self._last: str | None = None

    def request(self, request: Request, at: At) -> Request:
        body = _posted(request)
        if "state" not in body or "stream_id" in body or self._last is None:
            return request
        return with_document(request, {**body, "stream_id": self._last})

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if call.transmitter.explicit:
            self._last = call.transmitter.streams(call.audience)[-1].stream_id
        return outcome


@fault_at(
    "operation",
    on=("verify",),
    breaks=VerificationIntervalNeverEnds.breaks,
    also=VerificationIntervalNeverEnds.also,
)
def verification_interval_ends_a_moment_late(call: Call, proceed: Proceed) -> Outcome:
    """A verification request just when min_verification_interval has passed is answered 429."""
    stream = target(call)
    if stream is None or stream.verified_at is None:
        return proceed(call)
    interval = stream.configuration.min_verification_interval or 0
    wait = stream.verified_at + interval + _TOO_SOON_BY_S - call.transmitter.clock.now()
    if 0 < wait <= _TOO_SOON_BY_S:
        raise TooManyRequests("wait between verification requests", wait)
    return proceed(call)


@fault
class RemovedStreamIsNotVerified(Deviation):
    """A stream that its Receiver has removed as a subject is verified no more."""

    breaks = ("SSF-8.1.4.1-STREAM-SUBJECT-STICKY",)

    def __init__(self) -> None:
        self._removed: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None:
            return proceed(call)
        itself = {"format": "opaque", "id": stream.stream_id}
        if call.operation == "remove_subject" and call.body.get("subject") == itself:
            self._removed.add(stream.stream_id)
        if call.operation == "verify" and stream.stream_id in self._removed:
            return Reply(status=call.transmitter.profile.operations["verify"].success[0])
        return proceed(call)


def _posted(request: Request) -> Json:
    """Return the JSON object that a POST carries, empty where it carries none."""
    try:
        body = json_body.parse(request.body)
    except json_body.MalformedJson:
        return {}
    return body if request.method == "POST" and isinstance(body, dict) else {}
