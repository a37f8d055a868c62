"""The two clocks, and what comes from the seed."""

import threading
import time

import pytest

from mock_transmitter.domain.clock import START, Alarm, SimulatedClock, SystemClock
from mock_transmitter.domain.seed import hex_id, source


def test_the_simulated_clock_starts_in_2026_and_stands_still():
    clock = SimulatedClock()
    assert clock.now() == START
    assert time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(clock.now())) == "2026-01-01T00:00:00"


def test_the_simulated_clock_moves_forward_and_says_so():
    moves = []
    clock = SimulatedClock(10.0, moved=lambda: moves.append(1))
    assert clock.advance(2.5) == 12.5
    assert clock.advance_to(20.0) == 20.0
    assert len(moves) == 2


def test_moving_to_a_time_that_has_passed_changes_nothing():
    moves = []
    clock = SimulatedClock(10.0, moved=lambda: moves.append(1))
    assert clock.advance_to(9.0) == 10.0
    assert moves == []


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_the_simulated_clock_moves_neither_back_nor_without_end(seconds):
    clock = SimulatedClock(10.0)
    with pytest.raises(ValueError, match="zero or more"):
        clock.advance(seconds)
    assert clock.now() == 10.0


def test_the_system_clock_tells_the_time():
    assert abs(SystemClock().now() - time.time()) < 5
    assert SystemClock.kind == "system"


def test_an_alarm_rings_before_its_time_is_over():
    alarm = Alarm()
    threading.Timer(0.01, alarm.ring).start()
    began = time.monotonic()
    alarm.wait(20.0)
    assert time.monotonic() - began < 10


def test_an_alarm_that_rang_before_is_heard():
    alarm = Alarm()
    alarm.ring()
    began = time.monotonic()
    alarm.wait(20.0)
    assert time.monotonic() - began < 10


def test_an_alarm_with_no_time_left_does_not_wait():
    Alarm().wait(-1.0)


def test_the_same_seed_gives_the_same_ids_and_another_purpose_gives_others():
    def ids(*way):
        random = source(*way)
        return [hex_id(random) for _ in range(3)]

    assert ids(1, "t", "jtis") == ids(1, "t", "jtis")
    assert len({*ids(1, "t", "jtis"), *ids(2, "t", "jtis"), *ids(1, "u", "jtis")}) == 9
    assert ids(1, "t", "jtis") != ids(1, "t", "streams")
    assert all(len(one) == 32 for one in ids(1, "t", "jtis"))
