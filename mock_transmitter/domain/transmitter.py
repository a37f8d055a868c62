"""The Transmitter: streams, verification, events, delivery.

No HTTP in it, and time only through its clock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from types import MappingProxyType
from typing import Any, TypeAlias

from conformance.spec.profile import Profile
from mock_transmitter.domain import events, sets
from mock_transmitter.domain.clock import Clock
from mock_transmitter.domain.configurations import Configurations
from mock_transmitter.domain.delivery_queue import Handling, PendingSet
from mock_transmitter.domain.errors import (
    InvalidRequest,
    StreamExists,
    StreamNotFound,
    TooManyRequests,
)
from mock_transmitter.domain.keys import KeyRing
from mock_transmitter.domain.push import Pushes
from mock_transmitter.domain.redelivery import AS_IT_IS, Curve, policy_of
from mock_transmitter.domain.seams import Seams
from mock_transmitter.domain.seed import hex_id
from mock_transmitter.domain.stream import Stream, StreamConfiguration
from mock_transmitter.domain.subjects import Status, Subject

Json: TypeAlias = dict[str, Any]

# RFC 8936 section 2.2 sets no limit where maxEvents is absent; a server needs one.
MOST_SETS_PER_POLL = 100

# SSF 1.0 section 8.1.2.1, and the 2021 draft's section 7.1.1.1.
_HANDLING: Mapping[Status, Handling] = MappingProxyType(
    {"enabled": "transmit", "paused": "hold", "disabled": "drop"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one poll takes from a stream: `sets` maps jti to compact SET, as in `delivered`.

    `more_available` tells whether more are due now; None leaves it out.
    """

    stream: Stream
    sets: Mapping[str, str]
    delivered: tuple[PendingSet, ...]
    more_available: bool | None
    now: float


