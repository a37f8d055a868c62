"""The judge's waits."""

import pytest

from conformance.clock import growing_steps


@pytest.mark.parametrize("patience", [0.1, 10.0, 30.0, 86_400.0])
def test_waits_grow_until_the_patience_is_used_up(patience):
    steps = list(growing_steps(patience))
    assert sum(steps[:-1]) < patience <= sum(steps)
    assert steps == sorted(steps)
    assert steps[0] == 0.25


def test_a_wait_of_a_day_takes_few_looks():
    assert len(list(growing_steps(86_400.0))) < 70


def test_no_patience_is_no_wait():
    assert list(growing_steps(0.0)) == []
