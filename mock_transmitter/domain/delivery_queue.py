"""The SETs of one stream that wait for delivery or acknowledgement.

The cost of a poll depends on what it returns, not on what waits, and an acknowledgement costs the
same however long the queue is. SETs are kept in a heap by due time. An outdated entry stays in the
heap until it reaches the top, or until outdated entries outnumber the others. One queue for each
number of deliveries would be faster, but needs a gap that depends on that number alone; jitter and
deviations give any gap.

SETs on hold are in a second heap, and are never due.
"""

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

# Clearing up at twice the live size keeps the average cost of an acknowledgement constant.
_SLACK = 64
_NOWHERE = 0

# What happens to a waiting SET: it is sent when due, kept back, or given up.
Handling: TypeAlias = Literal["transmit", "hold", "drop"]


@dataclass(slots=True, kw_only=True)
class PendingSet:
    """A SET that was not acknowledged; it is given up after `expires_at`.

    `subject` is the subject of its event, None if that is the stream itself. `announces` marks a
    change of the stream's status, which is sent whatever the status is. `token` is the compact
    form, which never changes after the first delivery. `due` is the time at which it is due, or was
    last. `place` belongs to the queue: the heap entry that counts.
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
    """A SET that is no longer sent: the Receiver refused it (`err`), or never accepted it."""

    pending: PendingSet
    reason: str
    err: str | None = None


class DeliveryQueue:
    """Pending SETs by due time; those with the same due time in the order in which they came."""

    def __init__(self) -> None:
        self._pending: dict[str, PendingSet] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._held: list[tuple[float, int, str]] = []
        self._count = _NOWHERE

    def __len__(self) -> int:
        """Return the number of unacknowledged SETs."""
        return len(self._pending)

    def __contains__(self, jti: str) -> bool:
        """Return whether a SET waits for its acknowledgement."""
        return jti in self._pending

    def __iter__(self) -> Iterator[PendingSet]:
        """Iterate over all unacknowledged SETs, oldest first."""
        return iter(tuple(self._pending.values()))

    def add(self, pending: PendingSet, *, due: float, held: bool = False) -> None:
        """Queue a SET, or give a queued one a new time. A SET on hold is not due."""
        self._pending[pending.jti] = pending
        self._count += 1
        pending.place = self._count
        pending.due = due
        heap = self._held if held else self._heap
        heapq.heappush(heap, (due, pending.place, pending.jti))
        self._clear_up()

    def sort(self, handling: Callable[[PendingSet], Handling]) -> None:
        """Hold, release or drop each SET as `handling` says; times and order do not change.

        This goes through the whole queue.
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
        """Make each SET due as if it had never been delivered, in queue order.

        SETs that were taken and not added again are left out. This goes through the whole queue.
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
        """Release SETs and return them; unknown and repeated jtis are ignored."""
        released = [self._pending.pop(jti) for jti in jtis if jti in self._pending]
        self._clear_up()
        return released

    def next_due(self) -> float | None:
        """Return the time at which the next SET is due, or None."""
        while self._heap and not self._is_live(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def last_due(self) -> float | None:
        """Return the time at which the last SET is due, or None.

        This goes through the whole queue.
        """
        return max((entry[0] for entry in self._heap if self._is_live(entry)), default=None)

    def is_due(self, now: float) -> bool:
        """Return whether a SET can be taken now; an expired one is given up."""
        while (due := self.next_due()) is not None and due <= now:
            jti = self._heap[0][2]
            if now < self._pending[jti].expires_at:
                return True
            del self._pending[jti]
        return False

    def due_between(self, after: float, until: float) -> list[tuple[float, str]]:
        """Return time and jti of each SET that falls due after `after`, up to `until`.

        This goes through the whole queue.
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
        # A dict keeps its memory when entries are deleted; a copy takes only what is needed.
        self._pending = dict(self._pending)
