"""The control API under `_control/`: events, the clock, streams, keys, deviations, tenants.

JSON in and out, without credentials: it is for the operator of the mock. Bad input gets a 400 and
changes nothing.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from mock_transmitter.deviations import catalogue
from mock_transmitter.domain import events
from mock_transmitter.domain.clock import SimulatedClock
from mock_transmitter.domain.errors import StreamNotFound
from mock_transmitter.domain.keys import KeyStillSigns, UnknownKey
from mock_transmitter.http import json_body
from mock_transmitter.http.message import Lasting, Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mock_transmitter.domain.stream import Stream
    from mock_transmitter.http.routes import Segments
    from mock_transmitter.tenant import Tenant
    from mock_transmitter.tenants import Tenants

Json: TypeAlias = dict[str, Any]
Handler: TypeAlias = "Callable[[ControlApi, Tenant, Json], Response | Lasting]"

MOST_SECONDS = 1e9

STATUSES = ("enabled", "paused", "disabled")


class ControlError(Exception):
    """The control API refuses a request; nothing has changed."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self) -> Response:
        """Return the answer."""
        return _error(self.status, self.code, str(self))


class ControlApi:
    """The control API of all tenants."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    def handle(self, tenant: Tenant, request: Request, path: Segments) -> Response | Lasting:
        """Answer a control request; `path` is what follows `_control/`."""
        try:
            return self._answer(tenant, request, path)
        except ControlError as error:
            return error.response()

    def _answer(self, tenant: Tenant, request: Request, path: Segments) -> Response | Lasting:
        if path[:1] == ("tenants",) and path[1:]:
            return self._tenant_by_name(tenant, request, "/".join(path[1:]))
        if path[:1] == ("keys",) and path[1:]:
            return _key_by_kid(tenant, request, "/".join(path[1:]))
        if path[:1] == ("tokens",) and path[1:]:
            return _token_by_name(tenant, request, "/".join(path[1:]))
        methods = _PLACES.get(path)
        if methods is None:
            raise ControlError(404, "not_found", f"no such resource; there are {', '.join(_NAMES)}")
        handler = methods.get(request.method)
        if handler is None:
            return _wrong_method(methods)
        return handler(self, tenant, _body(request))

    def health(self, tenant: Tenant, body: Json) -> Response:
        """Describe the mock."""
        _only(body)
        return Response.json(
            200,
            {
                "status": "ok",
                "issuer": tenant.issuer,
                "profile": self._tenants.profile.id,
                "clock": tenant.clock.kind,
            },
        )

    def emit(self, tenant: Tenant, body: Json) -> Response:
        """Raise an event; answer with the queued SETs, and who gets none and why."""
        _only(body, "event_type", "stream_id", "audience", "subject", "payload")
        event_type = _member(body, "event_type", str, events.SUPPORTED[0])
        try:
            scheme = urlsplit(event_type).scheme
        except ValueError:
            scheme = ""
        if not scheme:
            raise _invalid("event_type must be a URI")
        subject = _member(body, "subject", dict)
        payload = _member(body, "payload", dict)
        with tenant.lock:
            streams = _streams(tenant, body)
            queued = tenant.transmitter.emit(
                event_type, streams=streams, subject=subject, payload=payload
            )
            going = {one.stream_id for one, _ in queued if one.status == "enabled"}
            silent = [one for one in streams if one.stream_id not in going]
            why = _why_silent(tenant, streams, event_type, subject)
            reasons = [_why_silent(tenant, [one], event_type, subject) for one in silent]
        tenant.wake()
        answer: Json = {
            "sets": [{"stream_id": stream.stream_id, "jti": jti} for stream, jti in queued]
        }
        if not going:
            answer["why"] = why
        if silent:
            answer["silent"] = [
                {"stream_id": stream.stream_id, "why": reason}
                for stream, reason in zip(silent, reasons, strict=True)
            ]
        return Response.json(200, answer)

    def change_status(self, tenant: Tenant, body: Json) -> Response:
        """Change a status as the Transmitter; answer with its Stream Updated Events."""
        _only(body, "status", "reason", "stream_id", "audience", "subject")
        status = body.get("status")
        if status not in STATUSES:
            raise _invalid(f"status must be one of {', '.join(STATUSES)}")
        reason = _member(body, "reason", str)
        subject = _member(body, "subject", dict)
        if subject is not None and not tenant.transmitter.profile.stream.subject_status:
            raise _invalid("in this profile a status is the stream's; leave the subject out")
        if "stream_id" not in body and "audience" not in body:
            raise _invalid("stream_id or audience must say whose status it is")
        with tenant.lock:
            announced = [
                (stream, tenant.transmitter.act(stream, status, reason=reason, subject=subject))
                for stream in _streams(tenant, body)
            ]
        tenant.wake()
        answer: Json = {
            "sets": [
                {"stream_id": stream.stream_id, "jti": jti}
                for stream, jti in announced
                if jti is not None
            ]
        }
        if not announced:
            answer["why"] = "there is no stream"
        elif not answer["sets"]:
            answer["why"] = f"the status is {status} already, or the stream is disabled"
        return Response.json(200, answer)

    def read_clock(self, tenant: Tenant, body: Json) -> Response:
        """Show the time."""
        _only(body)
        return Response.json(200, {"now": tenant.clock.now(), "kind": tenant.clock.kind})

    def move_clock(self, tenant: Tenant, body: Json) -> Lasting:
        """Move the clock; answer with what fell due on the way, including pushes."""
        _only(body, "advance_s")
        seconds = body.get("advance_s")
        if (
            not isinstance(seconds, int | float)
            or isinstance(seconds, bool)
            or not 0 <= seconds <= MOST_SECONDS
        ):
            raise _invalid(f"advance_s must be a number of seconds from 0 to {MOST_SECONDS:.0f}")
        if not isinstance(tenant.clock, SimulatedClock):
            raise ControlError(409, "system_clock", "the mock runs on the system's clock")
        return Lasting(lambda: _moved(tenant, seconds))

    def list_streams(self, tenant: Tenant, body: Json) -> Response:
        """Show all streams as the Transmitter sees them; `pending` counts unacknowledged SETs."""
        _only(body)
        with tenant.lock:
            streams = [
                {
                    "stream_id": stream.stream_id,
                    "audience": stream.audience,
                    "status": stream.status,
                    "pending": len(stream.queue),
                    "configuration": stream.configuration.document(with_stream_id=True),
                    **_pushes(tenant, stream),
                }
                for stream in tenant.transmitter.streams()
            ]
        return Response.json(200, {"streams": streams})

    def read_keys(self, tenant: Tenant, body: Json) -> Response:
        """Show the id of the signing key, and of all published keys."""
        _only(body)
        return Response.json(200, _keys(tenant))

    def rotate_key(self, tenant: Tenant, body: Json) -> Response:
        """Sign with a new key from now on; earlier keys stay published until withdrawn."""
        _only(body)
        with tenant.lock:
            tenant.transmitter.keys.rotate()
            return Response.json(201, _keys(tenant))

    def read_deviations(self, tenant: Tenant, body: Json) -> Response:
        """Show the active deviations, and all there are."""
        _only(body)
        return Response.json(200, _deviations(tenant))

    def write_deviations(self, tenant: Tenant, body: Json) -> Response:
        """Play these deviations instead of the current ones."""
        _only(body, "active")
        active = body.get("active")
        if not isinstance(active, list) or not all(isinstance(name, str) for name in active):
            raise _invalid("active must be an array of names")
        try:
            tenant.use_deviations(list(dict.fromkeys(active)))
        except catalogue.UnknownDeviation as error:
            raise _invalid(str(error)) from None
        return Response.json(200, _deviations(tenant))

    def list_tokens(self, tenant: Tenant, body: Json) -> Response:
        """Show the issued access tokens; `ended` says why one is no longer valid."""
        _only(body)
        with tenant.lock:
            grants = tenant.authorization_server.tokens.grants
            shown = [
                {
                    "token": one.token,
                    "client_id": one.client_id,
                    "scope": " ".join(one.scopes),
                    "expires_at": one.expires_at,
                    "ended": one.ended,
                }
                for one in grants.values()
            ]
        return Response.json(200, {"tokens": shown})

    def open_tenant(self, tenant: Tenant, body: Json) -> Response:
        """Open a tenant; answer with all that its users need."""
        _only(body, "name")
        name = _member(body, "name", str)
        self._hold_default(tenant)
        try:
            opened = self._tenants.open_tenant(name)
        except ValueError as error:
            raise _invalid(str(error)) from None
        return Response.json(
            201,
            {
                "name": opened.name,
                "issuer": opened.issuer,
                "control_url": opened.control_url,
                "discovery_url": opened.discovery_url,
                "token_url": opened.authorization_server.token_url,
                "receivers": [
                    {
                        "audience": one.audience,
                        "management_token": one.management_token,
                        "poll_token": one.poll_token,
                        "limited_token": one.limited_token,
                        "client_id": one.client_id,
                        "client_secret": one.client_secret,
                    }
                    for one in opened.receivers
                ],
            },
        )

    def _tenant_by_name(self, tenant: Tenant, request: Request, name: str) -> Response:
        if request.method != "DELETE":
            return _wrong_method({"DELETE": None})
        self._hold_default(tenant)
        try:
            self._tenants.close_tenant(name)
        except LookupError as error:
            raise ControlError(404, "not_found", str(error)) from None
        return Response(204)

    def _hold_default(self, tenant: Tenant) -> None:
        if tenant is not self._tenants.tenant:
            raise ControlError(404, "not_found", f"see {self._tenants.tenant.control_url}/tenants")


_PLACES: Mapping[tuple[str, ...], Mapping[str, Handler]] = MappingProxyType(
    {
        ("health",): {"GET": ControlApi.health},
        ("events",): {"POST": ControlApi.emit},
        ("status",): {"POST": ControlApi.change_status},
        ("clock",): {"GET": ControlApi.read_clock, "POST": ControlApi.move_clock},
        ("streams",): {"GET": ControlApi.list_streams},
        ("keys",): {"GET": ControlApi.read_keys, "POST": ControlApi.rotate_key},
        ("deviations",): {
            "GET": ControlApi.read_deviations,
            "PUT": ControlApi.write_deviations,
        },
        ("tenants",): {"POST": ControlApi.open_tenant},
        ("tokens",): {"GET": ControlApi.list_tokens},
    }
)
_NAMES = tuple(sorted(place[0] for place in _PLACES))


def _body(request: Request) -> Json:
    if not request.body.strip():
        return {}
    try:
        body = json_body.parse(request.body)
    except json_body.MalformedJson as error:
        raise _invalid(str(error)) from None
    if not isinstance(body, dict):
        raise _invalid("the body must be a JSON object")
    return body


def _only(body: Json, *members: str) -> None:
    for member in body:
        if member not in members:
            known = f"known members: {', '.join(members)}" if members else "it takes none"
            raise _invalid(f"unknown member {member!r}: {known}")


def _member(body: Json, member: str, kind: type[Any], default: Any = None) -> Any:  # noqa: ANN401
    value = body.get(member, default)
    if member in body and not isinstance(value, kind):
        raise _invalid(f"{member} must be {'an object' if kind is dict else 'a string'}")
    return value


def _streams(tenant: Tenant, body: Json) -> tuple[Stream, ...]:
    """Return the streams that `stream_id` and `audience` name, or all."""
    stream_id = _member(body, "stream_id", str)
    audience = _member(body, "audience", str)
    if audience is not None and audience not in {one.audience for one in tenant.receivers}:
        raise ControlError(404, "not_found", f"no Receiver has the audience {audience!r}")
    if stream_id is not None:
        return (_stream(tenant, stream_id, audience),)
    return tenant.transmitter.streams(audience)


def _why_silent(
    tenant: Tenant, streams: Sequence[Stream], event_type: str, subject: Json | None
) -> str:
    """Return why an event made no SET on these streams: what most of them lack first."""
    delivering = [one for one in streams if event_type in one.configuration.events_delivered]
    if not delivering:
        return f"no stream has {event_type} among its events_delivered"
    about = events.SUBJECT if subject is None else subject
    covering = [one for one in delivering if tenant.transmitter.covers(one, about)]
    if not covering:
        return "no stream that delivers the type covers the subject; add it to one"
    statuses = " and ".join(sorted({one.status for one in covering}))
    return f"the stream is {statuses}" if len(covering) == 1 else f"the streams are {statuses}"


def _moved(tenant: Tenant, seconds: float) -> Response:
    before = tenant.clock.now()
    happened = tenant.advance_to(before + seconds)
    now = tenant.clock.now()
    with tenant.lock:
        happened += [
            {"at": due, "what": "set_due", "stream_id": stream.stream_id, "jti": jti}
            for stream in tenant.transmitter.streams()
            for due, jti in stream.queue.due_between(before, now)
        ]
    happened.sort(key=lambda one: (one["at"], one["stream_id"]))
    return Response.json(200, {"now": now, "happened": happened})


def _pushes(tenant: Tenant, stream: Stream) -> Json:
    """Return the waiting SETs and dead letters of a push stream; nothing for other streams."""
    waiting = [{"jti": one.jti, "attempts": one.attempts, "due": one.due} for one in stream.queue]
    dead = [
        {"jti": one.pending.jti, "attempts": one.pending.attempts, "reason": one.reason}
        | ({} if one.err is None else {"err": one.err})
        for one in stream.dead_letters
    ]
    if not dead and not tenant.transmitter.pushes.is_push(stream):
        return {}
    return {"push": {"pending": waiting, "dead_letters": dead}}


def _stream(tenant: Tenant, stream_id: str, audience: str | None) -> Stream:
    try:
        return tenant.transmitter.stream(stream_id, audience)
    except StreamNotFound as error:
        raise ControlError(404, "not_found", str(error)) from None


def _keys(tenant: Tenant) -> Json:
    keys = tenant.transmitter.keys
    return {"signing": keys.signing.kid, "published": list(keys.kids)}


def _key_by_kid(tenant: Tenant, request: Request, kid: str) -> Response:
    if request.method != "DELETE":
        return _wrong_method({"DELETE": None})
    try:
        with tenant.lock:
            tenant.transmitter.keys.withdraw(kid)
    except UnknownKey as error:
        raise ControlError(404, "not_found", str(error)) from None
    except KeyStillSigns as error:
        raise ControlError(409, "key_signs", str(error)) from None
    return Response(204)


def _token_by_name(tenant: Tenant, request: Request, token: str) -> Response:
    if request.method != "DELETE":
        return _wrong_method({"DELETE": None})
    tokens = tenant.authorization_server.tokens
    with tenant.lock:
        if tokens.find(token) is None:
            raise ControlError(404, "not_found", "no such access token")
        tokens.revoke(token)
    return Response(204)


def _deviations(tenant: Tenant) -> Json:
    return {
        "active": list(tenant.deviations),
        "available": {
            "faults": {name: entry.summary for name, entry in catalogue.faults().items()},
            "variants": {name: entry.summary for name, entry in catalogue.variants().items()},
        },
    }


def _wrong_method(methods: Mapping[str, object]) -> Response:
    allowed = ", ".join(sorted(methods))
    return _error(405, "method_not_allowed", f"here is {allowed} only", [("allow", allowed)])


def _invalid(message: str) -> ControlError:
    return ControlError(400, "invalid_request", message)


def _error(
    status: int, code: str, message: str, headers: list[tuple[str, str]] | None = None
) -> Response:
    return Response.json(status, {"error": code, "error_description": message}, headers or ())
