"""Faults of streams that were stopped: once more, while verified, or another Receiver's."""

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.status.effects import DISABLED, HOLDS, LATER, PAUSED
from mock_transmitter.deviations.kinds.calls import pushes, target
from mock_transmitter.domain.delivery_queue import Handling
from mock_transmitter.http.operations import Call, Outcome


class OfLaterPauses(Deviation):
    """Knows the streams that were paused before."""

    def __init__(self) -> None:
        self._paused: set[str] = set()
        self._again: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        pauses = call.operation == "update_status" and call.body.get("status") == "paused"
        if pauses and stream is not None and stream.status != "paused":
            known = self._again if stream.stream_id in self._paused else self._paused
            known.add(stream.stream_id)
        return proceed(call)


@fault
class OnlyTheFirstPauseHolds(OfLaterPauses):
    """What happens while a stream is paused again is dropped."""

    breaks = HOLDS
    also = LATER

    def handling(self, handling: Handling, at: At) -> Handling:
        again = handling == "hold" and at.stream.stream_id in self._again
        return "drop" if again else handling


@fault
class OnlyTheFirstPauseIsSilent(OfLaterPauses):
    """A stream that is paused again goes on transmitting."""

    breaks = PAUSED

    def handling(self, handling: Handling, at: At) -> Handling:
        again = handling == "hold" and at.stream.stream_id in self._again
        return "transmit" if again else handling


@fault
class ADisabledStreamIsVerified(Deviation):
    """A Verification Event that is requested of a disabled stream is transmitted."""

    breaks = DISABLED

    def __init__(self) -> None:
        self._asked: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Queue it as if the stream were enabled."""
        stream = target(call)
        if call.operation != "verify" or stream is None or stream.status != "disabled":
            return proceed(call)
        stream.status = "enabled"
        outcome = proceed(call)
        stream.status = "disabled"
        self._asked |= {one.jti for one in stream.queue}
        return outcome

    def handling(self, handling: Handling, at: At) -> Handling:
        return "transmit" if at.pending.jti in self._asked else handling


@fault_at("operation", on=("update_status",), breaks=("SSF-8.1.2-STREAMS-INDEPENDENT",))
def one_receivers_pause_is_everybodys(call: Call, proceed: Proceed) -> Outcome:
    """What a Receiver does to the status of its stream is done to those of all other Receivers."""
    outcome = proceed(call)
    stream = target(call)
    if stream is not None:
        for one in call.transmitter.streams():
            if one.audience != call.audience:
                call.transmitter.set_status(one, stream.status)
    return outcome


@fault_at("operation", on=("update_status",), breaks=("SSF-8.1.2.1-REASON",))
def a_reason_outlives_its_status(call: Call, proceed: Proceed) -> Outcome:
    """A status that is updated without a reason keeps the one that it had."""
    stream = target(call)
    before = None if stream is None else stream.reason
    outcome = proceed(call)
    if stream is not None and stream.reason is None:
        stream.reason = before
    return outcome


@fault_at("handling", breaks=("SSF-8.1.4.2-204-MEANS-WILL-SEND", "SSE-7.1.4.2-STATE-ECHO"))
def verification_events_are_not_pushed(handling: Handling, at: At) -> Handling:
    """On a stream that pushes a verification request is answered with 204, and no event comes."""
    is_one = any(uri.endswith("/verification") for uri in at.pending.claims["events"])
    return "drop" if is_one and pushes(at.stream) else handling
