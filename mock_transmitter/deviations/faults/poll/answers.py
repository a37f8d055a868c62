"""Faults of the answers to polls: which SETs, under which keys, and whether there are more."""

from abc import ABC, abstractmethod
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.poll.acknowledgement import EFFECT, FOLLOWS, KEPT, LOSSES
from mock_transmitter.deviations.kinds.calls import target
from mock_transmitter.deviations.kinds.documents import ChangedReply, sets_in, with_header
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.transmitter import Batch
from mock_transmitter.http.message import Response
from mock_transmitter.http.operations import Call, Outcome, Reply, Waiting

WRONG_KEYS = (
    *KEPT,
    *EFFECT,
    *FOLLOWS,
    "RFC8417-2.2-JTI-UNIQUE",
    "RFC8936-2.2-SETERRS-ACCEPTED",
    "VEPA-BACKOFF-SAME-SET",
)

_SEVENTH = 7
_LARGE = 1000
_LATE_S = 2.0
_EMPTY = b'"sets":{}'


@fault
class EverySeventhSetIsLost(Deviation):
    """Every seventh SET of a stream is lost before it is delivered."""

    breaks = KEPT
    also = (
        *LOSSES,
        "RFC8935-2.3-HANDLES-400-ERR",
        "RFC8935-4-RETRY-STRATEGY",
        "SSF-8.1.2.1-PAUSED-HOLDS",
    )

    def __init__(self) -> None:
        self._queued: dict[str, int] = {}

    def schedule(self, gap: float, at: At) -> float | None:
        if at.pending.attempts:
            return gap
        count = self._queued.get(at.stream.stream_id, 0) + 1
        self._queued[at.stream.stream_id] = count
        return None if count % _SEVENTH == 0 else gap


@fault_at(
    "operation", breaks=KEPT, also=(*LOSSES, "SSE-7.1.1.1-PAUSED-HOLDS", "SSF-8.1.2.1-PAUSED-HOLDS")
)
def poll_for_one_set_loses_the_rest(call: Call, proceed: Proceed) -> Outcome:
    """A poll with maxEvents 1 releases every SET that it has no room for."""
    outcome = proceed(call)
    stream = target(call)
    kept = sets_in(outcome)
    if call.body.get("maxEvents") == 1 and stream is not None and kept is not None:
        stream.queue.acknowledge([one.jti for one in stream.queue if one.jti not in kept])
    return outcome


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.5-STATUS-200", "VEPA-POLL-REQUEST-MEMBERS"),
)
def poll_with_a_large_limit_is_refused(call: Call, proceed: Proceed) -> Outcome:
    """A poll with a maxEvents above 1,000 is refused with 400."""
    if (call.body.get("maxEvents") or 0) > _LARGE:
        raise InvalidRequest("maxEvents is too large", "maxEvents")
    return proceed(call)


class PollOfAnotherStream(ABC, Deviation):
    """Returns the SETs of other streams in a poll of one."""

    @abstractmethod
    def others(self, stream: Stream, call: Call) -> list[Stream]:
        """Return the streams whose SETs are added."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        stream = target(call)
        sets = sets_in(outcome)
        if stream is None or sets is None or not isinstance(outcome, Reply):
            return outcome
        if call.body.get("maxEvents") is not None:
            return outcome
        added = dict(sets)
        for other in self.others(stream, call):
            added |= call.transmitter.poll(other).sets
        return replace(outcome, document={**outcome.document, "sets": added})


@fault_at(
    PollOfAnotherStream,
    breaks=("SSF-8.1.2-STREAMS-INDEPENDENT", "VEPA-POLL-PATH"),
    also=(*KEPT, *EFFECT, *LOSSES, "SSF-8.1.4.1-SUBID-OPAQUE-STREAMID"),
)
def poll_returns_the_sets_of_another_stream(stream: Stream, call: Call) -> list[Stream]:
    """A poll of one stream also returns the SETs of the Receiver's other streams."""
    own = call.transmitter.streams(stream.audience)
    return [one for one in own if one is not stream]


@fault_at(
    PollOfAnotherStream,
    breaks=("SSF-7.1.1-POLL-PROTECTED", "VEPA-POLL-AUTH-AUDIENCE"),
    also=(*KEPT, *EFFECT, *LOSSES, "SSF-4.1.8-AUD-MATCHES-STREAM"),
)
def poll_returns_the_sets_of_another_receiver(stream: Stream, call: Call) -> list[Stream]:
    """A poll of one stream also returns the SETs of another Receiver's streams."""
    every = call.transmitter.streams()
    return [one for one in every if one.audience != stream.audience]


@fault_at("batch", breaks=("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS"), also=WRONG_KEYS)
def poll_keys_of_two_sets_are_swapped(batch: Batch) -> Batch:
    """Where an answer holds two SETs or more, the first two stand under each other's jti."""
    keys = list(batch.sets)
    keys[:2] = reversed(keys[:2])
    return replace(batch, sets=dict(zip(keys, batch.sets.values(), strict=True)))


