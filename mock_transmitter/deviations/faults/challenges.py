"""Faults of saying how to authenticate: RFC 6750 section 3, RFC 8936 section 3."""

from mock_transmitter.deviations.documents import with_header
from mock_transmitter.deviations.entry import fault
from mock_transmitter.deviations.faults.authorisation import CHALLENGES
from mock_transmitter.deviations.seams import Deviation
from mock_transmitter.http.authorisation import REALM
from mock_transmitter.http.message import Response

UNAUTHORIZED = 401


@fault
class ChallengeOffersBasicAlone(Deviation):
    """A 401 asks for the scheme Basic, though a bearer token is what is taken."""

    breaks = ("RFC6750-3-BEARER-CHALLENGE",)
    also = ("RFC6750-3.1-INVALID-TOKEN",)

    def response(self, response: Response, operation: str | None) -> Response:
        """Ask for it."""
        if operation is None or response.status != UNAUTHORIZED:
            return response
        return with_header(response, "www-authenticate", f'Basic realm="{REALM}"')


@fault
class PollRefusalsLackTheChallenge(Deviation):
    """A poll without a valid token gets a 401 that says in no header how to authenticate."""

    breaks = ("RFC8936-3-WWW-AUTHENTICATE",)
    also = (*CHALLENGES, "RFC9110-15.5.2-401-CHALLENGE")

    def response(self, response: Response, operation: str | None) -> Response:
        """Take WWW-Authenticate away."""
        if operation != "poll":
            return response
        return with_header(response, "www-authenticate", None)
