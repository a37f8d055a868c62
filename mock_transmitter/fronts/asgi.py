"""The ASGI front: one Site on sockets. A held poll costs a task, not a thread."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from mock_transmitter.domain.clock import call_after
from mock_transmitter.http.message import Lasting, Parked, Request, Response
from mock_transmitter.http.requests import MOST_BYTES
from mock_transmitter.site import Site

# A body is read one byte past the limit, so that the core can refuse it in the profile's words;
# what follows is thrown away up to here, since a client that still sends may miss an early answer.
DISCARD_LIMIT = 16 * MOST_BYTES
BODY_TIMEOUT_S = 30.0

# How long a poll may hang on a simulated clock that nobody moves, in seconds of real time.
SIMULATED_PATIENCE_S = 10.0

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_BODILESS = frozenset({204, 304})
_log = logging.getLogger(__name__)


class _ClientLeftError(Exception):
    """The client hung up before its request was complete."""


@dataclass(frozen=True, slots=True)
class _Body:
    """The first bytes of a request's body, and whether they are all of it."""

    content: bytes
    complete: bool


class Application:
    """An ASGI 3 application for one Site.

    A parked poll waits on its own asyncio.Event. On the system clock it also wakes when a
    redelivery or its deadline falls due. On a simulated clock only events and moves of that clock
    wake it; after SIMULATED_PATIENCE_S seconds of real time it is answered as at its deadline, so
    that no connection hangs for ever. If the client hangs up first, the poll is dropped and takes
    no SET.
    """

    def __init__(
        self, site: Site, *, simulated: bool, simulated_patience_s: float = SIMULATED_PATIENCE_S
    ) -> None:
        self._site = site
        self._simulated = simulated
        self._simulated_patience_s = simulated_patience_s
        self._closing = False
        self._held: set[asyncio.Event] = set()

    @property
    def held(self) -> int:
        """Return the number of held polls."""
        return len(self._held)

    def close(self) -> None:
        """Answer every held poll with 503 now. Call it in the event loop when the server stops."""
        self._closing = True
        for stirred in self._held:
            stirred.set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            body = await _read_body(scope, receive)
        except _ClientLeftError:
            return
        except TimeoutError:
            problem = f"the request's body did not arrive within {BODY_TIMEOUT_S:.0f} s"
            await _send(send, scope, _error(408, "request_timeout", problem), keep_alive=False)
            return
        try:
            answer = self._site.handle(_request(scope, body.content))
            if isinstance(answer, Parked):
                response = await self._wait(answer, receive)
            elif isinstance(answer, Lasting):
                response = await asyncio.to_thread(answer.answer)
            else:
                response = answer
        except Exception:  # noqa: BLE001 (a bug in the core is an answer and a log entry)
            _log.exception("answering %s %s failed", scope["method"], scope["path"])
            response = _error(500, "server_error", "the mock itself failed; its log says how")
        if response is not None:
            await _send(send, scope, response, keep_alive=body.complete)

    async def _wait(self, parked: Parked, receive: Receive) -> Response | None:
        """Return the answer of a parked poll, or None when its client hung up."""
        loop = asyncio.get_running_loop()
        stirred = asyncio.Event()

        def stir() -> None:
            # The site may still be calling while the loop is being closed.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(stirred.set)

        given_up = asyncio.Event()

        def give_up() -> None:
            given_up.set()
            stirred.set()

        patience = call_after(self._simulated_patience_s, give_up) if self._simulated else None
        leaving = loop.create_task(_disconnected(receive))
        leaving.add_done_callback(lambda _: stirred.set())
        unsubscribe = self._site.subscribe(stir)
        self._held.add(stirred)
        try:
            while True:
                stirred.clear()
                if leaving.done():
                    return None
                if self._closing:
                    return _error(503, "temporarily_unavailable", "the mock is shutting down")
                response = parked.expire() if given_up.is_set() else parked.attempt()
                if response is not None:
                    return response
                alarm = None if self._simulated else _alarm(parked, stirred)
                try:
                    await stirred.wait()
                finally:
                    if alarm is not None:
                        alarm.cancel()
        finally:
            self._held.discard(stirred)
            unsubscribe()
            leaving.cancel()
            if patience is not None:
                patience.cancel()


def _alarm(parked: Parked, stirred: asyncio.Event) -> asyncio.TimerHandle:
    # The loop's clock and the wall clock differ by a little: an alarm that is early must not spin.
    return call_after(max(parked.wake_at() - parked.now(), 0.001), stirred.set)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read_body(scope: Message, receive: Receive) -> _Body:
    headers = dict(scope["headers"])
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > MOST_BYTES and b"expect" in headers:
        # The client asked first: it is told no before it has sent a byte.
        return _Body(bytes(MOST_BYTES + 1), complete=False)
    content = bytearray()
    read = 0
    async with asyncio.timeout(BODY_TIMEOUT_S):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientLeftError
            chunk = message.get("body", b"")
            read += len(chunk)
            content += chunk[: MOST_BYTES + 1 - len(content)]
            if not message.get("more_body", False):
                return _Body(bytes(content), complete=True)
            if read > DISCARD_LIMIT:
                return _Body(bytes(content), complete=False)


def _request(scope: Message, body: bytes) -> Request:
    path = bytes(scope["raw_path"]).decode("latin-1")
    if "://" in path and not path.startswith("/"):
        # RFC 9112 section 3.2.2: a server accepts the absolute form too.
        path = "/" + path.partition("://")[2].partition("/")[2]
    query = bytes(scope["query_string"]).decode("latin-1")
    return Request(
        method=scope["method"],
        target=f"{path}?{query}" if query else path,
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in scope["headers"]
        ),
        body=body,
    )


def _error(status: int, code: str, message: str) -> Response:
    return Response.json(status, {"error": code, "error_description": message})


async def _send(send: Send, scope: Message, response: Response, *, keep_alive: bool) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers
    ]
    # RFC 9110 section 8.6: these have no content and no length; a HEAD has its GET's, or none.
    bodiless = response.status in _BODILESS
    body = b"" if bodiless else response.body
    named = any(name == b"content-length" for name, _ in headers)
    if not bodiless and not named and (body or scope["method"] != "HEAD"):
        headers.append((b"content-length", str(len(body)).encode()))
    if not keep_alive:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
