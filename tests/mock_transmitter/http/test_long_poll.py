"""Long polls: parked in the core, waited for in process, on both clocks."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mock_transmitter.http.message import Parked, Request, Response

PATIENCE_S = 60


@pytest.fixture
def stream(ssf, types):
    return ssf.create({"events_requested": types})


def ask(one, stream, body=None):
    """Poll at the core, with nobody waiting."""
    return one.site.handle(
        Request(
            "POST",
            stream["delivery"]["endpoint_url"].removeprefix("https://mock.example"),
            (("authorization", f"Bearer {one.first.management_token}"),),
            json.dumps(body or {}).encode(),
        )
    )


def sets(answer):
    assert isinstance(answer, Response)
    return list(json.loads(answer.body)["sets"])


def test_a_poll_with_nothing_to_say_is_parked_until_its_deadline(ssf, stream):
    parked = ask(ssf, stream)
    assert isinstance(parked, Parked)
    assert parked.deadline == parked.wake_at() == parked.now() + 10.0
    assert parked.attempt() is None
    ssf.tenant.clock.advance(9.9)
    assert parked.attempt() is None
    ssf.tenant.clock.advance(0.1)
    assert sets(parked.attempt()) == []


def test_a_parked_poll_answers_as_soon_as_there_is_a_set(ssf, stream):
    parked = ask(ssf, stream)
    emitted = ssf.emit()
    assert parked.wake_at() == parked.now()
    assert sets(parked.attempt()) == emitted


def test_a_parked_poll_that_is_dropped_loses_nothing(ssf, stream):
    ask(ssf, stream)
    emitted = ssf.emit()
    assert sets(ask(ssf, stream)) == emitted


def test_a_set_goes_to_one_of_two_parked_polls(ssf, stream):
    ssf.control("PUT", "deviations", {"active": ["redelivery-waits-five-seconds"]})
    first, second = ask(ssf, stream), ask(ssf, stream)
    emitted = ssf.emit()
    assert sets(second.attempt()) == emitted
    assert first.attempt() is None
    assert first.wake_at() == first.now() + 5.0


def test_a_parked_poll_acknowledges_when_it_comes_and_once(ssf, stream):
    first = ssf.emit()
    ssf.poll(stream)
    parked = ask(ssf, stream, {"ack": first})
    assert isinstance(parked, Parked)
    assert ssf.control("GET", "streams").json()["streams"][0]["pending"] == 0
    second = ssf.emit()
    assert sets(parked.attempt()) == second


def test_an_expired_poll_answers_before_its_deadline(ssf, stream):
    parked = ask(ssf, stream)
    assert sets(parked.expire()) == []


def test_a_poll_that_only_acknowledges_waits_too_and_returns_no_set(ssf, stream):
    parked = ask(ssf, stream, {"maxEvents": 0})
    assert parked.attempt() is None
    emitted = ssf.emit()
    answer = parked.attempt()
    assert json.loads(answer.body) == {"sets": {}, "moreAvailable": True}
    assert sets(ask(ssf, stream)) == emitted


def test_a_parked_poll_is_told_that_its_stream_is_gone(ssf, stream):
    parked = ask(ssf, stream)
    ssf.call("DELETE", f"{ssf.configuration}?stream_id={stream['stream_id']}")
    assert parked.attempt().status == 404
    assert parked.expire().status == 404


def test_whatever_may_wake_a_poll_is_told_to_subscribers(ssf, stream):
    calls = []
    unsubscribe = ssf.site.subscribe(lambda: calls.append(1))

    def told(action):
        calls.clear()
        action()
        return bool(calls)

    assert told(ssf.emit)
    assert told(lambda: ssf.advance(1))
    assert told(lambda: ssf.tenant.clock.advance(1))
    verify = ssf.metadata["verification_endpoint"]
    body = {"stream_id": stream["stream_id"]}
    assert told(lambda: ssf.call("POST", verify, body))
    assert not told(lambda: ssf.read(stream["stream_id"]))
    url = f"{ssf.configuration}?stream_id={stream['stream_id']}"
    assert told(lambda: ssf.call("DELETE", url))
    unsubscribe()
    unsubscribe()
    assert not told(lambda: ssf.advance(1))


def test_in_process_a_poll_moves_the_simulated_clock_to_its_deadline(ssf, stream):
    before = ssf.tenant.clock.now()
    assert ssf.poll(stream, {}).json() == {"sets": {}, "moreAvailable": False}
    assert ssf.tenant.clock.now() == before + 10.0


def test_in_process_a_poll_moves_the_simulated_clock_to_an_earlier_redelivery(avnology, types):
    stream = avnology.create({"events_requested": types})
    emitted = avnology.emit()
    avnology.poll(stream, {"return_immediately": False})
    before = avnology.tenant.clock.now()
    answer = avnology.poll(stream, {"return_immediately": False})
    assert list(answer.json()["sets"]) == emitted
    assert avnology.tenant.clock.now() == before + 1.0


def test_a_dialect_that_states_no_default_answers_at_once(avnology, types):
    stream = avnology.create({"events_requested": types})
    before = avnology.tenant.clock.now()
    assert avnology.poll(stream, {}).json() == {"sets": {}}
    assert avnology.tenant.clock.now() == before
    avnology.poll(stream, {"return_immediately": False})
    assert avnology.tenant.clock.now() == before + 10.0


def test_on_the_system_clock_a_poll_waits_for_its_time(mock, types):
    one = mock("ssf-1.0", clock="system", long_poll_timeout_s=0.2)
    stream = one.create({"events_requested": types})
    began = time.monotonic()
    assert one.poll(stream, {}).json()["sets"] == {}
    assert time.monotonic() - began > 0.1


def test_on_the_system_clock_a_set_ends_the_waiting(mock, types):
    one = mock("ssf-1.0", clock="system", long_poll_timeout_s=60.0)
    stream = one.create({"events_requested": types})
    asked = threading.Event()
    subscribe = one.site.subscribe

    def noticed(callback):
        asked.set()
        return subscribe(callback)

    one.site.subscribe = noticed
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        answer = pool.submit(one.poll, stream, {})
        assert asked.wait(PATIENCE_S)
        emitted = one.emit()
        assert list(answer.result(PATIENCE_S).json()["sets"]) == emitted
        assert time.monotonic() - began < PATIENCE_S


def test_many_threads_share_one_stream_and_no_set_is_lost_or_doubled(mock, types):
    one = mock("ssf-1.0", deviations=["redelivery-waits-five-seconds"])
    stream = one.create({"events_requested": types})
    emitted = [one.emit()[0] for _ in range(60)]
    body = {"maxEvents": 1, "returnImmediately": True}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: one.poll(stream, body).json(), range(60)))
    got = [jti for answer in answers for jti in answer["sets"]]
    assert sorted(got) == sorted(emitted)
