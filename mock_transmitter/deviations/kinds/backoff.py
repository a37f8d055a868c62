"""Deviations of when a SET is due again."""

from abc import ABC, abstractmethod

from mock_transmitter.deviations.deviation import At, Deviation

DAY_S = 86400.0

HOUR_S = 3600.0


class GapDeviation(Deviation, ABC):
    """Sets the gap after each delivery, and leaves alone when a SET is due first."""

    @abstractmethod
    def gap(self, attempt: int, waited: float) -> float | None:
        """Return the seconds after that delivery of a SET queued so long ago; None is never."""

    def schedule(self, gap: float, at: At) -> float | None:
        return (
            self.gap(at.pending.attempts, at.now - at.pending.queued_at)
            if at.pending.attempts
            else gap
        )


class BackoffDeviation(GapDeviation):
    """Another backoff, where the profile has one: where it has none, the gap is 0."""

    def schedule(self, gap: float, at: At) -> float | None:
        return super().schedule(gap, at) if gap else gap
