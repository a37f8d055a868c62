"""Deviations of the redelivery schedule."""

from abc import ABC, abstractmethod

from mock_transmitter.deviations.deviation import At, Deviation

DAY_S = 86400.0

HOUR_S = 3600.0


class GapDeviation(Deviation, ABC):
    """Sets the gap after each delivery; the first delivery stays as it is."""

    @abstractmethod
    def gap(self, attempt: int, waited: float) -> float | None:
        """Return the seconds to the next delivery, or None; `waited` counts from the queueing."""

    def schedule(self, gap: float, at: At) -> float | None:
        return (
            self.gap(at.pending.attempts, at.now - at.pending.queued_at)
            if at.pending.attempts
            else gap
        )


class BackoffDeviation(GapDeviation):
    """Another backoff in a profile that has one; a profile without has gaps of 0."""

    def schedule(self, gap: float, at: At) -> float | None:
        return super().schedule(gap, at) if gap else gap
