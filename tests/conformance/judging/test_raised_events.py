import pytest
from helpers import mock

from conformance.judging.raised_events import raise_each, receive_each, types_of
from conformance.sets.event_payloads import RISC_TYPES


@pytest.mark.parametrize("variant", [(), ("poll-answers-one-set-at-a-time",)])
def test_events_are_received_whatever_comes_before_them(variant):
    transmitter = mock("ssf-1.0", *variant)
    with transmitter.new_stream(events_requested=list(RISC_TYPES)) as stream:
        first, *others = stream.read()["events_delivered"]
        stream.raise_set(first)
        assert raise_each(stream, others) == set(others)
        receive_each(stream, others)
        came = {one.jti: one.token for one in stream.history.deliveries}
        assert types_of(came) == {first, *others}
        assert not stream.history.outstanding


def test_what_is_never_acknowledged_does_not_hold_the_others_up_for_ever():
    transmitter = mock("ssf-1.0", "ack-is-ignored")
    with transmitter.new_stream() as stream:
        wanted = stream.read()["events_delivered"][:1]
        raise_each(stream, wanted)
        receive_each(stream, [*wanted, "https://schemas.example/never"])
        assert types_of({one.jti: one.token for one in stream.history.deliveries}) == set(wanted)
