"""What all cases of a run share towards the target: requests, their pace, and what was seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal, TypeAlias, TypeVar

from conformance import clock as time_of
from conformance.receiver.answer import Answer, NoAnswer, parse
from conformance.receiver.exchange import Exchange, Recorder
from conformance.receiver.http_client import HttpClient, HttpError, NotConnected, Silence, Transport
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

Credential: TypeAlias = credentials.Credential | Literal["own"] | None

T = TypeVar("T")

READS_CLOCK = "hook:clock.now"

_UNAUTHORIZED = 401
# A target that is silent this often is not waited for any more.
_MOST_SILENCES = 5


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the operator provides and that failed: its place in target.toml, and how."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class SeenSet:
    """A SET as it was received, with the exchanges that led to it.

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
    http: HttpClient
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
    _certified: dict[ClientCertificate, HttpClient] = field(default_factory=dict)
    _opening: Lock = field(default_factory=Lock)

    @classmethod
    def open(cls, target: Target, transport: Transport | None = None) -> "Connection":
        """Connect to a target; `transport` stands in for the network, for a mock in process."""
        client = (
            HttpClient.by_network(target.ca_file)
            if transport is None
            else HttpClient.by_transport(transport)
        )
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
        timeout_s = timeout_s or self.target.limits.timeout_s
        request = Request(operation, channel, method, url, headers or {}, content, timeout_s, held)
        if credential != "own" or operation == "discover":
            return self._send_with(recorder, request, proof)
        try:
            answer = self._send_with(recorder, request, proof)
        except NoAnswer as error:
            self.lost = str(error) if isinstance(error.__cause__, NotConnected) else None
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
        """Check that a credential can be obtained. Raises NoAnswer or Unreachable if it can't."""
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
        timeout_s = self.target.limits.timeout_s
        try:
            response = self.http.send(
                call.method, call.url, call.headers, call.body, timeout_s=timeout_s
            )
        except HttpError as error:
            raise NoCredential(str(error)) from error
        return response.status, response.body

    def _http_with(self, certificate: ClientCertificate | None) -> HttpClient:
        """Return a client that connects with a certificate; they share nothing but the target."""
        if certificate is None or not self.has_own_network:
            return self.http
        with self._opening:
            if certificate not in self._certified:
                client = HttpClient.by_network(self.target.ca_file, certificate)
                self._certified[certificate] = client
            return self._certified[certificate]

    def _send_once(self, recorder: Recorder, request: Request, http: HttpClient) -> Answer:
        if self.silences >= _MOST_SILENCES:
            raise NoAnswer(f"the target has left {_MOST_SILENCES} requests in a row without answer")
        self.pacer.wait()
        watch = time_of.Stopwatch()
        try:
            response = http.send(
                request.method,
                request.url,
                request.headers,
                request.content,
                timeout_s=request.timeout_s,
                held=request.held,
            )
        except HttpError as error:
            secrets = self.target.secrets
            reason = redact_text(str(error), secrets)
            self.silences += isinstance(error, Silence)
            self._record(recorder, request, secrets, seconds=watch.seconds, error=reason)
            url = redact_text(request.url, secrets)
            raise NoAnswer(f"{request.method} {url}: {reason}") from error
        self.silences = 0
        secrets = self.target.secrets
        document, is_json = parse(response.body)
        answer = Answer(
            status=response.status,
            headers=response.headers,
            body=response.body,
            document=document,
            is_json=is_json,
            shown=redacted(response.body, secrets),
        )
        self._record(recorder, request, secrets, seconds=watch.seconds, answer=answer)
        return answer

    def _record(
        self,
        recorder: Recorder,
        request: Request,
        secrets: frozenset[str],
        *,
        seconds: float,
        answer: Answer | None = None,
        error: str | None = None,
    ) -> None:
        if request.operation == READS_CLOCK and error is None:
            return  # reading the time changes nothing, and nobody has to repeat it
        exchange = record(
            recorder,
            request,
            self.target.profile,
            secrets,
            seconds=seconds,
            answer=answer,
            error=error,
        )
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
