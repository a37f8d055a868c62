"""Faults of verification: SSF 1.0 section 8.1.4, the 2021 draft's section 7.1.4."""

import math
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import OnStream, target, verify_unasked
from mock_transmitter.deviations.kinds.documents import ChangedReply, with_document
from mock_transmitter.domain.errors import TooManyRequests
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http import json_body
from mock_transmitter.http.message import Request
from mock_transmitter.http.operations import Call, Outcome, Reply

STATE_ECHO = ("SSF-8.1.4.2-STATE-ECHO", "SSE-7.1.4.2-STATE-ECHO")


class StateDeviation(Deviation, ABC):
    """Changes the state of Verification Events."""

    @abstractmethod
    def edit(self, state: str) -> str | None:
        """Return the state to send, or None for none."""

    def claims(self, claims: Json, at: At) -> Json:
        edited = {}
        for event_type, payload in claims["events"].items():
            if not event_type.endswith("/verification") or "state" not in payload:
                return claims
            state = self.edit(payload["state"])
            rest = {name: value for name, value in payload.items() if name != "state"}
            edited[event_type] = rest if state is None else {**rest, "state": state}
        return {**claims, "events": edited}


@fault_at(
    StateDeviation,
    breaks=STATE_ECHO,
    also=("SSF-8.1.4.2-204-MEANS-WILL-SEND",),
)
def verification_state_is_not_echoed(state: str) -> str | None:
    """The Verification Event lacks the state of the request that asked for it."""
    return None


@fault_at(StateDeviation, breaks=STATE_ECHO)
def verification_state_is_cut_short(state: str) -> str | None:
    """The Verification Event echoes no more than eight characters of the state."""
    return state[:8]


@fault_at(
    ChangedReply,
    on=("verify",),
    breaks=("SSF-8.1.4.2-VERIFY-204", "SSE-7.1.4.2-VERIFY-204"),
)
def verification_answers_200(reply: Reply) -> Outcome:
    """A verification request is answered with 200 instead of an empty 204."""
    return replace(reply, status=200, document={})


@fault_at(
    "operation",
    on=("verify",),
    breaks=("SSF-8.1.4.2-204-MEANS-WILL-SEND",),
    also=(
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        *STATE_ECHO,
        "SSF-8.1.1-INACTIVITY-REFRESH",
        "SSF-8.1.4.1-STREAM-SUBJECT-STICKY",
        "SSF-8.1.4.2-NO-STATE-REQUEST",
    ),
)
def verification_is_never_sent(call: Call, proceed: Proceed) -> Outcome:
    """A verification request is answered with 204, and no event follows."""
    if target(call) is None:
        return proceed(call)
    return Reply(status=call.transmitter.profile.operations["verify"].success[0])


@fault_at("claims", breaks=("SSF-8.1.4.1-SUBID-OPAQUE-STREAMID",))
def verification_subject_is_the_audience(claims: Json, at: At) -> Json:
    """The Verification Event is about the Receiver's audience instead of the stream."""
    if not any(event_type.endswith("/verification") for event_type in claims["events"]):
        return claims
    return {**claims, "sub_id": {"format": "opaque", "id": at.stream.audience}}


@fault
class VerificationIntervalNeverEnds(Deviation):
    """A second verification request is answered with 429, however long the Receiver has waited."""

    on = ("verify",)
    breaks = (
        "SSF-8.1.1-MIN-VERIF-NO-429-WHEN-SLOW",
        "JAMF-NO-429-WHEN-SLOW",
        "SSE-7.1.2-MIN-VERIF-NO-429-WHEN-SLOW",
    )
    also = (*STATE_ECHO,)

    def __init__(self) -> None:
        self._verified: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None:
            return proceed(call)
        if stream.stream_id in self._verified:
            raise TooManyRequests("wait between verification requests", 30)
        self._verified.add(stream.stream_id)
        return proceed(call)


@fault
class VerificationIntervalIsTwiceWhatIsShown(Deviation):
    """A verification request before twice the min_verification_interval is answered with 429."""

    on = ("verify",)
    breaks = VerificationIntervalNeverEnds.breaks
    also = VerificationIntervalNeverEnds.also

    def __init__(self) -> None:
        self._verified: dict[str, float] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None:
            return proceed(call)
        interval = stream.configuration.min_verification_interval or 0
        now = call.transmitter.clock.now()
        wait = self._verified.get(stream.stream_id, -math.inf) + 2 * interval - now
        if wait > 0:
            raise TooManyRequests("wait between verification requests", wait)
        outcome = proceed(call)
        self._verified[stream.stream_id] = now
        return outcome


@fault
class EveryThirdVerificationIsTooMany(Deviation):
    """Every third verification request of a stream is answered with 429, however slow they come."""

    on = ("verify",)
    breaks = VerificationIntervalNeverEnds.breaks
    also = VerificationIntervalNeverEnds.also

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None:
            return proceed(call)
        self._counts[stream.stream_id] += 1
        if self._counts[stream.stream_id] % 3 == 0:
            raise TooManyRequests("wait between verification requests", 1)
        return proceed(call)


_TOO_SOON_BY_S = 0.5


@fault_at(StateDeviation, breaks=STATE_ECHO)
def verification_state_loses_its_accents(state: str) -> str | None:
    """The Verification Event echoes the state without what is not ASCII."""
    return state.encode("ascii", "ignore").decode()


@fault_at(StateDeviation, breaks=STATE_ECHO)
def verification_state_that_is_empty_is_left_out(state: str) -> str | None:
    """The Verification Event has no state where the request has an empty one."""
    return state or None


@fault
class VerificationEchoesTheRequestBefore(Deviation):
    """From the second request of a stream on, the event echoes the state of the one before."""

    breaks = STATE_ECHO

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
    also = STATE_ECHO

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
    also=(*STATE_ECHO, "SSF-8.1.4.2-NO-STATE-REQUEST"),
)
def unasked_verification_has_a_state(call: Call, proceed: Proceed) -> Outcome:
    """A stream that was just made is verified unasked, with a state of the Transmitter's own."""
    outcome = proceed(call)
    verify_unasked(call, "a state of our own")
    return outcome


@fault_at("request", breaks=("SSF-8.1.4.2-ERR-400-INVALID",))
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
    OnStream,
    on=("verify",),
    breaks=VerificationIntervalNeverEnds.breaks,
    also=VerificationIntervalNeverEnds.also,
)
def verification_interval_ends_a_moment_late(
    call: Call, stream: Stream, proceed: Proceed
) -> Outcome:
    """A verification request just when min_verification_interval has passed is answered 429."""
    if stream.verified_at is None:
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
    """Return the JSON object of a POST, empty if it has none."""
    try:
        body = json_body.parse(request.body)
    except json_body.MalformedJson:
        return {}
    return body if request.method == "POST" and isinstance(body, dict) else {}
