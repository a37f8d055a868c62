"""The Receiver's side: canonical operations, spoken in the target's profile.

The one module of the judge that imports httpx, so that its successor can take its place. Everything
sent and received is recorded as an exchange.
"""

import json
import math
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlencode

import httpx

from conformance import clock as time_of
from conformance import hooks
from conformance.configuration import shows
from conformance.exchange import Capture, Exchange, Recorder
from conformance.history import History
from conformance.spec import codec
from conformance.spec.profile import CEILING_OF_EVIDENCE, UnresolvedEndpoint
from conformance.spec.redaction import redact_headers, redact_text
from conformance.spec.requirement import Grade
from conformance.target import Bearer, Hook, Target
from conformance.verdicts import Blocked, NotReached, require

Json: TypeAlias = dict[str, Any]
Credential: TypeAlias = Bearer | Literal["own"] | None

# Asked for where a target does not say which event types it can raise; unknown ones are ignored
# (SSF 1.0 section 8.1.1, events_requested).
CAEP_EVENT_TYPES = tuple(
    f"https://schemas.openid.net/secevent/caep/event-type/{name}"
    for name in (
        "session-revoked",
        "credential-change",
        "device-compliance-change",
        "token-claims-change",
        "assurance-level-change",
    )
)

GARBAGE = Bearer("not-a-token-of-this-transmitter")

CONFLICT = 409
READS_CLOCK = "hook:clock.now"

_RETRIED = frozenset({429, 503})
_RETRIES = 3
_MOST_DEPTH = 64
# A target that is silent this often is not waited for any more.
_MOST_SILENCES = 5
_RESPONSE_LIMIT = 16 * 1024 * 1024


class NoAnswer(NotReached):
    """A request got no HTTP answer: no connection, a broken one, or silence."""


class Unreachable(RuntimeError):
    """The target can't be spoken to at all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response; `document` is its JSON body, None where it has none."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    document: Any
    is_json: bool
    shown: str

    @property
    def media_type(self) -> str:
        """Return the media type without parameters, in lower case; empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """Return status and body without secrets, short enough to be read in a report."""
        return f"{self.status} {self.shown[:300]}".rstrip()

    def is_in(self, codes: Sequence[int]) -> bool:
        """Say whether the status is one of these."""
        return self.status in codes

    @property
    def served(self) -> bool:
        """Say whether the request was answered with a success."""
        return 200 <= self.status < 300  # noqa: PLR2004 (RFC 9110 section 15.3)

    @property
    def refused(self) -> bool:
        """Say whether the request was refused as the client's fault."""
        return 400 <= self.status < 500  # noqa: PLR2004 (RFC 9110 section 15.5)


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """The answer to a poll: `sets` is `{jti: compact JWS}`, empty where it holds none."""

    answer: Answer
    sets: Mapping[str, str]
    more_available: object


@dataclass(frozen=True, slots=True)
class SeenSet:
    """A SET as it came, with the exchanges that led to it."""

    connection: "Connection"
    stream: str
    configuration: Mapping[str, Any]
    key: str
    token: str
    exchanges: tuple[Exchange, ...]
    at: float


