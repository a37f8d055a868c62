"""HTTP towards the target: sending, receiving, recording.

The one module of the judge that imports httpx, so that its successor can take its place. Everything
sent and received is recorded as an exchange.
"""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from threading import Lock
from typing import Any, Literal, TypeAlias, TypeVar

import httpx

from conformance import clock as time_of
from conformance.errors import UsageError
from conformance.receiver.answer import Answer, NoAnswer, parse
from conformance.receiver.exchange import Exchange, Recorder
from conformance.receiver.push_listener import PushListener
from conformance.receiver.recording import Request, record, redacted
from conformance.receiver.tls.handshake import Handshakes
from conformance.spec.redaction import redact_text
from conformance.target import credentials
from conformance.target.by_hand import Person
from conformance.target.credentials import (
    Call,
    ClientCertificate,
    NoCredential,
    TokenRequest,
)
from conformance.target.target import Target

Transport: TypeAlias = httpx.BaseTransport
Credential: TypeAlias = credentials.Credential | Literal["own"] | None

T = TypeVar("T")

READS_CLOCK = "hook:clock.now"

_TRUST = "; an authority of your own is named with --ca-file PEM, or `ca_file` in [tls]"
_UNAUTHORIZED = 401
# A target that is silent this often is not waited for any more.
_MOST_SILENCES = 5
_RESPONSE_LIMIT = 16 * 1024 * 1024
_LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=16)


class Unreachable(UsageError):
    """The target can't be spoken to at all."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the operator provides and that failed: its place in target.toml, and how."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class SeenSet:
    """A SET as it came, with the exchanges that led to it.

    `key` is the member of a poll's `sets`, or the jti of a SET that was `pushed`.
    """

    connection: "Connection"
    stream: str
    configuration: Mapping[str, Any]
    key: str
    token: str
    exchanges: tuple[Exchange, ...]
    at: float
    pushed: bool = False


@dataclass(frozen=True, slots=True)
class SeenAnswer:
    """One kind of answer of the target's: what asked for it, its status and its labels.

    `holds_json` says that its body is a JSON object or array.
    """

    operation: str
    method: str
    status: int
    media_type: str
    holds_json: bool
    allow: str | None


@dataclass(slots=True)
class Connection:
    """What all cases of a run share: the HTTP client, the pace, and what was seen.

    `listener` is where the target may push to, None where nothing listens. `troubles` is what
    failed of what the operator provides; `refused` and `accepted` hold the channels whose own
    credential, or want of one, was answered with 401, and with anything else. `lost` says why
    nobody took the last of these requests.
    `seen_answers` holds each kind of answer with the first exchange that brought it, `handshakes`
    what each host and port did in handshakes.
    """

    target: Target
    http: httpx.Client
    pacer: time_of.Pacer
    metadata: Mapping[str, Any] = field(default_factory=dict)
    seen_sets: list[SeenSet] = field(default_factory=list)
    seen_answers: dict[SeenAnswer, Exchange] = field(default_factory=dict)
    silences: int = 0
    key_sets: list[Any] = field(default_factory=list)
    listener: PushListener | None = None
    handshakes: dict[tuple[str, int], Handshakes] = field(default_factory=dict)
    has_own_network: bool = True
    person: Person = field(default_factory=Person)
    troubles: list[Trouble] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    lost: str | None = None
    _certified: dict[ClientCertificate, httpx.Client] = field(default_factory=dict)
    _opening: Lock = field(default_factory=Lock)

    @classmethod
    def open(cls, target: Target, transport: Transport | None = None) -> "Connection":
        """Connect to a target; `transport` stands in for the network, for a mock in process."""
        verify = _trust(target.ca_file) if transport is None else False
        client = _client(target, verify=verify, transport=transport)
        pacer = time_of.Pacer(target.limits.max_rps)
        return cls(target, client, pacer, has_own_network=transport is None)

    def send(
        self,
        recorder: Recorder,
        operation: str,
        method: str,
        url: str,
        *,
        channel: str,
        credential: Credential,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        held: bool = False,
    ) -> Answer:
        """Send a request and record the exchange.

        `credential` "own" is the target's for that channel. `held` tells a mock in process that
        somebody else moves its clock while this request waits. Raises NoAnswer.
        """
        proof = self.target.credentials.get(channel) if credential == "own" else credential
        if credential != "own":
            channel = "none" if credential is None else "other"
        sent = {"accept": "application/json", **(headers or {})}
        timeout_s = timeout_s or self.target.limits.timeout_s
        request = Request(operation, channel, method, url, sent, content, timeout_s, held)
        if credential != "own" or operation == "discover":
            return self._send_with(recorder, request, proof)
        try:
            answer = self._send_with(recorder, request, proof)
        except NoAnswer as error:
            self.lost = str(error) if isinstance(error.__cause__, httpx.ConnectError) else None
            raise
        self.lost = None
        known = self.refused if answer.status == _UNAUTHORIZED else self.accepted
        known.add(channel)
        return answer

    def _send_with(self, recorder: Recorder, request: Request, proof: object) -> Answer:
        if not isinstance(proof, credentials.Credential):
            return self._send_once(recorder, request, self.http)
        http = self._http_with(proof.client_certificate)
        carried = self._asked_for(proof, lambda: proof.headers(self._ask))
        answer = self._send_once(recorder, request.carrying(carried), http)
        if answer.status == _UNAUTHORIZED:
            # It may have ended before its time: revoked, or spent on a clock that was moved.
            other = self._asked_for(proof, lambda: proof.renewed(self._ask, carried))
            if other is not None:
                answer = self._send_once(recorder, request.carrying(other), http)
        return answer

    def obtain(self, proof: credentials.Credential) -> None:
        """Make sure that a credential can be had. Raises NoAnswer or Unreachable where it can't."""
        self._http_with(proof.client_certificate)
        self._asked_for(proof, lambda: proof.headers(self._ask))

    def _asked_for(self, proof: credentials.Credential, credential: Callable[[], T]) -> T:
        try:
            return credential()
        except NoCredential as error:
            reason = redact_text(str(error), self.target.secrets)
            place = proof.place if isinstance(proof, TokenRequest) else ""
            self.troubles.append(Trouble(place, reason))
            raise NoAnswer(reason) from error

    def _ask(self, call: Call) -> tuple[int, bytes]:
        """Send a request for a token: no case has asked for it, and no reproducer has to."""
        self.pacer.wait()
        watch = time_of.Stopwatch()
        timeout_s = self.target.limits.timeout_s
        try:
            with self.http.stream(
                call.method,
                call.url,
                content=call.body,
                headers=dict(call.headers),
                timeout=timeout_s,
            ) as response:
                return response.status_code, _read(response, watch, timeout_s)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            reason = _reason(error, watch.seconds)
            raise NoCredential(reason) from error

    def _http_with(self, certificate: ClientCertificate | None) -> httpx.Client:
        """Return a client that connects with a certificate; they share nothing but the target."""
        if certificate is None or not self.has_own_network:
            return self.http
        with self._opening:
            if certificate not in self._certified:
                trust = _trust(self.target.ca_file)
                _present(trust, certificate)
                self._certified[certificate] = _client(self.target, verify=trust)
            return self._certified[certificate]

    def _send_once(self, recorder: Recorder, request: Request, http: httpx.Client) -> Answer:
        method, url, timeout_s = request.method, request.url, request.timeout_s
        if self.silences >= _MOST_SILENCES:
            raise NoAnswer(f"the target has left {_MOST_SILENCES} requests in a row without answer")
        self.pacer.wait()
        watch = time_of.Stopwatch()
        try:
            with http.stream(
                method,
                url,
                content=request.content,
                headers=request.headers,
                timeout=timeout_s,
                extensions={"held": request.held},
            ) as response:
                received = _read(response, watch, timeout_s)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            reason = redact_text(_reason(error, watch.seconds), self.target.secrets)
            self.silences += isinstance(error, httpx.TimeoutException)
            self._record(recorder, request, watch.seconds, error=reason)
            raise NoAnswer(f"{method} {redact_text(url, self.target.secrets)}: {reason}") from error
        self.silences = 0
        document, is_json = parse(received)
        answer = Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=received,
            document=document,
            is_json=is_json,
            shown=redacted(received, self.target.secrets),
        )
        self._record(recorder, request, watch.seconds, answer=answer)
        return answer

    def _record(
        self,
        recorder: Recorder,
        request: Request,
        seconds: float,
        *,
        answer: Answer | None = None,
        error: str | None = None,
    ) -> None:
        if request.operation == READS_CLOCK and error is None:
            return  # reading the time changes nothing, and nobody has to repeat it
        exchange = record(recorder, request, self.target, seconds, answer=answer, error=error)
        if answer is not None and not exchange.is_hook:
            kind = SeenAnswer(
                request.operation,
                request.method,
                answer.status,
                answer.media_type,
                isinstance(answer.document, (dict, list)),
                answer.headers.get("allow"),
            )
            self.seen_answers.setdefault(kind, exchange)

    def close(self) -> None:
        """Close the HTTP clients."""
        for client in (self.http, *self._certified.values()):
            client.close()


