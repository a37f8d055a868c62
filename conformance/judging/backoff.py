"""Walking a target's clock to see when an unacknowledged SET comes back.

Nothing is known of the schedule beforehand, and the target is never asked for it. A walk polls on a
grid that grows by a twentieth, so that each gap is known within 5 %; before the length of the gap
before, a few polls suffice to notice one that has shrunk. The history says what the polls have
shown.
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
# Where, as shares of the gap before, an early redelivery is looked for, besides just before the
# share that jitter can explain.
_EARLY = (0.3, 0.6, 0.9)
_FIRST_STEP_S = 0.25
_AT_CAP = 2
# So many gaps at the cap tell a cap that is too high from jitter about one that is not.
_ABOVE_CAP = 5
_MOST_DELIVERIES = 64
# Silence for so many times the longest gap that may be means that a SET is lost, and not late.
_LOST = 4
# Two gaps whose measured lengths differ by no more than the grid count as alike.
_LIKE = 0.95
# A gap of this share of the longest that may be is at the cap.
_NEAR = 0.95
# In which parts of a known gap other SETs come and go.
_QUARTERS = 4
# How many steps of the walk's end are as short as the series allows.
_MORE = 12
# So many SETs average jitter out; the third gap of each is compared with its first.
_COMPANY = 16
_COMPARED = 3


@dataclass(slots=True)
class Walk:
    """What a walk has seen of one SET: the gaps between its deliveries, in order.

    `longest_s` is how long the longest gap was at least, those that were not measured included.
    `lost` says that the SET stopped coming; then `silent_for_s` is how long nothing came.
    """

    gaps: list[Gap] = field(default_factory=list)
    deliveries: int = 1
    walked_s: float = 0.0
    longest_s: float = 0.0
    silent_for_s: float = 0.0
    lost: bool = False

    @property
    def gaps_s(self) -> list[float]:
        """Return the gaps as measured, in seconds: none was longer."""
        return [gap.at_most_s for gap in self.gaps]

    def level_from(self, jitter: float) -> int:
        """Return the index of the first gap after which the series grows no more.

        `jitter` is the share by which each gap may be shorter or longer than it should. A tail is
        level if it stays within that of its first gap, and its second half is not longer than its
        first by more than chance makes it: three standard deviations of a uniform jitter.
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
        """Say whether jitter alone can explain the whole series, and makes it hard to tell."""
        settled = self.gaps_s[1:]
        wavers = len(settled) > 1 and not _alike(min(settled), max(settled))
        return wavers and self.level_from(jitter) == 0

    def stays_above(self, cap_s: float) -> bool:
        """Say whether the series stays above a cap, at gaps so alike that no jitter is seen."""
        last = self.gaps[-_ABOVE_CAP:]
        lengths = [gap.at_most_s for gap in last]
        return _above(last, cap_s, count=_ABOVE_CAP) and _alike(min(lengths), max(lengths))

    @property
    def cap_s(self) -> float | None:
        """Return the gap at which the series stays, if it was seen to stay."""
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
    """Poll on a growing grid until two gaps at the cap have passed, or the SET stays away.

    Silence for several times `cap_s`, and the jitter that the profile allows, means that the SET
    is lost. The walk ends before more than `within_s` seconds of the target's time have passed.
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
    """Go on in steps after which the SET should be there, until so much has passed.

    The first steps are as long as the gaps at which the series stays, the others as long as a gap
    may be: a SET may be lost with its next delivery, or with time. `until_s` counts from the
    beginning of the walk; the gaps stay as they were measured.
    """
    bound = longest(cap_s, jitter)
    steps = chain(repeat(min(longest(seen.cap_s or cap_s, jitter), bound), _MORE), repeat(bound))
    while not seen.lost and seen.walked_s < until_s:
        points = _steps(next(steps), 1.5, bound * _LOST)
        seen.lost = not _came(stream, jti, seen, points, math.inf)
    seen.silent_for_s = silence_of(stream.history, jti)
    seen.longest_s = max(gap.at_least_s for gap in gaps_of(stream.history, jti))


def walk_in_company(stream: Stream, *, gap_s: float, jitter: float) -> float:
    """Return by which factor the gaps of many SETs grow from the first to the third, on average.

    They are raised together and polled for in steps of a fraction of `gap_s`, which is about their
    first gap; so the jitter of each counts for little.
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
    """Return a wait within which a SET that is not lost comes, and is found on the grid."""
    return cap_s * (1 + jitter) * GRID * GRID


def blur(jitter: float) -> float:
    """Return the factor by which jitter can move two gaps towards each other, or apart."""
    return (1 + jitter) / (1 - jitter)


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
        stream.operations.wait(step)
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
        stream.operations.wait(step)
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


def _levelled(gaps: list[Gap], cap_s: float) -> bool:
    """Say whether two gaps at the cap have passed: three alike, or two as long as a gap may be."""
    last = [gap.at_most_s for gap in gaps[-3:]]
    if len(last) > _AT_CAP and _alike(min(last), max(last)) and max(last) <= cap_s:
        return True
    if _above(gaps, cap_s, count=_AT_CAP):
        return _above(gaps, cap_s, count=_ABOVE_CAP)
    return len(gaps) >= _AT_CAP and all(gap >= cap_s * _NEAR for gap in last[-_AT_CAP:])


def _above(gaps: list[Gap], cap_s: float, *, count: int) -> bool:
    """Say whether each of the latest gaps, so many of them, is surely above a cap."""
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