@dataclass(slots=True)
class Connection:
    """What all cases of a run share: the HTTP client, the pace, and the SETs that were seen."""

    target: Target
    http: httpx.Client
    pacer: time_of.Pacer
    metadata: Mapping[str, Any] = field(default_factory=dict)
    seen_sets: list[SeenSet] = field(default_factory=list)
    silences: int = 0
    _key_set: list[Any] = field(default_factory=list)

    @classmethod
    def open(cls, target: Target, transport: httpx.BaseTransport | None = None) -> "Connection":
        """Connect to a target; `transport` stands in for the network, for a mock in process."""
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=16)
        client = httpx.Client(
            transport=transport,
            verify=_trust(target.ca_file) if transport is None else False,
            timeout=target.limits.timeout_s,
            follow_redirects=False,
            limits=limits,
            trust_env=transport is None,
            headers={"user-agent": "ssf-conformance"},
            # A session that a target remembers would stand in for a credential that is left out.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )
        return cls(target, client, time_of.Pacer(target.limits.max_rps))

    def key_set(self) -> Any:  # noqa: ANN401 (JSON)
        """Return the JWK Set that SETs are to be verified with, fetched once.

        None where there is none.
        """
        if not self._key_set:
            try:
                self._key_set.append(Transmitter(self, Recorder()).read_key_set().document)
            except NotReached:
                self._key_set.append(None)
        return self._key_set[0]

    def close(self) -> None:
        """Close the HTTP client."""
        self.http.close()


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (ssl.SSLError, OSError) as error:
            raise Unreachable(f"{ca_file}: is no PEM file of certificates ({error})") from error
    return context


class Transmitter:
    """The target, as one case speaks to it."""

    def __init__(self, connection: Connection, recorder: Recorder) -> None:
        self.connection = connection
        self.target = connection.target
        self.profile = connection.target.profile
        self.recorder = recorder
        self.clock = self._clock()

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Return the Transmitter Configuration Metadata, canonical; empty before discovery."""
        return self.connection.metadata

    # -- discovery
    # -----------------------------------------------------------------------------------

    @property
    def issuer(self) -> str:
        """Return the issuer, character for character as the operator gave it."""
        return self.target.issuer

    @property
    def discovery_url(self) -> str:
        """Return the URL of the Transmitter Configuration Metadata."""
        return self.target.overrides.get("discovery") or self.profile.discovery.url(self.issuer)

    def discover(self, *, credential: Credential = "own") -> Answer:
        """Fetch the Transmitter Configuration Metadata."""
        channel = self.profile.discovery.channel
        return self._send(
            "discover", "GET", self.discovery_url, channel=channel, credential=credential
        )

    def get(self, url: str) -> Answer:
        """Fetch any URL of the target's, without a credential."""
        return self._send("get", "GET", url, channel="none", credential=None)

    def learn(self, answer: Answer) -> None:
        """Take the metadata from the answer to a discovery request, if it holds any."""
        document = codec.decode(self.profile, "transmitter_configuration", answer.document)
        self.connection.metadata = document if isinstance(document, dict) else {}

    def read_key_set(self) -> Answer:
        """Fetch the JWK Set (RFC 7517 section 5)."""
        return self.call("read_key_set")

    def offers(self, operation: str) -> bool:
        """Say whether the profile has the operation and its endpoint is known."""
        if operation not in self.profile.operations:
            return self.profile.offers(operation)
        try:
            self.url_of(operation, stream_id="x", stream={"delivery": {"endpoint_url": "x"}})
        except UnresolvedEndpoint:
            return False
        return True

    # -- streams
    # -------------------------------------------------------------------------------------

    def create_stream(self, body: Mapping[str, Any], *, credential: Credential = "own") -> Answer:
        """Create a stream, whatever the answer; `new_stream` is what a case normally wants."""
        return self.call("create_stream", body=body, credential=credential)

    def list_streams(self, *, credential: Credential = "own") -> Answer:
        """Read the configurations of all streams of this Receiver."""
        return self.call("list_streams", credential=credential)

    def configuration_in(self, answer: Answer) -> Json:
        """Return the stream configuration in an answer, canonical; empty if there is none."""
        found = codec.decode(self.profile, "stream_configuration", answer.document)
        return found if isinstance(found, dict) else {}

    def configurations_in(self, answer: Answer) -> list[Json]:
        """Return the stream configurations of a list; empty if the answer holds none."""
        if not isinstance(answer.document, list):
            return []
        return [
            codec.decode(self.profile, "stream_configuration", item)
            for item in answer.document
            if isinstance(item, dict)
        ]

    @contextmanager
    def new_stream(self, **members: Any) -> Iterator["Stream"]:  # noqa: ANN401 (JSON)
        """Give a stream for one example, and take it away (or put it back) at the end.

        `members` are Receiver-Supplied properties; a poll stream is made where the profile polls.
        Raises NotReached where the target does not give one.
        """
        if self.profile.stream.model == "implicit":
            with self._borrowed_stream(members) as stream:
                yield stream
            return
        request = {**self._usual_properties(), **members}
        wanted = {key: part for key, part in request.items() if part is not None}
        with self.creating(wanted) as (answer, stream):
            if stream is None:
                self._explain_no_stream(answer)
            else:
                yield stream

    @contextmanager
    def creating(self, body: Mapping[str, Any]) -> Iterator[tuple[Answer, "Stream | None"]]:
        """Create a stream, give the answer and any stream made, and delete it at the end."""
        answer = self.create_stream(body)
        configuration = self.configuration_in(answer)
        made = answer.served and isinstance(configuration.get("stream_id"), str)
        stream = Stream(self, configuration, created=answer) if made else None
        try:
            yield answer, stream
        finally:
            if stream is not None:
                stream.discard()

    def _explain_no_stream(self, answer: Answer) -> None:
        reason = f"no stream could be made: creating one was answered {answer.text}"
        sure = CEILING_OF_EVIDENCE[self.profile.evidence_of("operations.create_stream")]
        if sure is not Grade.FAIL:
            # How streams are made is a guess of the profile's: a wrong guess is no breach.
            raise Blocked(f"{reason}; profile {self.profile.id} only assumes how streams are made")
        if answer.status == CONFLICT:
            raise Blocked(f"{reason}: the Receiver has its only stream already")
        raise NotReached(reason)

    @contextmanager
    def _borrowed_stream(self, members: Mapping[str, Any]) -> Iterator["Stream"]:
        """Lend the one implicit stream, and put its configuration back."""
        found = self.call("read_stream")
        configuration = self.configuration_in(found)
        absent_stream = found.is_in(self.profile.semantics.gone_stream)
        require(
            found.served or (absent_stream and self.profile.stream.remade_by_replace),
            f"the stream's configuration can't be read: {found.text}",
        )
        before = {
            name: configuration[name]
            for name in self.profile.stream.receiver_supplied
            if name in configuration
        } or self._usual_properties()
        stream = Stream(self, configuration, created=found)
        try:
            wanted = {**before, **self._usual_properties(configuration), **members}
            answer = stream.replace({key: part for key, part in wanted.items() if part is not None})
            require(answer.served, f"the stream can't be configured: {answer.text}")
            stream.configuration = self.configuration_in(answer)
            yield stream
        finally:
            try:
                stream.drain()
            finally:
                if absent_stream:
                    self._call_quietly("delete_stream")
                else:
                    self._call_quietly("replace_stream", body=before)

    def _usual_properties(self, configuration: Mapping[str, Any] | None = None) -> Json:
        supported = (configuration or {}).get("events_supported")
        usual: Json = {
            "events_requested": list(self.target.event_types)
            or (supported if isinstance(supported, list) and supported else list(CAEP_EVENT_TYPES))
        }
        if self.polls:
            usual["delivery"] = {"method": self.profile.delivery.poll}
        elif self.profile.delivery.push is not None:
            usual["delivery"] = {
                "method": self.profile.delivery.push,
                "endpoint_url": f"{self.target.push_url}ssf-conformance",
            }
        return usual

    @property
    def polls(self) -> bool:
        """Say whether SETs can be had by polling."""
        supported = self.metadata.get("delivery_methods_supported")
        if isinstance(supported, list) and self.profile.delivery.poll not in supported:
            return False
        return self.profile.offers("poll")

    # -- SETs
    # ----------------------------------------------------------------------------------------

    @property
    def raises_events(self) -> bool:
        """Say whether the operator lends a hook that raises events."""
        return self.target.has_hook("emit_event")

    def emit(self, stream: "Stream", event_type: str | None = None) -> None:
        """Have the target raise an event for a stream, through the operator's hook."""
        audience = stream.configuration.get("aud")
        delivered = stream.configuration.get("events_delivered")
        choice = event_type or (delivered[0] if isinstance(delivered, list) and delivered else None)
        self.call_hook(
            "emit_event",
            {
                "stream_id": stream.id,
                "audience": audience[0] if isinstance(audience, list) and audience else audience,
                "event_type": choice,
            },
        )

    def call_hook(self, name: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
        """Call a hook. Raises Blocked where it fails: what it was for is not testable."""
        hook = self.target.hooks[name]
        try:
            return hooks.call(
                hook, values, send=self._send_hook, record_command=self._record_command
            )
        except hooks.HookFailed as error:
            raise Blocked(str(error)) from error
        except NoAnswer as error:
            raise Blocked(f"hook {name}: {error}") from error

    def _send_hook(
        self, hook: Hook, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        if body is not None:
            headers = {"content-type": "application/json", **headers}
        answer = self._send(
            f"hook:{hook.name}",
            hook.method,
            url,
            channel="other",
            credential=None,
            content=body,
            headers=headers,
        )
        return answer.status, answer.body

    def _record_command(self, hook: Hook, argv: list[str], code: int, output: str) -> None:
        self.recorder.exchanges.append(
            Exchange(
                number=len(self.recorder.exchanges) + 1,
                operation=f"command:{hook.name}",
                channel="other",
                method="",
                url=redact_text(" ".join(argv), self.target.secrets),
                request_headers={},
                request_body=None,
                status=None,
                response_headers={},
                response_body=redact_text(output, self.target.secrets),
                error=f"ended with {code}" if code else None,
                duration_s=0.0,
            )
        )

    def _clock(self) -> time_of.TargetClock:
        if not self.target.has_hook("clock"):
            return time_of.RealClock()
        return time_of.HookedClock(
            self._now,
            lambda seconds: self.call_hook("clock.advance", {"seconds": seconds}),
        )

    def _now(self) -> float:
        told = self.call_hook("clock.now", {})
        try:
            now = float(told)
        except (TypeError, ValueError):
            now = math.nan
        if not math.isfinite(now):
            raise Blocked(f"hook clock.now: {told!r} is no time in seconds")
        return now

    def wait(self, seconds: float) -> None:
        """Let time pass at the target. Raises Blocked where that costs more than the patience."""
        if not self.clock.movable and seconds > self.target.limits.patience_s:
            raise Blocked(
                f"needs {seconds:.0f} s of waiting, more than --patience"
                f" {self.target.limits.patience_s:.0f}, or a clock hook"
            )
        self.clock.advance(seconds)

    # -- one call
    # ------------------------------------------------------------------------------------

    def url_of(
        self,
        operation: str,
        *,
        stream_id: str | None = None,
        stream: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the URL of an operation, without its query. Raises UnresolvedEndpoint."""
        endpoint = self.profile.operations[operation].endpoint
        override = self.target.overrides.get(endpoint)
        if override is not None:
            return override.replace("{stream_id}", stream_id or "")
        return self.profile.url(
            endpoint,
            issuer=self.issuer,
            metadata=self.metadata,
            stream_id=stream_id,
            stream=stream,
        )

    def call(
        self,
        operation: str,
        *,
        body: Mapping[str, Any] | None = None,
        raw: bytes | None = None,
        stream_id: str | None = None,
        stream: Mapping[str, Any] | None = None,
        credential: Credential = "own",
        method: str | None = None,
        retried: bool = True,
        timeout_s: float | None = None,
    ) -> Answer:
        """Call an operation of the profile and return its answer, whatever it is.

        `body` is canonical, `raw` is sent as it is, `method` is another verb
        than the operation's. Raises NoAnswer, or NotReached where the
        endpoint's URL is not known.
        """
        spoken = self.profile.operations[operation]
        try:
            url = self.url_of(operation, stream_id=stream_id, stream=stream)
        except UnresolvedEndpoint as error:
            raise NotReached(str(error)) from error
        method = method or spoken.method
        if spoken.stream_id == "query" and stream_id is not None:
            query = urlencode({"stream_id": stream_id}, errors="replace")
            url = f"{url}{'&' if '?' in url else '?'}{query}"
        content = raw
        if body is not None:
            canonical = dict(body)
            if spoken.stream_id == "body" and stream_id is not None:
                canonical = {"stream_id": stream_id, **canonical}
            wire = codec.encode(self.profile, f"{operation}_request", canonical)
            content = _encoded(wire)
        headers = {"content-type": "application/json"} if content is not None else {}
        answer = self._send(
            operation,
            method,
            url,
            channel=spoken.channel,
            credential=credential,
            content=content,
            headers=headers,
            timeout_s=timeout_s,
        )
        for _ in range(_RETRIES if retried else 0):
            if answer.status not in _RETRIED:
                break
            self.wait(_retry_after(answer))
            answer = self._send(
                operation,
                method,
                url,
                channel=spoken.channel,
                credential=credential,
                content=content,
                headers=headers,
                timeout_s=timeout_s,
            )
        return answer

    def _call_quietly(self, operation: str, **arguments: Any) -> None:  # noqa: ANN401 (as in call)
        """Call an operation whose answer is nobody's concern any more."""
        try:
            self.call(operation, **arguments)
        except NotReached:
            return

    def _send(
        self,
        operation: str,
        method: str,
        url: str,
        *,
        channel: str,
        credential: Credential,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        token = self.target.credentials.get(channel) if credential == "own" else credential
        if credential != "own":
            channel = "none" if credential is None else "other"
        sent = {"accept": "application/json", **(headers or {})}
        if isinstance(token, Bearer):
            name, value = token.header
            sent[name.lower()] = value
        request = _Sent(operation, channel, method, url, sent, content)
        if self.connection.silences >= _MOST_SILENCES:
            raise NoAnswer(f"the target has left {_MOST_SILENCES} requests in a row without answer")
        self.connection.pacer.wait()
        watch = time_of.Stopwatch()
        try:
            with self.connection.http.stream(
                method,
                url,
                content=content,
                headers=sent,
                timeout=timeout_s or self.target.limits.timeout_s,
            ) as response:
                received = _read(response, watch, timeout_s or self.target.limits.timeout_s)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            reason = redact_text(_reason(error, watch.seconds), self.target.secrets)
            self.connection.silences += isinstance(error, httpx.TimeoutException)
            self._record(request, watch.seconds, error=reason)
            raise NoAnswer(f"{method} {redact_text(url, self.target.secrets)}: {reason}") from error
        self.connection.silences = 0
        document, is_json = _parse(received)
        answer = Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=received,
            document=document,
            is_json=is_json,
            shown=_redacted(received, self.target.secrets) or "",
        )
        self._record(request, watch.seconds, answer=answer)
        return answer

    def _record(
        self,
        request: "_Sent",
        seconds: float,
        *,
        answer: Answer | None = None,
        error: str | None = None,
    ) -> None:
        secrets = self.target.secrets
        shown = {
            name: value
            for name, value in request.headers.items()
            if name in {"authorization", "content-type"}
        }
        if request.operation == READS_CLOCK and error is None:
            return  # reading the time changes nothing, and nobody has to repeat it
        self.recorder.exchanges.append(
            Exchange(
                number=len(self.recorder.exchanges) + 1,
                operation=request.operation,
                channel=request.channel,
                method=request.method,
                url=redact_text(request.url, secrets),
                request_headers=redact_headers(shown),
                request_body=_redacted(request.content, secrets),
                status=None if answer is None else answer.status,
                response_headers={} if answer is None else _shown_headers(answer, secrets),
                response_body=None if answer is None else _redacted(answer.body, secrets),
                error=error,
                duration_s=seconds,
                captures=() if answer is None else self._captures(request.operation, answer),
            )
        )

    def _captures(self, operation: str, answer: Answer) -> tuple[Capture, ...]:
        """Name what the target minted in an answer: a stream_id, a poll URL, the jtis."""
        document = answer.document
        if not isinstance(document, dict):
            return ()
        found: list[tuple[str, str, object]] = []
        if operation.endswith("_stream"):
            spelled = self.profile.names.get("stream", {}).get("stream_id", "stream_id")
            found.append(("STREAM_ID", f".{spelled}", document.get(spelled)))
            delivery = document.get("delivery")
            if isinstance(delivery, dict) and delivery.get("method") == self.profile.delivery.poll:
                url = delivery.get("endpoint_url")
                found.append(("POLL_URL", ".delivery.endpoint_url", url))
        sets = document.get("sets")
        if operation == "poll" and isinstance(sets, dict):
            found += [("JTI", f".sets|keys_unsorted[{n}]", jti) for n, jti in enumerate(sets)]
        captures = []
        for kind, path, value in found:
            if isinstance(value, str) and value:
                variable = self.recorder.variable_for(kind, value)
                if variable is not None:
                    captures.append(Capture(variable, path, value))
        return tuple(captures)


class Stream:
    """One stream of the target; `configuration` is what was last read of it, canonical."""

    def __init__(self, transmitter: Transmitter, configuration: Json, *, created: Answer) -> None:
        self.transmitter = transmitter
        self.profile = transmitter.profile
        self.configuration = configuration
        self.created = created
        self.history = History()
        self._verified_at: float | None = None
        self._gone = False

    @property
    def id(self) -> str | None:
        """Return the stream_id; None where streams have none."""
        found = self.configuration.get("stream_id")
        return found if isinstance(found, str) and found else None

    # -- configuration
    # -------------------------------------------------------------------------------

    def fetch(self, *, credential: Credential = "own") -> Answer:
        """Ask for the configuration, whatever the answer."""
        return self._call("read_stream", credential=credential)

    def read(self) -> Json:
        """Return the configuration. Raises NotReached where it is refused."""
        answer = self.fetch()
        found = self.transmitter.configuration_in(answer)
        require(answer.served and found, f"the stream can't be read: {answer.text}")
        self.configuration = {**found}
        return found

    def update(self, patch: Mapping[str, Any], *, credential: Credential = "own") -> Answer:
        """Update the configuration (PATCH), and wait a 202 out."""
        return self._change("update_stream", patch, credential)

    def replace(self, properties: Mapping[str, Any], *, credential: Credential = "own") -> Answer:
        """Replace the configuration, and wait a 202 out."""
        return self._change("replace_stream", properties, credential)

    def delete(self, *, credential: Credential = "own") -> Answer:
        """Delete the stream."""
        answer = self._call("delete_stream", credential=credential)
        self._gone = self._gone or answer.served
        return answer

    def discard(self) -> None:
        """Take the stream away at the end of its example, whatever came of it."""
        if not self._gone and self.profile.offers("delete_stream"):
            try:
                self.delete()
            except NotReached:
                return

    def send(
        self,
        operation: str,
        *,
        body: Mapping[str, Any] | None = None,
        raw: bytes | None = None,
        credential: Credential = "own",
    ) -> Answer:
        """Call an operation on this stream with any body, whatever the answer."""
        return self._call(operation, body=body, raw=raw, credential=credential)

    def probe(self, method: str, operation: str) -> Answer:
        """Call an operation with another verb than its own."""
        return self._call(operation, method=method)

    def _change(self, operation: str, body: Mapping[str, Any], credential: Credential) -> Answer:
        answer = self._call(operation, body=body, credential=credential)
        if answer.is_in(self.profile.operations[operation].accepted):
            self._await_processing(body)
        return answer

    def _await_processing(self, body: Mapping[str, Any]) -> None:
        """Wait until what was accepted shows, or the patience ends; nothing is sent again."""
        waited = 0.0
        step = 0.25
        while waited < self.transmitter.target.limits.patience_s:
            found = self.transmitter.configuration_in(self.fetch())
            if all(shows(found, name, value) for name, value in body.items()):
                return
            self.transmitter.clock.advance(step)
            waited += step
            step = min(step * 2, 5.0)

    # -- SETs
    # ----------------------------------------------------------------------------------------

    def verify(self, state: str | None = None) -> Answer:
        """Request verification, not sooner than min_verification_interval after the one before."""
        interval = self.configuration.get("min_verification_interval")
        if (
            self._verified_at is not None
            and isinstance(interval, (int, float))
            and math.isfinite(interval)
        ):
            due = self._verified_at + interval
            ahead = due - self.transmitter.clock.now()
            if ahead > 0:
                self.transmitter.wait(ahead + 0.001)
        answer = self._call("verify", body={} if state is None else {"state": state})
        self._verified_at = self.transmitter.clock.now()
        return answer

    def raise_set(self, event_type: str | None = None) -> None:
        """Have one SET put on this stream: by the emit hook, else by verification."""
        if self.transmitter.raises_events:
            self.transmitter.emit(self, event_type)
            return
        answer = self.verify()
        require(answer.served, f"no SET could be raised: verification was answered {answer.text}")

    def obtain_sets(self, count: int = 1) -> dict[str, str]:
        """Raise SETs and poll until they have come: `{jti: compact JWS}`, unacknowledged.

        Raises Blocked where they do not come within the patience.
        """
        for _ in range(count):
            self.raise_set()
        return self.await_sets(count)

    def await_sets(self, count: int = 1) -> dict[str, str]:
        """Poll until that many different SETs have come.

        Raises Blocked at the end of the patience.
        """
        found = self.await_sets_that(lambda seen: len(seen) >= count)
        if len(found) < count:
            raise Blocked(
                f"{len(found)} of {count} SETs came within the patience of"
                f" {self.transmitter.target.limits.patience_s:.0f} s; raise --patience?"
            )
        return found

    def await_again(self, jtis: Collection[str], *, patience_s: float | None = None) -> set[str]:
        """Poll until those SETs have come (again), or the patience ends; return what came."""
        return set(self.await_sets_that(lambda seen: set(jtis) <= set(seen), patience_s=patience_s))

    def await_sets_that(
        self, enough: Callable[[Mapping[str, str]], bool], *, patience_s: float | None = None
    ) -> dict[str, str]:
        """Poll until what came is enough, or the patience (in seconds) ends; return what came."""
        patience = self.transmitter.target.limits.patience_s if patience_s is None else patience_s
        found: dict[str, str] = {}
        waited = 0.0
        step = 0.25
        while True:
            found.update(self.poll().sets)
            if enough(found) or waited >= patience:
                return found
            self.transmitter.clock.advance(step)
            waited += step
            step = min(step * 2, max(5.0, waited / 5))

    def poll(
        self,
        *,
        max_events: int | None = None,
        return_immediately: bool | None = True,
        ack: Sequence[str] | None = None,
        set_errors: Mapping[str, Any] | None = None,
        credential: Credential = "own",
        extra: Mapping[str, Any] | None = None,
    ) -> PollAnswer:
        """Poll for SETs (RFC 8936 section 2.4); None leaves a member out."""
        members = {
            "maxEvents": max_events,
            "returnImmediately": return_immediately,
            "ack": None if ack is None else list(ack),
            "setErrs": set_errors,
            **(extra or {}),
        }
        body = {name: value for name, value in members.items() if value is not None}
        held = not return_immediately
        limits = self.transmitter.target.limits
        answer = self._call(
            "poll",
            body=body,
            credential=credential,
            timeout_s=limits.timeout_s + limits.patience_s if held else None,
        )
        result = self._poll_answer(answer)
        # The time is asked for only where an answer gives it a meaning: it may cost a call.
        at = self.transmitter.clock.now() if result.sets or ack or set_errors else 0.0
        if answer.served:
            self.history.acknowledged([*(ack or ()), *(set_errors or ())], at)
        self.history.delivered(result.sets, at)
        self._keep(result.sets, at)
        return result

    def acknowledge(self, jtis: Sequence[str], *, credential: Credential = "own") -> Answer:
        """Acknowledge SETs and ask for none, in the way that the dialect has."""
        if self.profile.poll.acknowledge == "own-operation":
            answer = self._call("acknowledge", body={"acks": list(jtis)}, credential=credential)
            if answer.served:
                self.history.acknowledged(jtis, self.transmitter.clock.now())
            return answer
        return self.poll(max_events=0, ack=jtis, credential=credential).answer

    def drain(self) -> None:
        """Acknowledge whatever this stream still has."""
        if not self.transmitter.polls:
            return
        try:
            for _ in range(10):
                pending = list(self.poll().sets)
                if not pending:
                    return
                self.acknowledge(pending)
        except NotReached:
            return

    def _poll_answer(self, answer: Answer) -> PollAnswer:
        document = codec.decode(self.profile, "poll_response", answer.document)
        sets = document.get("sets") if isinstance(document, dict) and answer.served else None
        found = (
            {key: token for key, token in sets.items() if isinstance(token, str)}
            if isinstance(sets, dict)
            else {}
        )
        more = document.get("moreAvailable") if isinstance(document, dict) else None
        return PollAnswer(answer, found, more)

    def _keep(self, sets: Mapping[str, str], at: float) -> None:
        exchanges = tuple(self.transmitter.recorder.exchanges)
        for key, token in sets.items():
            self.transmitter.connection.seen_sets.append(
                SeenSet(
                    self.transmitter.connection,
                    self.id or "",
                    self.configuration,
                    key,
                    token,
                    exchanges,
                    at,
                )
            )

    def _call(self, operation: str, **arguments: Any) -> Answer:  # noqa: ANN401 (as in call)
        return self.transmitter.call(
            operation, stream_id=self.id, stream=self.configuration, **arguments
        )


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request as it went out."""

    operation: str
    channel: str
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None


def _encoded(document: Json) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair that the target sent goes back as the escape that it came as.
        return json.dumps(document).encode()


def _redacted(body: bytes | None, secrets: frozenset[str]) -> str | None:
    return None if body is None else redact_text(body.decode("utf-8", "replace"), secrets)


def _shown_headers(answer: Answer, secrets: frozenset[str]) -> dict[str, str]:
    return {
        name: redact_text(value, secrets) for name, value in redact_headers(answer.headers).items()
    }


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


def _parse(body: bytes) -> tuple[Any, bool]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None, False
    return (None, False) if _is_deep(document) else (document, True)


def _is_deep(document: Any) -> bool:  # noqa: ANN401 (JSON)
    """Say whether a document is nested deeper than anything that these protocols send."""
    level = [document]
    for _ in range(_MOST_DEPTH):
        level = [
            part
            for one in level
            if isinstance(one, (dict, list))
            for part in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


def _retry_after(answer: Answer) -> float:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else 1.0


def _reason(error: Exception, waited_s: float) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {waited_s:.1f} s (a hang)"
    return f"{type(error).__name__}: {error}"
