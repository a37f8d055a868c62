"""Error answers: a status code, and a JSON object whose members the profile names."""

import math
from collections.abc import Iterable

from conformance.spec.profile import ErrorBody, Profile
from mock_transmitter.domain.errors import (
    InvalidRequest,
    StreamExists,
    StreamNotFound,
    SubjectNotFound,
    TooManyRequests,
    TransmitterError,
)
from mock_transmitter.http.authorisation import Denied
from mock_transmitter.http.message import Response


class Errors:
    """Builds the error answers of one profile."""

    def __init__(self, profile: Profile) -> None:
        self._members: ErrorBody = profile.errors
        self._gone = profile.semantics.gone_stream[0]

    def response(
        self, status: int, code: str, message: str, headers: Iterable[tuple[str, str]] = ()
    ) -> Response:
        """Return an error answer."""
        document = {self._members.code: code, self._members.message: message}
        return Response.json(status, document, [("cache-control", "no-store"), *headers])

    def of(self, error: TransmitterError) -> Response:
        """Return the answer to an error of the domain."""
        text = str(error)
        if isinstance(error, InvalidRequest):
            return self.response(400, "invalid_request", text)
        if isinstance(error, StreamNotFound):
            return self.response(self._gone, "not_found", text)
        if isinstance(error, SubjectNotFound):
            return self.response(404, "subject_not_found", text)
        if isinstance(error, StreamExists):
            return self.response(409, "stream_exists", text)
        if isinstance(error, TooManyRequests):
            wait = ("retry-after", str(math.ceil(error.retry_after_s)))
            return self.response(429, "too_many_requests", text, [wait])
        raise error

    def denied(self, denied: Denied) -> Response:
        """Return the answer to a request that is not authorised: RFC 6750 section 3."""
        challenge = ("www-authenticate", denied.challenge())
        code = denied.error or "unauthorized"
        return self.response(denied.status, code, denied.description, [challenge])
