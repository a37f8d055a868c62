import pytest
from helpers import record

from conformance.backoff import Walk, walk
from conformance.cases.test_events_backoff import verify_walk
from conformance.verdicts import Nonconformance, example, recording

HOUR = 3600.0
DAY = 24 * HOUR
NONDECREASING = "VEPA-BACKOFF-GAPS-NONDECREASING"
GROW = "VEPA-BACKOFF-GAPS-GROW"
CAP = "VEPA-BACKOFF-CAP-24H"
CONTINUES = "VEPA-BACKOFF-CONTINUES"
REDELIVERED = "VEPA-UNACKED-REDELIVERED"


class Polled:
    def __init__(self, *jtis):
        self.sets = dict.fromkeys(jtis, "x.y.z")


class Scripted:
    """A stream whose one SET falls due again a scripted time after each of its deliveries."""

    def __init__(self, schedule):
        self.gap_of = schedule
        self.now = 0.0
        self.polls = 0
        self.true = []
        self.transmitter = self
        self._plan()

    def _plan(self):
        gap = self.gap_of(len(self.true))
        self.due = None if gap is None else self.now + gap
        self.true.append(gap)

    def wait(self, seconds):
        assert seconds > 0
        self.now += seconds

    def poll(self):
        self.polls += 1
        if self.due is None or self.now < self.due:
            return Polled("another")
        self._plan()
        return Polled("jti", "another")


def exponential(first, factor, cap, lost_after=None):
    """Return a schedule; `lost_after` gaps the SET never comes again."""

    def gap(index):
        if lost_after is not None and index >= lost_after:
            return None
        return min(first * factor**index, cap)

    return gap


LEGAL = {
    "factor 2, cap 24 h": (exponential(1, 2, DAY), 2.0, DAY),
    "factor 1.5": (exponential(1, 1.5, DAY), 1.5, DAY),
    "factor 4": (exponential(1, 4, DAY), 4.0, DAY),
    "factor 10": (exponential(5, 10, DAY), 10.0, DAY),
    "cap 1 h": (exponential(1, 2, HOUR), 2.0, HOUR),
    "first gap 10 min": (exponential(600, 2, DAY), 2.0, DAY),
    "first gap 6 h": (exponential(6 * HOUR, 2, DAY), 2.0, DAY),
    "odd numbers": (exponential(7.3, 1.7, 50_000), 1.7, 50_000),
}


SCHEDULES = [pytest.param(*case, id=name) for name, case in LEGAL.items()]


def walked(schedule, cap_s=DAY, jitter=0.0):
    stream = Scripted(schedule)
    return stream, walk(stream, "jti", cap_s=cap_s, jitter=jitter)


def breaches(seen, cap=DAY, jitter=0.0):
    """Return the ids that the case finds broken in a walk."""
    ledger = record(
        **dict.fromkeys([NONDECREASING, GROW, CAP, CONTINUES, REDELIVERED], "fail"),
    )
    try:
        with recording(ledger), example():
            verify_walk(seen, cap, jitter)
    except Nonconformance:
        pass
    return {name for name, one in ledger.judgements.items() if one.breaches}


@pytest.mark.parametrize(("schedule", "factor", "cap"), SCHEDULES)
def test_every_gap_is_measured_within_a_twentieth_in_some_hundred_polls(schedule, factor, cap):
    stream, seen = walked(schedule)
    true = stream.true[: len(seen.gaps_s)]
    for measured, sure, gap in zip(seen.gaps_s, seen.at_least_s, true, strict=True):
        assert gap <= measured <= max(gap * 1.05, 0.25) + 1e-6
        assert sure < gap
    assert stream.polls < 700
    assert not seen.lost
    assert seen.deliveries == len(seen.gaps_s) + 1
    assert seen.cap_s == pytest.approx(cap, rel=0.05)


@pytest.mark.parametrize(("schedule", "factor", "cap"), SCHEDULES)
def test_a_walk_ends_after_two_gaps_at_the_cap_in_few_days(schedule, factor, cap):
    stream, seen = walked(schedule)
    at_cap = [gap for gap in seen.gaps_s if gap >= cap * 0.99]
    assert 2 <= len(at_cap) <= 3
    assert stream.now < 6 * DAY


