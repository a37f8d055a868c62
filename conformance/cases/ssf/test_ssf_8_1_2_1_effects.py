"""The effects of a status: SSF 1.0, section 8.1.2.1.

The draft of 2021 says the same in its section 7.1.1.1.
"""

from collections.abc import Sequence
from functools import partial

import pytest

from conformance.judging import Blocked, Needs, judges, observe, require, verify
from conformance.judging.arrivals import (
    DELIVERIES,
    QUIET_S,
    Arrival,
    Tap,
    announces,
    brings,
    natives,
    receives_by,
    stream_by,
)
from conformance.judging.poll_sequences import SETTLES_S
from conformance.judging.raised_events import raisable
from conformance.receiver.push_replies import Push, answered
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.shown_values import event_types_in
from conformance.receiver.stream import Stream

ENABLED = ("SSF-8.1.2.1-ENABLED-TRANSMITS", "SSE-7.1.1.1-ENABLED")
PAUSED = ("SSF-8.1.2.1-PAUSED-SILENT", "SSE-7.1.1.1-PAUSED")
HOLDS = ("SSF-8.1.2.1-PAUSED-HOLDS", "SSE-7.1.1.1-PAUSED-HOLDS")
ORDER = ("SSF-8.1.2.1-PAUSED-ORDER", "SSE-7.1.1.1-PAUSED-ORDER")
MAY_DROP = "SSF-8.1.2.1-PAUSED-MAY-DROP"
DISABLED = ("SSF-8.1.2.1-DISABLED-SILENT", "SSE-7.1.1.1-DISABLED")
KEPT = ("SSF-8.1.2-UPDATE-KEEPS-STATUS", "SSE-7.1.1-UPDATE-KEEPS-STATUS")
NOT_HELD = ("SSF-8.1.2.1-DISABLED-NOT-HELD", "SSE-7.1.1.1-DISABLED")
NO_RESEND = "RFC8935-2-NO-NEEDLESS-RESEND"

SERIES = 3

STOPS = Needs(stream=True, sets=1, operations=("read_status", "update_status"))
VERIFIES = Needs(stream=True, sets=1, operations=("verify", "read_status", "update_status"))
RAISES = Needs(stream=True, sets=1, events=True, operations=("read_status", "update_status"))

by_each_delivery = pytest.mark.parametrize("delivery", DELIVERIES)


@by_each_delivery
@judges(*ENABLED, needs=STOPS)
def test_an_enabled_stream_transmits(transmitter: RemoteTransmitter, delivery: str) -> None:
    """A stream that is enabled, and one that was paused before, transmits what is raised then."""
    if not receives_by(transmitter, delivery):
        return
    with stream_by(transmitter, delivery) as stream:
        start(stream)
        verify_transmits(stream)
        for _ in range(2):
            stop(stream, "paused")
            start(stream)
            verify_transmits(stream)


@by_each_delivery
@judges(*PAUSED, *HOLDS, MAY_DROP, NO_RESEND, needs=RAISES)
def test_a_paused_stream_is_silent_and_holds_what_happens(
    transmitter: RemoteTransmitter, delivery: str
) -> None:
    """What happens in a pause comes when the stream is enabled again, and not before; each time."""
    if not receives_by(transmitter, delivery):
        return
    with stream_by(transmitter, delivery) as stream:
        types = series(stream)
        require_events(stream, types[0])
        for pause in ("first", "second"):
            stop(stream, "paused")
            tap = Tap(stream)
            raise_in_turn(stream, types)
            verify_silent(PAUSED, stream, tap)
            start(stream)
            held = natives(stream, tap.wait(partial(holds, stream, len(types))))
            verify(
                HOLDS,
                types[-1] in [one.event_type for one in held],
                expected=f"at least the last event of the {pause} pause, once it is over",
                got=f"{len(held)} of {len(types)} events, without the last",
            )
            if len(held) < len(types):
                dropped = len(types) - len(held)
                observe(MAY_DROP, f"{dropped} of {len(types)} held events were dropped")
        tokens = [one.token for one in stream.history.deliveries]
        if delivery == "push" and tokens:
            again = len(tokens) - len(set(tokens))
            verify(
                NO_RESEND,
                not again,
                expected="no other push of what a pause had held and was answered 202 after it",
                got=f"{again} more",
            )


