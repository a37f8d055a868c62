"""Variants of how long, and how often, a SET is kept for its Receiver: RFC 8936 section 2."""

from mock_transmitter.deviations.deviation import At
from mock_transmitter.deviations.entry import variant_at
from mock_transmitter.deviations.faults.redelivery import DAY_S

_MOST_DELIVERIES = 20


@variant_at("schedule", exercises=("RFC8936-2-MAY-DISCARD",))
def sets_are_dropped_after_a_day(gap: float, at: At) -> float | None:
    """A SET that was not acknowledged a day after its event is dropped."""
    at.pending.expires_at = min(at.pending.expires_at, at.pending.queued_at + DAY_S)
    return gap


@variant_at("schedule", exercises=("RFC8936-2.4-ATTEMPT-LIMIT",))
def sets_are_delivered_twenty_times_at_most(gap: float, at: At) -> float | None:
    """A SET that was delivered twenty times and never acknowledged is dropped."""
    return None if at.pending.attempts >= _MOST_DELIVERIES else gap
