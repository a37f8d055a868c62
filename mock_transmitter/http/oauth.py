"""The mock's authorization server: client credentials, revocation, a login, and its metadata.

RFC 6749 section 4.4, RFC 7009, RFC 8414. The login follows no standard: it exchanges a Basic
credential for a short-lived token, as some Transmitters require.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from conformance.spec.profile import Discovery
from mock_transmitter.domain.access_tokens import (
    LIFETIME_S,
    LOGIN_LIFETIME_S,
    SCOPES,
    AccessTokens,
)
from mock_transmitter.http.authorisation import REALM, Receiver
from mock_transmitter.http.message import Headers, Request, Response
from mock_transmitter.http.routes import Segments, segments_of

Json: TypeAlias = dict[str, Any]
Form: TypeAlias = Mapping[str, str]

TOKEN = "/oauth/token"  # noqa: S105 (a path)
REVOCATION = "/oauth/revoke"
LOGIN = "/login"
WELL_KNOWN = Discovery(
    path="/.well-known/oauth-authorization-server", splice="insert", channel="none"
)

_CREDENTIALS = "client_credentials"
_AUTHENTICATION = ["client_secret_basic", "client_secret_post"]
_FORM = "application/x-www-form-urlencoded"
_NOT_KEPT: Headers = (("cache-control", "no-store"), ("pragma", "no-cache"))


class OAuthError(Exception):
    """The authorization server refuses a request: RFC 6749 section 5.2."""

    def __init__(self, code: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.status = status

    def response(self) -> Response:
        """Return the answer."""
        challenge = [("www-authenticate", f'Basic realm="{REALM}"')] if self.status == 401 else []  # noqa: PLR2004 (RFC 9110 section 15.5.2)
        document = {"error": self.code, "error_description": str(self)}
        return Response.json(self.status, document, [*_NOT_KEPT, *challenge])


class AuthorizationServer:
    """Answers requests at the paths of one issuer's authorization server.

    Its clients are the Receivers.
    """

    def __init__(
        self, issuer: str, *, receivers: tuple[Receiver, ...], tokens: AccessTokens
    ) -> None:
        self._issuer = issuer
        self._receivers = receivers
        self.tokens = tokens
        self.well_known: Segments = _path_of(WELL_KNOWN.url(issuer))
        self._places: Mapping[Segments, tuple[str, str, Callable[[Request], Response]]] = {
            _path_of(self._url(TOKEN)): ("token", "POST", self._token),
            _path_of(self._url(REVOCATION)): ("revoke", "POST", self._revoke),
            _path_of(self._url(LOGIN)): ("login", "POST", self._login),
            self.well_known: ("discover_authorization_server", "GET", self._metadata),
        }

    @property
    def token_url(self) -> str:
        """Return the URL of the token endpoint."""
        return self._url(TOKEN)

    def operation_at(self, segments: Segments) -> str | None:
        """Return the name of the operation at a path, or None if the path is not the server's."""
        place = self._places.get(segments)
        return None if place is None else place[0]

    def answer(self, request: Request) -> Response:
        """Answer a request at one of the paths."""
        _, method, handler = self._places[segments_of(request.path) or ()]
        if request.method != method:
            refusal = OAuthError(
                "invalid_request", f"allowed method: {method}", status=405
            ).response()
            return Response(refusal.status, (*refusal.headers, ("allow", method)), refusal.body)
        try:
            return handler(request)
        except OAuthError as error:
            return error.response()

    def _url(self, path: str) -> str:
        return f"{self._issuer.rstrip('/')}{path}"

    def _metadata(self, request: Request) -> Response:
        del request
        document = {
            "issuer": self._issuer,
            "token_endpoint": self.token_url,
            "revocation_endpoint": self._url(REVOCATION),
            "scopes_supported": list(SCOPES),
            "response_types_supported": [],
            "grant_types_supported": [_CREDENTIALS],
            "token_endpoint_auth_methods_supported": _AUTHENTICATION,
            "revocation_endpoint_auth_methods_supported": _AUTHENTICATION,
        }
        return Response.json(200, document)

    def _token(self, request: Request) -> Response:
        """Issue a token (RFC 6749 section 4.4); without a scope the client gets all scopes."""
        form = _form(request)
        client = self._client(request, form)
        grant_type = form.get("grant_type")
        if grant_type is None:
            raise OAuthError("invalid_request", "grant_type is missing")
        if grant_type != _CREDENTIALS:
            raise OAuthError("unsupported_grant_type", f"only {_CREDENTIALS} is supported")
        scopes = tuple(form["scope"].split(" ")) if "scope" in form else SCOPES
        if not set(scopes) <= set(SCOPES):
            raise OAuthError("invalid_scope", f"supported scopes: {', '.join(SCOPES)}")
        grant = self.tokens.issue(client.client_id, scopes, lifetime_s=LIFETIME_S)
        document = {
            "access_token": grant.token,
            "token_type": "Bearer",
            "expires_in": LIFETIME_S,
            "scope": " ".join(grant.scopes),
        }
        return Response.json(200, document, _NOT_KEPT)

    def _revoke(self, request: Request) -> Response:
        """Revoke a token: RFC 7009 section 2. An unknown token counts as revoked."""
        form = _form(request)
        client = self._client(request, form)
        token = form.get("token")
        if token is None:
            raise OAuthError("invalid_request", "token is missing")
        grant = self.tokens.find(token)
        if grant is not None and grant.client_id != client.client_id:
            raise OAuthError("invalid_request", "the token was issued to another client")
        self.tokens.revoke(token)
        return Response(200, _NOT_KEPT)

    def _login(self, request: Request) -> Response:
        client = self._authenticated(_basic(request))
        grant = self.tokens.issue(client.client_id, SCOPES, lifetime_s=LOGIN_LIFETIME_S)
        document = {"token": grant.token, "expires_in": LOGIN_LIFETIME_S}
        return Response.json(200, document, _NOT_KEPT)

    def _client(self, request: Request, form: Form) -> Receiver:
        """Return the client, authenticated in one of the ways of RFC 6749 section 2.3.1."""
        if request.header("authorization") is None:
            return self._authenticated((form.get("client_id", ""), form.get("client_secret", "")))
        if "client_secret" in form:
            raise OAuthError("invalid_request", "the client authenticates in two ways")
        name, secret = _basic(request)
        return self._authenticated((unquote_plus(name), unquote_plus(secret)))

    def _authenticated(self, credentials: tuple[str, str]) -> Receiver:
        name, secret = credentials
        for receiver in self._receivers:
            same = compare_digest(receiver.client_secret.encode(), secret.encode())
            if receiver.client_id == name and same:
                return receiver
        raise OAuthError("invalid_client", "no client has this id and secret", status=401)


def _basic(request: Request) -> tuple[str, str]:
    """Return user and password of a Basic credential (RFC 7617); empty strings if there is none."""
    scheme, _, value = (request.header("authorization") or "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = b64decode(value.strip(), validate=True).decode().partition(":")
    except (NotBase64, ValueError):
        return "", ""
    return user, password


def _form(request: Request) -> Form:
    media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if media_type != _FORM:
        raise OAuthError("invalid_request", f"the body must be {_FORM}")
    try:
        pairs = parse_qsl(request.body.decode("ascii"), errors="strict")
    except ValueError:
        raise OAuthError("invalid_request", "the body can't be decoded") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise OAuthError("invalid_request", "a parameter occurs twice")
    return form


def _path_of(url: str) -> Segments:
    return segments_of(urlsplit(url).path) or ()
