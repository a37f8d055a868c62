"""Faults of OAuth 2.0: the authorization server, and what its tokens allow."""

import json
from abc import ABC, abstractmethod
from dataclasses import replace
from urllib.parse import parse_qsl

from mock_transmitter.deviations.deviation import At, Deviation
from mock_transmitter.deviations.entry import fault, fault_at
from mock_transmitter.domain.access_tokens import MANAGE, READ
from mock_transmitter.domain.keys import base64url
from mock_transmitter.http.authorisation import Access, Decision, Denied, Granted, Receiver
from mock_transmitter.http.message import Request, Response
from mock_transmitter.http.oauth import TOKEN, OAuthError


@fault_at("response", on=("token",), breaks=("CAEPIOP-2.7.1-GRANTS",))
def client_credentials_are_not_supported(response: Response) -> Response:
    """The token endpoint knows no client credentials grant."""
    return OAuthError("unsupported_grant_type", "no such grant").response()


@fault_at("response", on=("token",), breaks=("CAEPIOP-2.7.1-SHORT-LIVED",))
def access_tokens_last_a_day(response: Response, at: At) -> Response:
    """An access token is said to last 24 hours."""
    if response.status != 200:
        return response
    document = {**json.loads(response.body), "expires_in": 86_400}
    return replace(response, body=json.dumps(document).encode())


@fault_at("request", breaks=("CAEPIOP-2.7.2-SCOPE-PREFIX",), also=("CAEPIOP-2.7.1-GRANTS",))
def scopes_have_names_of_their_own(request: Request) -> Request:
    """The authorization server knows no scope that begins with ssf."""
    if not request.path.endswith(TOKEN):
        return request
    return replace(request, body=request.body.replace(b"ssf.", b"streams."))


# What a token that is served for longer, or for more, opens.
OPEN_TO_ALL = (
    "SSF-8-HTTP-AUTH",
    "SSE-8-OAUTH-BEARER",
    "JAMF-BEARER",
    "SSF-7.1.1-POLL-PROTECTED",
    "VEPA-POLL-AUTH",
)


class _GrantDeviation(Deviation, ABC):
    """Changes the decision on tokens that the authorization server issued."""

    @abstractmethod
    def decide(self, decision: Decision, access: Access) -> Decision:
        """Return the decision on such a token."""

    def authorisation(self, decision: Decision, at: At) -> Decision:
        return decision if at.access.grant is None else self.decide(decision, at.access)


def owner_of(access: Access) -> Receiver:
    """Return the Receiver whose client a token was issued to."""
    grant = access.grant
    return next(one for one in access.receivers if grant and one.client_id == grant.client_id)


def _insufficient(access: Access) -> Denied:
    return Denied(
        status=403, error="insufficient_scope", description=f"not enough for {access.operation}"
    )


@fault_at(_GrantDeviation, breaks=("CAEPIOP-2.7.2-SCOPE-MANAGE",))
def verification_takes_more_than_the_scope_to_manage(
    decision: Decision, access: Access
) -> Decision:
    """With ssf.manage alone a verification is refused."""
    alone = access.grant is not None and set(access.grant.scopes) == {MANAGE}
    return _insufficient(access) if alone and access.operation == "verify" else decision


@fault_at(_GrantDeviation, breaks=("CAEPIOP-2.7.2-SCOPE-MANAGE",))
def deleting_takes_more_than_the_scope_to_manage(decision: Decision, access: Access) -> Decision:
    """With ssf.manage alone no stream can be deleted."""
    alone = access.grant is not None and set(access.grant.scopes) == {MANAGE}
    deletes = access.operation == "delete_stream"
    return _insufficient(access) if alone and deletes else decision


@fault_at(_GrantDeviation, breaks=("CAEPIOP-2.7.2-SCOPE-READ",))
def reading_takes_the_scope_to_manage(decision: Decision, access: Access) -> Decision:
    """With ssf.read alone nothing can be read."""
    alone = access.grant is not None and set(access.grant.scopes) == {READ}
    return _insufficient(access) if alone and isinstance(decision, Granted) else decision


@fault_at(
    _GrantDeviation,
    breaks=("CAEPIOP-2.7.3-BEARER-HEADER",),
    also=("CAEPIOP-2.7.2-SCOPE-MANAGE", "CAEPIOP-2.7.2-SCOPE-READ", "CAEPIOP-2.7.3-RFC6750-ERRORS"),
)
def access_tokens_in_the_header_are_not_known(decision: Decision) -> Decision:
    """A token of the authorization server in the Authorization header is refused."""
    return Denied(status=401, error="invalid_token", description="unknown token")


