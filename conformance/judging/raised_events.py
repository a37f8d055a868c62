"""Raising events of given types, so that their SETs can be judged."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from conformance.receiver.operations import Operations
from conformance.receiver.polling import MOST_POLLS_AT_ONCE
from conformance.receiver.preconditions import Blocked
from conformance.receiver.shown_values import event_types_in
from conformance.receiver.stream import Stream
from conformance.sets.contents import events_of


def raisable(operations: Operations, event_types: Sequence[str]) -> list[str]:
    """Return the event types that the operator says can be raised, or all if nothing is said."""
    named = operations.target.event_types
    return [one for one in event_types if not named or one in named]


def raise_each(stream: Stream, event_types: Sequence[str]) -> set[str]:
    """Raise an event of each type that a stream delivers, and return the types.

    A type that the hook can't raise is skipped.
    """
    delivered = event_types_in(stream.read())
    raised = set()
    for event_type in event_types:
        if event_type not in delivered:
            continue
        with suppress(Blocked):
            stream.emit(event_type)
            raised.add(event_type)
    return raised


def receive_each(stream: Stream, event_types: Collection[str]) -> None:
    """Wait for a SET of each type, as long as SETs of any type keep coming within the patience.

    Polled SETs are acknowledged at once, because a Transmitter may deliver one at a time.
    """
    waiting, known = set(event_types), set[str]()
    for _ in range(MOST_POLLS_AT_ONCE):
        if not waiting:
            return
        sets = stream.await_sets_that(lambda seen: not known.issuperset(seen))
        if known.issuperset(sets):
            return
        known.update(sets)
        waiting -= types_of(sets)
        if stream.endpoint is None:
            stream.acknowledge(list(sets))


def types_of(sets: Mapping[str, str]) -> set[str]:
    """Return the event types of SETs, as far as they can be read."""
    return {event_type for token in sets.values() for event_type in events_of(token)}
