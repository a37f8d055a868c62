"""Moving a target's clock to see when an unacknowledged SET is delivered again.

The schedule is not known beforehand, and the target is never asked for it. A walk polls at points
of time that grow by a twentieth, so each gap is known within 5 %. A few polls before the length of
the previous gap are enough to notice a gap that has shrunk. The gaps are computed from the recorded
history of polls.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from statistics import fmean

from conformance.receiver.deliveries import Gap, gaps_of, silence_of
from conformance.receiver.preconditions import require
from conformance.receiver.stream import Stream

GRID = 1.05
# When to look for an early redelivery, as shares of the previous gap. One more look comes just
# before the share that jitter can explain.
_EARLY = (0.3, 0.6, 0.9)
_FIRST_STEP_S = 0.25
_AT_CAP = 2
# So many gaps at the cap are enough to tell a cap that is too high from jitter.
_ABOVE_CAP = 5
_MOST_DELIVERIES = 64
# Silence for so many times the longest gap allowed means that a SET is lost, not late.
_LOST = 4
# Two gaps count as equal if their measured lengths differ by no more than this factor.
_LIKE = 0.95
# A gap counts as being at the cap from this share of the longest gap allowed.
_NEAR = 0.95
# The parts of a known gap in which other SETs come and go.
_QUARTERS = 4
# How many steps at the end of a walk are as short as the series allows.
_MORE = 12
# With so many SETs jitter averages out. The third gap of each is compared with its first.
_COMPANY = 16
_COMPARED = 3


@dataclass(slots=True)
class Walk:
    """The gaps between the deliveries of one SET, in order.

    `longest_s` is a lower bound of the longest gap, including gaps that were not measured. `lost`
    says that the SET stopped coming; then `silent_for_s` is how long nothing came.
    """

    gaps: list[Gap] = field(default_factory=list)
    deliveries: int = 1
    walked_s: float = 0.0
    longest_s: float = 0.0
    silent_for_s: float = 0.0
    lost: bool = False

    @property
    def gaps_s(self) -> list[float]:
        """Return the measured gaps in seconds. Each is an upper bound."""
        return [gap.at_most_s for gap in self.gaps]

    def level_from(self, jitter: float) -> int:
        """Return the index of the first gap after which the series stops growing.

        `jitter` is the share by which a gap may deviate from its nominal length. The end of a
        series is level if it stays within the jitter of its first gap, and if its second half is
        not longer than its first by more than chance allows: three standard deviations of a uniform
        jitter.
        """
        tolerance = blur(jitter) * GRID
        for start in range(len(self.gaps_s) - 1):
            tail = self.gaps_s[start:]
            middle = len(tail) // 2
            chance = 1 + jitter * math.sqrt(12 / len(tail))
            level = fmean(tail[middle:]) <= fmean(tail[:middle]) * chance * GRID
            if level and max(tail) <= tail[0] * tolerance:
                return start
        return len(self.gaps_s) - 1

    def may_be_constant(self, jitter: float) -> bool:
        """Return whether jitter alone can explain the whole series, which hides any growth."""
        settled = self.gaps_s[1:]
        wavers = len(settled) > 1 and not _alike(min(settled), max(settled))
        return wavers and self.level_from(jitter) == 0

    def stays_above(self, cap_s: float) -> bool:
        """Return whether the series stays above a cap at gaps too similar for jitter."""
        last = self.gaps[-_ABOVE_CAP:]
        lengths = [gap.at_most_s for gap in last]
        return _above(last, cap_s, count=_ABOVE_CAP) and _alike(min(lengths), max(lengths))

    @property
    def cap_s(self) -> float | None:
        """Return the gap at which the series stays, or None if it was not seen to stay."""
        level = len(self.gaps_s) > 1 and _alike(self.gaps_s[-1], self.gaps_s[-2])
        return round(self.gaps_s[-1], 1) if level else None

    @property
    def factor(self) -> float | None:
        """Return the mean growth between neighbouring gaps before the series is level."""
        last = self.level_from(0.0) if self.cap_s is not None else len(self.gaps_s) - 1
        last -= 1 if self.cap_s is not None else 0
        if last < 1:
            return None
        ratio = self.gaps_s[last] / self.gaps_s[0]
        return round(float(ratio ** (1 / last)), 3)


def walk(
    stream: Stream, jti: str, *, cap_s: float, jitter: float, within_s: float = math.inf
) -> Walk:
    """Poll at growing intervals until two gaps at the cap have passed or the SET is lost.

    A SET is lost after silence for several times `cap_s` plus the jitter that the profile allows.
    The walk ends before more than `within_s` seconds of the target's time have passed.
    """
    seen = Walk()
    bound = longest(cap_s, jitter) * _LOST
    while seen.deliveries < _MOST_DELIVERIES and not _levelled(seen.gaps, cap_s):
        before = seen.gaps_s[-1] if seen.gaps else None
        if not _came(stream, jti, seen, _grid(before, bound, jitter), within_s):
            break
        seen.gaps = gaps_of(stream.history, jti)
    seen.silent_for_s = silence_of(stream.history, jti)
    seen.lost = seen.silent_for_s > cap_s * (1 + jitter)
    seen.longest_s = max((gap.at_least_s for gap in seen.gaps), default=0.0)
    return seen


def walk_on(
    stream: Stream, jti: str, seen: Walk, *, cap_s: float, jitter: float, until_s: float
) -> None:
    """Continue in steps after which the SET should be there, until `until_s` has passed.

    The first steps are as long as the gaps at which the series stays, the others as long as a gap
    may be: a SET may be lost at its next delivery or after some time. `until_s` counts from the
    beginning of the walk. The measured gaps stay as they are.
    """
    bound = longest(cap_s, jitter)
    steps = chain(repeat(min(longest(seen.cap_s or cap_s, jitter), bound), _MORE), repeat(bound))
    while not seen.lost and seen.walked_s < until_s:
        points = _steps(next(steps), 1.5, bound * _LOST)
        seen.lost = not _came(stream, jti, seen, points, math.inf)
    seen.silent_for_s = silence_of(stream.history, jti)
    seen.longest_s = max(gap.at_least_s for gap in gaps_of(stream.history, jti))


def walk_in_company(stream: Stream, *, gap_s: float, jitter: float) -> float:
    """Return the average growth from the first to the third gap of many SETs.

    They are raised together and polled in steps of a fraction of `gap_s`, which is about their
    first gap, so the jitter of a single SET counts for little.
    """
    raised = set(stream.history.jtis)
    for _ in range(_COMPANY):
        stream.raise_set()
    company = stream.await_sets_that(lambda sets: len(set(sets) - raised) >= _COMPANY)
    jtis = [jti for jti in company if jti not in raised]
    require(len(jtis) >= _COMPANY, f"{len(jtis)} of {_COMPANY} SETs came")
    passed = 0.0
    while passed < _COMPARED * longest(gap_s, jitter) * _LOST:
        stream.operations.wait(gap_s * (GRID - 1))
        passed += gap_s * (GRID - 1)
        stream.poll()
        gaps = [gaps_of(stream.history, jti) for jti in jtis]
        if all(len(one) >= _COMPARED for one in gaps):
            first = fmean(one[0].at_most_s for one in gaps)
            return fmean(one[_COMPARED - 1].at_most_s for one in gaps) / first
    return math.inf


def longest(cap_s: float, jitter: float) -> float:
    """Return a wait within which a SET that is not lost must come."""
    return cap_s * (1 + jitter) * GRID * GRID


def blur(jitter: float) -> float:
    """Return the factor by which jitter can shift two gaps against each other."""
    return (1 + jitter) / (1 - jitter)


def gaps_alone(stream: Stream, jti: str, *, count: int, bound_s: float) -> list[Gap]:
    """Return the first gaps of a SET while nothing else happens and few polls are sent."""
    seen = Walk()
    while len(seen.gaps) < count:
        first = seen.gaps_s[-1] if seen.gaps else _FIRST_STEP_S
        if not _came(stream, jti, seen, _steps(first, 2.0, bound_s), math.inf):
            break
        seen.gaps = gaps_of(stream.history, jti)
    return seen.gaps


def gap_beside_others(stream: Stream, jti: str, alone: Gap, *, longer: float) -> Gap:
    """Return the next gap of a SET while others are raised, polled and acknowledged.

    They come and go in each quarter of the gap that the SET had alone, until it comes or several
    times that gap has passed.
    """
    deliveries = len(stream.history.of(jti))
    step = alone.at_most_s / _QUARTERS
    for _ in range(math.ceil(_QUARTERS * longer) + 1):
        stream.operations.wait(step)
        stream.raise_set()
        others = [one for one in stream.poll().sets if one != jti]
        stream.acknowledge(others)
        stream.poll()
        if len(stream.history.of(jti)) > deliveries:
            return gaps_of(stream.history, jti)[deliveries - 1]
    return Gap(silence_of(stream.history, jti), math.inf)


def _came(stream: Stream, jti: str, seen: Walk, points: Iterator[float], within_s: float) -> bool:
    """Poll at each point of time after the last delivery; return whether the SET came."""
    elapsed = 0.0
    for point in points:
        step = point - elapsed
        if seen.walked_s + step > within_s:
            return False
        stream.operations.wait(step)
        elapsed = point
        seen.walked_s += step
        polled = stream.poll()
        require(polled.answer.served, f"a poll was answered {polled.answer.text}")
        others = [one for one in polled.sets if one != jti]
        if others:
            # SETs that were not asked for would hide that nothing is due.
            stream.acknowledge(others)
        if jti in polled.sets:
            seen.deliveries += 1
            return True
    return False


def _levelled(gaps: list[Gap], cap_s: float) -> bool:
    """Return whether two gaps at the cap have passed: three equal ones, or two of full length."""
    last = [gap.at_most_s for gap in gaps[-3:]]
    if len(last) > _AT_CAP and _alike(min(last), max(last)) and max(last) <= cap_s:
        return True
    if _above(gaps, cap_s, count=_AT_CAP):
        return _above(gaps, cap_s, count=_ABOVE_CAP)
    return len(gaps) >= _AT_CAP and all(gap >= cap_s * _NEAR for gap in last[-_AT_CAP:])


def _above(gaps: list[Gap], cap_s: float, *, count: int) -> bool:
    """Return whether each of the latest `count` gaps is certainly above a cap."""
    return len(gaps) >= count and all(gap.at_least_s > cap_s for gap in gaps[-count:])


def _grid(before: float | None, bound: float, jitter: float) -> Iterator[float]:
    if before is None:
        yield from _steps(_FIRST_STEP_S, GRID, bound)
        return
    early = [before * share for share in sorted({*_EARLY, 0.98 / blur(jitter) / GRID})]
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
