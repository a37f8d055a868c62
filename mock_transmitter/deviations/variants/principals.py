"""Variants of whom a stream tells of, and of which events: SSF 1.0 section 8.1."""

from mock_transmitter.deviations.deviation import At, Json, Proceed
from mock_transmitter.deviations.entry import variant_at
from mock_transmitter.deviations.faults.update import target
from mock_transmitter.http.operations import Call, Outcome

_ANOTHER: Json = {"format": "email", "email": "jane.roe@example.com"}
_FEW = 2


@variant_at(
    "operation",
    on=("verify",),
    exercises=("SSF-8.1-MULTI-SUBJECT-STREAM", "SSE-7.1-MULTI-SUBJECT-STREAM"),
)
def stream_tells_of_another_principal(call: Call, proceed: Proceed) -> Outcome:
    """Beside each Verification Event that was asked for, something happens to another principal."""
    outcome = proceed(call)
    stream = target(call)
    if stream is not None:
        for event_type in stream.configuration.events_delivered[:1]:
            call.transmitter.emit(event_type, streams=[stream], subject=_ANOTHER)
    return outcome


@variant_at("schedule", exercises=("SSE-7.1.2-EVENTS-DELIVERED-MAY", "JAMF-DELIVERED-MAY"))
def last_delivered_type_never_comes(gap: float, at: At) -> float | None:
    """Where a stream delivers several types of events, those of the last are never sent."""
    delivered = at.stream.configuration.events_delivered
    silent = delivered[_FEW:][-1:]
    return None if set(silent) & set(at.pending.claims["events"]) else gap
