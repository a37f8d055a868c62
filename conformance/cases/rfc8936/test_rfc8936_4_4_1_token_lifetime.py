"""The tokens that a Receiver polls with: RFC 8936, section 4.4.1."""

from conformance.judging import Needs, judges, require, verify
from conformance.receiver.oauth import client_of, member, request_token, token_in
from conformance.receiver.remote_transmitter import RemoteTransmitter
from conformance.sets.contents import claims_of


@judges("RFC8936-4.4.1-TOKEN-LIFETIME", needs=Needs(oauth_client=True))
def test_an_access_token_has_an_end(transmitter: RemoteTransmitter) -> None:
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