@by_each_delivery
@judges(*ORDER, needs=RAISES)
def test_what_a_pause_held_comes_in_order(transmitter: RemoteTransmitter, delivery: str) -> None:
    """Held events about one subject, as far as they come, come in the order of their happening."""
    if not receives_by(transmitter, delivery):
        return
    with stream_by(transmitter, delivery) as stream:
        types = series(stream)
        if len(types) < SERIES:
            raise Blocked("the stream delivers too few event types to tell events apart")
        stop(stream, "paused")
        tap = Tap(stream)
        raise_in_turn(stream, types)
        start(stream)
        came = tap.wait(partial(holds, stream, len(types)))
        order = [one.event_type for one in came if one.event_type in types]
        if len(order) > 1:
            verify(
                ORDER,
                order == sorted(order, key=types.index),
                expected=f"the order {types!r}, whole or in part",
                got=order,
            )


@by_each_delivery
@judges(*DISABLED, *NOT_HELD, *ENABLED, needs=RAISES)
def test_a_disabled_stream_is_silent_and_holds_nothing(
    transmitter: RemoteTransmitter, delivery: str
) -> None:
    """What happens while a stream is disabled never comes; what happens afterwards does."""
    if not receives_by(transmitter, delivery):
        return
    with stream_by(transmitter, delivery) as stream:
        types = series(stream)
        require_events(stream, types[0])
        stop(stream, "disabled")
        tap = Tap(stream)
        raise_in_turn(stream, types[:1])
        verify_silent(DISABLED, stream, tap)
        tap = Tap(stream)
        start(stream)
        late = natives(stream, tap.wait(lambda found: natives(stream, found), patience_s=QUIET_S))
        verify(
            NOT_HELD,
            not late,
            expected="none of the events from the time when the stream was disabled",
            got=[one.event_type for one in late],
        )
        verify_transmits(stream)


@judges(*NOT_HELD, needs=RAISES)
def test_a_pause_keeps_nothing_of_a_disabled_stream(transmitter: RemoteTransmitter) -> None:
    """What happens while a stream is disabled never comes, also where it is paused after that."""
    with transmitter.new_stream() as stream:
        types = series(stream)
        require_events(stream, types[0])
        stop(stream, "disabled")
        raise_in_turn(stream, types[:1])
        stop(stream, "paused")
        tap = Tap(stream)
        start(stream)
        late = natives(stream, tap.wait(lambda found: natives(stream, found), patience_s=QUIET_S))
        verify(
            NOT_HELD,
            not late,
            expected="none of the events from the time when the stream was disabled",
            got=[one.event_type for one in late],
        )


@by_each_delivery
@judges(*DISABLED, needs=VERIFIES)
def test_a_disabled_stream_is_not_verified(transmitter: RemoteTransmitter, delivery: str) -> None:
    """What is requested while a stream is disabled is refused, or at least not transmitted then."""
    if not receives_by(transmitter, delivery):
        return
    state = "requested while the stream was disabled"
    with stream_by(transmitter, delivery) as stream:
        stop(stream, "disabled")
        tap = Tap(stream)
        answer = stream.verify(state)
        if answer.refused:
            return
        came = tap.wait(partial(brings, state), patience_s=QUIET_S)
        verify(
            DISABLED,
            not brings(state, came),
            expected="no Verification Event while the stream is disabled",
            got=f"one, of a request that was answered {answer.text}",
        )


@judges(
    *PAUSED,
    needs=Needs(
        stream=True,
        sets=1,
        events=True,
        delivery="poll",
        operations=("read_status", "update_status"),
    ),
)
def test_a_poll_that_is_held_brings_nothing_of_a_pause(transmitter: RemoteTransmitter) -> None:
    """A long poll from before the pause is not answered with an event from within it."""
    if transmitter.profile.poll.long_poll == "ignored":
        return
    with transmitter.new_stream() as stream:
        types = series(stream)
        require_events(stream, types[0])
        tap = Tap(stream)
        with stream.start_poll(return_immediately=False) as held:
            stop(stream, "paused")
            raise_in_turn(stream, types[:1])
            stream.let_pass(SETTLES_S)
            if held.answered():
                stream.receive(held)
            verify_silent(PAUSED, stream, tap)
            start(stream)
            if not held.answered():
                stream.await_answer(held)


@judges(
    *PAUSED,
    needs=Needs(
        stream=True,
        sets=1,
        events=True,
        delivery="push",
        operations=("read_status", "update_status"),
    ),
)
def test_a_pause_holds_what_was_not_taken_before(transmitter: RemoteTransmitter) -> None:
    """A SET whose push had failed when the stream was paused is not pushed again meanwhile."""
    with transmitter.new_push_stream() as stream:
        stream.answer_pushes(afterwards=answered(503))
        stream.emit(series(stream)[0])
        pushes = stream.await_pushes()
        if not pushes:
            raise Blocked("no SET was pushed within the patience")
        stop(stream, "paused")
        stream.let_pass(SETTLES_S)
        before = len(stream.pushes)
        again = partial(repeats, pushes[0], before)
        verify(
            PAUSED,
            not again(stream.await_pushes(again)),
            expected="no push while the stream is paused",
            got="the SET of before, pushed again",
        )


