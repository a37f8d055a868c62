import random

import pytest
from helpers import finished_run, mock, record

from conformance.cases.vendor.test_events_backoff import verify_goes_on, verify_schedule
from conformance.clock import RealClock
from conformance.engine.results_document import document_of
from conformance.judging.backoff import Walk, gap_beside_others, gaps_alone, longest, walk, walk_on
from conformance.judging.checks import example, recording
from conformance.judging.record import Nonconformance
from conformance.receiver.deliveries import Gap, History
from conformance.receiver.preconditions import NotReached

HOUR = 3600.0
DAY = 24 * HOUR
NONDECREASING = "VEPA-BACKOFF-GAPS-NONDECREASING"
GROW = "VEPA-BACKOFF-GAPS-GROW"
CAP = "VEPA-BACKOFF-CAP-24H"
CONTINUES = "VEPA-BACKOFF-CONTINUES"


class Served:
    served = True
    text = "200"


class Refused:
    served = False
    text = "500"


class Polled:
    def __init__(self, sets, answer=Served):
        self.sets = sets
        self.answer = answer


class Scripted:
    """A stream whose one SET falls due again a scripted time after each of its deliveries.

    Each poll takes `latency_s` of the target's time, half of it before it is answered.
    """

    def __init__(self, schedule, latency_s=0.0):
        self.gap_of = schedule
        self.latency_s = latency_s
        self.now = 0.0
        self.polls = 0
        self.true = []
        self.operations = self
        self.history = History()
        self._plan()
        self.history.delivered({"jti": "x.y.z"}, 0.0, sent=0.0)

    def _plan(self):
        gap = self.gap_of(len(self.true))
        self.due = None if gap is None else self.now + gap
        self.true.append(gap)

    def wait(self, seconds):
        assert seconds > 0
        self.now += seconds

    def poll(self):
        self.polls += 1
        sent = self.now
        self.now += self.latency_s / 2
        came = self.due is not None and self.now >= self.due
        if came:
            self._plan()
        self.now += self.latency_s / 2
        sets = {"jti": "x.y.z"} if came else {}
        self.history.delivered(sets, self.now, sent=sent)
        return Polled(sets)


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


def walked(schedule, cap_s=DAY, jitter=0.0, **more):
    stream = Scripted(schedule, **more)
    return stream, walk(stream, "jti", cap_s=cap_s, jitter=jitter)


def breaches(seen, cap=DAY, jitter=0.0):
    """Return the ids that the case finds broken in a walk."""
    case_record = record(
        **dict.fromkeys([NONDECREASING, GROW, CAP, CONTINUES], "fail"),
    )
    try:
        with recording(case_record), example():
            verify_schedule(seen, cap, jitter)
            verify_goes_on(seen)
    except Nonconformance:
        pass
    return {name for name, one in case_record.judgements.items() if one.breaches}


@pytest.mark.parametrize(("schedule", "factor", "cap"), SCHEDULES)
def test_every_gap_is_measured_within_a_twentieth_in_some_hundred_polls(schedule, factor, cap):
    stream, seen = walked(schedule)
    true = stream.true[: len(seen.gaps_s)]
    for measured, gap in zip(seen.gaps, true, strict=True):
        assert gap <= measured.at_most_s <= max(gap * 1.05, 0.25) + 1e-6
        assert gap > measured.at_least_s >= measured.at_most_s / 1.06 - 0.25
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
    rng = random.Random(seed)
    plain = exponential(1, 2, DAY)
    _, seen = walked(lambda index: plain(index) * (1 - 0.1 * rng.random()), jitter=0.1)
    assert breaches(seen, jitter=0.1) == set()


def test_a_constant_gap_is_seen_not_to_grow():
    stream, seen = walked(lambda index: 60.0)
    assert seen.gaps_s == pytest.approx([60] * 3, rel=0.06)
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
    assert not seen.lost
    assert seen.longest_s > 1.8 * DAY
    assert breaches(seen) == {CAP}
    assert stream.polls < 900


@pytest.mark.parametrize("jitter", [0.0, 0.25])
def test_a_cap_of_26_hours_is_no_jitter_about_24(jitter):
    _, seen = walked(exponential(1, 2, 26 * HOUR), jitter=jitter)
    assert breaches(seen, jitter=jitter) == {CAP}


@pytest.mark.parametrize("seed", range(20))
def test_jitter_about_a_cap_of_24_hours_is_no_breach(seed):
    chance = random.Random(seed)
    plain = exponential(60, 2, DAY)
    _, seen = walked(lambda index: plain(index) * chance.uniform(0.9, 1.1), jitter=0.25)
    assert breaches(seen, jitter=0.25) == set()


