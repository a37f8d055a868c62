"""Faults of saying how to authenticate: RFC 6750 section 3."""

from mock_transmitter.deviations.deviation import At
from mock_transmitter.deviations.documents import with_header
from mock_transmitter.deviations.entry import fault_at
from mock_transmitter.http.authorisation import REALM
from mock_transmitter.http.message import Response

UNAUTHORIZED = 401


@fault_at("response", breaks=("RFC6750-3-BEARER-CHALLENGE",), also=("RFC6750-3.1-INVALID-TOKEN",))
def challenge_offers_basic_alone(response: Response, at: At) -> Response:
    """A 401 asks for the scheme Basic, though a bearer token is what is taken."""
    if at.operation is None or response.status != UNAUTHORIZED:
        return response
    return with_header(response, "www-authenticate", f'Basic realm="{REALM}"')
