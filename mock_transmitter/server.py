"""The mock on a socket: plain or TLS, until it is stopped."""

import contextlib
import errno
import os
import signal
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self
from urllib.parse import urlsplit

import trustme
import uvicorn

from conformance.spec.profile import Profile
from mock_transmitter.deviations import catalogue
from mock_transmitter.domain.clock import ClockKind, call_after
from mock_transmitter.domain.defaults import PUSH_TIMEOUT_S
from mock_transmitter.domain.redelivery import AS_IT_IS, Curve
from mock_transmitter.fronts.asgi import Application
from mock_transmitter.fronts.pusher import Pusher
from mock_transmitter.http.authorisation import Receiver
from mock_transmitter.http.push_sender import UnusableAuthority, trusting
from mock_transmitter.site import Site

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0
# How long a stopping server waits for its clients to close; seconds of real time, as all of these.
GOODBYE_S = 0.3
# Longer than common clients keep an idle connection: the one who closes it should be the client.
KEEP_ALIVE_S = 75
CONNECTION_LIMIT = 2000
HEAD_LIMIT = 64 * 1024

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (recognised here, not bound to)


class CannotServeError(Exception):
    """The mock cannot be served with these options; names the option and the next step."""

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")
        self.option = option
        self.problem = problem


class RunningServer:
    """A mock Transmitter that serves on a socket and from a thread of its own, until `stop`.

    The port is open and `issuer` answers when the constructor returns; it raises CannotServeError
    where that can't be. `port` 0 takes a free one. With `tls` a certification authority is made for
    this server alone and its certificate written to `ca_out` (by default to a temporary file,
    removed by `stop`); see `ca_file`. `issuer` is what the Transmitter calls itself, for servers
    behind a proxy; by default it is the socket's own address. `long_poll_timeout_s` is in seconds
    on the tenant's clock. `push_ca` and `push_timeout_s` are those of Site; pushes are made in the
    background.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: bool = False,
        ca_out: Path | None = None,
        issuer: str | None = None,
        clock: ClockKind = "simulated",
        seed: int = 0,
        deviations: Sequence[str] = (),
        redelivery: Curve = AS_IT_IS,
        long_poll_timeout_s: float = 10.0,
        push_ca: str | None = None,
        push_timeout_s: float = PUSH_TIMEOUT_S,
    ) -> None:
        given = check_issuer(issuer, tls=tls) if issuer is not None else None
        try:
            trusting(push_ca)
        except UnusableAuthority as error:
            problem = f"{error}; name a file with the certificate of an authority"
            raise CannotServeError("push-ca", problem) from error
        with contextlib.ExitStack() as undo:
            listener = undo.enter_context(_bind(host, port))
            base_url = given or _own_url(host, listener.getsockname()[1], tls=tls)
            self.ca_file: Path | None = None
            context = None
            if tls:
                authority = trustme.CA()
                context = _server_context(authority, {host, str(urlsplit(base_url).hostname)})
                for name in deviations:
                    catalogue.find(name).deviation().tls(context, authority)
                self.ca_file = _write_authority(authority, ca_out)
                if ca_out is None:
                    undo.callback(self.ca_file.unlink, missing_ok=True)
            self.site = Site(
                profile,
                base_url=base_url,
                clock=clock,
                seed=seed,
                deviations=deviations,
                redelivery=redelivery,
                long_poll_timeout_s=long_poll_timeout_s,
                push_ca=push_ca,
                push_timeout_s=push_timeout_s,
            )
            undo.callback(Pusher(self.site, simulated=clock == "simulated").close)
            self.profile = profile
            self.issuer: str = base_url
            self._application = Application(self.site, simulated=clock == "simulated")
            self._server = _Server(self._application, context)
            self._thread = threading.Thread(
                target=self._server.run,
                args=([listener],),
                name="ssf-mock-transmitter",
                daemon=True,
            )
            self._thread.start()
            undo.callback(self._end)
            if not self._server.listening.wait(START_TIMEOUT_S):
                raise CannotServeError("host", f"no server came up within {START_TIMEOUT_S:.0f} s")
            self._undo = undo.pop_all()

    @property
    def discovery_url(self) -> str:
        """Return the URL of the Transmitter Configuration Metadata."""
        return self.profile.discovery.url(self.issuer)

    @property
    def control_url(self) -> str:
        """Return the root of the control API."""
        return self.site.tenant.control_url

    @property
    def token_url(self) -> str:
        """Return the token endpoint of the authorization server."""
        return self.site.tenant.authorization_server.token_url

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """Return the Receivers with their tokens."""
        return self.site.tenant.receivers

    @property
    def held_polls(self) -> int:
        """Return the number of polls that the server holds."""
        return self._application.held

    @property
    def running(self) -> bool:
        """Return whether the server still serves."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Stop serving; a held poll is answered with 503 at once. Stopping twice is fine."""
        self._undo.close()

    def _end(self) -> None:
        self._server.should_exit = True
        self._thread.join(STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def serve(server: RunningServer, ready: Callable[[], None]) -> bool:
    """Serve until SIGINT or SIGTERM, then stop; `ready` is called once a signal would be heard.

    Return False if the server ended by itself. Only the main thread may call this.
    """
    with _stop_signals() as stopped, server:
        ready()
        # The timeout is no polling of the signal: it only notices a server that died.
        while server.running and not stopped.wait(1.0):
            pass
        return stopped.is_set()


def check_issuer(issuer: str, *, tls: bool) -> str:
    """Return an issuer without its last slash; raise CannotServeError if it can't be one.

    SSF 1.0 section 7.1: an issuer is a URL without query and fragment.
    """
    example = "write one such as https://mock.example:8443"
    try:
        parts = urlsplit(issuer)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise CannotServeError("issuer", f"{issuer!r} is not an http or https URL; {example}")
    if parts.query or parts.fragment or parts.username is not None:
        problem = f"{issuer!r} has a query, a fragment or a user name; {example}"
        raise CannotServeError("issuer", problem)
    if tls and parts.scheme == "http":
        problem = (
            f"{issuer!r} begins with http, but --tls serves https; {example}, or leave --tls away"
        )
        raise CannotServeError("issuer", problem)
    return issuer.rstrip("/")


class _Server(uvicorn.Server):
    """A uvicorn server that signals when it listens, and ends held polls when it stops."""

    def __init__(self, application: Application, context: ssl.SSLContext | None) -> None:
        config = uvicorn.Config(
            application,
            interface="asgi3",
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=1024,
            limit_concurrency=CONNECTION_LIMIT,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=HEAD_LIMIT,
        )
        config.load()
        config.ssl = context
        super().__init__(config)
        self.listening = threading.Event()
        self._application = application

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the held polls go, then shut down."""
        self._application.close()
        # A TLS client with an idle connection may leave our goodbye unanswered.
        call_after(GOODBYE_S, self._abort_connections)
        await super().shutdown(sockets)

    def _abort_connections(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


@contextlib.contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _bind(host: str, port: int) -> socket.socket:
    unknown = f"{host!r} is no address of this machine; the usual one is 127.0.0.1"
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise CannotServeError("host", unknown) from error
    try:
        listening = socket.create_server((address[0], port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise CannotServeError("host", unknown) from error
        reason = os.strerror(error.errno) if error.errno else str(error)
        problem = f"can't listen on {host} port {port}: {reason}; --port 0 takes a free one"
        raise CannotServeError("port", problem) from error
    # asyncio turns Nagle's algorithm off only on sockets that say that they speak TCP; with it on,
    # each answer to a request with a body waits 40 ms for the client's acknowledgement.
    return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, listening.detach())


def _own_url(host: str, port: int, *, tls: bool) -> str:
    name = _WILDCARDS.get(host, host)
    return f"{'https' if tls else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


def _server_context(authority: trustme.CA, names: set[str]) -> ssl.SSLContext:
    everywhere = {"localhost", "127.0.0.1", "::1"}
    wanted = sorted(everywhere | (names - _WILDCARDS.keys()))
    try:
        certificate = authority.issue_cert(*wanted)
    except ValueError as error:
        problem = f"no certificate can be made for one of {', '.join(wanted)}: {error}"
        raise CannotServeError("issuer", problem) from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certificate.configure_cert(context)
    return context


def _write_authority(authority: trustme.CA, path: Path | None) -> Path:
    if path is None:
        handle, name = tempfile.mkstemp(prefix="ssf-mock-transmitter-ca-", suffix=".pem")
        os.close(handle)
        path = Path(name)
    try:
        authority.cert_pem.write_to_path(str(path))
    except OSError as error:
        problem = f"{path} can't be written: {error.strerror}; name a file in a folder that exists"
        raise CannotServeError("ca-out", problem) from error
    return path.absolute()