@fault_at("batch", breaks=("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS"), also=WRONG_KEYS)
def last_key_of_a_batch_is_wrong(batch: Batch) -> Batch:
    """The last of several SETs in one answer stands under a key that is no jti."""
    keys = list(batch.sets)
    if len(keys) > 1:
        keys[-1] = "last"
    return replace(batch, sets=dict(zip(keys, batch.sets.values(), strict=True)))


@fault_at("operation", breaks=("RFC8936-2.3-MORE-AVAILABLE",))
def more_is_available_where_a_batch_is_full(call: Call, proceed: Proceed) -> Outcome:
    """moreAvailable is true where an answer holds just as many SETs as maxEvents allows."""
    outcome = proceed(call)
    sets = sets_in(outcome)
    if not isinstance(outcome, Reply) or not sets:
        return outcome
    if len(sets) != call.body.get("maxEvents"):
        return outcome
    return replace(outcome, document={**outcome.document, "moreAvailable": True})


@fault_at("batch", breaks=("RFC8936-2.3-MORE-AVAILABLE",))
def one_more_is_not_available(batch: Batch) -> Batch:
    """moreAvailable is false where just one more SET is due."""
    left = [one for one in batch.stream.queue if one.jti not in batch.sets]
    return replace(batch, more_available=False) if len(left) == 1 else batch


@fault_at("batch", breaks=("RFC8936-2.3-MORE-AVAILABLE",))
def more_is_always_available(batch: Batch) -> Batch:
    """moreAvailable is true, whatever waits."""
    return replace(batch, more_available=True)


class EmptyAnswerDeviation(Deviation, ABC):
    """Changes the answer to a poll that has no SET to return."""

    on = ("poll",)
    also = (
        "RFC8936-2-JSON-MEDIA",
        "RFC8936-2.2-ACK-EMPTY-OR-ABSENT",
        "RFC8936-2.2-ACK-UNKNOWN-JTI",
        "RFC8936-2.2-MAXEVENTS-ZERO",
        "RFC8936-2.2-SETERRS-ACCEPTED",
        "RFC8936-2.4.4-ACK-AND-ERRORS",
        "VEPA-POLL-PATH",
        "VEPA-POLL-REQUEST-MEMBERS",
    )

    @abstractmethod
    def emptied(self, response: Response) -> Response:
        """Return the answer to give instead."""

    def response(self, response: Response, at: At) -> Response:
        empty = response.status == 200 and _EMPTY in response.body
        return self.emptied(response) if empty else response


@fault_at(
    EmptyAnswerDeviation,
    breaks=("RFC8936-2.5-STATUS-200", "RFC8936-2.3-SETS-EMPTY", "RFC8936-2.5-SETS-PRESENT"),
)
def empty_poll_is_answered_204(response: Response) -> Response:
    """A poll that finds no SET is answered with an empty 204."""
    return with_header(replace(response, status=204, body=b""), "content-type", None)


@fault_at(EmptyAnswerDeviation, breaks=("RFC8936-2.5-STATUS-200", "VEPA-POLL-EMPTY"))
def empty_poll_is_answered_404(response: Response) -> Response:
    """A poll that finds no SET is answered with 404."""
    return replace(response, status=404, body=b'{"error":"no_events"}')


@fault_at(
    "operation",
    on=("poll",),
    breaks=("RFC8936-2.5-STATUS-200", "VEPA-POLL-PATH"),
    also=(
        *EmptyAnswerDeviation.also,
        "VEPA-POLL-EMPTY",
        "VEPA-ERR-UNKNOWN-STREAM",
        "SSE-7.1-SUBJECT-CHANGE-ENABLED",
        "SSE-7.1-SUBJECT-CHANGE-PAUSED",
        "SSE-7.1.1.1-ENABLED",
        "SSE-7.1.5-SENT",
    ),
)
def polls_are_answered_500(call: Call) -> Outcome:
    """Every poll is answered with 500."""
    return Reply(status=500, document={"error": "server_error"})


@fault_at(ChangedReply, breaks=("RFC8936-2.2-RETURN-IMMEDIATELY", "VEPA-POLL-RETURN-IMMEDIATELY"))
def immediate_answers_are_late(reply: Reply, call: Call) -> Outcome:
    """A poll that finds no SET and asks for an immediate answer is held for two seconds."""
    if sets_in(reply) != {}:
        return reply
    if not call.body.get("returnImmediately"):
        return reply
    clock = call.transmitter.clock
    until = clock.now() + _LATE_S
    return Waiting(
        deadline=until,
        wake_at=lambda: until,
        attempt=lambda: reply if clock.now() >= until else None,
        expire=lambda: reply,
    )
