"""Variants of whom a stream tells of, and of which events: SSF 1.0 section 8.1."""

from mock_transmitter.deviations.deviation import At, Deviation, Json, Proceed
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.faults.update import target
from mock_transmitter.http.operations import Call, Outcome

_ANOTHER: Json = {"format": "email", "email": "jane.roe@example.com"}
_FEW = 2


@variant
class StreamTellsOfAnotherPrincipal(Deviation):
    """Beside each Verification Event that was asked for, something happens to another principal."""

    on = ("verify",)
    exercises = ("SSF-8.1-MULTI-SUBJECT-STREAM", "SSE-7.1-MULTI-SUBJECT-STREAM")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        stream = target(call)
        if stream is not None:
            for event_type in stream.configuration.events_delivered[:1]:
                call.transmitter.emit(event_type, streams=[stream], subject=_ANOTHER)
        return outcome


@variant
class LastDeliveredTypeNeverComes(Deviation):
    """Where a stream delivers several types of events, those of the last are never sent."""

    exercises = ("SSE-7.1.2-EVENTS-DELIVERED-MAY", "JAMF-DELIVERED-MAY")

    def schedule(self, gap: float, at: At) -> float | None:
        delivered = at.stream.configuration.events_delivered
        silent = delivered[_FEW:][-1:]
        return None if set(silent) & set(at.pending.claims["events"]) else gap
