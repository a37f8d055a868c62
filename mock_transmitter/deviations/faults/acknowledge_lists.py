"""Faults of what an acknowledgement names: how many jtis, which, and with what beside them."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.documents import with_body, without
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.faults.acknowledge import (
    EFFECT,
    FOLLOWS,
    MEMBER,
    AckDeviation,
)
from mock_transmitter.deviations.faults.update import target
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.transmitter import Batch
from mock_transmitter.http.operations import Call, Outcome

if TYPE_CHECKING:
    from mock_transmitter.domain.delivery_queue import PendingSet

KEPT = ("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED")
# What else is lost where a SET goes that nobody has acknowledged.
LOSSES = (
    "RFC8936-2.3-MORE-AVAILABLE",
    "RFC8936-2.4.3-COMBINED",
    "RFC8936-2.5-LONGPOLL-HOLDS",
    "SSF-7.1.1-POLL-PROTECTED",
    "VEPA-BACKOFF-CONTINUES",
    "VEPA-BACKOFF-INDEPENDENT",
    "VEPA-BACKOFF-NEW-NOT-HELD-UP",
)

_MOST = 10
_ENOUGH = 2


@fault
class AckListIsCutAfterTen(AckDeviation):
    """Of an acknowledgement that names more than ten SETs, the first ten have an effect."""

    breaks = EFFECT
    also = FOLLOWS

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        return jtis[:_MOST]


@fault
class AckOfSeveralIsIgnored(AckDeviation):
    """An acknowledgement that names two SETs or more has no effect."""

    breaks = EFFECT
    also = FOLLOWS

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        return jtis if len(jtis) < _ENOUGH else []


@fault
class UnknownJtiSpoilsTheWholeAck(AckDeviation):
    """An acknowledgement that names an unknown SET beside others has no effect on any."""

    breaks = EFFECT
    also = FOLLOWS

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        return jtis if all(jti in stream.queue for jti in jtis) else []


@fault
class RepeatedJtiInAnAckIsRefused(AckDeviation):
    """An acknowledgement that names a SET twice is refused with 400."""

    breaks = ("RFC8936-2.2-ACK-UNKNOWN-JTI", "VEPA-ACK-UNKNOWN", "VEPA-ACK-IDEMPOTENT")
    also = EFFECT

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        if len(set(jtis)) != len(jtis):
            raise InvalidRequest("a jti occurs twice", "ack")
        return jtis


@fault
class LongAckIsRefused(AckDeviation):
    """An acknowledgement that names more than a hundred SETs is refused with 400."""

    breaks = ("RFC8936-2.2-ACK-UNKNOWN-JTI", "VEPA-ACK-UNKNOWN")

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        if len(jtis) > _MOST * _MOST:
            raise InvalidRequest("too many jtis", "ack")
        return jtis


@fault
class AckOfTheSameSetAgainBringsItBack(AckDeviation):
    """A second acknowledgement of a SET puts it on the stream again."""

    breaks = EFFECT
    also = FOLLOWS

    def __init__(self) -> None:
        self._released: dict[tuple[str, str], PendingSet] = {}

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        back = []
        for pending in stream.queue:
            if pending.jti in jtis:
                self._released[stream.stream_id, pending.jti] = pending
        for jti in jtis:
            released = self._released.get((stream.stream_id, jti))
            if released is not None and jti not in stream.queue:
                stream.queue.add(released, due=0.0)
                back.append(jti)
        return [jti for jti in jtis if jti not in back]


@fault
class AckReleasesTheNextSetToo(AckDeviation):
    """An acknowledgement also releases the oldest SET that it does not name."""

    breaks = KEPT
    also = LOSSES

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        if not any(jti in stream.queue for jti in jtis):
            return jtis
        others = [pending.jti for pending in stream.queue if pending.jti not in jtis]
        return [*jtis, *others[:1]]


@fault
class AckOfAnotherStreamsSetReleasesIt(AckDeviation):
    """An acknowledgement on one stream releases the SETs that it names on every stream."""

    needs = ("create_stream",)
    breaks = KEPT
    also = LOSSES

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        for stream in call.transmitter.streams():
            stream.queue.acknowledge(call.body.get(MEMBER.get(call.operation, ""), ()))
        return proceed(call)

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        return jtis


@fault
class EmptyAckAcknowledgesEverything(Deviation):
    """An acknowledgement of an empty list releases every SET of the stream."""

    breaks = KEPT
    also = LOSSES

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        member = MEMBER.get(call.operation, "")
        stream = target(call)
        if stream is not None and call.body.get(member) == []:
            call = with_body(call, **{member: [pending.jti for pending in stream.queue]})
        return proceed(call)


@fault
class AckOfAnythingButTheLatestBatchIsIgnored(AckDeviation):
    """An acknowledgement has an effect on the SETs of the latest answer alone."""

    breaks = EFFECT
    also = FOLLOWS

    def __init__(self) -> None:
        self._latest: dict[str, frozenset[str]] = {}

    def batch(self, batch: Batch, at: At) -> Batch:
        if batch.sets:
            self._latest[batch.stream.stream_id] = frozenset(batch.sets)
        return batch

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        latest = self._latest.get(stream.stream_id, frozenset())
        return [jti for jti in jtis if jti in latest]


class AckOfAPollDeviation(ABC, Deviation):
    """Ignores the acknowledgement of some polls."""

    on = ("poll",)
    breaks = ("RFC8936-2.2-ACK-ACCEPTED",)
    also = FOLLOWS

    @abstractmethod
    def ignores(self, call: Call, stream: Stream) -> bool:
        """Say whether this poll's acknowledgement has no effect."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        stream = target(call)
        if stream is not None and self.ignores(call, stream):
            call = Call(
                operation=call.operation,
                receiver=call.receiver,
                stream_id=call.stream_id,
                body=without(call.body, "ack"),
                transmitter=call.transmitter,
            )
        return proceed(call)


@fault
class AckWithMaxEventsZeroIsIgnored(AckOfAPollDeviation):
    """An acknowledgement has no effect where maxEvents is 0."""

    def ignores(self, call: Call, stream: Stream) -> bool:
        return call.body.get("maxEvents") == 0


@fault
class AckInAPollForMoreIsIgnored(AckOfAPollDeviation):
    """An acknowledgement has no effect where the same poll returns other SETs."""

    def ignores(self, call: Call, stream: Stream) -> bool:
        jtis = call.body.get("ack", ())
        others = any(pending.jti not in jtis for pending in stream.queue)
        return call.body.get("maxEvents") != 0 and others


@fault
class AckOfAHeldPollIsIgnored(AckOfAPollDeviation):
    """An acknowledgement has no effect in a poll that may be held."""

    def ignores(self, call: Call, stream: Stream) -> bool:
        return not call.body.get("returnImmediately")
