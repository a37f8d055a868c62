"""Variants of how long, and how often, a SET is kept for its Receiver: RFC 8936 section 2."""

from mock_transmitter.deviations.deviation import At, Deviation
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.faults.redelivery import DAY_S

_MOST_DELIVERIES = 20


@variant
class SetsAreDroppedAfterADay(Deviation):
    """A SET that was not acknowledged a day after its event is dropped."""

    exercises = ("RFC8936-2-MAY-DISCARD",)

    def schedule(self, gap: float, at: At) -> float | None:
        """Set the day on which it is given up."""
        at.pending.expires_at = min(at.pending.expires_at, at.pending.queued_at + DAY_S)
        return gap


@variant
class SetsAreDeliveredTwentyTimesAtMost(Deviation):
    """A SET that was delivered twenty times and never acknowledged is dropped."""

    exercises = ("RFC8936-2.4-ATTEMPT-LIMIT",)

    def schedule(self, gap: float, at: At) -> float | None:
        return None if at.pending.attempts >= _MOST_DELIVERIES else gap
