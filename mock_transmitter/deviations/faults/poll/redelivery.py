"""Faults of redelivery: RFC 8936 section 2.4, and the exponential backoff."""

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.poll.acknowledgement import EFFECT, FOLLOWS, AckDeviation
from mock_transmitter.deviations.kinds.backoff import DAY_S, HOUR_S, BackoffDeviation, GapDeviation
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.domain.delivery_queue import PendingSet
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.transmitter import Batch
from mock_transmitter.http.operations import Call, Outcome

_MOST_DELIVERIES = 5

_BACKOFF = (
    "VEPA-BACKOFF-CAP-24H",
    "VEPA-BACKOFF-CONTINUES",
    "VEPA-BACKOFF-GAPS-GROW",
    "VEPA-UNACKED-REDELIVERED",
)


@fault_at(
    GapDeviation,
    breaks=("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED"),
    also=(
        *_BACKOFF,
        "SSF-7.1.1-POLL-PROTECTED",
    ),
)
def unacknowledged_sets_never_return(attempt: int) -> float | None:
    """A SET is delivered once, acknowledged or not."""
    return None


@fault
class RedeliveryHasANewJti(AckDeviation):
    """Each time a SET is delivered again, it has another jti."""

    breaks = ("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED")
    also = (
        "SSF-7.1.1-POLL-PROTECTED",
        *_BACKOFF,
        *FOLLOWS,
    )

    def __init__(self) -> None:
        self._true: dict[str, str] = {}

    def batch(self, batch: Batch, at: At) -> Batch:
        sets = dict(batch.sets)
        for pending in batch.delivered:
            if pending.attempts > 1:
                jti = f"{pending.jti}-{pending.attempts}"
                self._true[jti] = pending.jti
                del sets[pending.jti]
                sets[jti] = at.key.sign(at.key.header(), {**pending.claims, "jti": jti})
        return replace(batch, sets=sets)

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        return [self._true.get(jti, jti) for jti in jtis]


@fault_at(
    "batch", breaks=("VEPA-BACKOFF-SAME-SET",), also=("RFC8417-2.2-JTI-UNIQUE", "RFC8417-2.2-IAT")
)
def redelivery_is_signed_anew(batch: Batch, at: At) -> Batch:
    """Each time a SET is delivered again, it has a new iat and so other bytes."""
    sets = dict(batch.sets)
    for pending in batch.delivered:
        if pending.attempts > 1:
            iat = int(batch.now) + pending.attempts
            sets[pending.jti] = at.key.sign(at.key.header(), {**pending.claims, "iat": iat})
    return replace(batch, sets=sets)


