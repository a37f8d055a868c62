"""Time: the system's, or a simulated clock that stands still until it is moved.

Nothing else in the mock reads the time.
"""

import asyncio
import math
import threading
import time
from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

ClockKind: TypeAlias = Literal["simulated", "system"]

# 2026-01-01T00:00:00Z: a fixed start, so that the same run gives the same `iat`.
START = 1767225600.0


class Clock(Protocol):
    """What the mock needs from a clock. Times are seconds since the epoch."""

    @property
    def kind(self) -> ClockKind:
        """Return which kind of clock this is."""
        ...

    def now(self) -> float:
        """Return the time."""
        ...


class SystemClock:
    """The time of the machine; it can't be moved."""

    kind: ClockKind = "system"

    def now(self) -> float:
        """Return the time."""
        return time.time()


class SimulatedClock:
    """A time that stands still until it is moved, and only moves forward."""

    kind: ClockKind = "simulated"

    def __init__(self, start: float = START, *, moved: Callable[[], None] = lambda: None) -> None:
        self._now = start
        self._lock = threading.Lock()
        self._moved = moved

    def now(self) -> float:
        """Return the time."""
        return self._now

    def advance(self, seconds: float) -> float:
        """Move the clock forward, wake what waits for a time, and return the new time.

        Raises ValueError if `seconds` is negative or not finite.
        """
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError(f"a clock moves by zero or more seconds, not by {seconds}")
        with self._lock:
            self._now += seconds
        self._moved()
        return self._now

    def advance_to(self, when: float) -> float:
        """Move the clock forward to a time, or leave it where it is if that time has passed."""
        with self._lock:
            if when <= self._now:
                return self._now
            self._now = when
        self._moved()
        return when


class Alarm:
    """Lets a thread wait in real time until something rings or a timeout passes."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """Wake the waiting thread, or the next one to wait."""
        self._rung.set()

    def wait(self, seconds: float) -> None:
        """Wait until it rings, for at most that many seconds."""
        self._rung.wait(max(seconds, 0.0))
        self._rung.clear()


class Patience:
    """A number of seconds of real time, counted from now."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def left_s(self) -> float:
        """Return how many seconds are left; zero or less once they have passed."""
        return self._until - time.monotonic()


def call_after(seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
    """Call back in the running event loop after that many seconds of real time."""
    return asyncio.get_running_loop().call_later(seconds, callback)
