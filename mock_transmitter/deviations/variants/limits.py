"""Variants of how long, and how often, a SET is kept for its Receiver: RFC 8936 section 2."""

from mock_transmitter.delivery_queue import PendingSet
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.faults.redelivery import DAY_S
from mock_transmitter.deviations.seams import Deviation
from mock_transmitter.stream import Stream

_MOST_DELIVERIES = 20


@variant
class SetsAreDroppedAfterADay(Deviation):
    """A SET that was not acknowledged a day after its event is dropped."""

    exercises = ("RFC8936-2-MAY-DISCARD",)

    def schedule(
        self, gap: float | None, pending: PendingSet, stream: Stream, now: float
    ) -> float | None:
        """Set the day on which it is given up."""
        del stream, now
        pending.expires_at = min(pending.expires_at, pending.queued_at + DAY_S)
        return gap


@variant
class SetsAreDeliveredTwentyTimesAtMost(Deviation):
    """A SET that was delivered twenty times and never acknowledged is dropped."""

    exercises = ("RFC8936-2.4-ATTEMPT-LIMIT",)

    def schedule(
        self, gap: float | None, pending: PendingSet, stream: Stream, now: float
    ) -> float | None:
        """Count the deliveries."""
        del stream, now
        return None if pending.attempts >= _MOST_DELIVERIES else gap
