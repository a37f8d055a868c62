"""How the suite moves, waits for and reads time: the judge's one wall clock."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Lock
from typing import Protocol


class TargetClock(Protocol):
    """The target's time, in seconds. `movable` says whether `advance` costs no waiting."""

    @property
    def movable(self) -> bool:
        """Say whether the time can be moved."""
        ...

    def now(self) -> float:
        """Return the target's time, in seconds since some fixed point."""
        ...

    def reached(self) -> float | None:
        """Return a time that the target has reached for sure, at no cost; None if none is known."""
        ...

    def advance(self, seconds: float) -> None:
        """Let that much time pass at the target."""
        ...


class HookedClock:
    """The target's clock, read and moved through the operator's hooks."""

    movable = True

    def __init__(self, read: Callable[[], float], move: Callable[[float], None]) -> None:
        self._read = read
        self._move = move
        self._reached: float | None = None

    def now(self) -> float:
        """Ask the target for its time."""
        self._reached = self._read()
        return self._reached

    def reached(self) -> float | None:
        """Return what the target last told, and the moves since; it may go on by itself too."""
        return self._reached

    def advance(self, seconds: float) -> None:
        """Move the target's clock forward."""
        self._move(seconds)
        if self._reached is not None:
            self._reached += seconds


class RealClock:
    """The time that everybody shares: `advance` waits."""

    movable = False

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def reached(self) -> float | None:
        """Return the time."""
        return self.now()

    def advance(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds))


def growing_steps(patience_s: float) -> Iterator[float]:
    """Yield waits, in seconds, that grow from a quarter of a second until the patience is used up.

    What comes soon is seen soon, and a wait of a day takes some sixty looks.
    """
    waited = 0.0
    step = 0.25
    while waited < patience_s:
        yield step
        waited += step
        step = min(step * 2, max(5.0, waited / 5))


class Pacer:
    """Keeps a run below a number of requests per second, over all its threads."""

    def __init__(self, max_rps: float | None) -> None:
        self._gap = 0.0 if max_rps is None else 1.0 / max_rps
        self._next = 0.0
        self._lock = Lock()

    def wait(self) -> None:
        """Return when the next request may be sent."""
        if not self._gap:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        time.sleep(turn - now)


class Stopwatch:
    """Measures the seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self._started


def timestamp() -> str:
    """Return the present as an RFC 3339 timestamp in UTC."""
    return datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch() -> float:
    """Return the seconds since the epoch."""
    return time.time()
