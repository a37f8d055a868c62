"""Faults of what a poll answers: which SETs, under which keys, and whether there are more."""

from abc import ABC, abstractmethod
from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.documents import sets_in, with_header
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.faults.acknowledge import EFFECT, FOLLOWS
from mock_transmitter.deviations.faults.acknowledge_lists import KEPT, LOSSES
from mock_transmitter.deviations.faults.update import target
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
    "SSF-7.1.1-POLL-PROTECTED",
    "SSF-8.1.2-STREAMS-INDEPENDENT",
    "VEPA-POLL-AUTH-AUDIENCE",
    "VEPA-POLL-PATH",
    "VEPA-BACKOFF-NEW-NOT-HELD-UP",
    "VEPA-BACKOFF-SAME-SET",
)

_SEVENTH = 7
_LARGE = 1000
_LATE_S = 2.0
_OK = 200
_EMPTY = b'"sets":{}'


@fault
class EverySeventhSetIsLost(Deviation):
    """Every seventh SET of a stream is lost before it is delivered."""

    breaks = KEPT
    also = (
        *LOSSES,
        "RFC8935-2.3-HANDLES-400-ERR",
        "RFC8935-4-RETRY-STRATEGY",
    )

    def __init__(self) -> None:
        self._queued: dict[str, int] = {}

    def schedule(self, gap: float, at: At) -> float | None:
        if at.pending.attempts:
            return gap
        count = self._queued.get(at.stream.stream_id, 0) + 1
        self._queued[at.stream.stream_id] = count
        return None if count % _SEVENTH == 0 else gap


@fault
class PollForOneSetLosesTheRest(Deviation):
    """A poll with maxEvents 1 releases every SET that it has no room for."""

    breaks = KEPT
    also = (*LOSSES, "SSE-7.1.1.1-PAUSED-HOLDS", "SSF-8.1.2.1-PAUSED-HOLDS")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        stream = target(call)
        kept = sets_in(outcome)
        if call.body.get("maxEvents") == 1 and stream is not None and kept is not None:
            stream.queue.acknowledge([one.jti for one in stream.queue if one.jti not in kept])
        return outcome


@fault
class PollWithALargeLimitIsRefused(Deviation):
    """A poll with a maxEvents above 1,000 is refused with 400."""

    on = ("poll",)
    breaks = ("RFC8936-2.5-STATUS-200", "VEPA-POLL-REQUEST-MEMBERS")
    also = ("RFC8936-2.5-SETS-PRESENT",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        if (call.body.get("maxEvents") or 0) > _LARGE:
            raise InvalidRequest("maxEvents is too large", "maxEvents")
        return proceed(call)


class PollOfAnotherStream(ABC, Deviation):
    """Polls one stream and gets another's SETs as well."""

    @abstractmethod
    def others(self, stream: Stream, call: Call) -> list[Stream]:
        """Return the streams whose SETs come along."""

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


@fault
class PollReturnsTheSetsOfAnotherStream(PollOfAnotherStream):
    """A poll of one stream also returns the SETs of the Receiver's other streams."""

    breaks = ("SSF-8.1.2-STREAMS-INDEPENDENT", "VEPA-POLL-PATH")
    also = (*KEPT, *EFFECT, *LOSSES, "SSF-8.1.4.1-SUBID-OPAQUE-STREAMID")

    def others(self, stream: Stream, call: Call) -> list[Stream]:
        own = call.transmitter.streams(stream.audience)
        return [one for one in own if one is not stream]


@fault
class PollReturnsTheSetsOfAnotherReceiver(PollOfAnotherStream):
    """A poll of one stream also returns the SETs of another Receiver's streams."""

    breaks = ("SSF-7.1.1-POLL-PROTECTED", "VEPA-POLL-AUTH-AUDIENCE")
    also = (*KEPT, *EFFECT, *LOSSES, "SSF-4.1.8-AUD-MATCHES-STREAM")

    def others(self, stream: Stream, call: Call) -> list[Stream]:
        every = call.transmitter.streams()
        return [one for one in every if one.audience != stream.audience]


@fault
class PollKeysOfTwoSetsAreSwapped(Deviation):
    """Where an answer holds two SETs or more, the first two stand under each other's jti."""

    breaks = ("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS")
    also = WRONG_KEYS

    def batch(self, batch: Batch, at: At) -> Batch:
        keys = list(batch.sets)
        keys[:2] = reversed(keys[:2])
        return replace(batch, sets=dict(zip(keys, batch.sets.values(), strict=True)))


@fault
class LastKeyOfABatchIsWrong(Deviation):
    """The last of several SETs in one answer stands under a key that is no jti."""

    breaks = ("RFC8936-2.3-SETS-OBJECT", "VEPA-POLL-RESPONSE-SETS")
    also = WRONG_KEYS

    def batch(self, batch: Batch, at: At) -> Batch:
        keys = list(batch.sets)
        if len(keys) > 1:
            keys[-1] = "last"
        return replace(batch, sets=dict(zip(keys, batch.sets.values(), strict=True)))


@fault
class MoreIsAvailableWhereABatchIsFull(Deviation):
    """moreAvailable is true where an answer holds just as many SETs as maxEvents allows."""

    breaks = ("RFC8936-2.3-MORE-AVAILABLE",)

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        sets = sets_in(outcome)
        if not isinstance(outcome, Reply) or not sets:
            return outcome
        if len(sets) != call.body.get("maxEvents"):
            return outcome
        return replace(outcome, document={**outcome.document, "moreAvailable": True})


@fault
class OneMoreIsNotAvailable(Deviation):
    """moreAvailable is false where just one more SET is due."""

    breaks = ("RFC8936-2.3-MORE-AVAILABLE",)

    def batch(self, batch: Batch, at: At) -> Batch:
        left = [one for one in batch.stream.queue if one.jti not in batch.sets]
        return replace(batch, more_available=False) if len(left) == 1 else batch


@fault
class MoreIsAlwaysAvailable(Deviation):
    """moreAvailable is true, whatever waits."""

    breaks = ("RFC8936-2.3-MORE-AVAILABLE",)

    def batch(self, batch: Batch, at: At) -> Batch:
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
        "RFC8936-2.2-SETERRS-EMPTY",
        "RFC8936-2.3-SETS-EMPTY",
        "RFC8936-2.4.2-ACKONLY-NO-SETS",
        "RFC8936-2.4.3-COMBINED",
        "RFC8936-2.4.4-ACK-AND-ERRORS",
        "RFC8936-2.5-SETS-PRESENT",
        "VEPA-POLL-PATH",
        "VEPA-POLL-REQUEST-MEMBERS",
        "VEPA-POLL-RETURN-IMMEDIATELY",
    )

    @abstractmethod
    def emptied(self, response: Response) -> Response:
        """Return what is answered instead."""

    def response(self, response: Response, at: At) -> Response:
        empty = response.status == _OK and _EMPTY in response.body
        return self.emptied(response) if empty else response


