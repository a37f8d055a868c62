"""The tokens that a Receiver polls with: RFC 8936, section 4.4.1."""

from conformance.jose import claims_of
from conformance.oauth import client_of, member, request_token, token_in
from conformance.transmitter import Transmitter
from conformance.verdicts import Needs, judges, require, verify


@judges("RFC8936-4.4.1-TOKEN-LIFETIME", needs=Needs(oauth_client=True))
def test_an_access_token_has_an_end(transmitter: Transmitter) -> None:
    """A token that is issued to a Receiver says for how long it lasts."""
    answer = request_token(transmitter, client_of(transmitter).scope)
    token = token_in(transmitter, answer)
    require(token, f"no access token was issued: {answer.text}")
    if token is not None:
        said = member(answer, "expires_in")
        verify(
            "RFC8936-4.4.1-TOKEN-LIFETIME",
            (said if said is not None else claims_of(token.token).get("exp")) is not None,
            expected="expires_in with the token, or exp in it",
            got="neither",
        )