def socket_transport(ca_file: Path | None) -> Transport:
    """Return a transport on sockets that several connections may share."""
    return httpx.HTTPTransport(verify=_trust(ca_file), limits=_LIMITS)


def _client(
    target: Target, *, verify: ssl.SSLContext | bool, transport: Transport | None = None
) -> httpx.Client:
    return httpx.Client(
        transport=transport,
        verify=verify,
        timeout=target.limits.timeout_s,
        follow_redirects=False,
        limits=_LIMITS,
        trust_env=transport is None,
        headers={"user-agent": "ssf-conformance"},
        # A session that a target remembers would stand in for a credential that is left out.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def _present(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    try:
        context.load_cert_chain(certificate.chain, certificate.key)
    except (ssl.SSLError, OSError) as error:
        raise Unreachable(
            f"{certificate.chain}: is no PEM certificate for the key {certificate.key} ({error})"
        ) from error


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (ssl.SSLError, OSError) as error:
            raise Unreachable(f"{ca_file}: is no PEM file of certificates ({error})") from error
    return context


def _read(response: httpx.Response, watch: time_of.Stopwatch, timeout_s: float) -> bytes:
    """Read a body, within a size and within the time for the whole answer."""
    received = b""
    for part in response.iter_bytes():
        received += part
        if len(received) > _RESPONSE_LIMIT:
            raise httpx.DecodingError(f"the answer is larger than {_RESPONSE_LIMIT} bytes")
        if watch.seconds > timeout_s:
            raise httpx.ReadTimeout("the answer does not end")
    return received


def _reason(error: Exception, waited_s: float) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {waited_s:.1f} s (a hang)"
    hint = _TRUST if "CERTIFICATE_VERIFY_FAILED" in str(error) else ""
    return f"{type(error).__name__}: {error}{hint}"
