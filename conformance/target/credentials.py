"""Credentials: how a request proves who sends it.

No repr shows a secret. A credential obtained during the run remembers its tokens, so that they can
be removed from all records. Nothing is sent here: the caller passes in a function that sends.
"""

import json
import math
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any, Literal, TypeAlias
from urllib.parse import quote_plus, urlencode

from conformance.clock import Stopwatch

Headers: TypeAlias = Mapping[str, str]
ClientAuthentication: TypeAlias = Literal["client_secret_basic", "client_secret_post"]

FORM = "application/x-www-form-urlencoded"

# A token counts as expired this long before its end, because a request takes time.
_MARGIN_S = 30.0
_MARGIN_SHARE = 0.1


class NoCredential(RuntimeError):
    """No credential could be obtained: the message names its place, the URL and the answer."""


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """PEM files for TLS with a certificate on the client's side: the chain, and the private key."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Call:
    """A request for a token; header names are in lower case."""

    method: str
    url: str
    headers: Headers = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


Ask: TypeAlias = Callable[[Call], tuple[int, bytes]]


class Credential(ABC):
    """One way to prove who sends a request."""

    __slots__ = ()

    @property
    @abstractmethod
    def secrets(self) -> frozenset[str]:
        """Return every secret in it, in each spelling in which it is sent."""

    @abstractmethod
    def headers(self, ask: Ask) -> Headers:
        """Return the headers to send, names in lower case. Raises NoCredential."""

    def renewed(self, ask: Ask, refused: Headers) -> Headers | None:
        """Return headers other than the refused ones, None if there are none.

        Raises NoCredential.
        """
        del ask, refused
        return None

    @property
    def client_certificate(self) -> ClientCertificate | None:
        """Return the certificate to connect with, None if there is none."""
        return None


@dataclass(frozen=True, slots=True)
class Bearer(Credential):
    """A bearer token (RFC 6750)."""

    token: str = field(repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """Return the token."""
        return frozenset({self.token})

    def headers(self, ask: Ask) -> Headers:
        """Return the header that carries it."""
        del ask
        return {"authorization": f"Bearer {self.token}"}


@dataclass(frozen=True, slots=True)
class SecretHeader(Credential):
    """A secret in a header that the target defines; the name is in lower case."""

    name: str
    value: str = field(repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """Return the value."""
        return frozenset({self.value})

    def headers(self, ask: Ask) -> Headers:
        """Return that header."""
        del ask
        return {self.name: self.value}


@dataclass(frozen=True, slots=True)
class Basic(Credential):
    """A user and a password (RFC 7617)."""

    user: str
    password: str = field(repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """Return the password, alone, as a form has it, and with the user as it is sent."""
        return frozenset({self.password, quote_plus(self.password), self._encoded})

    def headers(self, ask: Ask) -> Headers:
        """Return the header that carries both."""
        del ask
        return self.header

    @property
    def header(self) -> Headers:
        """Return the header, which needs no request."""
        return {"authorization": f"Basic {self._encoded}"}

    @property
    def _encoded(self) -> str:
        return b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True, slots=True)
class MutualTls(Credential):
    """A client certificate, and no header at all."""

    certificate: ClientCertificate

    @property
    def secrets(self) -> frozenset[str]:
        """Return nothing: the key stays in its file."""
        return frozenset()

    def headers(self, ask: Ask) -> Headers:
        """Return none."""
        del ask
        return {}

    @property
    def client_certificate(self) -> ClientCertificate:
        """Return it."""
        return self.certificate


@dataclass(slots=True)
class _Held:
    """The current token of a credential, and all earlier ones."""

    lock: Lock = field(default_factory=Lock)
    headers: Headers | None = None
    lasts_s: float = math.inf
    age: Stopwatch = field(default_factory=Stopwatch)
    tokens: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest(Credential):
    """A token obtained by a request, and obtained again when it expires or is refused.

    `token_path` and `expires_in_path` are dotted paths into the JSON answer; `lifetime_s` is
    used if the answer names no lifetime, in seconds; None is until it is refused. The token
    is sent in `header`, after `scheme`. Messages call it by its `place`.
    """

    place: str
    call: Call
    given: frozenset[str] = field(repr=False)
    token_path: str = "access_token"  # noqa: S105 (a path)
    expires_in_path: str = "expires_in"
    lifetime_s: float | None = None
    header: str = "authorization"
    scheme: str = "Bearer"
    held: _Held = field(default_factory=_Held, repr=False, compare=False)

    @property
    def secrets(self) -> frozenset[str]:
        """Return the secrets of the request, and every token obtained so far."""
        return self.given | self.held.tokens

    def headers(self, ask: Ask) -> Headers:
        """Return the header with a token that has not expired."""
        with self.held.lock:
            held = self.held.headers
            return self._obtained(ask) if held is None or self._is_spent else held

    def renewed(self, ask: Ask, refused: Headers) -> Headers:
        """Return the header with a token that was not refused."""
        with self.held.lock:
            held = self.held.headers
            return self._obtained(ask) if held is None or held == refused else held

    def remember(self, token: str) -> None:
        """Add a token that was obtained in another way to the secrets."""
        self.held.tokens |= {token}

    @property
    def _is_spent(self) -> bool:
        margin = min(_MARGIN_S, self.held.lasts_s * _MARGIN_SHARE)
        return self.held.age.seconds >= self.held.lasts_s - margin

    def _obtained(self, ask: Ask) -> Headers:
        age = Stopwatch()
        asked = f"{self.place}: {self.call.method} {self.call.url}"
        try:
            status, body = ask(self.call)
        except NoCredential as unanswered:
            raise NoCredential(f"{asked}: {unanswered}") from unanswered
        document = _json(body)
        if not 200 <= status < 300:  # noqa: PLR2004 (RFC 9110 section 15.3)
            error = _at(document, "error")
            reason = f" with {error!r}" if isinstance(error, str) else ""
            raise NoCredential(f"{asked} answered {status}{reason}; check what it sends")
        token = _at(document, self.token_path)
        if not is_token(token):
            raise NoCredential(f"{asked} answered {status} with no token at {self.token_path!r}")
        self.remember(token)
        lasts = _number(_at(document, self.expires_in_path))
        self.held.lasts_s = lasts or self.lifetime_s or math.inf
        self.held.age = age
        self.held.headers = {self.header: f"{self.scheme} {token}".strip()}
        return self.held.headers


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials(TokenRequest):
    """A token by the client credentials grant of OAuth 2.0 (RFC 6749 section 4.4)."""

    client: Basic
    authentication: ClientAuthentication = "client_secret_basic"
    scope: str | None = None
    revocation_url: str | None = None

    @classmethod
    def of(
        cls,
        client: Basic,
        *,
        place: str,
        token_url: str,
        scope: str | None = None,
        authentication: ClientAuthentication = "client_secret_basic",
        revocation_url: str | None = None,
    ) -> "ClientCredentials":
        """Return the credential of a client; without a `scope` the server chooses."""
        form = {"grant_type": "client_credentials", **({} if scope is None else {"scope": scope})}
        return cls(
            place=place,
            call=_as_client(client, authentication, token_url, form),
            given=client.secrets | _url_encoded(client).secrets,
            client=client,
            authentication=authentication,
            scope=scope,
            revocation_url=revocation_url,
        )

    def asking_for(self, scope: str | None) -> Call:
        """Return the request of the same client for a token with another scope."""
        other = ClientCredentials.of(
            self.client,
            place=self.place,
            token_url=self.call.url,
            scope=scope,
            authentication=self.authentication,
        )
        return other.call

    def revoking(self, token: str, url: str) -> Call:
        """Return the request to revoke a token (RFC 7009 section 2.1)."""
        return _as_client(self.client, self.authentication, url, {"token": token})


KINDS: Mapping[type[Credential], str] = MappingProxyType(
    {
        Bearer: "bearer",
        SecretHeader: "header",
        Basic: "basic",
        MutualTls: "mtls",
        TokenRequest: "token-request",
        ClientCredentials: "oauth2-client-credentials",
    }
)


def is_token(value: object) -> bool:
    """Return whether a value can be sent as a token: printable ASCII without spaces."""
    return isinstance(value, str) and bool(value) and all("!" <= one <= "~" for one in value)


def _as_client(
    client: Basic, authentication: ClientAuthentication, url: str, form: Mapping[str, str]
) -> Call:
    """Return a request authenticated as a client (RFC 6749 section 2.3.1)."""
    headers = {"accept": "application/json", "content-type": FORM}
    if authentication == "client_secret_basic":
        headers |= _url_encoded(client).header
    else:
        form = {**form, "client_id": client.user, "client_secret": client.password}
    return Call("POST", url, headers, urlencode(form).encode())


def _url_encoded(client: Basic) -> Basic:
    """Return id and secret as Basic carries them: each form-encoded first."""
    return Basic(quote_plus(client.user), quote_plus(client.password))


def _json(body: bytes) -> Any:  # noqa: ANN401 (JSON)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _at(document: Any, path: str) -> Any:  # noqa: ANN401 (JSON)
    for step in path.split("."):
        document = document.get(step) if isinstance(document, Mapping) else None
    return document


def _number(value: object) -> float:
    """Return a number of seconds above 0, also if it is a string; else 0."""
    try:
        seconds = float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        return 0.0
    return seconds if 0 < seconds < math.inf else 0.0