@pytest.mark.parametrize(("schedule", "factor", "cap"), SCHEDULES)
def test_no_legal_schedule_alarms_and_its_factor_is_reported(schedule, factor, cap):
    _, seen = walked(schedule)
    assert breaches(seen) == set()
    if cap / seen.gaps_s[0] > factor**2:
        assert seen.factor == pytest.approx(factor, rel=0.06)


@pytest.mark.parametrize("seed", range(5))
def test_jitter_that_the_profile_allows_alarms_nothing(seed):
    import random  # noqa: PLC0415 (one of its kind)

    rng = random.Random(seed)
    plain = exponential(1, 2, DAY)
    _, seen = walked(lambda index: plain(index) * (1 - 0.1 * rng.random()), jitter=0.1)
    assert breaches(seen, jitter=0.1) == set()


def test_a_constant_gap_is_seen_not_to_grow():
    stream, seen = walked(lambda index: 60.0)
    assert seen.gaps_s == pytest.approx([60] * 3, rel=0.05)
    assert (seen.cap_s, seen.lost) == (pytest.approx(60, rel=0.05), False)
    assert stream.polls < 300
    assert breaches(seen) == {GROW}


def test_immediate_redelivery_is_seen_not_to_grow():
    _, seen = walked(lambda index: 0.0)
    assert GROW in breaches(seen)


@pytest.mark.parametrize("at", [3, 10, 16])
def test_a_shrinking_gap_is_noticed_wherever_it_lies(at):
    plain = exponential(1, 2, DAY)
    _, seen = walked(lambda index: plain(index) * (0.3 if index == at else 1))
    assert seen.gaps_s[at] < seen.gaps_s[at - 1] * 0.7
    assert NONDECREASING in breaches(seen)


def test_a_schedule_that_starts_again_after_the_cap_is_noticed():
    plain = exponential(600, 4, DAY)
    _, seen = walked(lambda index: plain(index % 5))
    assert NONDECREASING in breaches(seen)


def test_a_cap_of_48_hours_is_seen_to_be_above_24():
    stream, seen = walked(exponential(1, 2, 2 * DAY))
    assert seen.lost
    assert seen.silent_for_s > DAY
    assert CAP in breaches(seen)
    assert stream.polls < 700


def test_a_gap_just_above_the_cap_is_not_taken_for_the_cap():
    _, seen = walked(lambda index: DAY * 1.09)
    assert CAP in breaches(seen)


def test_a_set_that_never_comes_again_is_lost_at_once():
    stream, seen = walked(lambda index: None)
    assert (seen.gaps_s, seen.lost, seen.deliveries) == ([], True, 1)
    assert seen.silent_for_s > DAY
    assert stream.polls < 400
    assert REDELIVERED in breaches(seen)


@pytest.mark.parametrize("after", [1, 8, 17, 18])
def test_a_set_lost_on_the_way_or_at_the_cap_is_seen_to_be_lost(after):
    stream, seen = walked(exponential(1, 2, DAY, lost_after=after))
    assert seen.lost
    assert len(seen.gaps_s) == after
    assert CONTINUES in breaches(seen)
    assert stream.polls < 900


def test_another_cap_of_the_profile_bounds_the_walk():
    stream, seen = walked(exponential(1, 2, HOUR, lost_after=13), cap_s=HOUR)
    assert seen.lost
    assert seen.silent_for_s < 1.2 * HOUR
    assert stream.now < 4 * HOUR


def test_a_cap_of_an_hour_is_broken_by_a_gap_of_two():
    _, seen = walked(exponential(1, 2, 2 * HOUR), cap_s=HOUR)
    assert CAP in breaches(seen, cap=HOUR)


def test_a_walk_has_an_end_even_where_the_gaps_have_none():
    stream, seen = walked(lambda index: 1 + (index % 2) * 5)
    assert seen.deliveries <= 64
    assert stream.polls < 5000
    assert NONDECREASING in breaches(seen)


def test_neither_cap_nor_factor_is_claimed_of_too_few_gaps():
    assert Walk().cap_s is None
    assert Walk().factor is None
    assert Walk(gaps_s=[1.0]).cap_s is None
    assert Walk(gaps_s=[1.0]).factor is None
    assert Walk(gaps_s=[1.0, 2.0]).factor == 2.0
    assert Walk(gaps_s=[1.0, 3.0, 9.0, 9.0, 9.0]).factor == 3.0
    assert Walk(gaps_s=[1.0, 3.0, 9.0, 9.0, 9.0]).cap_s == 9.0