def test_gaps_that_grow_by_an_hour_each_time_are_seen_to_be_slow():
    _, seen = walked(lambda index: min(HOUR * (index + 1), DAY), jitter=0.25)
    assert breaches(seen, jitter=0.25) == {GROW}


@pytest.mark.parametrize("seed", range(20))
def test_a_constant_gap_with_jitter_does_not_grow_or_is_in_doubt(seed):
    chance = random.Random(seed)
    _, seen = walked(lambda index: 60 * chance.uniform(0.8, 1.2), jitter=0.25)
    assert GROW in breaches(seen, jitter=0.25) or seen.may_be_constant(0.25)


@pytest.mark.parametrize("seed", range(20))
def test_a_gap_that_grows_three_times_with_jitter_is_in_no_doubt(seed):
    chance = random.Random(seed)
    plain = exponential(20, 2, 80)
    _, seen = walked(lambda index: plain(index) * chance.uniform(0.8, 1.2), jitter=0.25)
    assert not seen.may_be_constant(0.25)
    assert breaches(seen, jitter=0.25) == set()


def test_a_gap_just_above_the_cap_is_not_taken_for_the_cap():
    _, seen = walked(lambda index: DAY * 1.09)
    assert CAP in breaches(seen)


def test_a_set_that_never_comes_again_is_lost_at_once():
    stream, seen = walked(lambda index: None)
    assert (seen.gaps_s, seen.lost, seen.deliveries) == ([], True, 1)
    assert seen.silent_for_s > DAY
    assert stream.polls < 400


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
    assert seen.silent_for_s < 5 * HOUR
    assert stream.now < 8 * HOUR


def test_a_cap_of_an_hour_is_broken_by_a_gap_of_two():
    _, seen = walked(exponential(1, 2, 2 * HOUR), cap_s=HOUR)
    assert CAP in breaches(seen, cap=HOUR)


def test_a_walk_has_an_end_even_where_the_gaps_have_none():
    stream, seen = walked(lambda index: 1 + (index % 2) * 5)
    assert seen.deliveries <= 64
    assert stream.polls < 5000
    assert NONDECREASING in breaches(seen)


@pytest.mark.parametrize("first", [DAY, 20 * HOUR])
def test_a_gap_that_begins_at_the_cap_has_no_room_to_grow(first):
    _, seen = walked(exponential(first, 2, DAY))
    assert breaches(seen) == set()


def test_a_cap_of_four_minutes_is_as_legal_as_any_lower_one():
    _, seen = walked(exponential(60, 2, 240))
    assert breaches(seen) == set()


def test_only_the_first_two_gaps_may_be_alike():
    _, seen = walked(lambda index: min(5 * 2.0 ** max(index - 1, 0), DAY))
    assert breaches(seen) == set()


def test_gaps_that_grow_by_a_minute_each_are_seen_not_to_grow_enough():
    _, seen = walked(lambda index: 60.0 * (index + 1))
    assert breaches(seen, jitter=0.25) == {GROW}


def test_gaps_that_alternate_beyond_the_jitter_are_seen_to_shrink():
    plain = exponential(1, 2, DAY)
    _, seen = walked(lambda index: plain(index) * (0.2 if index % 2 else 1), jitter=0.25)
    assert NONDECREASING in breaches(seen, jitter=0.25)


@pytest.mark.parametrize("latency", [0.1, 1.0])
def test_on_a_slow_target_nothing_is_taken_for_sure_that_latency_explains(latency):
    stream, seen = walked(exponential(1, 2, HOUR), latency_s=latency)
    for measured, gap in zip(seen.gaps, stream.true, strict=False):
        assert measured.at_least_s < gap <= measured.at_most_s
    assert breaches(seen) == set()


def test_a_walk_keeps_within_the_time_that_it_is_given():
    stream = Scripted(exponential(1, 2, DAY))
    seen = walk(stream, "jti", cap_s=DAY, jitter=0.0, within_s=30)
    assert stream.now <= 30
    assert seen.gaps_s == pytest.approx([1, 2, 4, 8], rel=0.06)
    assert not seen.lost


def test_a_refused_poll_shows_nothing():
    stream = Scripted(lambda index: 1.0)
    stream.poll = lambda: Polled({}, Refused)
    with pytest.raises(NotReached, match="a poll was answered 500"):
        walk(stream, "jti", cap_s=DAY, jitter=0.0)


@pytest.mark.parametrize("lost_at", [DAY, 2 * DAY])
def test_a_set_dropped_long_after_it_has_reached_a_low_cap_is_seen_to_be_lost(lost_at):
    stream = Scripted(
        lambda index: None if index and stream.now > lost_at else min(2.0**index, HOUR)
    )
    seen = walk(stream, "jti", cap_s=DAY, jitter=0.0)
    assert not seen.lost
    walk_on(stream, "jti", seen, cap_s=DAY, jitter=0.0, until_s=3 * DAY)
    assert breaches(seen) == {CONTINUES}


