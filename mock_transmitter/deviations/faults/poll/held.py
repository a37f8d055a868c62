"""Faults of held polls: RFC 8936, section 2.5."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace

from mock_transmitter.deviations.deviation import Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at, fault_row
from mock_transmitter.deviations.faults.poll.acknowledgement import KEPT, LOSSES
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import sets_in
from mock_transmitter.http.operations import Call, Outcome, Reply, Waiting


@fault_at("operation", breaks=("RFC8936-2.5-LONGPOLL-HOLDS", "VEPA-POLL-RETURN-IMMEDIATELY"))
def held_poll_never_wakes(call: Call, proceed: Proceed) -> Outcome:
    """A poll that is held is answered at its deadline, whatever comes before."""
    outcome = proceed(call)
    if not isinstance(outcome, Waiting):
        return outcome
    clock = call.transmitter.clock
    waiting = outcome
    return replace(
        waiting,
        wake_at=lambda: waiting.deadline,
        attempt=lambda: waiting.attempt() if clock.now() >= waiting.deadline else None,
    )


class HeldPollsDeviation(ABC, Deviation):
    """Knows which streams have a held poll, or one whose Receiver has hung up."""

    on = ("poll",)

    def __init__(self) -> None:
        self._held: set[str] = set()

    @abstractmethod
    def beside(self, call: Call, proceed: Proceed, stream_id: str) -> Outcome:
        """Answer a poll while another one of the stream is held."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is None:
            return proceed(call)
        stream_id = stream.stream_id
        if stream_id in self._held:
            return self.beside(call, proceed, stream_id)
        outcome = proceed(call)
        if not isinstance(outcome, Waiting):
            return outcome
        self._held.add(stream_id)
        waiting = outcome

        def over(ask: Callable[[], Reply | None]) -> Reply | None:
            reply = ask()
            if reply is not None:
                self._held.discard(stream_id)
            return reply

        return replace(waiting, attempt=lambda: over(waiting.attempt))


@fault_at(HeldPollsDeviation, breaks=("RFC8936-2.5-STATUS-200",), also=(*KEPT, *LOSSES))
def second_held_poll_is_refused(call: Call, proceed: Proceed) -> Outcome:
    """While a poll of a stream is held, another one that would be is answered with 409."""
    outcome = proceed(call)
    if isinstance(outcome, Waiting):
        return Reply(status=409, document={"error": "conflict"})
    return outcome


@fault
class HeldPollThatIsLetGoTakesASetWithIt(HeldPollsDeviation):
    """The first SET after a Receiver has hung up in a long poll goes down with it."""

    breaks = KEPT
    also = LOSSES

    def beside(self, call: Call, proceed: Proceed, stream_id: str) -> Outcome:
        queue = call.transmitter.stream(stream_id).queue
        lost = [pending.jti for pending in queue][:1]
        if lost:
            queue.acknowledge(lost)
            self._held.discard(stream_id)
        return proceed(call)


class VainPollDeviation(Deviation):
    """Changes the answer to a held poll for which no SET came."""

    breaks = ("RFC8936-2.5-STATUS-200", "VEPA-POLL-EMPTY")
    status = 200

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not isinstance(outcome, Waiting):
            return outcome
        waiting = outcome

        def attempt() -> Reply | None:
            reply = waiting.attempt()
            vain = sets_in(reply) == {}
            return Reply(status=self.status, document={"error": "timeout"}) if vain else reply

        return replace(waiting, attempt=attempt)


fault_row(
    "held-poll-ends-with-504",
    "A long poll that was held in vain is answered with 504.",
    VainPollDeviation,
    status=504,
)
fault_row(
    "held-poll-ends-with-408",
    "A long poll that was held in vain is answered with 408.",
    VainPollDeviation,
    status=408,
)
