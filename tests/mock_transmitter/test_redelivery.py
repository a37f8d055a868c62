"""When an unacknowledged SET is due again."""

import itertools
from random import Random

import pytest

from conformance.spec.profile import Redelivery, load_profile
from mock_transmitter.errors import UnservedProfile
from mock_transmitter.http.application import Site
from mock_transmitter.redelivery import ExponentialBackoff, Immediate, policy_of


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


def test_a_model_that_the_mock_cannot_play_is_refused_by_name():
    profile = load_profile("avnology", {"poll.redelivery.model": "give-up-window"})
    with pytest.raises(UnservedProfile, match=r"poll\.redelivery\.model"):
        Site(profile, base_url="https://mock.example")


def test_an_algorithm_that_the_mock_cannot_sign_with_is_refused_by_name():
    profile = load_profile("ssf-1.0", {"sets.algorithms": ["RS256"]})
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


def due(mock):
    return mock.tenant.transmitter.streams()[0].queue.next_due()
