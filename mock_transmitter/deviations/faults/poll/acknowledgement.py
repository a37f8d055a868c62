"""Faults of acknowledging: RFC 8936 section 2.2, and events:ack."""

from abc import ABC, abstractmethod

from mock_transmitter.deviations.deviation import At, Deviation, Proceed
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.kinds.calls import OnStream, target
from mock_transmitter.deviations.kinds.documents import with_body, without
from mock_transmitter.domain.delivery_queue import PendingSet
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import Stream
from mock_transmitter.domain.transmitter import Batch
from mock_transmitter.http.operations import Call, Outcome

MEMBER = {"poll": "ack", "acknowledge": "acks"}

EFFECT = ("RFC8936-2.2-ACK-ACCEPTED", "VEPA-ACK-STOPS-REDELIVERY")
FOLLOWS = (
    "RFC8936-2.2-MAXEVENTS-ZERO",
    "RFC8936-2.3-MORE-AVAILABLE",
    "RFC8936-2.3-SETS-EMPTY",
    "RFC8936-2.4.2-ACKONLY-LONGPOLL",
    "RFC8936-2.4.2-ACKONLY-NO-SETS",
    "RFC8936-2.4.3-COMBINED",
    "RFC8936-2.4.4-ACK-AND-ERRORS",
    "RFC8936-2.5-LONGPOLL-HOLDS",
    "SSF-8.1.1-UNDELIVERED-NOT-SENT",
    "VEPA-ACK-IDEMPOTENT",
    "VEPA-POLL-EMPTY",
    "VEPA-POLL-RETURN-IMMEDIATELY",
)


_TIMES = 3


class AckDeviation(Deviation):
    """Changes which SETs an acknowledgement releases, in each operation that acknowledges."""

    @abstractmethod
    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        """Return the jtis to release."""

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        member = MEMBER.get(call.operation)
        stream = target(call)
        if member is None or stream is None or not call.body.get(member):
            return proceed(call)
        return proceed(with_body(call, **{member: self.edit(list(call.body[member]), stream)}))


@fault_at(AckDeviation, "edit", breaks=EFFECT, also=FOLLOWS)
def ack_is_ignored(jtis: list[str]) -> list[str]:
    """Acknowledgements are taken, and have no effect."""
    return []


@fault_at(AckDeviation, "edit", breaks=EFFECT, also=FOLLOWS)
def last_ack_of_several_is_lost(jtis: list[str]) -> list[str]:
    """Of several acknowledgements in one request, the last has no effect."""
    return jtis[:-1] if len(jtis) > 1 else jtis


@fault
class EveryThirdAckIsLost(AckDeviation):
    """Every third acknowledgement has no effect, however often it is repeated."""

    breaks = EFFECT
    also = FOLLOWS

    def __init__(self) -> None:
        self._count = 0
        self._lost: set[str] = set()

    def edit(self, jtis: list[str], stream: Stream) -> list[str]:
        kept = []
        for jti in jtis:
            if jti in stream.queue and jti not in self._lost:
                self._count += 1
                if self._count % 3 == 0:
                    self._lost.add(jti)
            if jti not in self._lost:
                kept.append(jti)
        return kept


@fault_at(
    AckDeviation,
    "edit",
    breaks=("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED"),
    also=("VEPA-BACKOFF-INDEPENDENT",),
)
def ack_of_one_acknowledges_all(jtis: list[str], stream: Stream) -> list[str]:
    """Acknowledging one SET releases every SET that was delivered on the stream."""
    delivered = [pending.jti for pending in stream.queue if pending.attempts]
    return [*jtis, *delivered] if any(jti in delivered for jti in jtis) else jtis


@fault
class AcknowledgedSetsComeBackThreeTimes(Deviation):
    """A SET has to be acknowledged four times before it stays away."""

    breaks = EFFECT
    also = FOLLOWS

    def __init__(self) -> None:
        self._acknowledged: dict[str, int] = {}

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        member = MEMBER.get(call.operation)
        stream = target(call)
        if member is None or stream is None:
            return proceed(call)
        enough = []
        for jti in call.body.get(member, ()):
            self._acknowledged[jti] = self._acknowledged.get(jti, 0) + (jti in stream.queue)
            if self._acknowledged[jti] > _TIMES:
                enough.append(jti)
        return proceed(with_body(call, **{member: enough}))


