"""The mock without a socket, as an httpx transport.

A long poll waits in the caller's thread.
"""

import math

import httpx

from mock_transmitter.domain.clock import Alarm, Patience, SimulatedClock
from mock_transmitter.http.message import Lasting, Parked, Request, Response
from mock_transmitter.site import Site

_NO_CONTENT = 204


class InProcessTransport(httpx.BaseTransport):
    """Passes each request to a site.

    On the simulated clock a long poll moves its tenant's clock to the next event, unless the
    request's extension `held` says that somebody else moves it. Pushes that are due are made before
    a request is answered; on the system's clock a retry waits for the next request.
    """

    def __init__(self, site: Site) -> None:
        self._site: Site | None = site

    def close(self) -> None:
        """Release the site; later requests fail as on a closed port."""
        self._site = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request. Raises UnsupportedProtocol as a transport on sockets does."""
        site = self._site
        if site is None:
            raise httpx.ConnectError("the mock is closed")
        if request.url.scheme not in {"http", "https"}:
            raise httpx.UnsupportedProtocol(f"{request.url} is no http or https URL")
        asked = Request(
            method=request.method.upper(),
            target=request.url.raw_path.decode("ascii"),
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in request.headers.raw
            ),
            body=request.read(),
        )
        answer = site.handle(asked)
        if isinstance(answer, Parked):
            # Somebody else moves the clock while a poll is held; until then this thread waits.
            held = request.extensions.get("held")
            timeout = request.extensions.get("timeout", {}).get("read")
            patience = Patience(timeout) if held and timeout is not None else None
            response = _waited(site, asked, answer, patience)
        else:
            response = answer.answer() if isinstance(answer, Lasting) else answer
        site.tenant_of(asked).push_all()
        # RFC 9110 section 8.6: a 204 has no Content-Length.
        length = (
            [] if response.status == _NO_CONTENT else [("content-length", str(len(response.body)))]
        )
        return httpx.Response(
            response.status,
            headers=[*response.headers, *length],
            stream=httpx.ByteStream(response.body),
        )


def _waited(site: Site, request: Request, parked: Parked, patience: Patience | None) -> Response:
    """Wait until a parked poll is answered. Raises ReadTimeout if the caller hangs up first."""
    tenant = site.tenant_of(request)
    simulated = isinstance(tenant.clock, SimulatedClock)
    if simulated and patience is None:
        while (response := parked.attempt()) is None:
            tenant.advance_to(parked.wake_at())
        return response
    alarm = Alarm()
    unsubscribe = site.subscribe(alarm.ring)
    try:
        while (response := parked.attempt()) is None:
            left = math.inf if patience is None else patience.left_s
            if left <= 0:
                raise httpx.ReadTimeout("the caller has hung up")
            due = math.inf if simulated else parked.wake_at() - parked.now()
            alarm.wait(min(due, left))
    finally:
        unsubscribe()
    return response
