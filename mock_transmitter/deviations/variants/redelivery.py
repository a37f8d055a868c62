"""Variants of the redelivery schedule."""

from mock_transmitter.deviations.deviation import At
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.faults.redelivery import DAY_S, BackoffDeviation, GapDeviation


@variant
class RedeliveryWaitsFiveSeconds(GapDeviation):
    """A SET that was not acknowledged comes again after five seconds, not with the next poll."""

    exercises = ("RFC8936-2.4-REDELIVERY",)

    def schedule(self, gap: float, at: At) -> float | None:
        return gap or super().schedule(gap, at)

    def gap(self, attempt: int, waited: float) -> float | None:
        return 5.0


@variant
class BackoffCapIsOneHour(BackoffDeviation):
    """The gaps between two deliveries of a SET grow to one hour."""

    exercises = ("VEPA-BACKOFF-CAP-24H", "VEPA-BACKOFF-CONTINUES")

    def gap(self, attempt: int, waited: float) -> float | None:
        return min(2.0 ** min(attempt - 1, 30), 3600.0)


@variant
class BackoffFactorIsOneAndAHalf(BackoffDeviation):
    """Each gap between two deliveries of a SET is one and a half times the one before."""

    exercises = ("VEPA-BACKOFF-GAPS-GROW", "VEPA-BACKOFF-GAPS-NONDECREASING")

    def gap(self, attempt: int, waited: float) -> float | None:
        return min(1.5 ** min(attempt - 1, 60), DAY_S)


@variant
class BackoffFactorIsFour(BackoffDeviation):
    """Each gap between two deliveries of a SET is four times the one before."""

    exercises = ("VEPA-BACKOFF-GAPS-GROW",)

    def gap(self, attempt: int, waited: float) -> float | None:
        return min(4.0 ** min(attempt - 1, 30), DAY_S)


@variant
class BackoffStartsAtTenMinutes(BackoffDeviation):
    """A SET comes again ten minutes after its first delivery at the earliest."""

    exercises = ("VEPA-UNACKED-REDELIVERED", "VEPA-BACKOFF-GAPS-GROW")

    def gap(self, attempt: int, waited: float) -> float | None:
        return min(600.0 * 2.0 ** min(attempt - 1, 30), DAY_S)


@variant
class BackoffJitters(BackoffDeviation):
    """Each gap between two deliveries of a SET is up to a fifth shorter than its nominal length."""

    exercises = ("VEPA-BACKOFF-GAPS-NONDECREASING", "VEPA-BACKOFF-GAPS-GROW")

    # The same run gives the same gaps, so this is a pattern rather than a source of chance.
    SHARES = (0.0, 0.2, 0.05, 0.15, 0.1)

    def gap(self, attempt: int, waited: float) -> float | None:
        share = self.SHARES[attempt % len(self.SHARES)]
        return min(2.0 ** min(attempt - 1, 30), DAY_S) * (1.0 - share)


@variant
class BackoffIsADayFromTheStart(BackoffDeviation):
    """A SET comes again 24 hours after its first delivery, and every 24 hours from then on."""

    exercises = ("VEPA-UNACKED-REDELIVERED", "VEPA-BACKOFF-CAP-24H", "VEPA-BACKOFF-GAPS-GROW")

    def gap(self, attempt: int, waited: float) -> float | None:
        return DAY_S


@variant
class BackoffCapIsFourMinutes(BackoffDeviation):
    """The gaps between two deliveries of a SET double twice, from a minute, and then stay."""

    exercises = ("VEPA-BACKOFF-CAP-24H", "VEPA-BACKOFF-CONTINUES")

    def gap(self, attempt: int, waited: float) -> float | None:
        return min(60.0 * 2.0 ** min(attempt - 1, 2), 240.0)


@variant
class BackoffGrowsFromTheSecondGap(BackoffDeviation):
    """The first two gaps between deliveries of a SET are alike; from then on each is doubled."""

    exercises = ("VEPA-BACKOFF-GAPS-GROW",)

    def gap(self, attempt: int, waited: float) -> float | None:
        return min(5.0 * 2.0 ** min(max(attempt - 2, 0), 30), DAY_S)


@variant
class BackoffCountsFromTheQueueing(BackoffDeviation):
    """A SET is due again 1, 3, 7, 15 ... seconds after it was queued, however late it is polled."""

    exercises = ("VEPA-BACKOFF-GAPS-GROW", "VEPA-BACKOFF-INDEPENDENT")

    def gap(self, attempt: int, waited: float) -> float | None:
        """Return what is left of the step that runs."""
        step = 1.0
        due = step
        while due <= waited:
            step = min(step * 2.0, DAY_S)
            due += step
        return due - waited
