"""Which SETs are pushed now, and what happens to each: RFC 8935, SSF 1.0 section 6.1.1.

No I/O: this module hands out an attempt, the caller makes it and reports its outcome.

The SETs of a stream are pushed in queue order. A failed one waits for its retry; the others go on
meanwhile, except those about the same subject.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import urlsplit

from mock_transmitter.domain.clock import Clock
from mock_transmitter.domain.delivery_queue import DeadLetter, PendingSet
from mock_transmitter.domain.redelivery import MOST_PUSH_ATTEMPTS, PUSH_RETRIES
from mock_transmitter.domain.seams import Seams
from mock_transmitter.domain.stream import DeliveryConfiguration, Stream

if TYPE_CHECKING:
    import ssl

Ending: TypeAlias = Literal["delivered", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request that pushes one SET, for the `delivery` that the stream had at that time.

    `tls` may change the settings of the handshake.
    """

    stream: Stream = field(repr=False)
    pending: PendingSet = field(repr=False)
    delivery: DeliveryConfiguration
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    method: str = "POST"
    tls: Callable[["ssl.SSLContext"], None] | None = field(default=None, repr=False)
    follow_redirects: bool = False

    @property
    def stream_id(self) -> str:
        """Return the stream's id."""
        return self.stream.stream_id

    @property
    def jti(self) -> str:
        """Return the id of the SET."""
        return self.pending.jti


@dataclass(frozen=True, slots=True, kw_only=True)
class PushOutcome:
    """How an attempt ended.

    The Receiver accepted the SET (202) or refused it (400 with an error code, `err`); anything else
    failed and may succeed later. `reason` is for people.
    """

    ending: Ending
    reason: str
    err: str | None = None


class Pushes:
    """The pushes of one Transmitter.

    Settle each attempt before asking for the next one.
    """

    def __init__(
        self,
        *,
        method: str | None,
        clock: Clock,
        seams: Seams,
        jitter: Random,
        streams: Callable[[], Iterable[Stream]],
        token: Callable[[PendingSet], str],
        schedule: Callable[[Stream, PendingSet, float], None],
    ) -> None:
        self._method = method
        self._clock = clock
        self._seams = seams
        self._jitter = jitter
        self._streams = streams
        self._token = token
        self._schedule = schedule

    def next_due(self) -> float | None:
        """Return the time at which the next push is due, or None."""
        return min((due for due, _ in self._waiting()), default=None)

    def is_push(self, stream: Stream) -> bool:
        """Return whether a stream delivers by push."""
        return stream.configuration.delivery.method == self._method

    def take(self) -> Attempt | None:
        """Take the SET that is due first and return the attempt to push it; None if none is due."""
        now = self._clock.now()
        while (first := min(self._waiting(), key=lambda one: one[0], default=None)) is not None:
            due, stream = first
            if due > now:
                break
            for pending in stream.queue.take(now, 1):
                attempt = self._attempt(stream, pending, now)
                if attempt is not None:
                    return attempt
        return None

    def settle(self, attempt: Attempt, outcome: PushOutcome) -> PushOutcome:
        """Release a delivered SET, keep a refused one as a dead letter, retry a failed one.

        Return the outcome that counts. A SET that the stream has given up meanwhile stays given up.
        """
        outcome = self._seams.apply("pushed", outcome, attempt=attempt)
        stream, pending = attempt.stream, attempt.pending
        if pending.jti not in stream.queue:
            return outcome
        hopeless = outcome.ending == "refused" or pending.attempts >= MOST_PUSH_ATTEMPTS
        if outcome.ending == "delivered":
            stream.queue.acknowledge([pending.jti])
        elif stream.configuration.delivery != attempt.delivery and outcome.ending == "failed":
            pending.attempts = 0
            self._schedule(stream, pending, 0.0)
        elif hopeless:
            stream.queue.acknowledge([pending.jti])
            stream.dead_letters.append(
                DeadLetter(pending=pending, reason=outcome.reason, err=outcome.err)
            )
        else:
            self._schedule(stream, pending, PUSH_RETRIES.gap(pending.attempts, self._jitter))
        return outcome

    def _waiting(self) -> Iterable[tuple[float, Stream]]:
        for stream in self._streams():
            if self.is_push(stream) and _leads_somewhere(
                stream.configuration.delivery.endpoint_url
            ):
                due = stream.queue.next_due()
                if due is not None:
                    yield due, stream

    def _attempt(self, stream: Stream, pending: PendingSet, now: float) -> Attempt | None:
        earlier = _held_up_by(stream, pending, now)
        if earlier is not None:
            stream.queue.add(pending, due=earlier.due)
            return None
        pending.attempts += 1
        delivery = stream.configuration.delivery
        headers = {"content-type": "application/secevent+jwt", "accept": "application/json"}
        if delivery.authorization_header is not None:
            headers["authorization"] = delivery.authorization_header
        attempt: Attempt | None = self._seams.apply(
            "push",
            Attempt(
                stream=stream,
                pending=pending,
                delivery=delivery,
                url=delivery.endpoint_url,
                headers=headers,
                body=self._token(pending).encode(),
            ),
        )
        if attempt is None:
            stream.queue.acknowledge([pending.jti])
        return attempt


def _held_up_by(stream: Stream, pending: PendingSet, now: float) -> PendingSet | None:
    """Return the earlier SET about the same subject that waits for its retry, or None.

    SETs about the stream itself, such as Verification Events, do not wait for others.
    """
    if pending.subject is None or pending.subject == stream.subject:
        return None
    for earlier in stream.queue:
        if earlier is pending:
            break
        if earlier.attempts and earlier.due > now and earlier.subject == pending.subject:
            return earlier
    return None


def _leads_somewhere(url: str) -> bool:
    """Return whether the host may exist: names below .invalid are never looked up (RFC 6761)."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return True
    return host.rstrip(".").rpartition(".")[2] != "invalid"
