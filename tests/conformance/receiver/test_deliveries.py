import pytest

from conformance.receiver.deliveries import (
    Gap,
    History,
    changed_tokens,
    gaps_of,
    returned_after_acknowledgement,
    shrinking,
    silence_of,
)


def played(*steps):
    """Return the history of steps: a dict is an answer, a list an acknowledgement."""
    history = History()
    for at, step in enumerate(steps):
        if isinstance(step, dict):
            history.delivered(step, at)
        else:
            history.acknowledged(step)
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


def polled(*steps):
    """Return the history of polls: (sent, answered, jtis) each."""
    history = History()
    for sent, at, jtis in steps:
        history.delivered(dict.fromkeys(jtis, "x.y.z"), at, sent=sent)
    return history


def test_a_gap_ends_between_the_last_poll_that_found_nothing_and_the_next_delivery():
    history = polled((0, 0, "a"), (1, 1, ""), (2, 2, ""), (3, 3, "a"), (4, 4, "a"), (9, 9, ""))
    assert gaps_of(history, "a") == [Gap(2, 3), Gap(0, 1)]
    assert silence_of(history, "a") == 5


def test_a_poll_that_returns_another_set_does_not_show_that_this_one_was_not_due():
    history = polled((0, 0, "a"), (1, 1, "b"), (2, 2, "ab"))
    assert gaps_of(history, "a") == [Gap(0, 2)]
    assert gaps_of(history, "b") == [Gap(0, 1)]


def test_what_a_poll_takes_makes_a_gap_less_sure():
    history = polled((0, 1, "a"), (3, 4, ""), (5, 6, "a"))
    assert gaps_of(history, "a") == [Gap(2, 6)]


def test_a_poll_that_could_not_carry_a_set_shows_nothing():
    history = polled((0, 0, "a"))
    history.delivered({}, 5)
    assert silence_of(history, "a") == 0


def near(*series):
    return [Gap(gap, gap) for gap in series]


@pytest.mark.parametrize(
    ("series", "jitter", "expected"),
    [
        (near(1, 2, 4, 4), 0, []),
        (near(1, 2, 1.9), 0, near(2, 1.9)),
        (near(1, 2, 1.9), 0.05, []),
        (near(1, 2, 1.8), 0.05, near(2, 1.8)),
        (near(10, 8.3), 0.1, []),
        (near(10, 8.1), 0.1, near(10, 8.1)),
        ([Gap(0.9, 2), Gap(0.5, 1)], 0, []),
        ([Gap(0.9, 2), Gap(0.5, 0.8)], 0, [Gap(0.9, 2), Gap(0.5, 0.8)]),
        ([], 0, []),
    ],
)
def test_a_gap_shrinks_only_where_neither_jitter_nor_measuring_explains_it(
    series, jitter, expected
):
    assert [gap for pair in shrinking(series, jitter) for gap in pair] == expected


def test_what_sets_say_is_told_apart_from_how_they_are_named_and_signed():
    history = History()
    history.delivered({"1": "header.one.signature", "2": "no-jws"}, 1.0)
    history.delivered({"1": "header.one.another-signature", "3": "header.three.signature"}, 2.0)
    assert history.said == {"one": "1", "no-jws": "2", "three": "3"}
