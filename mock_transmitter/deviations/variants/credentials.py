"""Variants of how credentials are refused."""

from dataclasses import replace

from mock_transmitter.deviations.deviation import At, Deviation
from mock_transmitter.deviations.entry import variant
from mock_transmitter.http.authorisation import Decision, Denied
from mock_transmitter.http.message import Request


@variant
class MalformedCredentialsAreInvalidRequests(Deviation):
    """A header that carries no Bearer token is answered with 400 and error="invalid_request"."""

    exercises = ("SSF-8-HTTP-AUTH", "SSE-8-OAUTH-BEARER")

    def __init__(self) -> None:
        self._has_header = False

    def request(self, request: Request, at: At) -> Request:
        self._has_header = request.header("authorization") is not None
        return request

    def authorisation(self, decision: Decision, at: At) -> Decision:
        if isinstance(decision, Denied) and at.access.token is None and self._has_header:
            return replace(decision, status=400, error="invalid_request")
        return decision
