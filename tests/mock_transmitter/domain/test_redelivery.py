"""When an unacknowledged SET is due again."""

import itertools
from random import Random

import pytest

from conformance.spec.profile import Redelivery
from conformance.spec.profile_files import load_profile
from mock_transmitter.domain.errors import UnservedProfile
from mock_transmitter.domain.redelivery import (
    Curve,
    ExponentialBackoff,
    Immediate,
    UnusableCurve,
    parse_curve,
    policy_of,
)
from mock_transmitter.site import Site


def gaps(policy, count):
    return [policy.gap(attempt, Random(0)) for attempt in range(1, count + 1)]


def test_the_default_backoff_doubles_from_one_second_to_a_day_and_stays_there():
    assert gaps(ExponentialBackoff(), 20) == [2.0**n for n in range(17)] + [86400.0] * 3


def test_a_backoff_never_overflows():
    assert ExponentialBackoff().gap(100_000, Random(0)) == 86400.0


def test_jitter_only_shortens_and_never_by_more_than_its_share():
    policy = ExponentialBackoff(initial_s=100, cap_s=1000, jitter=0.2)
    random = Random(1)
    for attempt in range(1, 200):
        nominal = ExponentialBackoff(initial_s=100, cap_s=1000).gap(attempt, random)
        assert 0.8 * nominal <= policy.gap(attempt, random) <= nominal


def test_what_is_immediate_is_due_at_once():
    assert gaps(Immediate(), 3) == [0.0, 0.0, 0.0]


def test_a_silent_profile_gets_the_mocks_own_default():
    assert policy_of(Redelivery()) == Immediate()
    assert policy_of(Redelivery(model="immediate")) == Immediate()


def test_a_profile_sets_the_cap_and_never_the_mocks_jitter():
    backoff = policy_of(Redelivery(model="exponential-backoff", cap_s=3600, jitter=0.25))
    assert backoff == ExponentialBackoff(cap_s=3600)


BACKOFF = Redelivery(model="exponential-backoff", cap_s=86400)


def test_a_curve_sets_what_it_names_and_leaves_the_rest():
    assert policy_of(BACKOFF, parse_curve("factor=3")) == ExponentialBackoff(factor=3)
    whole = parse_curve("initial=10, factor=1.5, cap=3600, jitter=0.1")
    assert policy_of(BACKOFF, whole) == ExponentialBackoff(
        initial_s=10, factor=1.5, cap_s=3600, jitter=0.1
    )


def test_a_cap_below_the_usual_first_gap_lowers_that_too():
    assert gaps(policy_of(BACKOFF, parse_curve("cap=0.5")), 2) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'': write NAME=NUMBER once for each of initial, factor, cap, jitter"),
        ("factor", "'factor': write NAME=NUMBER"),
        ("first=1", "'first=1': write NAME=NUMBER"),
        ("factor=2,factor=3", "'factor=3': write NAME=NUMBER once"),
        ("factor=2,", "'': write NAME=NUMBER"),
        ("factor=two", "factor=two: write a number from 1 on"),
        ("factor=0.5", "factor=0.5: write a number from 1 on"),
        ("factor=inf", "factor=inf: write a number from 1 on"),
        ("initial=0", "initial=0: write a number of seconds above 0"),
        ("cap=-1", "cap=-1: write a number of seconds above 0"),
        ("cap=nan", "cap=nan: write a number of seconds above 0"),
        ("jitter=1", "jitter=1: write a share from 0 to less than 1"),
    ],
)
def test_numbers_that_no_backoff_can_have_are_refused_by_name(text, problem):
    with pytest.raises(UnusableCurve) as refused:
        parse_curve(text)
    assert str(refused.value).startswith(problem)


@pytest.mark.parametrize(
    ("rules", "curve", "problem"),
    [
        (BACKOFF, Curve(cap_s=172800), "cap=172800 is above the 86400 s that the profile allows"),
        (BACKOFF, Curve(initial_s=60, cap_s=10), "initial=60 is above the cap of 10 s"),
        (Redelivery(), Curve(factor=2), "poll.redelivery.model is 'unspecified'"),
        (Redelivery(model="give-up-window"), Curve(cap_s=5), "model is 'give-up-window'"),
    ],
)
def test_a_curve_that_the_profile_has_no_place_for_is_refused(rules, curve, problem):
    with pytest.raises(UnusableCurve) as refused:
        policy_of(rules, curve)
    assert problem in str(refused.value)


