"""Faults of what a status does to a stream: SSF 1.0 section 8.1.2.1, the draft's 7.1.1.1."""

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import OnStream, pushes, target
from mock_transmitter.domain.delivery_queue import Handling
from mock_transmitter.domain.stream import Stream
from mock_transmitter.http.operations import Call, Outcome

ENABLED = ("SSF-8.1.2.1-ENABLED-TRANSMITS", "SSE-7.1.1.1-ENABLED")
PAUSED = ("SSF-8.1.2.1-PAUSED-SILENT", "SSE-7.1.1.1-PAUSED")
HOLDS = ("SSF-8.1.2.1-PAUSED-HOLDS", "SSE-7.1.1.1-PAUSED-HOLDS")
ORDER = ("SSF-8.1.2.1-PAUSED-ORDER", "SSE-7.1.1.1-PAUSED-ORDER")
DISABLED = ("SSF-8.1.2.1-DISABLED-SILENT", "SSE-7.1.1.1-DISABLED")
NOT_HELD = ("SSF-8.1.2.1-DISABLED-NOT-HELD", "SSE-7.1.1.1-DISABLED")
LATER = ("SSE-7.1-SUBJECT-CHANGE-PAUSED",)


@fault
class AStreamStopsForEver(Deviation):
    """A stream that was paused or disabled once transmits nothing more, enabled or not."""

    breaks = ENABLED
    also = (*HOLDS, *LATER)

    def __init__(self) -> None:
        self._stopped: set[str] = set()

    def handling(self, handling: Handling, at: At) -> Handling:
        """Hold everything but what speaks of the status."""
        if at.stream.status != "enabled":
            self._stopped.add(at.stream.stream_id)
        ended = at.stream.stream_id in self._stopped and not at.pending.announces
        return "hold" if ended else handling


@fault
class WhatAPauseHeldWaitsForTheNextPause(Deviation):
    """Enabling a stream lets go what is new, and never what was held."""

    breaks = HOLDS
    also = LATER

    def __init__(self) -> None:
        self._held: set[str] = set()

    def handling(self, handling: Handling, at: At) -> Handling:
        if at.stream.status == "paused" and handling == "hold":
            self._held.add(at.pending.jti)
        return "hold" if at.pending.jti in self._held else handling


@fault_at("handling", breaks=HOLDS, also=LATER)
def events_of_a_pause_are_lost(handling: Handling, at: At) -> Handling:
    """What happens while a stream is paused is dropped."""
    if at.stream.status == "paused" and not at.pending.announces and not at.pending.attempts:
        return "drop"
    return handling


@fault_at("handling", breaks=HOLDS, also=LATER)
def the_last_event_of_a_pause_is_lost(handling: Handling, at: At) -> Handling:
    """A paused stream has place for one event: what happens after it is dropped."""
    waiting = [one for one in at.stream.queue if one is not at.pending]
    return "drop" if handling == "hold" and waiting else handling


@fault_at("handling", breaks=PAUSED, needs=("poll",))
def a_paused_stream_is_polled(handling: Handling, at: At) -> Handling:
    """A paused stream goes on answering polls with SETs."""
    polled = handling == "hold" and not pushes(at.stream)
    return "transmit" if polled else handling


@fault_at("handling", breaks=PAUSED)
def a_paused_stream_pushes(handling: Handling, at: At) -> Handling:
    """A paused stream goes on pushing, and does not answer polls with SETs."""
    pushed = handling == "hold" and pushes(at.stream)
    return "transmit" if pushed else handling


@fault_at("handling", breaks=PAUSED, also=ORDER)
def a_pause_lets_the_third_event_through(handling: Handling, at: At) -> Handling:
    """A paused stream holds two SETs at most, and transmits what comes after them."""
    waiting = [one for one in at.stream.queue if one is not at.pending]
    full = 2
    return "transmit" if handling == "hold" and len(waiting) >= full else handling


@fault_at(OnStream, breaks=ORDER)
def what_a_pause_held_comes_in_reverse(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """What was held in a pause is transmitted last first."""
    starts = call.operation == "update_status" and call.body.get("status") == "enabled"
    if starts and stream.status == "paused":
        waiting = list(stream.queue)
        now = call.transmitter.clock.now()
        for pending in waiting:
            stream.queue.acknowledge([pending.jti])
        for pending in reversed(waiting):
            stream.queue.add(pending, due=now, held=True)
    return proceed(call)


@fault_at(OnStream, breaks=ORDER)
def the_first_held_event_comes_last(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """Of what was held in a pause, the first is transmitted after all others."""
    starts = call.operation == "update_status" and call.body.get("status") == "enabled"
    if starts and stream.status == "paused":
        now = call.transmitter.clock.now()
        for pending in list(stream.queue)[:1]:
            stream.queue.add(pending, due=now, held=True)
    return proceed(call)


@fault_at("handling", breaks=DISABLED, also=("SSF-8.1.2.1-DISABLED-NOT-HELD",), needs=("poll",))
def a_disabled_stream_is_polled(handling: Handling, at: At) -> Handling:
    """A disabled stream goes on answering polls with SETs."""
    polled = handling == "drop" and not pushes(at.stream)
    return "transmit" if polled else handling


@fault_at("handling", breaks=DISABLED)
def a_disabled_stream_pushes(handling: Handling, at: At) -> Handling:
    """A disabled stream goes on pushing."""
    pushed = handling == "drop" and pushes(at.stream)
    return "transmit" if pushed else handling


@fault_at("handling", breaks=NOT_HELD)
def a_disabled_stream_holds_what_happens(handling: Handling) -> Handling:
    """A disabled stream holds events, and transmits them when it is enabled."""
    return "hold" if handling == "drop" else handling


UPDATES = frozenset({"update_stream", "replace_stream"})


@fault_at(
    "operation",
    on=UPDATES,
    breaks=("SSF-8.1.2-UPDATE-KEEPS-STATUS", "SSE-7.1.1-UPDATE-KEEPS-STATUS"),
)
def an_update_enables_the_stream(call: Call, proceed: Proceed) -> Outcome:
    """A stream that was paused or disabled is enabled by any update of its configuration."""
    outcome = proceed(call)
    stream = target(call)
    if stream is not None:
        call.transmitter.set_status(stream, "enabled")
    return outcome


@fault
class AnUpdateOpensAPausedStream(Deviation):
    """A stream whose configuration was updated in a pause transmits, and is shown as paused."""

    breaks = PAUSED

    def __init__(self) -> None:
        self._open: set[str] = set()

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Remember the pause that an update was in."""
        outcome = proceed(call)
        stream = target(call)
        if stream is not None and call.operation in {*UPDATES, "update_status"}:
            opens = call.operation in UPDATES and stream.status == "paused"
            (self._open.add if opens else self._open.discard)(stream.stream_id)
        return outcome

    def handling(self, handling: Handling, at: At) -> Handling:
        opened = handling == "hold" and at.stream.stream_id in self._open
        return "transmit" if opened else handling
