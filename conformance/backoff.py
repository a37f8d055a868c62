"""Walking a target's clock to see when an unacknowledged SET comes back.

The grid grows by a twentieth, so that each gap is known within 5 %; before the length of the gap
before, a few polls suffice to notice one that has shrunk.
"""

from dataclasses import dataclass, field
from itertools import pairwise

from conformance.stream import Stream

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


@dataclass(slots=True)
class Walk:
    """The gaps between deliveries: `gaps_s` as measured, `at_least_s` what is sure.

    `lost` says that the SET stopped coming; then `silent_for_s` is how long nothing came.
    """

    gaps_s: list[float] = field(default_factory=list)
    at_least_s: list[float] = field(default_factory=list)
    deliveries: int = 1
    lost: bool = False
    silent_for_s: float = 0.0

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


def walk(stream: Stream, jti: str, *, cap_s: float, jitter: float) -> Walk:
    """Poll on a growing grid until two gaps at the cap have passed, or the SET stays away.

    `cap_s` bounds a wait: nothing for that long, plus the jitter that the profile allows, and the
    SET is lost.
    """
    seen = Walk()
    bound = cap_s * (1 + jitter) * GRID * GRID
    while seen.deliveries < _MOST_DELIVERIES:
        gap, at_least = _next_gap(stream, jti, seen.gaps_s[-1] if seen.gaps_s else None, bound)
        if gap is None:
            seen.lost = True
            seen.silent_for_s = at_least
            return seen
        seen.gaps_s.append(gap)
        seen.at_least_s.append(at_least)
        seen.deliveries += 1
        if _levelled(seen.gaps_s, cap_s):
            return seen
    return seen


def _levelled(gaps: list[float], cap_s: float) -> bool:
    """Say whether two gaps at the cap have passed: three alike, or two as long as a gap may be."""
    if len(gaps) > _AT_CAP and all(
        _alike(earlier, later) for earlier, later in pairwise(gaps[-3:])
    ):
        return True
    return len(gaps) >= _AT_CAP and all(gap >= cap_s * _NEAR for gap in gaps[-_AT_CAP:])


def _next_gap(
    stream: Stream, jti: str, before: float | None, bound: float
) -> tuple[float | None, float]:
    """Return the next gap and what is sure of it, or None and the time without a delivery."""
    elapsed = 0.0
    for point in _grid(before, bound):
        stream.transmitter.wait(point - elapsed)
        earlier, elapsed = elapsed, point
        if jti in stream.poll().sets:
            return elapsed, earlier
    return None, elapsed


def _grid(before: float | None, bound: float) -> list[float]:
    points = [_FIRST_STEP_S] if before is None else [before * share for share in _EARLY]
    while points[-1] < bound:
        points.append(points[-1] * GRID)
    return points


def _alike(one: float, other: float) -> bool:
    return min(one, other) >= max(one, other) * _LIKE
