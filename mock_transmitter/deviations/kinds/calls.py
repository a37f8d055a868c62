"""What a call refers to: its stream, the caller's other streams, and groups of operations."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TypeGuard

from mock_transmitter.deviations.deviation import Deviation, Json, Proceed
from mock_transmitter.deviations.kinds.documents import with_configurations, without
from mock_transmitter.domain.errors import StreamNotFound
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.operations import Call, Outcome

POLLING = frozenset({"poll", "acknowledge"})


CONFIGURES = frozenset({"create_stream", "update_stream", "replace_stream"})


UPDATES = frozenset({"update_stream", "replace_stream"})


class OnStream(Deviation, ABC):
    """Changes calls about a stream that the caller has."""

    @abstractmethod
    def acted(self, call: Call, stream: Stream, proceed: Proceed) -> Outcome:
        """Do what `proceed` would do, or something else."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        return proceed(call) if stream is None else self.acted(call, stream, proceed)


def target(call: Call) -> Stream | None:
    """Return the stream that a call refers to, or None if there is none."""
    transmitter = call.transmitter
    try:
        if call.stream_id is not None:
            return transmitter.stream(call.stream_id, call.audience)
        return None if transmitter.explicit else transmitter.only_stream(call.audience)
    except StreamNotFound:
        return None


def others(call: Call) -> tuple[Stream, ...]:
    """Return the caller's other streams, oldest first."""
    own = target(call)
    return tuple(one for one in call.transmitter.streams(call.audience) if one is not own)


def describe(stream: Stream, description: object) -> None:
    """Set the description of a stream, or remove it with None."""
    kept = without(stream.configuration.others, "description")
    if description is not None:
        kept["description"] = description
    stream.configuration = replace(stream.configuration, others=kept)


def as_it_is(outcome: Outcome, call: Call, stream: Stream) -> Outcome:
    """Return an outcome that shows the stream as it is now."""
    return with_configurations(outcome, lambda _: call.transmitter.document(stream))


def pushes(stream: Stream) -> bool:
    """Return whether a stream delivers by push."""
    return stream.configuration.delivery.method.endswith(("8935", "push"))


def is_push(delivery: object, call: Call) -> TypeGuard[Json]:
    """Return whether a delivery is by push."""
    method = call.transmitter.profile.delivery.push
    return isinstance(delivery, dict) and delivery.get("method") == method


def verify_unasked(call: Call, state: str | None) -> None:
    """Verify the stream that a call has created, without counting against the interval.

    An implicit stream counts as created when it is replaced.
    """
    transmitter = call.transmitter
    made = "create_stream" if transmitter.explicit else "replace_stream"
    if call.operation == made and transmitter.profile.offers("verify"):
        stream = transmitter.streams(call.audience)[-1]
        before, stream.verified_at = stream.verified_at, None
        transmitter.verify(stream, state)
        stream.verified_at = before
