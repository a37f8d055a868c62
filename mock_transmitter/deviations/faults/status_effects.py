"""Faults of what a status does to a stream: SSF 1.0 section 8.1.2.1, the draft's 7.1.1.1."""

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.faults.update import target
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


def pushes(stream: Stream) -> bool:
    """Say whether a stream delivers by push."""
    return stream.configuration.delivery.method.endswith(("8935", "push"))


@fault
class AStreamStopsForEver(Deviation):
    """A stream that was paused or disabled once transmits nothing more, enabled or not."""

    breaks = ENABLED
    also = (
        *HOLDS,
        *LATER,
        "SSE-7.1-SUBJECT-CHANGE-ENABLED",
    )

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


@fault
class EventsOfAPauseAreLost(Deviation):
    """What happens while a stream is paused is dropped."""

    breaks = HOLDS
    also = LATER

    def handling(self, handling: Handling, at: At) -> Handling:
        if at.stream.status == "paused" and not at.pending.announces and not at.pending.attempts:
            return "drop"
        return handling


@fault
class TheLastEventOfAPauseIsLost(Deviation):
    """A paused stream has place for one event: what happens after it is dropped."""

    breaks = HOLDS
    also = LATER

    def handling(self, handling: Handling, at: At) -> Handling:
        waiting = [one for one in at.stream.queue if one is not at.pending]
        return "drop" if handling == "hold" and waiting else handling


@fault
class APausedStreamIsPolled(Deviation):
    """A paused stream goes on answering polls with SETs."""

    breaks = PAUSED

    def handling(self, handling: Handling, at: At) -> Handling:
        polled = handling == "hold" and not pushes(at.stream)
        return "transmit" if polled else handling


@fault
class APausedStreamPushes(Deviation):
    """A paused stream goes on pushing, and does not answer polls with SETs."""

    breaks = PAUSED

    def handling(self, handling: Handling, at: At) -> Handling:
        pushed = handling == "hold" and pushes(at.stream)
        return "transmit" if pushed else handling


@fault
class APauseLetsTheThirdEventThrough(Deviation):
    """A paused stream holds two SETs at most, and transmits what comes after them."""

    breaks = PAUSED
    also = ORDER

    def handling(self, handling: Handling, at: At) -> Handling:
        waiting = [one for one in at.stream.queue if one is not at.pending]
        full = 2
        return "transmit" if handling == "hold" and len(waiting) >= full else handling


@fault
class WhatAPauseHeldComesInReverse(Deviation):
    """What was held in a pause is transmitted last first."""

    breaks = ORDER

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Turn it round before the stream is enabled."""
        stream = target(call)
        starts = call.operation == "update_status" and call.body.get("status") == "enabled"
        if starts and stream is not None and stream.status == "paused":
            waiting = list(stream.queue)
            now = call.transmitter.clock.now()
            for pending in waiting:
                stream.queue.acknowledge([pending.jti])
            for pending in reversed(waiting):
                stream.queue.add(pending, due=now, held=True)
        return proceed(call)


@fault
class TheFirstHeldEventComesLast(Deviation):
    """Of what was held in a pause, the first is transmitted after all others."""

    breaks = ORDER

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Put it at the end before the stream is enabled."""
        stream = target(call)
        starts = call.operation == "update_status" and call.body.get("status") == "enabled"
        if starts and stream is not None and stream.status == "paused":
            now = call.transmitter.clock.now()
            for pending in list(stream.queue)[:1]:
                stream.queue.add(pending, due=now, held=True)
        return proceed(call)


@fault
class ADisabledStreamIsPolled(Deviation):
    """A disabled stream goes on answering polls with SETs."""

    breaks = DISABLED
    also = ("SSF-8.1.2.1-DISABLED-NOT-HELD",)

    def handling(self, handling: Handling, at: At) -> Handling:
        polled = handling == "drop" and not pushes(at.stream)
        return "transmit" if polled else handling


@fault
class ADisabledStreamPushes(Deviation):
    """A disabled stream goes on pushing."""

    breaks = DISABLED

    def handling(self, handling: Handling, at: At) -> Handling:
        pushed = handling == "drop" and pushes(at.stream)
        return "transmit" if pushed else handling


@fault
class ADisabledStreamHoldsWhatHappens(Deviation):
    """A disabled stream holds events, and transmits them when it is enabled."""

    breaks = NOT_HELD

    def handling(self, handling: Handling, at: At) -> Handling:
        return "hold" if handling == "drop" else handling


UPDATES = frozenset({"update_stream", "replace_stream"})


@fault
class AnUpdateEnablesTheStream(Deviation):
    """A stream that was paused or disabled is enabled by any update of its configuration."""

    on = UPDATES
    breaks = ("SSF-8.1.2-UPDATE-KEEPS-STATUS", "SSE-7.1.1-UPDATE-KEEPS-STATUS")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
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
