"""The SETs of one stream that wait for delivery or acknowledgement.

A poll costs what it returns, not what waits.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

# Rebuilding the heap at twice its live size keeps an acknowledgement's cost constant on average.
_SLACK = 64


@dataclass(slots=True, kw_only=True)
class PendingSet:
    """A SET that was not acknowledged.

    `token` is its compact form from the first delivery on, and never changes.
    """

    jti: str
    claims: dict[str, Any]
    queued_at: float
    token: str | None = None
    attempts: int = 0


class DeliveryQueue:
    """Pending SETs by the time at which each is due; equal times in the order of their coming."""

    def __init__(self) -> None:
        self._pending: dict[str, PendingSet] = {}
        self._places: dict[str, int] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._count = 0

    def __len__(self) -> int:
        """Return how many SETs were not acknowledged."""
        return len(self._pending)

    def __contains__(self, jti: str) -> bool:
        """Say whether a SET waits for its acknowledgement."""
        return jti in self._pending

    def add(self, pending: PendingSet, *, due: float) -> None:
        """Queue a SET; one that is already queued gets a new time."""
        self._pending[pending.jti] = pending
        self._count += 1
        self._places[pending.jti] = self._count
        heapq.heappush(self._heap, (due, self._count, pending.jti))

    def __iter__(self) -> Iterator[PendingSet]:
        """Go through all SETs that were not acknowledged, oldest first."""
        return iter(tuple(self._pending.values()))

    def take(self, now: float, limit: int) -> list[PendingSet]:
        """Take up to `limit` SETs that are due, oldest due first.

        They stay pending, but are not due again until they are added with a new time.
        """
        taken: list[PendingSet] = []
        while len(taken) < limit and self.is_due(now):
            _, _, jti = heapq.heappop(self._heap)
            del self._places[jti]
            taken.append(self._pending[jti])
        return taken

    def acknowledge(self, jtis: Iterable[str]) -> list[PendingSet]:
        """Release SETs and return them; an unknown jti, or one named twice, is no matter."""
        released = []
        for jti in jtis:
            pending = self._pending.pop(jti, None)
            if pending is not None:
                self._places.pop(jti, None)
                released.append(pending)
        if len(self._heap) > 2 * len(self._places) + _SLACK:
            self._heap = [entry for entry in self._heap if self._is_live(entry)]
            heapq.heapify(self._heap)
        return released

    def next_due(self) -> float | None:
        """Return the time at which the next SET is due, or None."""
        while self._heap and not self._is_live(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def last_due(self) -> float | None:
        """Return the time at which the last SET is due, or None; this looks at all of them."""
        return max((entry[0] for entry in self._heap if self._is_live(entry)), default=None)

    def is_due(self, now: float) -> bool:
        """Say whether a SET could be taken now."""
        due = self.next_due()
        return due is not None and due <= now

    def due_between(self, after: float, until: float) -> Iterator[tuple[float, str]]:
        """Yield time and jti of each SET that falls due after one time and not after the other."""
        for entry in sorted(self._heap):
            if after < entry[0] <= until and self._is_live(entry):
                yield entry[0], entry[2]

    def _is_live(self, entry: tuple[float, int, str]) -> bool:
        return self._places.get(entry[2]) == entry[1]