@pytest.mark.parametrize("operation", ["update_stream", "replace_stream"])
@judges(*KEPT, *PAUSED, *DISABLED, needs=RAISES)
def test_an_update_leaves_a_stopped_stream_as_it_is(
    transmitter: RemoteTransmitter, operation: str
) -> None:
    """A stream that was paused or disabled stays so, and silent, when it is updated."""
    if not transmitter.offers(operation):
        return
    with transmitter.new_stream() as stream:
        types = series(stream)
        require_events(stream, types[0])
        for status, silent in (("paused", PAUSED), ("disabled", DISABLED)):
            stop(stream, status)
            tap = Tap(stream)
            update(stream, operation)
            now = stream.status
            kept = now == status or announces(now, tap.wait(partial(announces, now)))
            verify(
                KEPT,
                kept,
                expected=f"the stream {status} after {operation}, or an announcement",
                got=f"{now}, and nothing that announces it",
            )
            if now == status:
                raise_in_turn(stream, types[:1])
                verify_silent(silent, stream, tap)
            start(stream)
            # What a pause held may be under way already when the stream is stopped again.
            tap.wait(partial(holds, stream, 1), patience_s=QUIET_S)


def update(stream: Stream, operation: str) -> None:
    """Update or replace a configuration with its current values. Raises NotReached."""
    delivery = {"method": stream.profile.delivery.poll}
    if stream.endpoint is not None:
        delivery = {
            "method": stream.profile.delivery.push,
            "endpoint_url": stream.endpoint_url(),
        }
    body = {"events_requested": stream.configuration.get("events_requested"), "delivery": delivery}
    answer = stream.update(body) if operation == "update_stream" else stream.replace(body)
    require(answer.served, f"the configuration could not be updated: {answer.text}")


def stop(stream: Stream, status: str) -> None:
    """Pause or disable a stream. Raises Blocked if that is refused."""
    answer = stream.update_status(status)
    if not answer.served or stream.status != status:
        raise Blocked(f"the stream does not let itself be {status}: {answer.text}")


def start(stream: Stream) -> None:
    """Enable a stream. Raises NotReached."""
    answer = stream.update_status("enabled")
    enabled = answer.served or stream.status == "enabled"
    require(enabled, f"the stream can't be enabled: {answer.text}")


def holds(stream: Stream, number: int, arrivals: Sequence[Arrival]) -> bool:
    """Return whether these SETs contain at least that number of events."""
    return len(natives(stream, arrivals)) >= number


def repeats(first: Push, before: int, pushes: Sequence[Push]) -> bool:
    """Return whether a SET was pushed again after the first pushes."""
    return any(push.body == first.body for push in pushes[before:])


def series(stream: Stream) -> list[str]:
    """Return a few event types that the stream delivers. Raises Blocked if there are none."""
    found = raisable(stream.operations, event_types_in(stream.configuration))
    if not found:
        raise Blocked("the stream delivers no event type that can be raised")
    return found[:SERIES]


def raise_in_turn(stream: Stream, types: list[str]) -> None:
    """Raise one event of each type, one after the other."""
    for event_type in types:
        stream.emit(event_type)
        stream.let_pass(SETTLES_S)


def require_events(stream: Stream, event_type: str) -> None:
    """Raise Blocked if the hook raises no SET on the stream."""
    tap = Tap(stream)
    stream.emit(event_type)
    if not tap.wait(lambda found: natives(stream, found)):
        raise Blocked("no SET of an event that the hook raised came within the patience")


def verify_silent(requirements: tuple[str, ...], stream: Stream, tap: Tap) -> None:
    """Judge that no event comes. Events about the stream itself are not judged."""
    came = natives(stream, tap.wait(lambda found: natives(stream, found), patience_s=QUIET_S))
    verify(
        requirements,
        not came,
        expected="no event while the stream is stopped",
        got=[one.event_type for one in came],
    )


def verify_transmits(stream: Stream) -> None:
    """Judge that a SET raised now comes."""
    tap = Tap(stream)
    stream.raise_set()
    came = tap.wait(bool)
    verify(
        ENABLED,
        came,
        expected="a SET that is raised on the enabled stream",
        got="none within the patience",
    )
