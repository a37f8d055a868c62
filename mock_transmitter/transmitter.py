"""The Transmitter: streams, verification, events, delivery.

No HTTP in it, and time only through its clock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, TypeAlias

from conformance.spec.profile import Profile
from mock_transmitter import events, sets
from mock_transmitter.clock import Clock
from mock_transmitter.configurations import Configurations
from mock_transmitter.delivery_queue import PendingSet
from mock_transmitter.deviations.seams import Seams
from mock_transmitter.errors import (
    StreamExists,
    StreamNotFound,
    TooManyRequests,
)
from mock_transmitter.keys import KeyRing
from mock_transmitter.redelivery import AS_IT_IS, Curve, policy_of
from mock_transmitter.seed import hex_id
from mock_transmitter.stream import Stream, StreamConfiguration

Json: TypeAlias = dict[str, Any]

# RFC 8936 section 2.2 sets no limit where maxEvents is absent; a server needs one.
MOST_SETS_PER_POLL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one poll takes from a stream: `sets` maps jti to compact SET, as in `delivered`.

    `more_available` says whether more are due now; None leaves it unsaid.
    """

    stream: Stream
    sets: Mapping[str, str]
    delivered: tuple[PendingSet, ...]
    more_available: bool | None
    now: float


class Transmitter:
    """The streams of one issuer.

    Its methods raise the errors of `errors`, and then have changed nothing.
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

    # Streams

    @property
    def explicit(self) -> bool:
        """Say whether Receivers make streams, or have one from the start."""
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
        """Return a stream; another Receiver's is as unknown as one that does not exist."""
        stream = self._streams.get(stream_id)
        if stream is None or audience not in {None, stream.audience}:
            raise StreamNotFound("there is no such stream")
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
        """Make a stream with the Receiver-Supplied properties among `wanted`.

        Without `delivery` the method is the profile's default (SSF 1.0 section 8.1.1.1); without
        `events_requested` nothing is requested. Transmitter-Supplied properties have no value yet
        to be held against, so here they are passed over.
        """
        blank = self._configurations.blank(hex_id(self._stream_ids), audience)
        return self._install(audience, self._configurations.configured(blank, wanted, fresh=True))

    def configure_implicit(self, audience: str) -> Stream:
        """Give a Receiver its one stream, as it stands before anybody has touched it."""
        if self.streams(audience):
            raise StreamExists("the stream is configured already")
        blank = self._configurations.blank(hex_id(self._stream_ids), audience)
        return self._install(audience, replace(blank, events_requested=events.SUPPORTED[:1]))

    def update_stream(self, stream: Stream, changes: Mapping[str, Any]) -> None:
        """Change the Receiver-Supplied properties that are named; `delivery` changes as a whole."""
        self._configurations.hold_transmitter_supplied(changes, stream.configuration)
        stream.configuration = self._configurations.configured(stream.configuration, changes)

    def replace_stream(self, stream: Stream, wanted: Mapping[str, Any]) -> None:
        """Replace the configuration: a Receiver-Supplied property that is missing goes.

        SSF 1.0 section 8.1.1.4 lets `delivery` go back to the default and `events_requested` to
        nothing. The one implicit stream of the 2021 draft (section 7.1.2.2) can't be without
        either, so there that is invalid. That draft does not say either that the expected
        `events_delivered` is the one before: both values are expected.
        """
        configuration = self._configurations.replaced(stream.configuration, wanted)
        expected = (
            (stream.configuration,) if self.explicit else (stream.configuration, configuration)
        )
        self._configurations.hold_transmitter_supplied(wanted, *expected)
        stream.configuration = configuration

    def remake_stream(self, audience: str, wanted: Mapping[str, Any]) -> Stream:
        """Make the one implicit stream of a Receiver anew from a full configuration.

        Transmitter-Supplied properties must equal what the new stream shows: a Receiver may post
        back what it read.
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

    # Events

    def verify(self, stream: Stream, state: str | None) -> str:
        """Queue a Verification Event and return its jti.

        Raises TooManyRequests where less than the interval has passed since the last one.
        """
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
        """Let an event happen: a SET for each of these streams that is enabled and delivers it.

        Return stream and jti of each SET.
        """
        event = sets.Event(
            type=event_type,
            txn=hex_id(self._txns),
            payload=events.default_payload(event_type, self.clock.now())
            if payload is None
            else payload,
            subject=events.SUBJECT if subject is None else subject,
        )
        return [
            (stream, self._queue(stream, event))
            for stream in streams
            if stream.status == "enabled" and event_type in stream.configuration.events_delivered
        ]

    # Delivery

    def poll(self, stream: Stream, most: int | None = None) -> Batch:
        """Take the SETs that are due, at most that many, and set when each is due again."""
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
        return self._seams.batch(batch, self.keys.signing)

    def acknowledge(self, stream: Stream, jtis: Iterable[str]) -> None:
        """Release SETs from delivery; what is unknown, or of another stream, is no matter."""
        stream.queue.acknowledge(jtis)

    def _queue(self, stream: Stream, event: sets.Event) -> str:
        now = self.clock.now()
        claims = sets.claims_of(
            self.profile.sets,
            event,
            iss=stream.configuration.iss,
            aud=stream.configuration.aud,
            iat=int(now),
            jti=hex_id(self._jtis),
        )
        claims = self._seams.claims(claims, stream)
        pending = PendingSet(
            jti=claims["jti"],
            claims=claims,
            queued_at=now,
            expires_at=now + self._policy.window_s,
        )
        self._schedule(stream, pending, 0.0)
        self.changes += 1
        return pending.jti

    def _schedule(self, stream: Stream, pending: PendingSet, gap: float) -> None:
        now = self.clock.now()
        scheduled = self._seams.schedule(gap, pending, stream, now)
        if scheduled is None:
            stream.queue.acknowledge([pending.jti])
        else:
            stream.queue.add(pending, due=now + scheduled)

    def _token(self, pending: PendingSet) -> str:
        # Signed at the first delivery and kept: the same jti is the same bytes for ever.
        if pending.token is None:
            key = self.keys.signing
            header = key.header()
            token = key.sign(header, pending.claims)
            pending.token = self._seams.token(token, header, pending.claims, key)
        return pending.token

    def _install(self, audience: str, configuration: StreamConfiguration) -> Stream:
        stream = Stream(audience=audience, configuration=configuration)
        self._streams[stream.stream_id] = stream
        return stream
