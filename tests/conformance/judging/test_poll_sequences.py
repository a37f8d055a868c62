import pytest
from helpers import mock, record

from conformance.judging.checks import example, recording
from conformance.judging.poll_sequences import (
    collect,
    silence_breaks,
    stream_of_the_second,
    times_returned,
    verify_kept,
    verify_released,
)
from conformance.judging.record import Nonconformance
from conformance.receiver.answer import NoAnswer

KEPT = "RFC8936-2-UNACKED-KEPT"
RELEASED = "RFC8936-2.2-ACK-ACCEPTED"


def verdict(check, *grades):
    """Return what a check came to: the message of its breach, or None."""
    ids = grades or ((KEPT, "warn"), (RELEASED, "fail"))
    judged = record(
        **dict(ids), **{"VEPA-UNACKED-REDELIVERED": "fail", "VEPA-ACK-STOPS-REDELIVERY": "fail"}
    )
    with recording(judged):
        try:
            with example():
                check()
        except Nonconformance as breach:
            return str(breach)
    return None


def test_what_is_collected_has_come_and_is_acknowledged():
    with mock().new_stream() as stream:
        found = stream.obtain_sets(3)
        assert collect(stream, found, raised=3) == frozenset(found)
        assert stream.history.outstanding == []


def test_collecting_waits_for_what_was_raised_even_where_one_set_comes_at_a_time():
    with mock("ssf-1.0", "poll-answers-one-set-at-a-time").new_stream() as stream:
        for _ in range(4):
            stream.raise_set()
        assert len(collect(stream, [], raised=4)) == 4


def test_collecting_follows_a_backoff_as_far_as_a_gap_may_be():
    with mock("avnology").new_stream() as stream:
        found = stream.obtain_sets(2)
        for _ in range(12):
            stream.operations.clock.advance(3600)
            stream.poll()
        assert collect(stream, found) == frozenset(found)


@pytest.mark.parametrize(
    ("deviation", "breach"),
    [("unacknowledged-sets-never-return", True), ("poll-answers-in-reverse-order", False)],
)
def test_a_set_that_does_not_come_again_is_a_breach(deviation, breach):
    with mock("ssf-1.0", deviation).new_stream() as stream:
        found = list(stream.obtain_sets(2))
        assert bool(verdict(lambda: verify_kept(stream, found))) == breach


@pytest.mark.parametrize(
    ("deviation", "times"),
    [("ack-is-ignored", 3), ("acknowledged-sets-come-back-three-times", 3), (None, 0)],
)
def test_a_released_set_that_comes_back_is_counted(deviation, times):
    deviations = () if deviation is None else (deviation,)
    with mock("ssf-1.0", *deviations).new_stream() as stream:
        found = list(stream.obtain_sets())
        stream.acknowledge(found)
        assert times_returned(stream, found) == times
        assert bool(verdict(lambda: verify_released(stream, found))) == bool(times)


def test_silence_is_a_breach_and_ends_the_case():
    judged = record(**{KEPT: "fail"})

    def silent():
        with silence_breaks(KEPT):
            raise NoAnswer("a hang")

    with recording(judged), pytest.raises(Nonconformance, match="hang"), example():
        silent()


def test_a_stream_of_the_second_receiver_speaks_with_its_credentials():
    transmitter = mock()
    with transmitter.new_stream() as own, stream_of_the_second(transmitter) as other:
        assert own.configuration["aud"] != other.configuration["aud"]
        own.raise_set()
        other.raise_set()
        assert not set(own.poll().sets) & set(other.poll().sets)
        assert other.poll().answer.served
        assert own.poll(credential=transmitter.target.second_receiver["management"]).answer.refused
