"""One Transmitter at one issuer: key, clock, streams, Receivers, deviations, behind one lock."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from conformance.spec import codec
from conformance.spec.profile import Profile
from mock_transmitter.clock import Clock, ClockKind, SimulatedClock, SystemClock
from mock_transmitter.deviations import catalogue
from mock_transmitter.deviations.seams import Seams
from mock_transmitter.errors import (
    InvalidRequest,
    StreamNotFound,
    TransmitterError,
    UnservedProfile,
)
from mock_transmitter.http.authorisation import (
    Access,
    Denied,
    Receiver,
    bearer_token,
    decide,
)
from mock_transmitter.http.errors import Errors
from mock_transmitter.http.json_body import MalformedJson
from mock_transmitter.http.message import Parked, Request, Response
from mock_transmitter.http.operations import Call, Operations, Outcome, Reply, Waiting
from mock_transmitter.http.requests import BodyTooLarge, query_stream_id, read
from mock_transmitter.http.routes import Match, Routes, Segments
from mock_transmitter.keys import ALGORITHM, SigningKey
from mock_transmitter.seed import hex_id, source
from mock_transmitter.transmitter import Transmitter

_LOG = logging.getLogger(__name__)

AUDIENCES = ("https://receiver-1.example.com", "https://receiver-2.example.com")

_Answer = TypeVar("_Answer")

_POLLING = frozenset({"poll", "acknowledge"})


class Tenant:
    """A Transmitter that answers requests; it never blocks, and its own failure is a 500."""

    def __init__(
        self,
        profile: Profile,
        *,
        name: str,
        issuer: str,
        clock: ClockKind,
        seed: int,
        deviations: Sequence[str],
        long_poll_timeout_s: float,
        wake: Callable[[], None],
    ) -> None:
        if ALGORITHM not in profile.sets.algorithms:
            raise UnservedProfile(f"sets.algorithms: the mock signs with {ALGORITHM} only")
        self.name = name
        self.issuer = issuer
        self.control_url = f"{issuer.rstrip('/')}/_control"
        self.discovery_url = profile.discovery.url(issuer)
        self.clock: Clock = SimulatedClock(moved=wake) if clock == "simulated" else SystemClock()
        self._profile = profile
        self._lock = threading.RLock()
        self._wake = wake
        self._seams = Seams()
        self.routes = Routes(profile, issuer)
        self._errors = Errors(profile)

        def own_source(purpose: str) -> Random:
            return source(seed, name, purpose)

        self.receivers = _receivers(profile, own_source("tokens"))
        key = SigningKey(own_source("key"))
        self.transmitter = Transmitter(
            profile,
            issuer=issuer,
            clock=self.clock,
            key=key,
            seams=self._seams,
            source=own_source,
            poll_url=lambda stream_id: self.routes.url("poll", stream_id),
        )
        self._operations = Operations(
            self.transmitter,
            clock=self.clock,
            key=key,
            routes=self.routes,
            seams=self._seams,
            long_poll_timeout_s=long_poll_timeout_s,
        )
        self.deviations: tuple[str, ...] = ()
        self.use_deviations(deviations)
        if not self.transmitter.explicit:
            for receiver in self.receivers:
                self.transmitter.configure_implicit(receiver.audience)

    @property
    def lock(self) -> threading.RLock:
        """Return the lock under which streams may be read and changed."""
        return self._lock

    def use_deviations(self, names: Sequence[str]) -> None:
        """Play these deviations from now on, each afresh.

        Raises UnknownDeviation, and then nothing has changed.
        """
        entries = [catalogue.find(name) for name in names]
        with self._lock:
            self._seams.use(entry.deviation() for entry in entries)
            self.deviations = tuple(entry.name for entry in entries)

    def wake(self) -> None:
        """Tell the fronts that a parked poll may have something to answer."""
        self._wake()

    def close(self) -> None:
        """Let go of all streams; parked polls are told that theirs is gone."""
        with self._lock:
            for stream in self.transmitter.streams():
                self.transmitter.delete_stream(stream)
        self._wake()

    def handle(self, request: Request, segments: Segments) -> Response | Parked:
        """Answer a request whose path has these decoded segments, or park it."""
        with self._lock:
            before = self.transmitter.changes
            answer = self._guarded(lambda: self._handle(request, segments), request.path)
            woken = self.transmitter.changes != before
        if woken:
            self._wake()
        return answer

    def _guarded(self, answer: Callable[[], _Answer], what: str) -> _Answer | Response:
        try:
            return answer()
        except Exception:  # noqa: BLE001 (the client gets an answer, the log the cause)
            _LOG.exception("the mock has a bug: %s at %s", self.name, what)
            return self._bug()

    def _bug(self) -> Response:
        return self._errors.response(500, "server_error", "the mock has a bug; its log says more")

    def _handle(self, request: Request, segments: Segments) -> Response | Parked:
        request = self._seams.request(request)
        match = self.routes.match(segments)
        if match is None:
            missing = self._errors.response(404, "not_found", "nothing stands at this path")
            return self._seams.response(missing, None)
        head = request.method == "HEAD" and "GET" in match.place.operations
        names = match.place.operations.get("GET" if head else request.method)
        if names is None:
            return self._seams.response(self._wrong_method(match), None)
        answer = self._operate(names, match, request)
        return replace(answer, body=b"") if head and isinstance(answer, Response) else answer

    def _wrong_method(self, match: Match) -> Response:
        allowed = sorted(match.place.operations)
        return self._errors.response(
            405,
            "method_not_allowed",
            f"here are {', '.join(allowed)} only",
            [("allow", ", ".join([*allowed, *(["HEAD"] if "GET" in allowed else [])]))],
        )

    def _operate(self, names: tuple[str, ...], match: Match, request: Request) -> Response | Parked:
        try:
            operation = self._chosen(names, request)
        except InvalidRequest as error:
            return self._seams.response(self._errors.of(error), None)
        try:
            outcome = self._outcome(operation, match, request)
        except TransmitterError as error:
            return self._seams.response(self._errors.of(error), operation)
        if isinstance(outcome, Response):
            return self._seams.response(outcome, operation)
        if isinstance(outcome, Waiting):
            return self._parked(outcome, operation)
        return self._seams.response(self._encoded(outcome), operation)

    def _chosen(self, names: tuple[str, ...], request: Request) -> str:
        """Choose between operations of one path and method by whether the query has a stream_id."""
        if len(names) == 1:
            return names[0]
        named = query_stream_id(self._profile, request) is not None
        for name in names:
            rules = self._profile.operations.get(name)
            if (rules is not None and rules.stream_id == "query") is named:
                return name
        return names[0]

    def _outcome(self, operation: str, match: Match, request: Request) -> Outcome | Response:
        access = self._access(operation, match, request)
        decision = self._seams.authorisation(decide(access), access)
        if isinstance(decision, Denied):
            return self._errors.denied(decision)
        try:
            asked = read(self._profile, operation, request, match.stream_id)
        except MalformedJson as error:
            return self._errors.response(400, "invalid_request", str(error))
        except BodyTooLarge as error:
            return self._errors.response(413, "content_too_large", str(error))
        call = Call(
            operation=operation,
            receiver=decision.receiver,
            stream_id=asked.stream_id,
            body=asked.body,
            transmitter=self.transmitter,
        )
        return self._seams.operation(call, self._operations.perform)

    def _access(self, operation: str, match: Match, request: Request) -> Access:
        rules = self._profile.operations.get(operation)
        channel = self._profile.discovery.channel if rules is None else rules.channel
        owner = self._owner(match.stream_id) if operation in _POLLING else None
        return Access(
            operation=operation,
            channel=channel,
            token=bearer_token(request.header("authorization")),
            receivers=self.receivers,
            owner=owner,
        )

    def _owner(self, stream_id: str | None) -> Receiver | None:
        if stream_id is None:
            return None
        try:
            audience = self.transmitter.stream(stream_id).audience
        except StreamNotFound:
            return None
        return next(one for one in self.receivers if one.audience == audience)

    def _parked(self, waiting: Waiting, operation: str) -> Parked:
        def answered(ask: Callable[[], Reply | None]) -> Response | None:
            try:
                reply = ask()
            except TransmitterError as error:
                return self._seams.response(self._errors.of(error), operation)
            return None if reply is None else self._seams.response(self._encoded(reply), operation)

        def attempt() -> Response | None:
            with self._lock:
                return self._guarded(lambda: answered(waiting.attempt), operation)

        def expire() -> Response:
            with self._lock:
                return self._guarded(lambda: answered(waiting.expire), operation) or self._bug()

        def wake_at() -> float:
            with self._lock:
                return waiting.wake_at()

        return Parked(
            deadline=waiting.deadline,
            wake_at=wake_at,
            attempt=attempt,
            expire=expire,
            now=self.clock.now,
        )

    def _encoded(self, reply: Reply) -> Response:
        headers = [("cache-control", "no-store")]
        if reply.document is None:
            return Response(reply.status, tuple(headers))
        return Response.json(reply.status, self._in_dialect(reply), headers)

    def _in_dialect(self, reply: Reply) -> Any:  # noqa: ANN401 (JSON)
        if reply.message == "stream_configurations" and isinstance(reply.document, list):
            return [
                codec.encode(self._profile, "stream_configuration", one) for one in reply.document
            ]
        if reply.message is None or not isinstance(reply.document, dict):
            return reply.document
        return codec.encode(self._profile, reply.message, reply.document)


def _receivers(profile: Profile, random: Random) -> tuple[Receiver, ...]:
    has_poll_tokens = any(rules.channel == "poll" for rules in profile.operations.values())
    return tuple(
        Receiver(
            audience=audience,
            management_token=f"management-{hex_id(random)}",
            poll_token=f"poll-{hex_id(random)}" if has_poll_tokens else None,
        )
        for audience in AUDIENCES
    )