def test_a_set_that_stays_is_there_after_each_long_step():
    stream, seen = walked(exponential(1, 2, HOUR))
    before = seen.deliveries
    walk_on(stream, "jti", seen, cap_s=DAY, jitter=0.0, until_s=3 * DAY)
    assert stream.now >= 3 * DAY
    assert seen.deliveries > before
    assert breaches(seen) == set()


def test_gaps_are_found_with_a_few_polls_where_few_are_wanted():
    stream = Scripted(exponential(7, 3, DAY))
    found = gaps_alone(stream, "jti", count=4, bound_s=longest(DAY, 0.0))
    for measured, gap in zip(found, [7, 21, 63, 189], strict=True):
        assert measured.at_least_s < gap <= measured.at_most_s
    assert stream.polls < 20


def test_the_search_for_gaps_ends_where_the_set_stays_away():
    stream = Scripted(exponential(7, 3, DAY, lost_after=2))
    assert len(gaps_alone(stream, "jti", count=4, bound_s=DAY)) == 2


def test_a_set_keeps_its_gaps_beside_others_that_come_and_go():
    transmitter = mock("avnology")
    with transmitter.new_stream() as stream:
        (jti,) = stream.obtain_sets()
        alone = gaps_alone(stream, jti, count=3, bound_s=DAY)
    with transmitter.new_stream() as stream:
        (jti,) = stream.obtain_sets()
        for gap in alone:
            beside = gap_beside_others(stream, jti, gap, longer=1.0)
            assert not beside.surely_below(gap, 1.0)
            assert not gap.surely_below(beside, 1.0)
        assert len(stream.history.jtis) > 6


def test_a_set_that_others_keep_away_has_an_open_gap():
    transmitter = mock("avnology", "acknowledging-one-postpones-the-others")
    with transmitter.new_stream() as stream:
        (jti,) = stream.obtain_sets()
        beside = gap_beside_others(stream, jti, Gap(0.5, 1.0), longer=1.5)
        assert beside.at_least_s >= 1.5
        assert str(beside) == f"more than {beside.at_least_s:.2f} s"


BACKOFF = (NONDECREASING, GROW, CAP, CONTINUES, "VEPA-UNACKED-REDELIVERED")


def verdicts_of(run):
    return {row["id"]: row["verdict"] for row in document_of(run)["requirements"]}


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (None, set()),
        ("backoff-is-constant", set()),
        ("sets-are-dropped-after-a-day", set()),
        ("sets-are-dropped-after-an-hour", {CONTINUES}),
    ],
)
def test_where_sets_are_given_up_after_a_window_only_a_loss_before_it_counts(fault, seen):
    run = finished_run(
        *BACKOFF,
        profile="avnology",
        settings={"poll.redelivery.model": "give-up-window"},
        deviations=[fault] if fault else [],
    )
    found = verdicts_of(run)
    assert {name for name, verdict in found.items() if verdict in {"failed", "warning"}} == seen
    assert found[GROW] == found[CAP] == "not seen"
    assert found["VEPA-UNACKED-REDELIVERED"] == "passed"


def test_where_nothing_is_known_of_the_redelivery_both_readings_pass():
    for deviations in ([], ["backoff-cap-is-one-hour"]):
        run = finished_run(
            *BACKOFF,
            profile="avnology",
            settings={"poll.redelivery.model": "unspecified"},
            deviations=deviations,
        )
        found = verdicts_of(run)
        assert found["VEPA-UNACKED-REDELIVERED"] == "passed"
        assert "failed" not in found.values()


def test_the_series_with_factor_and_cap_goes_to_the_results():
    document = document_of(finished_run(GROW, profile="avnology"))
    (series,) = document["series"]
    assert series["factor"] == pytest.approx(2.0, rel=0.05)
    assert series["cap_s"] == pytest.approx(DAY, rel=0.06)
    assert series["gaps_s"][:3] == pytest.approx([1, 2, 4], rel=0.06)


def test_the_real_clock_has_always_reached_the_time_that_it_tells():
    clock = RealClock()
    before = clock.now()
    assert before <= clock.reached() <= clock.now()


def test_neither_cap_nor_factor_is_claimed_of_too_few_gaps():
    assert Walk().cap_s is None
    assert Walk().factor is None
    assert seen_as(1.0).cap_s is None
    assert seen_as(1.0).factor is None
    assert seen_as(1.0, 2.0).factor == 2.0
    assert seen_as(1.0, 3.0, 9.0, 9.0, 9.0).factor == 3.0
    assert seen_as(1.0, 3.0, 9.0, 9.0, 9.0).cap_s == 9.0


def seen_as(*gaps):
    return Walk(gaps=[Gap(gap * 0.96, gap) for gap in gaps])
