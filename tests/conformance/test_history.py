import pytest

from conformance.history import (
    History,
    changed_tokens,
    gaps,
    returned_after_acknowledgement,
    shrinking,
)


def played(*steps):
    """Return the history of steps: a dict is an answer, a list an acknowledgement."""
    history = History()
    for at, step in enumerate(steps):
        if isinstance(step, dict):
            history.delivered(step, at)
        else:
            history.acknowledged(step, at)
    return history


@pytest.mark.parametrize(
    ("steps", "returned"),
    [
        ([{"a": "1"}, {"a": "1"}, ["a"]], {}),
        ([{"a": "1"}, ["a"], {"a": "1"}], {"a": 1}),
        ([{"a": "1"}, ["a"], {"b": "2"}, {"b": "2"}], {}),
        ([{"a": "1"}, ["a"], {"a": "1"}, ["a"], {"a": "1"}, {"a": "1"}], {"a": 3}),
        ([["a"], {"a": "1"}], {"a": 1}),
        ([{"a": "1", "b": "2"}, ["b"], {"a": "1", "b": "2"}], {"b": 1}),
        ([], {}),
    ],
)
def test_what_came_back_after_its_acknowledgement_is_counted(steps, returned):
    assert returned_after_acknowledgement(played(*steps)) == returned


def test_acknowledging_again_does_not_forgive_what_came_between():
    history = played({"a": "1"}, ["a"], {"a": "1"}, ["a"])
    assert returned_after_acknowledgement(history) == {"a": 1}


def test_outstanding_is_what_came_and_was_not_acknowledged_oldest_first():
    history = played({"b": "1", "a": "2"}, ["b", "never-came"], {"c": "3"}, {"a": "2"})
    assert history.outstanding == ["a", "c"]
    assert history.jtis == {"a", "b", "c"}
    assert [one.at for one in history.of("a")] == [0, 3]


def test_the_same_jti_in_other_bytes_is_counted_by_its_forms():
    history = played({"a": "1", "b": "1"}, {"a": "1", "b": "2"}, {"b": "3"})
    assert changed_tokens(history) == {"b": 3}


@pytest.mark.parametrize(
    ("times", "expected"), [([], []), ([5], []), ([1, 3, 7], [2, 4]), ([1, 1], [0])]
)
def test_gaps_lie_between_deliveries(times, expected):
    assert gaps(times) == expected


@pytest.mark.parametrize(
    ("series", "tolerance", "expected"),
    [
        ([1, 2, 4, 4], 0, []),
        ([1, 2, 1.9], 0, [(2, 1.9)]),
        ([1, 2, 1.9], 0.05, []),
        ([1, 2, 1.8], 0.05, [(2, 1.8)]),
        ([10, 5, 2], 0.1, [(10, 5), (5, 2)]),
        ([10, 8.3], 0.1, []),
        ([10, 8.1], 0.1, [(10, 8.1)]),
        ([], 0, []),
    ],
)
def test_a_gap_shrinks_only_beyond_the_tolerance(series, tolerance, expected):
    assert shrinking(series, tolerance) == expected
