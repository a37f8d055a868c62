"""Makes push attempts, each one HTTP request on its own connection (RFC 8935 section 2)."""

import ssl
from collections.abc import Callable
from typing import TypeAlias

import httpx

from mock_transmitter.domain.clock import Patience
from mock_transmitter.domain.defaults import PUSH_TIMEOUT_S
from mock_transmitter.domain.push import Attempt, PushOutcome
from mock_transmitter.http import json_body

Tls: TypeAlias = Callable[[ssl.SSLContext], None]

# How long connecting and sending may take each, in seconds: a Receiver that is silent answers none.
CONNECTING_S = 30.0
# Of a Receiver's answer as much is read, in bytes, as an error code and its description need.
LONGEST_ANSWER = 64 * 1024

_ACCEPTED = 202
_BAD_REQUEST = 400


class UnusableAuthority(ValueError):
    """The PEM text is not the certificate of an authority."""


def trusting(authorities: str | None) -> ssl.SSLContext:
    """Return a TLS context that trusts these authorities (PEM), or the system's.

    Raises UnusableAuthority.
    """
    if authorities == "":
        raise UnusableAuthority("it holds no certificate")
    try:
        return ssl.create_default_context(cadata=authorities)
    except (ssl.SSLError, ValueError) as error:
        raise UnusableAuthority(f"no certificate in PEM: {error}") from error


class PushSender:
    """Sends SETs to Receivers. Several threads may use it.

    TLS certificates are verified against `authorities` (PEM), or against the system's if that is
    None. `timeout_s` is how long to wait for an answer, in seconds of real time.
    """

    def __init__(
        self, *, authorities: str | None = None, timeout_s: float = PUSH_TIMEOUT_S
    ) -> None:
        self._timeout_s = timeout_s
        self._clients: dict[Tls | None, httpx.Client] = {}
        self._authorities = authorities

    def send(self, attempt: Attempt) -> PushOutcome:
        """Make an attempt and return its outcome; any error is an outcome too."""
        try:
            return self._send(attempt)
        except httpx.TimeoutException:
            return _failed(f"no answer within {self._timeout_s:g} s")
        except Exception as error:  # noqa: BLE001 (a URL or header of the Receiver's may be anything)
            return _failed(f"{type(error).__name__}: {error}")

    def _send(self, attempt: Attempt) -> PushOutcome:
        patience = Patience(self._timeout_s)
        # In bytes, for an authorization_header may have letters beyond ASCII.
        headers = [(name.encode(), value.encode()) for name, value in attempt.headers.items()]
        with self._client(attempt.tls).stream(
            attempt.method,
            attempt.url,
            headers=headers,
            content=attempt.body,
            follow_redirects=attempt.follow_redirects,
        ) as response:
            if response.status_code == _ACCEPTED:
                return PushOutcome(ending="delivered", reason="202")
            if response.status_code != _BAD_REQUEST:
                return _failed(f"answered {response.status_code}")
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > LONGEST_ANSWER or patience.left_s <= 0:
                    return _failed("answered 400, too long or too slowly")
        return _refusal(bytes(body))

    def _client(self, tls: Tls | None) -> httpx.Client:
        client = self._clients.get(tls)
        if client is None:
            # Loading authorities takes time, so this waits for the first push.
            context = trusting(self._authorities)
            if tls is not None:
                tls(context)
            client = httpx.Client(
                verify=context,
                timeout=httpx.Timeout(CONNECTING_S, read=self._timeout_s),
                trust_env=False,
                headers={"accept-encoding": "identity", "user-agent": "ssf-mock-transmitter"},
                # A kept connection may have closed by the time it is needed.
                limits=httpx.Limits(max_keepalive_connections=0),
            )
            self._clients[tls] = client
        return client


def _refusal(body: bytes) -> PushOutcome:
    """Return the outcome of a 400: a refusal if it has an error code (RFC 8935 section 2.3)."""
    try:
        document = json_body.parse(body)
    except json_body.MalformedJson:
        document = None
    err = document.get("err") if isinstance(document, dict) else None
    if not isinstance(err, str):
        return _failed("answered 400 without an error code")
    return PushOutcome(
        ending="refused", reason=str(document.get("description") or "answered 400"), err=err
    )


def _failed(reason: str) -> PushOutcome:
    return PushOutcome(ending="failed", reason=reason)
