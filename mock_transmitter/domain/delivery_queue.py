"""The SETs of one stream that wait for delivery or acknowledgement.

A poll costs what it returns, not what waits, and an acknowledgement costs the same however many
wait: a heap by due time, in which an entry that no longer counts stays until it surfaces, or until
such litter outweighs the rest. One queue for each number of deliveries would be faster still, but
is in order only where the gap depends on that number alone; jitter and deviations give any gap.

What is held has its place in another heap, and is never due.
"""

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

# Clearing up at twice the live size keeps an acknowledgement's cost constant on average.
_SLACK = 64
_NOWHERE = 0

# What becomes of a SET that waits: it goes out when it is due, is kept back, or is given up.
Handling: TypeAlias = Literal["transmit", "hold", "drop"]


@dataclass(slots=True, kw_only=True)
class PendingSet:
    """A SET that was not acknowledged; after `expires_at` it is given up.

    `subject` is what its event is about, None where that is the stream itself. One that `announces`
    the stream's status goes out in every status.
    `token` is its compact form from the first delivery on, and never changes. `due` is
    the time at which it is due, or was last; `place` is the queue's own: which entry of its heaps
    counts.
    """

    jti: str
    claims: dict[str, Any]
    queued_at: float
    expires_at: float = math.inf
    subject: Mapping[str, Any] | None = None
    announces: bool = False
    token: str | None = None
    attempts: int = 0
    due: float = 0.0
    place: int = _NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A SET that is not sent any more: the Receiver refused it (`err`), or never took it."""

    pending: PendingSet
    reason: str
    err: str | None = None


class DeliveryQueue:
    """Pending SETs by the time at which each is due; equal times in the order of their coming."""

    def __init__(self) -> None:
        self._pending: dict[str, PendingSet] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._held: list[tuple[float, int, str]] = []
        self._count = _NOWHERE

    def __len__(self) -> int:
        """Return how many SETs were not acknowledged."""
        return len(self._pending)

    def __contains__(self, jti: str) -> bool:
        """Say whether a SET waits for its acknowledgement."""
        return jti in self._pending

    def __iter__(self) -> Iterator[PendingSet]:
        """Go through all SETs that were not acknowledged, oldest first."""
        return iter(tuple(self._pending.values()))

    def add(self, pending: PendingSet, *, due: float, held: bool = False) -> None:
        """Queue a SET; one that is already queued gets a new time. One that is held is not due."""
        self._pending[pending.jti] = pending
        self._count += 1
        pending.place = self._count
        pending.due = due
        heap = self._held if held else self._heap
        heapq.heappush(heap, (due, pending.place, pending.jti))
        self._clear_up()

    def sort(self, handling: Callable[[PendingSet], Handling]) -> None:
        """Hold, let go or drop each SET as `handling` says; times and order stay.

        This looks at all of them.
        """
        handled = {pending.jti: handling(pending) for pending in self}
        for jti, one in handled.items():
            if one == "drop":
                del self._pending[jti]
        live = [entry for entry in (*self._heap, *self._held) if self._is_live(entry)]
        self._heap = [entry for entry in live if handled[entry[2]] == "transmit"]
        self._held = [entry for entry in live if handled[entry[2]] == "hold"]
        heapq.heapify(self._heap)
        heapq.heapify(self._held)

    def start_anew(self) -> None:
        """Let each SET be due as if it had never been delivered, in the order of their queueing.

        What was taken and not added again is left to whoever took it. This looks at all of them.
        """
        held = {entry[2] for entry in self._held if self._is_live(entry)}
        for pending in self:
            if pending.place != _NOWHERE:
                pending.attempts = 0
                self.add(pending, due=pending.queued_at, held=pending.jti in held)

    def take(self, now: float, limit: int) -> list[PendingSet]:
        """Take up to `limit` SETs that are due, oldest due first.

        They stay pending, but are not due again until they are added with a new time.
        """
        taken: list[PendingSet] = []
        while len(taken) < limit and self.is_due(now):
            _, _, jti = heapq.heappop(self._heap)
            pending = self._pending[jti]
            pending.place = _NOWHERE
            taken.append(pending)
        return taken

    def acknowledge(self, jtis: Iterable[str]) -> list[PendingSet]:
        """Release SETs and return them; an unknown jti, or one named twice, is no matter."""
        released = [self._pending.pop(jti) for jti in jtis if jti in self._pending]
        self._clear_up()
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
        """Say whether a SET could be taken now; one whose time is over is given up."""
        while (due := self.next_due()) is not None and due <= now:
            jti = self._heap[0][2]
            if now < self._pending[jti].expires_at:
                return True
            del self._pending[jti]
        return False

    def due_between(self, after: float, until: float) -> list[tuple[float, str]]:
        """Return time and jti of each SET that falls due after one time and not after the other.

        This looks at all of them.
        """
        found = [one for one in self._heap if after < one[0] <= until and self._is_live(one)]
        return [(due, jti) for due, _, jti in sorted(found)]

    def _is_live(self, entry: tuple[float, int, str]) -> bool:
        pending = self._pending.get(entry[2])
        return pending is not None and pending.place == entry[1]

    def _clear_up(self) -> None:
        if len(self._heap) + len(self._held) <= 2 * len(self._pending) + _SLACK:
            return
        self._heap = [entry for entry in self._heap if self._is_live(entry)]
        self._held = [entry for entry in self._held if self._is_live(entry)]
        heapq.heapify(self._heap)
        heapq.heapify(self._held)
        # A dict gives no memory back for what was deleted; a copy takes what the rest needs.
        self._pending = dict(self._pending)
