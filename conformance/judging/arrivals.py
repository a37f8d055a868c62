"""The SETs that a stream delivers, in the order of arrival, whatever its status.

They come by poll or by push.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from conformance.clock import growing_steps
from conformance.receiver.polling import MOST_POLLS_AT_ONCE
from conformance.receiver.preconditions import Blocked
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.receiver.stream import Stream
from conformance.sets import jws
from conformance.sets.contents import claims_of, events_in

Json: TypeAlias = dict[str, Any]

DELIVERIES = ("poll", "push")

# After so many answers in a row with only acknowledged SETs, no other SET is waiting.
MOST_REPEATS = 5

# The seconds without a SET that count as silence.
QUIET_S = 5.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A SET that arrived, and its claims as far as they can be read."""

    jti: str
    claims: Json = field(repr=False)

    @property
    def events(self) -> Json:
        """Return the payloads by event type."""
        return events_in(self.claims)

    @property
    def event_type(self) -> str:
        """Return the event type, or the first of several."""
        return next(iter(self.events), "")

    @property
    def payload(self) -> Json:
        """Return the payload of that event, empty if it is not an object."""
        found = self.events.get(self.event_type)
        return found if isinstance(found, dict) else {}


class Tap:
    """Listens to a stream from now on. SETs that came before are ignored.

    A stream that is polled is asked for one SET at a time, because one response has no order. Each
    SET is acknowledged at once. A poll that is refused brings nothing.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        _ = stream.pushes
        self._known = stream.history.jtis

    @property
    def arrivals(self) -> list[Arrival]:
        """Return the SETs that have arrived. Raises Blocked if one is encrypted."""
        _ = self._stream.pushes
        fresh: dict[str, str] = {}
        for one in self._stream.history.deliveries:
            if one.jti not in self._known:
                fresh.setdefault(one.jti, one.token)
        if any(map(jws.is_encrypted, fresh.values())):
            raise Blocked("encrypted SETs came, and the suite has no key to read them")
        return [Arrival(jti, claims_of(token)) for jti, token in fresh.items()]

    def wait(
        self, enough: Callable[[Sequence[Arrival]], object], *, patience_s: float | None = None
    ) -> list[Arrival]:
        """Wait until the arrivals are enough or the patience (in seconds) ends, and return them.

        Raises Blocked if silence would prove nothing: no push has come in this run, or the pushes
        can't be read.
        """
        limits = self._stream.operations.target.limits
        patience = limits.patience_s if patience_s is None else patience_s
        steps = growing_steps(patience)
        while True:
            self._empty()
            came = self.arrivals
            if enough(came):
                return came
            step = next(steps, None)
            if step is not None:
                self._stream.let_pass(step)
            elif not self._stream.come_late():
                self._require_reached()
                return came

    def _require_reached(self) -> None:
        self._stream.require_readable_pushes()
        listener = self._stream.operations.listener
        if self._stream.endpoint is not None and listener is not None and not listener.reached:
            raise Blocked("nothing was pushed in this run; does the target reach --push-url?")

    def _empty(self) -> None:
        """Fetch the SETs that wait on a polled stream."""
        if self._stream.endpoint is not None:
            return
        acknowledged = self._stream.history.acknowledgements
        repeats = 0
        for _ in range(MOST_POLLS_AT_ONCE):
            sets = self._stream.poll(max_events=1).sets
            repeats = repeats + 1 if sets.keys() <= acknowledged.keys() else 0
            if not sets or repeats > MOST_REPEATS:
                return
            self._stream.acknowledge(list(sets))


def is_native(stream: Stream, arrival: Arrival) -> bool:
    """Return whether a SET is about something other than the stream itself."""
    return arrival.event_type not in stream.profile.sets.own_event_types


def natives(stream: Stream, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Return the SETs that are about something other than the stream itself."""
    return [one for one in arrivals if is_native(stream, one)]


def is_announcement(arrival: Arrival) -> bool:
    """Return whether a SET announces a stream's status, under any event type."""
    return arrival.event_type.endswith("/stream-updated") or "status" in arrival.payload


def announces(status: object, arrivals: Sequence[Arrival]) -> bool:
    """Return whether one of these SETs announces that status."""
    return any(is_announcement(one) and one.payload.get("status") == status for one in arrivals)


def brings(state: object, arrivals: Sequence[Arrival]) -> bool:
    """Return whether one of these SETs returns the state of a verification request."""
    return any(one.payload.get("state") == state for one in arrivals)


def receives_by(transmitter: RemoteTransmitter, delivery: str) -> bool:
    """Return whether the target can deliver SETs by that method."""
    if delivery == "poll":
        return transmitter.polls
    return transmitter.delivers("push") and transmitter.listener is not None


@contextmanager
def stream_by(transmitter: RemoteTransmitter, delivery: str) -> Iterator[Stream]:
    """Make a stream that delivers by that method, as RemoteTransmitter.new_stream does."""
    new_stream = transmitter.new_stream if delivery == "poll" else transmitter.new_push_stream
    with new_stream() as stream:
        yield stream
