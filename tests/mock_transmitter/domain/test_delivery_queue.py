"""The delivery queue: order, acknowledgement, and what a poll costs."""

import sys

import pytest

from mock_transmitter.domain.delivery_queue import DeliveryQueue, PendingSet


def pending(jti):
    return PendingSet(jti=jti, claims={"jti": jti}, queued_at=0.0)


@pytest.fixture
def queue():
    queue = DeliveryQueue()
    for number in range(5):
        queue.add(pending(f"j{number}"), due=float(number))
    return queue


def jtis(taken):
    return [one.jti for one in taken]


def test_takes_what_is_due_oldest_first(queue):
    assert jtis(queue.take(2.0, 10)) == ["j0", "j1", "j2"]


def test_takes_no_more_than_the_limit(queue):
    assert jtis(queue.take(9.0, 2)) == ["j0", "j1"]
    assert jtis(queue.take(9.0, 0)) == []


def test_equal_times_come_in_the_order_of_their_adding():
    queue = DeliveryQueue()
    for jti in ("b", "a", "c"):
        queue.add(pending(jti), due=1.0)
    assert jtis(queue.take(1.0, 9)) == ["b", "a", "c"]


def test_what_was_taken_is_pending_and_not_due_until_it_is_added_again(queue):
    taken = queue.take(0.0, 1)[0]
    assert taken.jti in queue
    assert len(queue) == 5
    assert not queue.is_due(0.5)
    queue.add(taken, due=0.5)
    assert jtis(queue.take(0.5, 9)) == ["j0"]


def test_an_acknowledged_set_is_neither_pending_nor_due(queue):
    assert jtis(queue.acknowledge(["j0", "j0", "unknown"])) == ["j0"]
    assert "j0" not in queue
    assert queue.next_due() == 1.0
    assert jtis(queue.take(0.0, 9)) == []


def test_acknowledging_a_set_that_was_taken_releases_it(queue):
    queue.take(0.0, 1)
    assert jtis(queue.acknowledge(["j0"])) == ["j0"]
    assert len(queue) == 4


def test_a_set_that_is_added_twice_is_due_once_at_its_new_time(queue):
    queue.add(pending("j0"), due=10.0)
    assert len(queue) == 5
    assert jtis(queue.take(20.0, 9)) == ["j1", "j2", "j3", "j4", "j0"]


def test_an_empty_queue_is_never_due():
    queue = DeliveryQueue()
    assert queue.next_due() is None
    assert queue.last_due() is None
    assert not queue.is_due(1e12)


def test_last_due_and_due_between_see_live_sets_only(queue):
    queue.acknowledge(["j4"])
    assert queue.last_due() == 3.0
    assert list(queue.due_between(0.0, 2.0)) == [(1.0, "j1"), (2.0, "j2")]


def test_iteration_shows_all_pending_sets(queue):
    queue.take(0.0, 1)
    assert jtis(queue) == ["j0", "j1", "j2", "j3", "j4"]


def test_many_acknowledgements_leave_no_litter():
    queue = DeliveryQueue()
    for number in range(1000):
        queue.add(pending(f"j{number}"), due=1.0)
    for number in range(999):
        queue.acknowledge([f"j{number}"])
    assert len(queue._heap) < 100
    assert sys.getsizeof(queue._pending) < 10_000
    assert jtis(queue.take(1.0, 9)) == ["j999"]


def test_a_set_that_gets_a_new_time_again_and_again_leaves_no_litter():
    queue = DeliveryQueue()
    one = pending("j0")
    for number in range(1000):
        queue.add(one, due=float(number))
    assert len(queue._heap) < 100
    assert queue.next_due() == 999.0


def test_a_set_whose_time_is_over_is_given_up_and_not_taken():
    queue = DeliveryQueue()
    queue.add(PendingSet(jti="old", claims={}, queued_at=0.0, expires_at=5.0), due=0.0)
    queue.add(pending("new"), due=1.0)
    assert jtis(queue.take(4.9, 1)) == ["old"]
    queue.add(PendingSet(jti="old", claims={}, queued_at=0.0, expires_at=5.0), due=0.0)
    assert jtis(queue.take(5.0, 9)) == ["new"]
    assert "old" not in queue
