import httpx
import pytest
from helpers import mock

from conformance.judging.arrivals import (
    MOST_REPEATS,
    Tap,
    is_announcement,
    natives,
    receives_by,
    stream_by,
)
from conformance.receiver.preconditions import Blocked
from conformance.receiver.push_listener import Listening, PushListener


def test_a_tap_tells_what_comes_from_then_on_in_its_order():
    transmitter = mock()
    with stream_by(transmitter, "poll") as stream:
        stream.obtain_sets()
        tap = Tap(stream)
        types = stream.configuration["events_delivered"][:3]
        for event_type in types:
            stream.emit(event_type)
        came = tap.wait(lambda found: len(found) >= len(types))
        assert [one.event_type for one in came] == types
        assert natives(stream, came) == came


def test_a_refused_poll_brings_a_tap_nothing():
    transmitter = mock()
    with transmitter.new_stream() as stream:
        tap = Tap(stream)
        stream.delete()
        assert tap.wait(bool, patience_s=1.0) == []


def test_a_tap_asks_a_few_times_where_nothing_but_acknowledged_sets_comes():
    transmitter = mock("ssf-1.0", "ack-is-ignored")
    with transmitter.new_stream() as stream:
        tap = Tap(stream)
        stream.emit()
        assert len(tap.wait(bool)) == 1
        asked = [one for one in transmitter.recorder.exchanges if 'maxEvents": 1' in str(one)]
        assert len(asked) == 1 + MOST_REPEATS + 1


def test_an_announcement_is_nothing_native():
    transmitter = mock()
    with transmitter.new_stream() as stream:
        tap = Tap(stream)
        stream.act_on_status("paused", reason="why not")
        (came,) = tap.wait(bool)
        assert is_announcement(came)
        assert came.payload == {"status": "paused", "reason": "why not"}
        assert natives(stream, [came]) == []


@pytest.mark.parametrize("profile", ["ssf-1.0", "jamf", "avnology"])
def test_where_nothing_listens_no_set_is_had_by_push(profile):
    assert not receives_by(mock(profile), "push")


def test_silence_tells_nothing_where_nobody_has_pushed_in_the_run():
    transmitter = mock()
    listener = PushListener(Listening(own_authority=True), url="https://unreached.invalid/")
    transmitter.connection.listener = listener
    with stream_by(transmitter, "push") as stream:
        tap = Tap(stream)
        with pytest.raises(Blocked, match="--push-url"):
            tap.wait(bool, patience_s=1.0)
        httpx.get(listener._door(None).url, verify=False)
        assert tap.wait(bool, patience_s=1.0) == []
    listener.close()


def test_sets_are_polled_for_where_the_profile_has_that():
    assert receives_by(mock("avnology"), "poll")
    assert not receives_by(mock("jamf"), "poll")


def test_an_update_that_is_accepted_is_waited_out():
    transmitter = mock("ssf-1.0", "status-updates-are-accepted-first")
    with transmitter.new_stream() as stream:
        assert stream.update_status("paused").status == 202
        assert stream.status == "paused"


def test_a_borrowed_stream_goes_back_enabled():
    transmitter = mock("sse-draft")
    with transmitter.new_stream() as stream:
        stream.update_status("disabled")
    with transmitter.new_stream() as stream:
        assert stream.status == "enabled"


def test_a_subject_is_named_in_the_query_of_a_status_read():
    transmitter = mock("sse-draft")
    subject = {"format": "email", "email": "user@example.com"}
    with transmitter.new_stream() as stream:
        stream.update_status("paused", subject=subject)
        answer = stream.read_status(subject=subject)
        assert stream.status_in(answer) == {"status": "paused", "subject": subject}
        assert stream.status == "enabled"