@fault
class EmptyPollIsAnswered204(EmptyAnswerDeviation):
    """A poll that finds no SET is answered with an empty 204."""

    breaks = ("RFC8936-2.5-STATUS-200", "RFC8936-2.3-SETS-EMPTY", "RFC8936-2.5-SETS-PRESENT")

    def emptied(self, response: Response) -> Response:
        return with_header(replace(response, status=204, body=b""), "content-type", None)


@fault
class EmptyPollIsAnswered404(EmptyAnswerDeviation):
    """A poll that finds no SET is answered with 404."""

    breaks = ("RFC8936-2.5-STATUS-200", "VEPA-POLL-EMPTY")

    def emptied(self, response: Response) -> Response:
        return replace(response, status=404, body=b'{"error":"no_events"}')


@fault
class PollsAreAnswered500(Deviation):
    """Every poll is answered with 500."""

    on = ("poll",)
    breaks = ("RFC8936-2.5-STATUS-200", "VEPA-POLL-PATH")
    also = (
        *EmptyAnswerDeviation.also,
        "VEPA-POLL-EMPTY",
        "VEPA-ERR-UNKNOWN-STREAM",
        "SSE-7.1-SUBJECT-CHANGE-ENABLED",
        "SSE-7.1-SUBJECT-CHANGE-PAUSED",
        "SSE-7.1.1.1-ENABLED",
        "SSE-7.1.5-SENT",
    )

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        return Reply(status=500, document={"error": "server_error"})


@fault
class ImmediateAnswersAreLate(Deviation):
    """A poll that finds no SET and asks for an immediate answer is held for two seconds."""

    breaks = ("RFC8936-2.2-RETURN-IMMEDIATELY", "VEPA-POLL-RETURN-IMMEDIATELY")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        outcome = proceed(call)
        if not isinstance(outcome, Reply) or sets_in(outcome) != {}:
            return outcome
        if not call.body.get("returnImmediately"):
            return outcome
        clock = call.transmitter.clock
        until = clock.now() + _LATE_S
        return Waiting(
            deadline=until,
            wake_at=lambda: until,
            attempt=lambda: outcome if clock.now() >= until else None,
            expire=lambda: outcome,
        )
