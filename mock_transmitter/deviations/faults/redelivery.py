"""Faults of delivering again: RFC 8936 section 2.4, and the exponential backoff."""

from abc import ABC, abstractmethod
from dataclasses import replace

from mock_transmitter.delivery_queue import PendingSet
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.faults.acknowledge import FOLLOWS, AckDeviation
from mock_transmitter.deviations.faults.update import target
from mock_transmitter.deviations.seams import Deviation, Proceed
from mock_transmitter.http.operations import Call, Outcome
from mock_transmitter.keys import SigningKey
from mock_transmitter.stream import Stream
from mock_transmitter.transmitter import Batch

DAY_S = 86400.0

_MOST_DELIVERIES = 5

_BACKOFF = (
    "VEPA-BACKOFF-CAP-24H",
    "VEPA-BACKOFF-CONTINUES",
    "VEPA-BACKOFF-GAPS-GROW",
    "VEPA-BACKOFF-GAPS-NONDECREASING",
    "VEPA-BACKOFF-INDEPENDENT",
    "VEPA-BACKOFF-SAME-SET",
    "VEPA-UNACKED-REDELIVERED",
)


class GapDeviation(Deviation, ABC):
    """Sets the gap after each delivery, and leaves alone when a SET is due first."""

    @abstractmethod
    def gap(self, attempt: int, waited: float) -> float | None:
        """Return the seconds after that delivery of a SET queued so long ago; None is never."""

    def schedule(
        self, gap: float | None, pending: PendingSet, stream: Stream, now: float
    ) -> float | None:
        """Set it."""
        del stream
        return self.gap(pending.attempts, now - pending.queued_at) if pending.attempts else gap


class BackoffDeviation(GapDeviation):
    """Another backoff, where the profile has one: where it has none, the gap is 0."""

    def schedule(
        self, gap: float | None, pending: PendingSet, stream: Stream, now: float
    ) -> float | None:
        """Set it where there is one."""
        return super().schedule(gap, pending, stream, now) if gap else gap


@fault
class UnacknowledgedSetsNeverReturn(GapDeviation):
    """A SET is delivered once, acknowledged or not."""

    breaks = ("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED")
    also = (*_BACKOFF, "RFC8936-2.3-MORE-AVAILABLE", "RFC8936-2.4.3-COMBINED")

    def gap(self, attempt: int, waited: float) -> float | None:
        """Return never."""
        del attempt, waited
        return None


@fault
class RedeliveryHasANewJti(AckDeviation):
    """Each time a SET is delivered again, it has another jti."""

    breaks = ("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED")
    also = (*_BACKOFF, *FOLLOWS, "RFC8936-2.2-ACK-ACCEPTED", "VEPA-ACK-STOPS-REDELIVERY")

    def __init__(self) -> None:
        self._true: dict[str, str] = {}

    def batch(self, batch: Batch, key: SigningKey) -> Batch:
        """Sign it under the new one."""
        sets = dict(batch.sets)
        for pending in batch.delivered:
            if pending.attempts > 1:
                jti = f"{pending.jti}-{pending.attempts}"
                self._true[jti] = pending.jti
                del sets[pending.jti]
                sets[jti] = key.sign(key.header(), {**pending.claims, "jti": jti})
        return replace(batch, sets=sets)

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        """Know the SET by its new names."""
        del stream
        return [self._true.get(jti, jti) for jti in jtis]


@fault
class RedeliveryIsSignedAnew(Deviation):
    """Each time a SET is delivered again, it has a new iat and so other bytes."""

    breaks = ("VEPA-BACKOFF-SAME-SET",)
    also = ("RFC8417-2.2-JTI-UNIQUE", "RFC8417-2.2-IAT")

    def batch(self, batch: Batch, key: SigningKey) -> Batch:
        """Sign it again; within one second the attempts make the difference."""
        sets = dict(batch.sets)
        for pending in batch.delivered:
            if pending.attempts > 1:
                iat = int(batch.now) + pending.attempts
                sets[pending.jti] = key.sign(key.header(), {**pending.claims, "iat": iat})
        return replace(batch, sets=sets)


@fault
class RedeliveryHasANewTxn(Deviation):
    """Each time a SET is delivered again, it has the same jti and another txn."""

    breaks = ("RFC8417-2.2-JTI-UNIQUE", "VEPA-BACKOFF-SAME-SET")
    also = ("SSF-4.1.9-TXN-UNIQUE-PER-CAUSE",)

    def batch(self, batch: Batch, key: SigningKey) -> Batch:
        """Sign it again."""
        sets = dict(batch.sets)
        for pending in batch.delivered:
            if pending.attempts > 1:
                txn = f"{pending.claims['txn']}-{pending.attempts}"
                sets[pending.jti] = key.sign(key.header(), {**pending.claims, "txn": txn})
        return replace(batch, sets=sets)


