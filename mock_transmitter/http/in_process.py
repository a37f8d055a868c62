"""The mock without a socket, as a transport for httpx.

A long poll waits in the caller's own thread.
"""

import httpx

from mock_transmitter.clock import Alarm, SimulatedClock
from mock_transmitter.http.application import Site
from mock_transmitter.http.message import Parked, Request, Response

_NO_CONTENT = 204


class InProcessTransport(httpx.BaseTransport):
    """Hands each request to a site.

    On the simulated clock a long poll moves its tenant's clock to what comes first.
    """

    def __init__(self, site: Site) -> None:
        self._site = site

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        asked = Request(
            method=request.method.upper(),
            target=request.url.raw_path.decode("ascii"),
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in request.headers.raw
            ),
            body=request.read(),
        )
        answer = self._site.handle(asked)
        response = self._waited(asked, answer) if isinstance(answer, Parked) else answer
        # RFC 9110 section 8.6: a 204 has no Content-Length.
        length = (
            [] if response.status == _NO_CONTENT else [("content-length", str(len(response.body)))]
        )
        return httpx.Response(
            response.status,
            headers=[*response.headers, *length],
            stream=httpx.ByteStream(response.body),
        )

    def _waited(self, request: Request, parked: Parked) -> Response:
        clock = self._site.tenant_of(request).clock
        if isinstance(clock, SimulatedClock):
            while (response := parked.attempt()) is None:
                clock.advance_to(parked.wake_at())
            return response
        alarm = Alarm()
        unsubscribe = self._site.subscribe(alarm.ring)
        try:
            while (response := parked.attempt()) is None:
                alarm.wait(parked.wake_at() - parked.now())
        finally:
            unsubscribe()
        return response
