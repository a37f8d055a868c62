"""events_delivered and the SETs that are delivered: SSF 1.0, section 8.1.1."""

from collections.abc import Mapping
from functools import partial

from conformance.judging import Blocked, Needs, judges, require, verify
from conformance.judging.raised_events import types_of
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream

# The seconds within which a SET comes that was raised together with another.
MOMENT_S = 1.0


@judges(
    "SSF-8.1.1-EVENTS-DELIVERED-SENT",
    "SSF-8.1.1-UNDELIVERED-NOT-SENT",
    needs=Needs(stream=True, sets=1, events=True, model="explicit"),
)
def test_a_stream_carries_the_types_in_events_delivered(transmitter: RemoteTransmitter) -> None:
    """What events_delivered names is sent, what it does not name is not, also when it changes."""
    with transmitter.new_stream() as stream:
        types = stream.read().get("events_delivered")
        if not isinstance(types, list) or len(types) < 2:
            raise Blocked("the target delivers fewer than two event types")
        for wanted, other in ((types[0], types[1]), (types[1], types[0])):
            answer = stream.update({"events_requested": [wanted]})
            require(answer.served, f"the update was refused: {answer.text}")
            if stream.read().get("events_delivered") != [wanted]:
                return
            stream.raise_set(other)
            stream.raise_set(wanted)
            came = stream.await_sets_that(partial(holds_type, wanted))
            verify(
                "SSF-8.1.1-EVENTS-DELIVERED-SENT",
                wanted in types_of(came),
                expected=f"a SET of {wanted}, which was raised",
                got=sorted(types_of(came)) or "no SET within the patience",
            )
            came |= stream.await_sets_that(lambda _: False, patience_s=MOMENT_S)
            strange = strangers(stream, wanted, came)
            verify(
                "SSF-8.1.1-UNDELIVERED-NOT-SENT",
                not strange,
                expected=f"no SET of any type but {wanted}, which alone events_delivered names",
                got=sorted(strange),
            )
            stream.release(list(came))


def strangers(stream: Stream, wanted: str, sets: Mapping[str, str]) -> set[str]:
    """Return the types of SETs with another type that are not about the stream itself.

    A SET may also carry a second name of its type (section 4.2.1).
    """
    known = {wanted} | stream.profile.sets.own_event_types
    each = [types_of({jti: token}) for jti, token in sets.items()]
    return {one for types in each if not types & known for one in types}


def holds_type(event_type: str, sets: Mapping[str, str]) -> bool:
    """Return whether there is a SET of that type."""
    return event_type in types_of(sets)
