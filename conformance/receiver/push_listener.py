"""Where pushes arrive: the Receiver's endpoint of RFC 8935, on real sockets.

One listener serves a run. Each stream has an endpoint of its own below it, which keeps what came in
order and answers as the case says. What arrives anywhere else is counted and answered 404.
"""

import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.serving import WSGIRequestHandler

from conformance import clock
from conformance.receiver.push_replies import ACCEPTED, LONGEST_HOLD_S, Push, Reply, answered
from conformance.receiver.tls.server_context import WILDCARDS, Flaw, context_of
from conformance.target.target import Listening, TargetError

# A target that pushes more than this to one endpoint is cut off with 429.
MOST_PUSHES = 500
# The longest body that is read, in bytes, and how long a silent client is waited for, in seconds.
LONGEST_BODY = 1024 * 1024
_SILENT_CLIENT_S = 10.0

# Safe methods transmit nothing (RFC 9110 section 9.2.1).
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Endpoint:
    """The URL that one stream pushes to, until `close`."""

    def __init__(self, url: str, forget: Callable[[], None]) -> None:
        self.url = url
        # The number of pushes after the endpoint was full.
        self.cut_off = 0
        self._forget = forget
        self._pushes: list[Push] = []
        self._script: list[Reply] = []
        self._afterwards = ACCEPTED
        self._again: Reply | None = None
        self._arrived = threading.Condition()

    def at(self, tail: str) -> str:
        """Return another URL that leads to this endpoint; `tail` is path and query below its own.

        A push's `url` tells which one was used.
        """
        return f"{self.url}/{tail}"

    def answers(
        self, *script: Reply, afterwards: Reply = ACCEPTED, again: Reply | None = None
    ) -> None:
        """Answer the next pushes with `script`, one by one, and all others with `afterwards`.

        With `again`, only what has not come before counts: what repeats a push gets that answer.
        """
        with self._arrived:
            self._script = list(script)
            self._afterwards = afterwards
            self._again = again

    @property
    def pushes(self) -> tuple[Push, ...]:
        """Return what has arrived, in order."""
        with self._arrived:
            return tuple(self._pushes)

    def await_more(self, than: int, seconds: float) -> bool:
        """Wait until more pushes than that have arrived, so many seconds of real time at most.

        Return whether they have.
        """
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self._pushes) > than, timeout=seconds)

    def close(self) -> None:
        """Remove the URL: later requests to it are strays."""
        self._forget()

    def take(self, body: bytes, arrived: Callable[[Reply], Push]) -> Push:
        """Record a push with that body and return it; `arrived` makes it from the reply."""
        with self._arrived:
            if len(self._pushes) >= MOST_PUSHES:
                self.cut_off += 1
                return arrived(answered(429, retry_after_s=3600))
            push = arrived(self._reply_to(body))
            self._pushes.append(push)
            self._arrived.notify_all()
            return push

    def _reply_to(self, body: bytes) -> Reply:
        if self._again is not None and any(push.body == body for push in self._pushes):
            return self._again
        return self._script.pop(0) if self._script else self._afterwards