def test_a_site_gives_the_numbers_to_all_its_tenants(mock):
    first = mock("avnology", redelivery=parse_curve("initial=10,factor=3,cap=60"))
    for one in (first, mock("avnology", site=first.site, tenant=first.site.open_tenant())):
        stream = one.create({"events_requested": [EVENT]})
        one.emit()
        assert list(walked_gaps(one, stream, 4)) == [10, 30, 60, 60]


@pytest.fixture
def window(mock):
    """Return a Transmitter that gives a SET up an hour after it was queued."""
    settings = {"poll.redelivery.model": "give-up-window", "poll.redelivery.cap_s": 3600}
    return mock("avnology", settings=settings)


def test_within_its_window_a_set_comes_with_each_poll_and_after_it_no_more(window):
    stream = window.create({"events_requested": [EVENT]})
    (jti,) = window.emit()
    for _ in range(2):
        assert list(poll(window, stream)) == [jti]
    window.advance(3599)
    assert list(poll(window, stream)) == [jti]
    window.advance(1)
    assert poll(window, stream) == {}
    assert len(window.tenant.transmitter.streams()[0].queue) == 0


def test_a_set_that_nobody_polled_for_within_its_window_is_gone(window):
    stream = window.create({"events_requested": [EVENT]})
    window.emit()
    window.advance(1800)
    (later,) = window.emit()
    window.advance(1800)
    assert list(poll(window, stream)) == [later]


def test_without_a_cap_the_window_is_a_day():
    assert policy_of(Redelivery(model="give-up-window")) == Immediate(window_s=86400)


def test_an_algorithm_that_the_mock_cannot_sign_with_is_refused_by_name():
    profile = load_profile("ssf-1.0", {"sets.algorithms": ["PS256"]})
    with pytest.raises(UnservedProfile, match=r"sets\.algorithms"):
        Site(profile, base_url="https://mock.example")


def test_on_the_wire_the_gaps_double_up_to_24_hours_and_the_bytes_stay_the_same(avnology):
    stream = avnology.create({"events_requested": [EVENT]})
    (jti,) = avnology.emit()
    seen = []
    for _ in range(20):
        ((key, token),) = poll(avnology, stream).items()
        assert key == jti
        seen.append((avnology.tenant.clock.now(), token))
        avnology.tenant.clock.advance_to(due(avnology))
    times = [moment for moment, _ in seen]
    assert [b - a for a, b in itertools.pairwise(times)] == gaps(ExponentialBackoff(), 19)
    assert len({token for _, token in seen}) == 1


def test_a_set_is_not_delivered_before_it_is_due_again(avnology):
    stream = avnology.create({"events_requested": [EVENT]})
    avnology.emit()
    poll(avnology, stream)
    avnology.advance(0.5)
    assert poll(avnology, stream) == {}
    avnology.advance(0.5)
    assert len(poll(avnology, stream)) == 1


def test_a_new_set_comes_at_once_whatever_older_ones_wait_for(avnology):
    stream = avnology.create({"events_requested": [EVENT]})
    old = avnology.emit()
    for _ in range(10):
        poll(avnology, stream)
        avnology.tenant.clock.advance_to(due(avnology))
    poll(avnology, stream)
    new = avnology.emit()
    assert list(poll(avnology, stream)) == new != old


def test_acknowledging_one_set_leaves_the_schedule_of_another_alone(avnology):
    stream = avnology.create({"events_requested": [EVENT]})
    (first,) = avnology.emit()
    poll(avnology, stream)
    avnology.advance(1)
    poll(avnology, stream)
    (second,) = avnology.emit()
    poll(avnology, stream)
    url = stream["delivery"]["endpoint_url"].replace("events:poll", "events:ack")
    avnology.call("POST", url, {"acks": [second]}, token=avnology.first.poll_token)
    avnology.advance(1.9)
    assert poll(avnology, stream) == {}
    avnology.advance(0.1)
    assert list(poll(avnology, stream)) == [first]


EVENT = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"


def poll(mock, stream):
    answer = mock.poll(stream, {"return_immediately": True})
    assert set(answer.json()) == {"sets"}
    return answer.json()["sets"]


def walked_gaps(mock, stream, count):
    """Yield the time between one delivery of the only SET and the next."""
    poll(mock, stream)
    for _ in range(count):
        before = mock.tenant.clock.now()
        mock.tenant.clock.advance_to(due(mock))
        assert len(poll(mock, stream)) == 1
        yield mock.tenant.clock.now() - before


def due(mock):
    return mock.tenant.transmitter.streams()[0].queue.next_due()