@fault_at(
    "batch",
    breaks=("RFC8417-2.2-JTI-UNIQUE", "VEPA-BACKOFF-SAME-SET"),
    needs=("poll",),
)
def redelivery_has_a_new_txn(batch: Batch, at: At) -> Batch:
    """Each time a SET is delivered again, it has the same jti and another txn."""
    sets = dict(batch.sets)
    for pending in batch.delivered:
        if pending.attempts > 1:
            txn = f"{pending.claims['txn']}-{pending.attempts}"
            sets[pending.jti] = at.key.sign(at.key.header(), {**pending.claims, "txn": txn})
    return replace(batch, sets=sets)


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-GAPS-NONDECREASING",), also=_BACKOFF)
def backoff_shrinks(attempt: int) -> float | None:
    """The gaps between two deliveries of a SET get shorter, from an hour down to a minute."""
    return max(3600.0 / 2.0 ** min(attempt - 1, 10), 60.0)


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-GAPS-GROW",), also=_BACKOFF)
def backoff_is_constant(attempt: int) -> float | None:
    """The gap between two deliveries of a SET is a minute each time, and never grows."""
    return 60.0


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-GAPS-GROW",), also=_BACKOFF)
def backoff_is_missing(attempt: int) -> float | None:
    """A SET that was not acknowledged comes again with every poll, and never waits."""
    return 0.0


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-GAPS-GROW",), also=_BACKOFF)
def backoff_is_linear(attempt: int) -> float | None:
    """Each gap between two deliveries of a SET is a minute longer than the one before."""
    return min(60.0 * attempt, DAY_S)


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-GAPS-GROW",), also=_BACKOFF)
def backoff_slows_down(attempt: int) -> float | None:
    """The gaps double four times, and then grow by a tenth each time."""
    doubled = min(attempt - 1, 4)
    return min(60.0 * 2.0**doubled * 1.1 ** min(attempt - 1 - doubled, 100), DAY_S)


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-GAPS-NONDECREASING",), also=_BACKOFF)
def backoff_starts_again_at_the_cap(attempt: int) -> float | None:
    """Once the gap has grown to its cap, it starts again from its beginning."""
    return 60.0 * 2.0 ** ((attempt - 1) % 10)


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-GAPS-NONDECREASING",), also=_BACKOFF)
def backoff_jitters_wildly(attempt: int) -> float | None:
    """Every second gap between two deliveries of a SET is a fifth of what it should be."""
    nominal = min(2.0 ** min(attempt - 1, 30), DAY_S)
    return nominal if attempt % 2 else nominal * 0.2


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-CAP-24H",), also=_BACKOFF)
def backoff_cap_is_two_days(attempt: int) -> float | None:
    """The gaps between two deliveries of a SET grow to 48 hours."""
    return min(2.0 ** min(attempt - 1, 30), 2 * DAY_S)


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-CONTINUES",), also=_BACKOFF)
def sets_are_dropped_after_a_day_of_hours(attempt: int, waited: float) -> float | None:
    """The gaps stay at an hour, and after 24 hours the SET is dropped."""
    return None if waited >= DAY_S else min(2.0 ** min(attempt - 1, 30), HOUR_S)


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-CONTINUES",), also=_BACKOFF)
def sets_are_dropped_at_the_cap(attempt: int) -> float | None:
    """A SET is dropped when the gap has grown to its cap."""
    gap = 2.0 ** min(attempt - 1, 30)
    return None if gap >= DAY_S else gap


@fault_at(BackoffDeviation, breaks=("VEPA-BACKOFF-CONTINUES",), also=_BACKOFF)
def sets_are_dropped_after_five_deliveries(attempt: int) -> float | None:
    """A SET is dropped after its fifth delivery, within a minute."""
    return None if attempt >= _MOST_DELIVERIES else 2.0 ** (attempt - 1)


@fault_at("schedule", breaks=("VEPA-BACKOFF-CONTINUES",), also=_BACKOFF)
def sets_are_dropped_after_an_hour(gap: float, at: At) -> float | None:
    """A SET that was not acknowledged within an hour is dropped, whatever the schedule."""
    return None if at.now - at.pending.queued_at >= HOUR_S else gap


@fault_at(
    "schedule",
    breaks=("VEPA-BACKOFF-NEW-NOT-HELD-UP",),
    also=(
        *_BACKOFF,
        "VEPA-POLL-RESPONSE-SETS",
    ),
)
def new_sets_wait_behind_old_ones(gap: float, at: At) -> float | None:
    """A new SET is held up until all that were delivered before it are due again."""
    if at.pending.attempts:
        return gap
    latest = at.stream.queue.last_due()
    return gap if latest is None else max(latest - at.now, 0.0)