@fault
class BackoffShrinks(BackoffDeviation):
    """The gaps between two deliveries of a SET get shorter, from an hour down to a minute."""

    breaks = ("VEPA-BACKOFF-GAPS-NONDECREASING",)
    also = _BACKOFF

    def gap(self, attempt: int, waited: float) -> float | None:
        """Halve it each time."""
        del waited
        return max(3600.0 / 2.0 ** min(attempt - 1, 10), 60.0)


@fault
class BackoffIsConstant(BackoffDeviation):
    """The gap between two deliveries of a SET is a minute each time, and never grows."""

    breaks = ("VEPA-BACKOFF-GAPS-GROW",)
    also = _BACKOFF

    def gap(self, attempt: int, waited: float) -> float | None:
        """Return a minute."""
        del attempt, waited
        return 60.0


@fault
class BackoffCapIsTwoDays(BackoffDeviation):
    """The gaps between two deliveries of a SET grow to 48 hours."""

    breaks = ("VEPA-BACKOFF-CAP-24H",)
    also = _BACKOFF

    def gap(self, attempt: int, waited: float) -> float | None:
        """Double it up to there."""
        del waited
        return min(2.0 ** min(attempt - 1, 30), 2 * DAY_S)


@fault
class SetsAreDroppedAfterADay(BackoffDeviation):
    """A SET that was not acknowledged within 24 hours is dropped."""

    breaks = ("VEPA-BACKOFF-CONTINUES",)
    also = _BACKOFF

    def gap(self, attempt: int, waited: float) -> float | None:
        """Double it until then."""
        return None if waited >= DAY_S else min(2.0 ** min(attempt - 1, 30), DAY_S)


@fault
class SetsAreDroppedAtTheCap(BackoffDeviation):
    """A SET is dropped when the gap has grown to its cap."""

    breaks = ("VEPA-BACKOFF-CONTINUES",)
    also = _BACKOFF

    def gap(self, attempt: int, waited: float) -> float | None:
        """Double it until then."""
        del waited
        gap = 2.0 ** min(attempt - 1, 30)
        return None if gap >= DAY_S else gap


@fault
class SetsAreDroppedAfterFiveDeliveries(BackoffDeviation):
    """A SET is dropped after its fifth delivery, within a minute."""

    breaks = ("VEPA-BACKOFF-CONTINUES",)
    also = _BACKOFF

    def gap(self, attempt: int, waited: float) -> float | None:
        """Double it four times."""
        del waited
        return None if attempt >= _MOST_DELIVERIES else 2.0 ** (attempt - 1)


@fault
class NewSetsWaitBehindOldOnes(Deviation):
    """A new SET is held up until all that were delivered before it are due again."""

    breaks = ("VEPA-BACKOFF-NEW-NOT-HELD-UP",)
    also = (
        *_BACKOFF,
        "VEPA-POLL-MAX-EVENTS",
        "VEPA-POLL-RESPONSE-SETS",
        "VEPA-POLL-RETURN-IMMEDIATELY",
        "VEPA-ACK-STOPS-REDELIVERY",
    )

    def schedule(
        self, gap: float | None, pending: PendingSet, stream: Stream, now: float
    ) -> float | None:
        """Put it behind them."""
        if pending.attempts:
            return gap
        latest = stream.queue.last_due()
        return gap if latest is None else max(latest - now, 0.0)


@fault
class AcknowledgingOneRestartsTheOthers(Deviation):
    """Acknowledging one SET starts the backoff of the others on the stream from its beginning."""

    breaks = ("VEPA-BACKOFF-INDEPENDENT",)
    also = _BACKOFF

    def __init__(self) -> None:
        self._restarts: dict[str, int] = {}
        self._begun: dict[str, tuple[int, int]] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Note the restart."""
        stream = target(call)
        if call.operation == "acknowledge" and stream is not None:
            self._restarts[stream.stream_id] = self._restarts.get(stream.stream_id, 0) + 1
        return proceed(call)

    def schedule(
        self, gap: float | None, pending: PendingSet, stream: Stream, now: float
    ) -> float | None:
        """Count the attempts since then."""
        del now
        if not gap:
            return gap
        restart = self._restarts.get(stream.stream_id, 0)
        before, begun = self._begun.get(pending.jti, (restart, 0))
        if before != restart:
            begun = pending.attempts - 1
        self._begun[pending.jti] = (restart, begun)
        return min(float(2 ** min(pending.attempts - begun - 1, 30)), DAY_S)
