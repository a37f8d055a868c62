"""What a poll and an acknowledgement cost while few or many SETs wait.

Run it: python tests/benchmarks/benchmark_delivery_queue.py [WAITING ...]

Each round polls for ten SETs again and again, acknowledges one of the ten and queues another, so
that as many wait at the end as at the beginning. The gaps are as long as all that wait need to come
round, jitter aside, so that each poll finds ten due however many wait. The rounds of all sizes take
turns, for a machine is not equally fast from one second to the next; what counts is the ratio of
the medians in one run.
"""

import gc
import sys
import time
from dataclasses import dataclass, field
from random import Random
from statistics import median

from mock_transmitter.domain.delivery_queue import DeliveryQueue, PendingSet

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PER_POLL = 10
STEP_S = 60.0
JITTER = 0.2


@dataclass(slots=True)
class Measured:
    """Microseconds for one poll of ten, and for acknowledging one SET: one value a round."""

    waiting: int
    polls: list[float] = field(default_factory=list)
    acknowledgements: list[float] = field(default_factory=list)

    @property
    def poll_us(self) -> float:
        return median(self.polls)

    @property
    def acknowledge_us(self) -> float:
        return median(self.acknowledgements)


class Receiver:
    """Polls a queue on which so many SETs wait, and ten fall due with each step of time."""

    def __init__(self, waiting: int) -> None:
        self.measured = Measured(waiting)
        self._queue = DeliveryQueue()
        self._random = Random(0)
        self._gap_s = waiting * STEP_S / PER_POLL
        self._now = 0.0
        self._count = 0
        self.returned = 0
        for number in range(waiting):
            self._add(due=number * STEP_S / PER_POLL)

    def _add(self, *, due: float) -> None:
        self._count += 1
        one = PendingSet(jti=f"jti-{self._count}", claims={}, queued_at=self._now)
        self._queue.add(one, due=due)

    def round(self, polls: int) -> None:
        """Poll so often, and keep what a poll and an acknowledgement took in the middle."""
        polled = acknowledged = 0.0
        for _ in range(polls):
            self._now += STEP_S
            begun = time.perf_counter()
            taken = self._queue.take(self._now, PER_POLL)
            for one in taken:
                jitter = 1.0 - JITTER * self._random.random()
                self._queue.add(one, due=self._now + self._gap_s * jitter)
            then = time.perf_counter()
            self._queue.acknowledge([taken[0].jti])
            acknowledged += time.perf_counter() - then
            polled += then - begun
            self.returned += len(taken)
            self._add(due=self._now + self._gap_s)
        self.measured.polls.append(polled / polls * 1e6)
        self.measured.acknowledgements.append(acknowledged / polls * 1e6)


def medians(sizes: tuple[int, ...], *, rounds: int, polls: int) -> list[Measured]:
    """Measure queues of these sizes, their rounds in turn."""
    receivers = [Receiver(waiting) for waiting in sizes]
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for receiver in receivers:
                receiver.round(polls)
    finally:
        gc.enable()
    return [receiver.measured for receiver in receivers]


def main() -> None:
    """Print the table, and how each size compares to the first."""
    sizes = tuple(int(text) for text in sys.argv[1:]) or SIZES
    found = medians(sizes, rounds=7, polls=2_000)
    print(f"{'waiting':>9}  {'poll of 10':>11}  {'ratio':>5}  {'ack of 1':>9}  {'ratio':>5}")  # noqa: T201
    for one in found:
        print(  # noqa: T201
            f"{one.waiting:>9,}  {one.poll_us:>8.1f} us  {one.poll_us / found[0].poll_us:>5.2f}"
            f"  {one.acknowledge_us:>6.2f} us"
            f"  {one.acknowledge_us / found[0].acknowledge_us:>5.2f}"
        )


if __name__ == "__main__":
    main()