@fault_at("request", breaks=("CAEPIOP-2.7.3-NO-QUERY-TOKEN",))
def access_tokens_are_taken_from_the_query(request: Request) -> Request:
    """An access token in the query is as good as one in the header."""
    token = dict(parse_qsl(request.query)).get("access_token")
    if token is None or request.header("authorization") is not None:
        return request
    header = ("authorization", f"Bearer {token}")
    return replace(request, target=request.path, headers=(*request.headers, header))


@fault_at(
    _GrantDeviation,
    breaks=("CAEPIOP-2.7.3-TOKEN-VALIDITY", "RFC6750-3.1-INVALID-TOKEN"),
    also=OPEN_TO_ALL,
)
def expired_tokens_are_served(decision: Decision, access: Access) -> Decision:
    """An access token is good for ever."""
    expired = access.grant is not None and access.grant.ended == "has expired"
    return Granted(owner_of(access)) if expired else decision


@fault_at(
    _GrantDeviation,
    breaks=("CAEPIOP-2.7.3-TOKEN-VALIDITY", "RFC6750-3.1-INVALID-TOKEN"),
    also=OPEN_TO_ALL,
)
def revoked_tokens_are_served(decision: Decision, access: Access) -> Decision:
    """An access token that was revoked is good until it expires."""
    revoked = access.grant is not None and access.grant.ended == "was revoked"
    return Granted(owner_of(access)) if revoked else decision


@fault_at(
    "authorisation",
    breaks=("CAEPIOP-2.7.3-TOKEN-VALIDITY", "RFC6750-3.1-INVALID-TOKEN"),
    also=OPEN_TO_ALL,
)
def tokens_are_not_checked_for_integrity(decision: Decision, at: At) -> Decision:
    """A token is known by its beginning, whatever follows."""
    looks_right = (at.access.token or "").startswith("access-") and at.access.grant is None
    return Granted(at.access.receivers[0]) if looks_right else decision


@fault_at(_GrantDeviation, breaks=("CAEPIOP-2.7.3-TOKEN-SUFFICIENT",))
def tokens_for_reading_manage_streams(decision: Decision, access: Access) -> Decision:
    """With ssf.read streams can be made and changed."""
    reader = access.grant is not None and access.grant.ended is None
    return Granted(owner_of(access)) if reader else decision


@fault_at("authorisation", breaks=("CAEPIOP-2.7.3-RFC6750-ERRORS",))
def insufficient_tokens_are_refused_without_an_error(decision: Decision) -> Decision:
    """A token that is not enough is refused with 403 and no error code in a challenge."""
    if isinstance(decision, Denied) and decision.error == "insufficient_scope":
        return replace(decision, error=None)
    return decision


@fault_at("response", on=("token",), breaks=("CAEPIOP-2.7.1-SHORT-LIVED",))
def access_tokens_last_a_day_in_words(response: Response, at: At) -> Response:
    """An access token is said to last 24 hours, and the number is a text."""
    if response.status != 200:
        return response
    document = {**json.loads(response.body), "expires_in": "86400"}
    return replace(response, body=json.dumps(document).encode())


@fault
class AccessTokensAreJwtsThatLastADay(Deviation):
    """An access token is a JWT whose claims give it 24 hours; the answer names no lifetime."""

    breaks = ("CAEPIOP-2.7.1-SHORT-LIVED",)

    def __init__(self) -> None:
        self._inside: dict[str, str] = {}

    def request(self, request: Request, at: At) -> Request:
        """Take the token out of it again, in the header and in a revocation."""
        headers, body = request.headers, request.body
        for token, inside in self._inside.items():
            headers = tuple((name, value.replace(token, inside)) for name, value in headers)
            body = body.replace(token.encode(), inside.encode())
        return replace(request, headers=headers, body=body)

    def response(self, response: Response, at: At) -> Response:
        if at.operation != "token" or response.status != 200:
            return response
        document = json.loads(response.body)
        claims = {"iat": 0, "exp": 86_400, "jti": document["access_token"]}
        parts = [base64url(json.dumps(one).encode()) for one in ({"alg": "none"}, claims)]
        token = ".".join([*parts, ""])
        self._inside[token] = document["access_token"]
        named = {"token_type": "Bearer", "scope": document["scope"], "access_token": token}
        return replace(response, body=json.dumps(named).encode())
