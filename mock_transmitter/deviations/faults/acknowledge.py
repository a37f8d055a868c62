"""Faults of acknowledging: RFC 8936 section 2.2, and events:ack."""

from abc import abstractmethod

from mock_transmitter.deviations.deviation import Deviation, Proceed
from mock_transmitter.deviations.documents import with_body
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.deviations.faults.update import target
from mock_transmitter.domain.errors import InvalidRequest
from mock_transmitter.domain.stream import Stream
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
    """Changes which SETs an acknowledgement names, wherever the profile has it."""

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
    also=(
        "RFC8936-2.3-MORE-AVAILABLE",
        "RFC8936-2.4.3-COMBINED",
        "VEPA-BACKOFF-CONTINUES",
        "VEPA-BACKOFF-INDEPENDENT",
    ),
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
    "operation",
    breaks=("RFC8936-2.2-ACK-UNKNOWN-JTI", "VEPA-ACK-UNKNOWN"),
    also=("VEPA-ACK-IDEMPOTENT", "RFC8936-2.2-ACK-ACCEPTED", "VEPA-ACK-PATH"),
)
def ack_of_an_unknown_jti_is_refused(call: Call, proceed: Proceed) -> Outcome:
    """An acknowledgement of a SET that does not wait for one is refused with 400."""
    member = MEMBER.get(call.operation)
    stream = target(call)
    if member is not None and stream is not None:
        for jti in call.body.get(member, ()):
            if jti not in stream.queue:
                raise InvalidRequest(f"no SET has the jti {jti}", member)
    return proceed(call)
