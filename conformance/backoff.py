"""Walking a target's clock to see when an unacknowledged SET comes back.

Nothing is known of the schedule beforehand, and the target is never asked for it. A walk polls on a
grid that grows by a twentieth, so that each gap is known within 5 %; before the length of the gap
before, a few polls suffice to notice one that has shrunk. The history says what the polls have
shown.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from conformance.history import Gap, gaps_of, silence_of
from conformance.stream import Stream
from conformance.verdicts import require

GRID = 1.05
# Where, as shares of the gap before, an early redelivery is looked for.
_EARLY = (0.3, 0.6, 0.9)
_FIRST_STEP_S = 0.25
_AT_CAP = 2
_MOST_DELIVERIES = 64
# Two gaps whose measured lengths differ by no more than the grid count as alike.
_LIKE = 0.95
# A gap of this share of the longest that may be is at the cap.
_NEAR = 0.95
# In which parts of a known gap other SETs come and go.
_QUARTERS = 4


@dataclass(slots=True)
class Walk:
    """What a walk has seen of one SET: the gaps between its deliveries, in order.

    `lost` says that the SET stopped coming; then `silent_for_s` is how long nothing came.
    """

    gaps: list[Gap] = field(default_factory=list)
    deliveries: int = 1
    walked_s: float = 0.0
    silent_for_s: float = 0.0
    lost: bool = False

    @property
    def gaps_s(self) -> list[float]:
        """Return the gaps as measured, in seconds: none was longer."""
        return [gap.at_most_s for gap in self.gaps]

    def level_from(self, tolerance: float) -> int:
        """Return the index of the first gap after which the series grows no more.

        `tolerance` is the factor by which gaps at the cap may differ. A tail is level if it stays
        within that of its first gap, and half of its steps at least are no growth.
        """
        for start in range(len(self.gaps_s)):
            tail = self.gaps_s[start:]
            steps = list(pairwise(tail))
            still = sum(later <= earlier * GRID for earlier, later in steps)
            if max(tail) <= tail[0] * tolerance and steps and still * 2 >= len(steps):
                return start
        return len(self.gaps_s) - 1

    @property
    def cap_s(self) -> float | None:
        """Return the gap at which the series stays, if it was seen to stay."""
        level = len(self.gaps_s) > 1 and _alike(self.gaps_s[-1], self.gaps_s[-2])
        return round(self.gaps_s[-1], 1) if level else None

    @property
    def factor(self) -> float | None:
        """Return the mean growth between neighbouring gaps before the series is level."""
        last = self.level_from(1 / _LIKE) if self.cap_s is not None else len(self.gaps_s) - 1
        last -= 1 if self.cap_s is not None else 0
        if last < 1:
            return None
        ratio = self.gaps_s[last] / self.gaps_s[0]
        return round(float(ratio ** (1 / last)), 3)


def walk(
    stream: Stream, jti: str, *, cap_s: float, jitter: float, within_s: float = math.inf
) -> Walk:
    """Poll on a growing grid until two gaps at the cap have passed, or the SET stays away.

    A wait for longer than `cap_s`, and the jitter that the profile allows, means that the SET is
    lost. The walk ends before more than `within_s` seconds of the target's time have passed.
    """
    seen = Walk()
    bound = longest(cap_s, jitter)
    while seen.deliveries < _MOST_DELIVERIES and not _levelled(seen.gaps_s, cap_s):
        before = seen.gaps_s[-1] if seen.gaps else None
        if not _came(stream, jti, seen, _grid(before, bound), within_s):
            break
        seen.gaps = gaps_of(stream.history, jti)
    seen.silent_for_s = silence_of(stream.history, jti)
    seen.lost = seen.silent_for_s > cap_s * (1 + jitter)
    return seen


def walk_on(stream: Stream, jti: str, seen: Walk, *, step_s: float, until_s: float) -> None:
    """Go on in long steps, after each of which the SET has to be there, until so much has passed.

    `until_s` counts from the beginning of the walk; the gaps stay as they were measured.
    """
    while not seen.lost and seen.walked_s < until_s:
        seen.lost = not _came(stream, jti, seen, iter([step_s]), math.inf)
    seen.silent_for_s = silence_of(stream.history, jti)


def longest(cap_s: float, jitter: float) -> float:
    """Return a wait within which a SET that is not lost comes, and is found on the grid."""
    return cap_s * (1 + jitter) * GRID * GRID


def gaps_alone(stream: Stream, jti: str, *, count: int, bound_s: float) -> list[Gap]:
    """Return the first gaps of a SET for which nothing happens beside as few polls as can be."""
    seen = Walk()
    while len(seen.gaps) < count:
        first = seen.gaps_s[-1] if seen.gaps else _FIRST_STEP_S
        if not _came(stream, jti, seen, _steps(first, 2.0, bound_s), math.inf):
            break
        seen.gaps = gaps_of(stream.history, jti)
    return seen.gaps


def gap_beside_others(stream: Stream, jti: str, alone: Gap, *, longer: float) -> Gap:
    """Return the next gap of a SET while others are raised, polled for and acknowledged.

    They come and go in each quarter of the gap that it had alone, until the SET comes or that gap,
    so many times longer, is over.
    """
    deliveries = len(stream.history.of(jti))
    step = alone.at_most_s / _QUARTERS
    for _ in range(math.ceil(_QUARTERS * longer) + 1):
        stream.transmitter.wait(step)
        stream.raise_set()
        others = [one for one in stream.poll().sets if one != jti]
        stream.acknowledge(others)
        stream.poll()
        if len(stream.history.of(jti)) > deliveries:
            return gaps_of(stream.history, jti)[deliveries - 1]
    return Gap(silence_of(stream.history, jti), math.inf)


def _came(stream: Stream, jti: str, seen: Walk, points: Iterator[float], within_s: float) -> bool:
    """Poll at each point of time after the last delivery; say whether the SET came."""
    elapsed = 0.0
    for point in points:
        step = point - elapsed
        if seen.walked_s + step > within_s:
            return False
        stream.transmitter.wait(step)
        elapsed = point
        seen.walked_s += step
        polled = stream.poll()
        require(polled.answer.served, f"a poll was answered {polled.answer.text}")
        others = [one for one in polled.sets if one != jti]
        if others:
            # What nobody asked for would keep polls from showing that nothing is due.
            stream.acknowledge(others)
        if jti in polled.sets:
            seen.deliveries += 1
            return True
    return False


def _levelled(gaps: list[float], cap_s: float) -> bool:
    """Say whether two gaps at the cap have passed: three alike, or two as long as a gap may be."""
    last = gaps[-3:]
    if len(last) > _AT_CAP and _alike(min(last), max(last)):
        return True
    return len(gaps) >= _AT_CAP and all(gap >= cap_s * _NEAR for gap in gaps[-_AT_CAP:])


def _grid(before: float | None, bound: float) -> Iterator[float]:
    if before is None:
        yield from _steps(_FIRST_STEP_S, GRID, bound)
        return
    early = [before * share for share in _EARLY]
    yield from (point for point in early if point > _FIRST_STEP_S)
    yield from _steps(max(early[-1] * GRID, _FIRST_STEP_S), GRID, bound)


def _steps(first: float, factor: float, bound: float) -> Iterator[float]:
    """Yield points of time that grow by a factor, up to the first that is not below the bound."""
    yield first
    while first < bound:
        first *= factor
        yield first


def _alike(one: float, other: float) -> bool:
    return min(one, other) >= max(one, other) * _LIKE
