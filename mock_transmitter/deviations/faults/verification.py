"""Faults of verification: SSF 1.0 section 8.1.4, the 2021 draft's section 7.1.4."""

import math
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.update import STILL_WORKS, target
from mock_transmitter.domain.errors import TooManyRequests
from mock_transmitter.http.operations import Call, Outcome, Reply

STATE_ECHO = ("SSF-8.1.4.2-STATE-ECHO", "SSE-7.1.4.2-STATE-ECHO")
_UNMATCHED = (
    "SSF-8.1.4.1-STREAM-SUBJECT-STICKY",
    "SSF-8.1.4.2-204-MEANS-WILL-SEND",
    "SSF-8.1.4.2-STATE-ABSENT-UNSOLICITED",
    "SSF-8.1.4.2-NO-STATE-REQUEST",
)


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
    also=(
        "SSF-8.1.4.1-STREAM-SUBJECT-STICKY",
        "SSF-8.1.4.2-204-MEANS-WILL-SEND",
    ),
)
def verification_state_is_not_echoed(state: str) -> str | None:
    """The Verification Event lacks the state of the request that asked for it."""
    return None


@fault_at(StateDeviation, breaks=STATE_ECHO, also=_UNMATCHED)
def verification_state_is_cut_short(state: str) -> str | None:
    """The Verification Event echoes no more than eight characters of the state."""
    return state[:8]


@fault_at(
    "operation",
    on=("verify",),
    breaks=("SSF-8.1.4.2-VERIFY-204", "SSE-7.1.4.2-VERIFY-204"),
    also=("SSF-8.1.4.2-NO-STATE-REQUEST",),
)
def verification_answers_200(call: Call, proceed: Proceed) -> Outcome:
    """A verification request is answered with 200 instead of an empty 204."""
    outcome = proceed(call)
    if not isinstance(outcome, Reply):
        return outcome
    return replace(outcome, status=200, document={})


@fault_at(
    "operation",
    on=("verify",),
    breaks=("SSF-8.1.4.2-204-MEANS-WILL-SEND",),
    also=(
        "SSF-8.1.1.3-PATCH-MISSING-UNCHANGED",
        "SSF-8.1.1.4-PUT-200",
        *STILL_WORKS,
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


@fault_at(
    "claims", breaks=("SSF-8.1.4.1-SUBID-OPAQUE-STREAMID",), also=("SSF-10.1-CONSISTENT-SUBJECT",)
)
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
    also = (
        *STILL_WORKS,
        "SSF-8.1.4.2-ERR-400",
        "SSF-8.1.4.2-ERR-400-INVALID",
        "SSF-8.1.4.2-ERR-404",
        "SSF-8.1.4.2-NO-STATE-REQUEST",
        *STATE_ECHO,
        "SSF-8.1.4.1-STREAM-SUBJECT-STICKY",
        "SSF-8.1.4.2-204-MEANS-WILL-SEND",
        "SSF-8.1.4.2-VERIFY-204",
        "SSE-7.1.4.2-VERIFY-204",
        "SSE-7.1.4.2-ERR-400",
    )

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