@fault
class AcknowledgingOneRestartsTheOthers(Deviation):
    """Acknowledging one SET starts the backoff of the others on the stream from its beginning."""

    on = ("acknowledge",)
    breaks = ("VEPA-BACKOFF-INDEPENDENT",)
    also = _BACKOFF

    def __init__(self) -> None:
        self._restarts: dict[str, int] = {}
        self._begun: dict[str, tuple[int, int]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is not None:
            self._restarts[stream.stream_id] = self._restarts.get(stream.stream_id, 0) + 1
        return proceed(call)

    def schedule(self, gap: float, at: At) -> float | None:
        if not gap:
            return gap
        restart = self._restarts.get(at.stream.stream_id, 0)
        before, begun = self._begun.get(at.pending.jti, (restart, 0))
        if before != restart:
            begun = at.pending.attempts - 1
        self._begun[at.pending.jti] = (restart, begun)
        return min(float(2 ** min(at.pending.attempts - begun - 1, 30)), DAY_S)


class DisturbedBackoff(BackoffDeviation):
    """A backoff from a second to a day, disturbed by something else on the stream."""

    breaks: ClassVar[tuple[str, ...]] = ("VEPA-BACKOFF-INDEPENDENT",)
    also: ClassVar[tuple[str, ...]] = _BACKOFF

    def gap(self, attempt: int, waited: float) -> float | None:
        """Double it up to a day."""
        return _doubled(attempt)

    def postpone(self, batch: Batch) -> None:
        """Start the gap anew of each SET that was delivered before, and not by this poll."""
        for pending in _others(batch):
            batch.stream.queue.add(pending, due=batch.now + _doubled(pending.attempts))


def _doubled(attempt: int) -> float:
    return min(2.0 ** min(attempt - 1, 30), DAY_S)


def _others(batch: Batch) -> list[PendingSet]:
    """Return the SETs that were delivered before, and not by this poll."""
    delivered = {pending.jti for pending in batch.delivered}
    return [one for one in batch.stream.queue if one.attempts and one.jti not in delivered]


@fault
class BackoffCountsTheDeliveriesOfAllSets(DisturbedBackoff):
    """The gaps of a SET grow with every delivery on the stream, of whichever SET."""

    def __init__(self) -> None:
        self._deliveries: dict[str, int] = {}

    def schedule(self, gap: float, at: At) -> float | None:
        if not gap:
            return gap
        count = self._deliveries.get(at.stream.stream_id, 0) + 1
        self._deliveries[at.stream.stream_id] = count
        return _doubled(count)


@fault_at(DisturbedBackoff, "batch")
def empty_polls_advance_the_backoff(batch: Batch) -> Batch:
    """A poll that returns no SET counts as a delivery of each that waits: its gap grows."""
    if not batch.sets:
        for pending in _others(batch):
            pending.attempts += 1
    return batch


@fault
class PollsRestartTheBackoff(DisturbedBackoff):
    """With each poll that does not return it, the gap of a SET starts anew."""

    breaks = ("VEPA-BACKOFF-GAPS-NONDECREASING", "VEPA-BACKOFF-INDEPENDENT")

    def batch(self, batch: Batch, at: At) -> Batch:
        self.postpone(batch)
        return batch


class AckDisturbs(DisturbedBackoff):
    """An acknowledgement changes the schedule of the SETs that it does not name."""

    on = ("acknowledge",)

    def __init__(self) -> None:
        self._acknowledged: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is not None:
            self._acknowledged.add(stream.stream_id)
        return proceed(call)

    def batch(self, batch: Batch, at: At) -> Batch:
        """Disturb them with the next poll, when the time is known."""
        if batch.stream.stream_id in self._acknowledged:
            self._acknowledged.remove(batch.stream.stream_id)
            self.disturb(batch)
        return batch

    @abstractmethod
    def disturb(self, batch: Batch) -> None:
        """Change when the others are due."""


@fault
class AcknowledgingOnePostponesTheOthers(AckDisturbs):
    """After an acknowledgement the gaps of the other SETs on the stream start anew."""

    def disturb(self, batch: Batch) -> None:
        self.postpone(batch)


@fault_at(AckDisturbs, also=_BACKOFF)
def acknowledging_one_brings_the_others_at_once(batch: Batch) -> None:
    """After an acknowledgement the other SETs on the stream are due at once."""
    for pending in _others(batch):
        batch.stream.queue.add(pending, due=batch.now)


@fault
class SecondSetOfAStreamNeverReturns(Deviation):
    """The second SET of a stream is delivered once, acknowledged or not."""

    breaks = ("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED")
    also = _BACKOFF

    def __init__(self) -> None:
        self._queued: dict[str, list[str]] = {}

    def schedule(self, gap: float, at: At) -> float | None:
        queued = self._queued.setdefault(at.stream.stream_id, [])
        if not at.pending.attempts:
            queued.append(at.pending.jti)
        return None if at.pending.attempts and queued[1:2] == [at.pending.jti] else gap


@fault
class OneAckOfSevenIsLost(AckDeviation):
    """Every seventh acknowledgement has no effect, however often it is repeated."""

    breaks = EFFECT
    also = FOLLOWS

    def __init__(self) -> None:
        self._count = 0
        self._lost: set[str] = set()

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        for jti in jtis:
            if jti in stream.queue and jti not in self._lost:
                self._count += 1
                if self._count % 7 == 0:
                    self._lost.add(jti)
        return [jti for jti in jtis if jti not in self._lost]
