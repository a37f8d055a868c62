"""Variants of who is refused, and how."""

from dataclasses import replace

from mock_transmitter.deviations.documents import (
    with_header,
)
from mock_transmitter.deviations.entry import variant
from mock_transmitter.deviations.seams import Deviation, Proceed
from mock_transmitter.errors import StreamNotFound
from mock_transmitter.http.authorisation import REALM, Access, Decision, Denied
from mock_transmitter.http.message import Response
from mock_transmitter.http.operations import Call, Outcome, Reply


@variant
class ForeignStreamsAreForbidden(Deviation):
    """Another Receiver's stream is answered with 403 instead of 404."""

    exercises = ("SSF-8.1.1.2-ERR-403", "SSF-8.1.1.3-ERR-403", "SSF-8.1.1.5-ERR-403")

    def operation(self, call: Call, proceed: Proceed) -> Outcome:
        """Answer so."""
        try:
            return proceed(call)
        except StreamNotFound:
            known = {stream.stream_id for stream in call.transmitter.streams()}
            if call.stream_id not in known:
                raise
            refusal = {"error": "access_denied", "error_description": "not your stream"}
            return Reply(status=403, document=refusal)


@variant
class ChallengeOffersAnotherScheme(Deviation):
    """A 401 offers a second authentication scheme before Bearer."""

    exercises = ("RFC6750-3-BEARER-CHALLENGE", "RFC9110-15.5.2-401-CHALLENGE")

    def response(self, response: Response, operation: str | None) -> Response:
        """Offer it."""
        del operation
        challenge = dict(response.headers).get("www-authenticate")
        if challenge is None:
            return response
        return with_header(response, "www-authenticate", f'Basic realm="{REALM}", {challenge}')


@variant
class ForeignPollTokensAreUnknown(Deviation):
    """A poll with the token of another audience is answered with 401 instead of 403."""

    exercises = ("VEPA-POLL-AUTH-AUDIENCE",)

    def authorisation(self, decision: Decision, access: Access) -> Decision:
        """Answer so."""
        if isinstance(decision, Denied) and access.operation in {"poll", "acknowledge"}:
            return replace(decision, status=401, error=decision.error and "invalid_token")
        return decision
