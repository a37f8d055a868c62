"""Waits for pushes end with the clock that is moved, and in real time where nothing else can."""

from types import SimpleNamespace

import pytest

from conformance.receiver.pushes import GRACE_S, Pushes


class Endpoint:
    """Keeps how long it was waited for; `late` says whether a push comes then."""

    def __init__(self, *, late=False):
        self.late = late
        self.waits = []

    def await_more(self, than, seconds):
        self.waits.append(seconds)
        return self.late


class Clock:
    def __init__(self, *, movable):
        self.movable = movable
        self.moves = []

    def advance(self, seconds):
        self.moves.append(seconds)


def pushes_of(clock, endpoint, *, disposable=False):
    target = SimpleNamespace(disposable=disposable)
    operations = SimpleNamespace(clock=clock, target=target)
    return Pushes(SimpleNamespace(operations=operations), endpoint)


def test_a_clock_that_is_moved_needs_no_wait_in_real_time():
    clock, endpoint = Clock(movable=True), Endpoint()
    pushes_of(clock, endpoint).let_pass(2.5)
    assert (clock.moves, endpoint.waits) == ([2.5], [])


def test_on_a_clock_that_can_not_be_moved_a_push_ends_the_wait():
    clock, endpoint = Clock(movable=False), Endpoint()
    pushes_of(clock, endpoint).let_pass(2.5)
    assert (clock.moves, endpoint.waits) == ([], [2.5])


@pytest.mark.parametrize("late", [True, False])
def test_a_hook_that_answers_too_soon_has_a_moment_at_the_end(late):
    endpoint = Endpoint(late=late)
    assert pushes_of(Clock(movable=True), endpoint).come_late() is late
    assert endpoint.waits == [GRACE_S]


@pytest.mark.parametrize(
    ("movable", "disposable"), [(False, False), (True, True)], ids=["real time", "the mock"]
)
def test_nothing_comes_late_in_real_time_or_from_the_bundled_mock(movable, disposable):
    endpoint = Endpoint(late=True)
    pushes = pushes_of(Clock(movable=movable), endpoint, disposable=disposable)
    assert not pushes.come_late()
    assert endpoint.waits == []
