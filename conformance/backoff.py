"""Walking a target's clock to see when an unacknowledged SET comes back.

The grid grows by a twentieth, so that each gap is known within 5 %; before the length of the gap
before, a few polls suffice to notice one that has shrunk.
"""

from dataclasses import dataclass, field

from conformance.client import Stream

GRID = 1.05
# Where, as shares of the gap before, an early redelivery is looked for.
_EARLY = (0.3, 0.6, 0.9)
_FIRST_STEP_S = 0.25
_AT_CAP = 2
_MOST_DELIVERIES = 64
# A gap within this of the cap, or of the gap before, counts as the same.
_LIKE = 0.9


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

    @property
    def cap_index(self) -> int:
        """Return the index of the last gap before the series stays level."""
        for index in range(len(self.gaps_s) - 1):
            if _alike(self.gaps_s[index], self.gaps_s[index + 1]):
                return index
        return len(self.gaps_s) - 1

    @property
    def cap_s(self) -> float | None:
        """Return the gap at which the series stays, if it was seen to stay."""
        level = len(self.gaps_s) > 1 and _alike(self.gaps_s[-1], self.gaps_s[-2])
        return round(self.gaps_s[-1], 1) if level else None

    @property
    def factor(self) -> float | None:
        """Return the growth between neighbouring gaps before the cap, as observed."""
        last = self.cap_index - 1 if self.cap_s is not None else len(self.gaps_s) - 1
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
        _alike(earlier, later) for earlier, later in zip(gaps[-3:], gaps[-2:], strict=False)
    ):
        return True
    return len(gaps) >= _AT_CAP and all(gap >= cap_s * _LIKE for gap in gaps[-_AT_CAP:])


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