class PushListener:
    """Where a run receives pushes; its ports open with the first endpoint, or by `start`.

    Endpoints follow from the seed and their name alone.
    """

    def __init__(self, listening: Listening, *, url: str | None = None, seed: int = 0) -> None:
        self._listening = listening
        self._public_url = url
        self._seed = seed
        self._doors: dict[Flaw | None, _Door] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._strays = 0
        self._reached = False
        self._lock = threading.Lock()
        self._closing = threading.Event()

    @property
    def url(self) -> str:
        """Return the URL below which a target reaches this listener, with a slash at its end."""
        return self._public_url or self._door(None).url

    @property
    def strays(self) -> int:
        """Return how many requests were for no open endpoint."""
        return self._strays

    @property
    def reached(self) -> bool:
        """Return whether any request has arrived, for any endpoint."""
        return self._reached

    @property
    def flaws(self) -> frozenset[Flaw]:
        """Return the flaws that the listener can have."""
        if self._public_url is not None or not self._listening.tls:
            return frozenset()
        if self._listening.own_authority:
            return frozenset(Flaw)
        return frozenset(Flaw) - {Flaw.EXPIRED, Flaw.WRONG_NAME}

    def start(self) -> None:
        """Open the port. Raises TargetError if that fails."""
        self._door(None)

    def open(self, name: str, *, flaw: Flaw | None = None) -> Endpoint:
        """Open an endpoint of that name; with a flaw, on a port of its own.

        Raises TargetError where no port can be opened.
        """
        token = sha256(f"push endpoint/{self._seed}/{name}".encode()).hexdigest()[:32]
        base = self.url if flaw is None else self._door(flaw).url

        def forget() -> None:
            with self._lock:
                self._endpoints.pop(token, None)

        endpoint = Endpoint(f"{base}{token}", forget)
        with self._lock:
            self._endpoints[token] = endpoint
        return endpoint

    def connections(self, flaw: Flaw) -> int:
        """Return how many connections were made to the port with a flaw, served or not."""
        return self._door(flaw).connections

    def close(self) -> None:
        """Close all ports, and let go of what is held."""
        self._closing.set()
        with self._lock:
            doors = list(self._doors.values())
            self._doors.clear()
        for door in doors:
            door.stop()

    def _door(self, flaw: Flaw | None) -> "_Door":
        with self._lock:
            if flaw not in self._doors:
                host, port = self._listening.host, 0 if flaw else self._listening.port
                _check_free(host, port)
                door = _Door(host, port, context_of(self._listening, flaw), self._receive)
                door.start()
                self._doors[flaw] = door
            return self._doors[flaw]

    def _receive(self, request: Request) -> Response:
        asked = _asked(request)
        segments = asked.partition("?")[0].split("/")
        with self._lock:
            self._reached = True
            token = next((one for one in segments if one in self._endpoints), None)
            endpoint = self._endpoints.get(token or "")
            if endpoint is None:
                self._strays += 1
        if endpoint is None or token is None:
            return Response(status=404)
        request.max_content_length = LONGEST_BODY
        try:
            body = request.get_data()
        except RequestEntityTooLarge:
            return Response(status=413)
        if not body and request.environ["REQUEST_METHOD"] in _SAFE:
            return Response(status=204, headers={"Allow": "POST"})
        connection: Any = request.environ["werkzeug.socket"]
        # A tunnel may put a path before the endpoint, which the sender's URL does not have.
        url = (
            endpoint.url.removesuffix(f"/{token}") + asked
            if self._public_url is None
            else endpoint.url + asked.partition(token)[2]
        )
        push = endpoint.take(
            body,
            lambda reply: Push(
                at=clock.epoch(),
                # Request.method is in upper case, whatever was sent.
                method=str(request.environ["REQUEST_METHOD"]),
                url=url,
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
                reply=reply,
                tls=connection.version() if isinstance(connection, ssl.SSLSocket) else None,
            ),
        )
        return self._reply(push.reply, connection)

    def _reply(self, reply: Reply, connection: socket.socket) -> Response:
        if reply.after_s:
            self._closing.wait(min(reply.after_s, LONGEST_HOLD_S))
        if reply.resets:
            _reset(connection)
            raise ConnectionResetError
        return Response(reply.body, reply.status, dict(reply.headers))


class _Handler(WSGIRequestHandler):
    """Serves one connection, without logging, until its client is silent for too long."""

    timeout = _SILENT_CLIENT_S
    door: "_Door"

    def handle(self) -> None:
        """Serve; a client that disconnects is not an error."""
        self.door.connections += 1
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def make_environ(self) -> dict[str, Any]:
        """Keep the request target as it arrived: `path` has lost one of two leading slashes."""
        words = self.requestline.split()
        return {**super().make_environ(), "REQUEST_URI": words[1] if len(words) > 1 else self.path}

    def connection_dropped(
        self, error: BaseException, environ: dict[str, Any] | None = None
    ) -> None:
        """Close the connection."""
        del error, environ
        self.close_connection = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ANN401 (as the base has it)
        """Log nothing: the report has what arrived."""


class _Door(HTTPServer):
    """A port of the listener."""

    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None,
        receive: Callable[[Request], Response],
    ) -> None:
        super().__init__(host, port, context, threaded=True)
        self._receive = receive
        self.connections = 0

    @property
    def url(self) -> str:
        """Return the port's own URL, with a slash at its end."""
        host = self.format_host(WILDCARDS.get(self.host, self.host))
        return f"{'http' if self.ssl_context is None else 'https'}://{host}:{self.port}/"

    def thread_target(self) -> None:
        """Serve until stopped, polling for that often."""
        if self.server is not None:
            self.server.RequestHandlerClass = type("_Handler", (_Handler,), {"door": self})
            self.server.serve_forever(poll_interval=0.02)

    def application(self, request: Request) -> Response:
        """Answer a request; only the endpoints record it."""
        return self._receive(request)


def _check_free(host: str, port: int) -> None:
    """Raise TargetError if the port can't be bound: the server itself would end the process."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.create_server((address[0], port), family=family):
            pass
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TargetError(
            f"--push-listen {host}:{port}: can't listen there: {reason}; name an address of this"
            " machine and a free port, 0 for any"
        ) from error


def _asked(request: Request) -> str:
    """Return path and query undecoded."""
    raw = str(request.environ.get("REQUEST_URI", request.full_path))
    parts = urlsplit(raw) if "://" in raw.partition("?")[0] else None
    if parts is None:
        return raw
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _reset(connection: socket.socket) -> None:
    """Reset a TCP connection, even if something else holds its socket."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())