class Transmitter:
    """The streams of one issuer.

    A method that raises an error of `errors` has changed nothing.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        issuer: str,
        clock: Clock,
        keys: KeyRing,
        seams: Seams,
        source: Callable[[str], Random],
        poll_url: Callable[[str], str],
        redelivery: Curve = AS_IT_IS,
    ) -> None:
        self.profile = profile
        self.issuer = issuer
        self.clock = clock
        self.changes = 0  # counts what may wake a long poll
        self.keys = keys
        self._seams = seams
        self._configurations = Configurations(profile, issuer=issuer, poll_url=poll_url)
        self._policy = policy_of(profile.poll.redelivery, redelivery)
        self._streams: dict[str, Stream] = {}
        self._stream_ids = source("streams")
        self._jtis = source("jtis")
        self._txns = source("txns")
        self._jitter = source("jitter")
        self.pushes = Pushes(
            method=profile.delivery.push,
            clock=clock,
            seams=seams,
            jitter=self._jitter,
            streams=self._streams.values,
            token=self._token,
            schedule=self._schedule,
        )

    # Streams

    @property
    def explicit(self) -> bool:
        """Return whether Receivers create streams, instead of having one from the start."""
        return self.profile.stream.model == "explicit"

    @property
    def supported(self) -> tuple[str, ...]:
        """Return the event types that a stream may deliver."""
        return events.SUPPORTED

    def streams(self, audience: str | None = None) -> tuple[Stream, ...]:
        """Return all streams, or one Receiver's, oldest first."""
        return tuple(
            stream for stream in self._streams.values() if audience in {None, stream.audience}
        )

    def stream(self, stream_id: str, audience: str | None = None) -> Stream:
        """Return a stream. Another Receiver's is as unknown as one that does not exist."""
        stream = self._streams.get(stream_id)
        if stream is None or audience not in {None, stream.audience}:
            raise StreamNotFound("no such stream")
        return stream

    def only_stream(self, audience: str) -> Stream:
        """Return the one stream of a Receiver."""
        for stream in self._streams.values():
            if stream.audience == audience:
                return stream
        raise StreamNotFound("no stream is configured")

    def document(self, stream: Stream) -> Json:
        """Return the configuration as its Receiver may see it."""
        return stream.configuration.document(with_stream_id=self.explicit)

    def create_stream(self, audience: str, wanted: Mapping[str, Any]) -> Stream:
        """Create a stream with the Receiver-Supplied properties in `wanted`.

        Without `delivery` the method is the profile's default (SSF 1.0 section 8.1.1.1); without
        `events_requested` nothing is requested. Transmitter-Supplied properties are ignored, since
        they have no value yet to compare with.
        """
        blank = self._configurations.blank(hex_id(self._stream_ids), audience)
        return self._install(audience, self._configurations.configured(blank, wanted, fresh=True))

    def configure_implicit(self, audience: str) -> Stream:
        """Give a Receiver its one stream in its initial state."""
        if self.streams(audience):
            raise StreamExists("the stream is configured already")
        blank = self._configurations.blank(hex_id(self._stream_ids), audience)
        return self._install(audience, replace(blank, events_requested=events.SUPPORTED[:1]))

    def update_stream(self, stream: Stream, changes: Mapping[str, Any]) -> None:
        """Change the Receiver-Supplied properties that are named; `delivery` changes as a whole."""
        self._configurations.hold_transmitter_supplied(changes, stream.configuration)
        self._configure(stream, self._configurations.configured(stream.configuration, changes))

    def replace_stream(self, stream: Stream, wanted: Mapping[str, Any]) -> None:
        """Replace the configuration: a missing Receiver-Supplied property is deleted.

        SSF 1.0 section 8.1.1.4 lets `delivery` return to the default and `events_requested` to
        nothing. The one implicit stream of the 2021 draft (section 7.1.2.2) needs both, so there
        their absence is invalid. That draft does not say which `events_delivered` to expect, the
        one before or the one after: both are accepted.
        """
        configuration = self._configurations.replaced(stream.configuration, wanted)
        expected = (
            (stream.configuration,) if self.explicit else (stream.configuration, configuration)
        )
        self._configurations.hold_transmitter_supplied(wanted, *expected)
        self._configure(stream, configuration)

    def remake_stream(self, audience: str, wanted: Mapping[str, Any]) -> Stream:
        """Create the one implicit stream of a Receiver again from a full configuration.

        Transmitter-Supplied properties must equal those of the new stream: a Receiver may post what
        it has read.
        """
        if self.streams(audience):
            raise StreamExists("the stream is configured already")
        blank = self._configurations.blank(hex_id(self._stream_ids), audience)
        configuration = self._configurations.replaced(blank, wanted, fresh=True)
        self._configurations.hold_transmitter_supplied(wanted, configuration)
        return self._install(audience, configuration)

    def delete_stream(self, stream: Stream) -> None:
        """Remove a stream with everything that was queued on it."""
        del self._streams[stream.stream_id]
        self.changes += 1

    # Status and subjects

    def status_document(self, stream: Stream, subject: Subject | None = None) -> Json:
        """Return the status of a stream, or of a subject in it, as its Receiver may see it.

        In the 2021 draft only the request has a reason.
        """
        if subject is not None:
            status = stream.subjects.status_of(subject) or stream.status
            return {"status": status, "subject": dict(subject)}
        if not self.explicit:
            return {"status": stream.status}
        document: Json = {"stream_id": stream.stream_id, "status": stream.status}
        return document if stream.reason is None else {**document, "reason": stream.reason}

    def set_status(
        self,
        stream: Stream,
        status: Status,
        *,
        reason: str | None = None,
        subject: Subject | None = None,
    ) -> None:
        """Set the status of a stream, or of a subject in it.

        While it is paused SETs are held, in order; when it is disabled those that wait are dropped.
        """
        if subject is None:
            stream.status, stream.reason = status, reason
        else:
            said = stream.subjects.say(subject, status)
            if status == "disabled":
                stream.queue.acknowledge(
                    one.jti
                    for one in stream.queue
                    if one.subject is not None and said.speaks_of(one.subject)
                )
        stream.queue.sort(partial(self._handling, stream))
        self.changes += 1

    def act(
        self,
        stream: Stream,
        status: Status,
        *,
        reason: str | None = None,
        subject: Subject | None = None,
    ) -> str | None:
        """Change a status on the Transmitter's own initiative and announce it (SSF 1.0 8.1.5).

        Return the jti of the Stream Updated Event, or None if the status does not change. The event
        is queued before the stream stops, and is sent all the same. An event about a subject (2021
        draft, section 7.1) waits while the stream is paused; on a disabled stream it is dropped,
        and None is returned.
        """
        before = self.status_document(stream, subject)["status"]
        if status == before:
            return None
        event = sets.stream_updated(
            self.profile.sets,
            txn=hex_id(self._txns),
            stream_id=stream.stream_id,
            status=status,
            reason=reason,
            subject=subject,
        )
        jti = self._queue(stream, event, announces=subject is None)
        self.set_status(stream, status, reason=reason, subject=subject)
        return jti

    def add_subject(self, stream: Stream, subject: Subject) -> None:
        """Deliver events about a subject from now on."""
        stream.subjects.say(subject, "enabled")

    def remove_subject(self, stream: Stream, subject: Subject) -> None:
        """Stop delivering events about a subject; SETs that wait already are still sent."""
        stream.subjects.say(subject, "disabled")

    def covers(self, stream: Stream, subject: Subject) -> bool:
        """Return whether a stream delivers events about a subject: all but removed ones.

        The subject that identifies the stream itself cannot be removed (SSF 1.0 section 8.1.4.1).
        """
        if subject == stream.subject:
            return True
        covered = stream.subjects.status_of(subject) != "disabled"
        return self._seams.apply("covers", covered, stream=stream, subject=subject)

    def heard_of(self, stream: Stream) -> None:
        """Restart the inactivity_timeout of a stream: its Receiver has named it, or polled."""
        stream.active_at = self.clock.now()

    def pause_idle_streams(self) -> list[tuple[float, Stream]]:
        """Pause the streams whose inactivity_timeout is over; return each with its due time."""
        now = self.clock.now()
        idle = [
            (stream.idle_at, stream)
            for stream in self._streams.values()
            if stream.idle_at is not None and stream.idle_at <= now
        ]
        for _, stream in idle:
            timeout = stream.configuration.inactivity_timeout
            self.act(stream, "paused", reason=f"The Receiver was inactive for {timeout} seconds.")
        return idle

    # Events

    def verify(self, stream: Stream, state: str | None) -> str | None:
        """Queue a Verification Event and return its jti; None if it is dropped.

        A paused stream holds it like any other event. A disabled stream never sends it, and must
        not promise to (SSF 1.0 section 8.1.4.2): InvalidRequest. Raises TooManyRequests if the
        interval since the last one is not over.
        """
        if stream.status == "disabled":
            raise InvalidRequest("the stream is disabled; set its status to enabled or paused")
        interval = stream.configuration.min_verification_interval
        now = self.clock.now()
        if interval is not None and stream.verified_at is not None:
            wait = stream.verified_at + interval - now
            if wait > 0:
                raise TooManyRequests(
                    f"wait {interval} seconds between verification requests", wait
                )
        stream.verified_at = now
        event = sets.verification(
            self.profile.sets, txn=hex_id(self._txns), stream_id=stream.stream_id, state=state
        )
        return self._queue(stream, event)

    def emit(
        self,
        event_type: str,
        *,
        streams: Iterable[Stream],
        subject: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> list[tuple[Stream, str]]:
        """Raise an event: queue a SET on each of these streams that delivers it.

        A stream delivers it if it delivers the type and covers the subject. Return stream and jti
        of each queued SET.
        """
        about = events.SUBJECT if subject is None else subject
        event = sets.Event(
            type=event_type,
            txn=hex_id(self._txns),
            payload=events.default_payload(event_type, self.clock.now(), self.profile.sets)
            if payload is None
            else payload,
            subject=about,
        )
        queued = [
            (stream, self._queue(stream, event, subject=about))
            for stream in streams
            if event_type in stream.configuration.events_delivered and self.covers(stream, about)
        ]
        return [(stream, jti) for stream, jti in queued if jti is not None]

    # Delivery

    def poll(self, stream: Stream, most: int | None = None) -> Batch:
        """Take the SETs that are due, at most that many, and schedule each one's redelivery."""
        now = self.clock.now()
        limit = MOST_SETS_PER_POLL if most is None else min(most, MOST_SETS_PER_POLL)
        taken = stream.queue.take(now, limit)
        more = stream.queue.is_due(now)
        compact = {}
        for pending in taken:
            pending.attempts += 1
            compact[pending.jti] = self._token(pending)
            self._schedule(stream, pending, self._policy.gap(pending.attempts, self._jitter))
        batch = Batch(
            stream=stream, sets=compact, delivered=tuple(taken), more_available=more, now=now
        )
        return self._seams.apply("batch", batch, key=self.keys.signing)

    def acknowledge(self, stream: Stream, jtis: Iterable[str]) -> None:
        """Release SETs from delivery; unknown jtis and those of other streams are ignored."""
        stream.queue.acknowledge(jtis)

    def _queue(
        self,
        stream: Stream,
        event: sets.Event,
        *,
        subject: Subject | None = None,
        announces: bool = False,
    ) -> str | None:
        """Queue the SET of an event and return its jti, or None if it is dropped.

        `subject` is the subject whose status applies; an event about the stream itself has none.
        """
        now = self.clock.now()
        claims = sets.claims_of(
            self.profile.sets,
            event,
            iss=stream.configuration.iss,
            aud=stream.configuration.aud,
            iat=int(now),
            jti=hex_id(self._jtis),
        )
        claims = self._seams.apply("claims", claims, stream=stream)
        pending = PendingSet(
            jti=claims["jti"],
            claims=claims,
            queued_at=now,
            expires_at=now + self._policy.window_s,
            subject=subject,
            announces=announces,
        )
        self._schedule(stream, pending, 0.0)
        self.changes += 1
        return pending.jti if pending.jti in stream.queue else None

    def _schedule(self, stream: Stream, pending: PendingSet, gap: float) -> None:
        now = self.clock.now()
        scheduled: float | None = self._seams.apply(
            "schedule", gap, pending=pending, stream=stream, now=now
        )
        handling = self._handling(stream, pending)
        if scheduled is None or handling == "drop":
            stream.queue.acknowledge([pending.jti])
        else:
            stream.queue.add(pending, due=now + scheduled, held=handling == "hold")

    def _handling(self, stream: Stream, pending: PendingSet) -> Handling:
        handling = _HANDLING[stream.status]
        if pending.announces:
            handling = "transmit"
        elif (
            handling == "transmit"
            and pending.subject is not None
            and stream.subjects.status_of(pending.subject) == "paused"
        ):
            handling = "hold"
        return self._seams.apply("handling", handling, pending=pending, stream=stream)

    def _token(self, pending: PendingSet) -> str:
        # Signed at the first delivery and kept: the same jti always has the same bytes.
        if pending.token is None:
            key = self.keys.signing
            header = key.header()
            token = key.sign(header, pending.claims)
            pending.token = self._seams.apply(
                "token", token, header=header, claims=pending.claims, key=key
            )
        return pending.token

    def _configure(self, stream: Stream, configuration: StreamConfiguration) -> None:
        """Apply a configuration; if the delivery is new, waiting SETs are due at once."""
        is_new = configuration.delivery != stream.configuration.delivery
        stream.configuration = configuration
        if is_new:
            stream.queue.start_anew()
            self.changes += 1

    def _install(self, audience: str, configuration: StreamConfiguration) -> Stream:
        stream = Stream(audience=audience, configuration=configuration, active_at=self.clock.now())
        self._streams[stream.stream_id] = stream
        return stream