@fault_at(
    OnStream,
    breaks=("RFC8936-2.2-ACK-UNKNOWN-JTI", "VEPA-ACK-UNKNOWN"),
    also=("VEPA-ACK-IDEMPOTENT",),
)
def ack_of_an_unknown_jti_is_refused(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """An acknowledgement of a SET that does not wait for one is refused with 400."""
    member = MEMBER.get(call.operation)
    if member is not None:
        for jti in call.body.get(member, ()):
            if jti not in stream.queue:
                raise InvalidRequest(f"no SET has the jti {jti}", member)
    return proceed(call)


KEPT = ("RFC8936-2-UNACKED-KEPT", "VEPA-UNACKED-REDELIVERED")
# What may fall too when a SET is lost before anybody has acknowledged it.
LOSSES = (
    "RFC8936-2.3-MORE-AVAILABLE",
    "SSF-7.1.1-POLL-PROTECTED",
    "VEPA-BACKOFF-INDEPENDENT",
)

_MOST = 10
_ENOUGH = 2


@fault_at(AckDeviation, "edit", breaks=EFFECT, also=FOLLOWS)
def ack_list_is_cut_after_ten(jtis: list[str]) -> list[str]:
    """Of an acknowledgement that names more than ten SETs, the first ten have an effect."""
    return jtis[:_MOST]


@fault_at(AckDeviation, "edit", breaks=EFFECT, also=FOLLOWS)
def ack_of_several_is_ignored(jtis: list[str]) -> list[str]:
    """An acknowledgement that names two SETs or more has no effect."""
    return jtis if len(jtis) < _ENOUGH else []


@fault_at(AckDeviation, "edit", breaks=EFFECT, also=FOLLOWS)
def unknown_jti_spoils_the_whole_ack(jtis: list[str], stream: Stream) -> list[str]:
    """An acknowledgement that names an unknown SET beside others has no effect on any."""
    return jtis if all(jti in stream.queue for jti in jtis) else []


@fault_at(
    AckDeviation,
    "edit",
    breaks=("RFC8936-2.2-ACK-UNKNOWN-JTI", "VEPA-ACK-UNKNOWN", "VEPA-ACK-IDEMPOTENT"),
    also=EFFECT,
)
def repeated_jti_in_an_ack_is_refused(jtis: list[str]) -> list[str]:
    """An acknowledgement that names a SET twice is refused with 400."""
    if len(set(jtis)) != len(jtis):
        raise InvalidRequest("a jti occurs twice", "ack")
    return jtis


@fault_at(AckDeviation, "edit", breaks=("RFC8936-2.2-ACK-UNKNOWN-JTI", "VEPA-ACK-UNKNOWN"))
def long_ack_is_refused(jtis: list[str]) -> list[str]:
    """An acknowledgement that names more than a hundred SETs is refused with 400."""
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


@fault_at(AckDeviation, "edit", breaks=KEPT, also=LOSSES)
def ack_releases_the_next_set_too(jtis: list[str], stream: Stream) -> list[str]:
    """An acknowledgement also releases the oldest SET that it does not name."""
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


@fault_at(OnStream, breaks=KEPT, also=LOSSES)
def empty_ack_acknowledges_everything(call: Call, stream: Stream, proceed: Proceed) -> Outcome:
    """An acknowledgement of an empty list releases every SET of the stream."""
    member = MEMBER.get(call.operation, "")
    if call.body.get(member) == []:
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
    """Ignores acknowledgements in some polls."""

    on = ("poll",)
    breaks = ("RFC8936-2.2-ACK-ACCEPTED",)
    also = FOLLOWS

    @abstractmethod
    def ignores(self, call: Call, stream: Stream) -> bool:
        """Return whether this poll's acknowledgement has no effect."""

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


@fault_at(AckOfAPollDeviation)
def ack_with_max_events_zero_is_ignored(call: Call) -> bool:
    """An acknowledgement has no effect where maxEvents is 0."""
    return call.body.get("maxEvents") == 0


@fault_at(AckOfAPollDeviation)
def ack_in_a_poll_for_more_is_ignored(call: Call, stream: Stream) -> bool:
    """An acknowledgement has no effect where the same poll returns other SETs."""
    jtis = call.body.get("ack", ())
    others = any(pending.jti not in jtis for pending in stream.queue)
    return call.body.get("maxEvents") != 0 and others


@fault_at(AckOfAPollDeviation)
def ack_of_a_held_poll_is_ignored(call: Call) -> bool:
    """An acknowledgement has no effect in a poll that may be held."""
    return not call.body.get("returnImmediately")
