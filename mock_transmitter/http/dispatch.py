"""From an HTTP request to its answer: routing, authorisation, reading, the operation, the codec."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from conformance.spec import codec
from conformance.spec.profile import Profile
from mock_transmitter.domain.errors import InvalidRequest, StreamNotFound, TransmitterError
from mock_transmitter.domain.seams import Seams
from mock_transmitter.domain.transmitter import Transmitter
from mock_transmitter.http.authorisation import (
    Access,
    Denied,
    Receiver,
    bearer_token,
    decide,
    scopes_for,
)
from mock_transmitter.http.errors import Errors
from mock_transmitter.http.json_body import MalformedJson
from mock_transmitter.http.message import Parked, Request, Response
from mock_transmitter.http.oauth import AuthorizationServer
from mock_transmitter.http.operations import Call, Operations, Outcome, Reply, Waiting
from mock_transmitter.http.requests import BodyTooLarge, query_stream_id, read
from mock_transmitter.http.routes import Match, Routes, segments_of

_LOG = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")

_POLLING = frozenset({"poll", "acknowledge"})


class Dispatcher:
    """Answers the requests of one tenant under its lock; an internal error becomes a 500."""

    def __init__(
        self,
        profile: Profile,
        *,
        routes: Routes,
        seams: Seams,
        receivers: tuple[Receiver, ...],
        authorization_server: AuthorizationServer,
        transmitter: Transmitter,
        operations: Operations,
        lock: threading.RLock,
    ) -> None:
        self._profile = profile
        self._routes = routes
        self._seams = seams
        self._receivers = receivers
        self._authorization_server = authorization_server
        self._transmitter = transmitter
        self._operations = operations
        self._lock = lock
        self._errors = Errors(profile)

    def handle(self, request: Request) -> Response | Parked:
        """Answer a request, or park it."""
        with self._lock:
            return self._guarded(lambda: self._handle(request), request.path)

    def _guarded(self, answer: Callable[[], _Answer], what: str) -> _Answer | Response:
        try:
            return answer()
        except Exception:  # noqa: BLE001 (the client gets an answer, the log the cause)
            _LOG.exception("the mock has a bug: %s%s", self._transmitter.issuer, what)
            return self._bug()

    def _bug(self) -> Response:
        return self._errors.response(500, "server_error", "the mock has a bug; its log says more")

    def _handle(self, request: Request) -> Response | Parked:
        request = self._seams.apply("request", request)
        segments = segments_of(request.path) or ()
        of_server = self._authorization_server.operation_at(segments)
        if of_server is not None:
            return self._last_word(self._authorization_server.answer(request), of_server)
        match = self._routes.match(segments)
        if match is None:
            missing = self._errors.response(404, "not_found", "no resource at this path")
            return self._last_word(missing, None)
        head = request.method == "HEAD" and "GET" in match.place.operations
        names = match.place.operations.get("GET" if head else request.method)
        if names is None:
            return self._last_word(self._wrong_method(match), None)
        answer = self._operate(self._chosen(names, request), match, request)
        return replace(answer, body=b"") if head and isinstance(answer, Response) else answer

    def _wrong_method(self, match: Match) -> Response:
        allowed = sorted(match.place.operations)
        return self._errors.response(
            405,
            "method_not_allowed",
            f"allowed methods: {', '.join(allowed)}",
            [("allow", ", ".join([*allowed, *(["HEAD"] if "GET" in allowed else [])]))],
        )

    def _chosen(self, names: tuple[str, ...], request: Request) -> str:
        """Choose between operations with one path and method: does the query have a stream_id?"""
        if len(names) == 1:
            return names[0]
        try:
            named = query_stream_id(self._profile, request) is not None
        except InvalidRequest:
            named = True  # the operation that reads it says what is wrong, once it is authorised
        for name in names:
            rules = self._profile.operations.get(name)
            if (rules is not None and rules.stream_id == "query") is named:
                return name
        return names[0]

    def _operate(self, operation: str, match: Match, request: Request) -> Response | Parked:
        try:
            outcome = self._outcome(operation, match, request)
        except TransmitterError as error:
            outcome = self._errors.of(error)
        if isinstance(outcome, Waiting):
            return self._parked(outcome, operation)
        response = outcome if isinstance(outcome, Response) else self._encoded(outcome)
        return self._last_word(response, operation)

    def _outcome(self, operation: str, match: Match, request: Request) -> Outcome | Response:
        access = self._access(operation, match, request)
        decision = self._seams.apply(
            "authorisation", decide(access), access=access, operation=operation
        )
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
            transmitter=self._transmitter,
        )
        return self._seams.operate(call, self._operations.perform)

    def _access(self, operation: str, match: Match, request: Request) -> Access:
        rules = self._profile.operations.get(operation)
        token = bearer_token(request.header("authorization"))
        return Access(
            operation=operation,
            channel=self._profile.discovery.channel if rules is None else rules.channel,
            token=token,
            receivers=self._receivers,
            owner=self._owner(match.stream_id) if operation in _POLLING else None,
            grant=self._authorization_server.tokens.find(token),
            scopes=scopes_for("GET" if rules is None else rules.method),
        )

    def _owner(self, stream_id: str | None) -> Receiver | None:
        if stream_id is None:
            return None
        try:
            audience = self._transmitter.stream(stream_id).audience
        except StreamNotFound:
            return None
        return next(one for one in self._receivers if one.audience == audience)

    def _parked(self, waiting: Waiting, operation: str) -> Parked:
        def answered(ask: Callable[[], Reply | None]) -> Response | None:
            try:
                reply = ask()
            except TransmitterError as error:
                return self._last_word(self._errors.of(error), operation)
            return None if reply is None else self._last_word(self._encoded(reply), operation)

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
            now=self._transmitter.clock.now,
        )

    def _last_word(self, response: Response, operation: str | None) -> Response:
        return self._seams.apply("response", response, operation=operation)

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
