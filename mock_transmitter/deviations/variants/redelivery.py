"""Variants of the redelivery schedule."""

from mock_transmitter.deviations.deviation import At
from mock_transmitter.deviations.entry import variant, variant_at
from mock_transmitter.deviations.kinds.backoff import DAY_S, BackoffDeviation, GapDeviation


@variant
class RedeliveryWaitsFiveSeconds(GapDeviation):
    """A SET that was not acknowledged comes again after five seconds, not with the next poll."""

    exercises = ("RFC8936-2.4-REDELIVERY",)

    def schedule(self, gap: float, at: At) -> float | None:
        return gap or super().schedule(gap, at)

    def gap(self, attempt: int, waited: float) -> float | None:
        return 5.0


@variant_at(BackoffDeviation, exercises=("VEPA-BACKOFF-CAP-24H", "VEPA-BACKOFF-CONTINUES"))
def backoff_cap_is_one_hour(attempt: int) -> float | None:
    """The gaps between two deliveries of a SET grow to one hour."""
    return min(2.0 ** min(attempt - 1, 30), 3600.0)


@variant_at(
    BackoffDeviation, exercises=("VEPA-BACKOFF-GAPS-GROW", "VEPA-BACKOFF-GAPS-NONDECREASING")
)
def backoff_factor_is_one_and_a_half(attempt: int) -> float | None:
    """Each gap between two deliveries of a SET is one and a half times the one before."""
    return min(1.5 ** min(attempt - 1, 60), DAY_S)


@variant_at(BackoffDeviation, exercises=("VEPA-BACKOFF-GAPS-GROW",))
def backoff_factor_is_four(attempt: int) -> float | None:
    """Each gap between two deliveries of a SET is four times the one before."""
    return min(4.0 ** min(attempt - 1, 30), DAY_S)


@variant_at(BackoffDeviation, exercises=("VEPA-UNACKED-REDELIVERED", "VEPA-BACKOFF-GAPS-GROW"))
def backoff_starts_at_ten_minutes(attempt: int) -> float | None:
    """A SET comes again ten minutes after its first delivery at the earliest."""
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


@variant_at(
    BackoffDeviation,
    exercises=("VEPA-UNACKED-REDELIVERED", "VEPA-BACKOFF-CAP-24H", "VEPA-BACKOFF-GAPS-GROW"),
)
def backoff_is_a_day_from_the_start(attempt: int) -> float | None:
    """A SET comes again 24 hours after its first delivery, and every 24 hours from then on."""
    return DAY_S


@variant_at(BackoffDeviation, exercises=("VEPA-BACKOFF-CAP-24H", "VEPA-BACKOFF-CONTINUES"))
def backoff_cap_is_four_minutes(attempt: int) -> float | None:
    """The gaps between two deliveries of a SET double twice, from a minute, and then stay."""
    return min(60.0 * 2.0 ** min(attempt - 1, 2), 240.0)


@variant_at(BackoffDeviation, exercises=("VEPA-BACKOFF-GAPS-GROW",))
def backoff_grows_from_the_second_gap(attempt: int) -> float | None:
    """The first two gaps between deliveries of a SET are alike; from then on each is doubled."""
    return min(5.0 * 2.0 ** min(max(attempt - 2, 0), 30), DAY_S)


@variant_at(BackoffDeviation, exercises=("VEPA-BACKOFF-GAPS-GROW", "VEPA-BACKOFF-INDEPENDENT"))
def backoff_counts_from_the_queueing(attempt: int, waited: float) -> float | None:
    """A SET is due again 1, 3, 7, 15 ... seconds after it was queued, however late it is polled."""
    step = 1.0
    due = step
    while due <= waited:
        step = min(step * 2.0, DAY_S)
        due += step
    return due - waited


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
