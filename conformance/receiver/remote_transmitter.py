"""The target as a Receiver speaks to it: canonical operations, spoken in the target's profile."""

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn, TypeAlias
from urllib.parse import urlencode, urlsplit

from conformance import clock as time_of
from conformance.receiver.connection import Answer, Connection, Credential, NoAnswer, Trouble
from conformance.receiver.exchange import Exchange, Recorder
from conformance.receiver.preconditions import Blocked, NotReached, require
from conformance.receiver.push_listener import Endpoint, Flaw, PushListener
from conformance.receiver.shown_values import event_types_in
from conformance.receiver.stream import Stream
from conformance.receiver.tls.handshake import Handshakes, shake_hands
from conformance.sets import jws
from conformance.spec import codec
from conformance.spec.profile import CEILING_OF_EVIDENCE, UnresolvedEndpoint
from conformance.spec.redaction import redact_text
from conformance.spec.requirement import Grade
from conformance.target import credentials, hooks
from conformance.target.credentials import Bearer
from conformance.target.target import NOWHERE, Hook

Json: TypeAlias = dict[str, Any]

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

# What an event is to be about where the target has to be told.
EVENT_SUBJECT = {"format": "email", "email": "user@example.com"}

CONFLICT = 409
HTTPS_PORT = 443

_RETRIED = frozenset({429, 503})
_NOT_OFFERED = frozenset({405, 501})
_RETRIES = 3


class RemoteTransmitter:
    """The target, as one case speaks to it."""

    def __init__(self, connection: Connection, recorder: Recorder, *, case: str = "") -> None:
        self.connection = connection
        self.target = connection.target
        self.profile = connection.target.profile
        self.recorder = recorder
        self.clock = self._clock()
        self.made: list[Stream] = []
        self._case = case
        self._endpoints = 0

    def beside(self, recorder: Recorder) -> "RemoteTransmitter":
        """Return the same target as another thread of this case speaks to it."""
        return RemoteTransmitter(self.connection, recorder, case=self._case)

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
        return self.connection.send(
            self.recorder,
            "discover",
            "GET",
            self.discovery_url,
            channel=channel,
            credential=credential,
        )

    def find_metadata(self) -> Answer:
        """Fetch the metadata, if need be from where it should not stand, or with a credential.

        Whether it may is judged by the cases. What is nowhere is answered as at its own place.
        """
        answer = self.discover()
        own = self.discovery_url
        discovery = self.profile.discovery
        other = replace(discovery, splice="append" if discovery.splice == "insert" else "insert")
        places = [own, other.url(self.issuer), f"{own}/"]
        for url in [] if answer.served else dict.fromkeys(places):
            found = self.connection.send(
                self.recorder, "discover", "GET", url, channel="management", credential="own"
            )
            if found.served and isinstance(found.document, dict):
                return found
        return answer

    def get(self, url: str) -> Answer:
        """Fetch any URL of the target's, without a credential."""
        return self.connection.send(
            self.recorder, "get", "GET", url, channel="none", credential=None
        )

    def shake_hands(self, url: str) -> Handshakes:
        """Return what the host of an https URL does in handshakes, tried once in a run.

        Raises NoConnection, or NotReached for what is no https URL.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or HTTPS_PORT
        except ValueError as error:
            raise NotReached(f"{url} is no URL: {error}") from error
        require(parts.scheme == "https", f"{url} is no https URL")
        known = self.connection.handshakes
        if (host, port) not in known:
            known[host, port] = shake_hands(
                host,
                port,
                ca_file=self.target.ca_file,
                certificate=self._client_certificate,
                timeout_s=self.target.limits.timeout_s,
                pause=self.connection.pacer.wait,
            )
        return known[host, port]

    @property
    def _client_certificate(self) -> credentials.ClientCertificate | None:
        """Return the certificate that the target's own Receiver connects with, if it has one."""
        lent = (one.client_certificate for one in self.target.credentials.values())
        return next((one for one in lent if one is not None), None)

    def learn(self, answer: Answer) -> None:
        """Take the metadata from the answer to a discovery request, if it holds any."""
        document = codec.decode(self.profile, "transmitter_configuration", answer.document)
        self.connection.metadata = document if isinstance(document, dict) else {}

    def read_key_set(self) -> Answer:
        """Fetch the JWK Set (RFC 7517 section 5)."""
        return self.call("read_key_set")

    def key_set_for(self, token: str) -> Any:  # noqa: ANN401 (JSON)
        """Return the JWK Set to verify a SET with, fetched where none so far has its key.

        Keys rotate, so the moment when a SET comes is the one to ask in. None where there is none.
        """
        known = self.connection.key_sets
        if None not in known and not any(jws.has_key_of(token, one) for one in known):
            known.append(self._fetched_key_set())
        found = [one for one in reversed(known) if one is not None]
        fitting = [one for one in found if jws.has_key_of(token, one)]
        return next(iter(fitting or found), None)

    def _fetched_key_set(self) -> Any:  # noqa: ANN401 (JSON)
        try:
            # A recorder of its own: no case has asked for it, and no reproducer has to.
            return RemoteTransmitter(self.connection, Recorder()).read_key_set().document
        except NotReached:
            return None

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

    def create_stream(self, body: object, *, credential: Credential = "own") -> Answer:
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

        `members` are Receiver-Supplied properties; a poll stream is made where the profile polls,
        else one that pushes to the suite's listener, if it has one.
        Raises NotReached where the target does not give one.
        """
        if self.polls or self.listener is None or "delivery" in members:
            with self._stream(members) as stream:
                yield stream
        else:
            with self.new_push_stream(**members) as stream:
                yield stream

    @contextmanager
    def new_push_stream(
        self,
        *,
        tail: str | None = None,
        authorization_header: str | None = None,
        flaw: Flaw | None = None,
        **members: Any,  # noqa: ANN401 (JSON)
    ) -> Iterator["Stream"]:
        """Give a stream that pushes to an endpoint of its own, and take both away at the end.

        `tail` is path and query below that endpoint, `flaw` what is wrong with its listener;
        `members` are as in `new_stream`. Raises NotReached, and Blocked where nothing listens.
        """
        with self.new_endpoint(flaw) as endpoint:
            delivery = {
                "method": self.profile.delivery.push,
                "endpoint_url": endpoint.url if tail is None else endpoint.at(tail),
            }
            if authorization_header is not None:
                delivery["authorization_header"] = authorization_header
            with self._stream({**members, "delivery": delivery}) as stream:
                stream.endpoint = endpoint
                try:
                    yield stream
                finally:
                    _ = stream.pushes
                stream.require_end_of_pushes()

    @contextmanager
    def new_endpoint(self, flaw: Flaw | None = None) -> Iterator[Endpoint]:
        """Give an endpoint that can be pushed to, and close it at the end.

        Raises Blocked where nothing listens, or not with such a flaw.
        """
        if self.listener is None:
            raise Blocked("nothing listens for pushes; give --push-listen")
        if flaw is not None and flaw not in self.listener.flaws:
            raise Blocked(f"the push listener can't have {flaw}: what it has is the operator's")
        self._endpoints += 1
        endpoint = self.listener.open(f"{self._case}/{self._endpoints}", flaw=flaw)
        try:
            yield endpoint
        finally:
            endpoint.close()

    @contextmanager
    def _stream(self, members: Mapping[str, Any]) -> Iterator["Stream"]:
        if self.profile.stream.model == "implicit":
            with self.borrowed_stream(members) as stream:
                yield stream
            return
        request = {**self.usual_properties(), **members}
        wanted = {key: part for key, part in request.items() if part is not None}
        with self.creating(wanted) as (answer, stream):
            if stream is None:
                self.explain_no_stream(answer)
            else:
                yield stream

    @contextmanager
    def creating(
        self, body: object, *, credential: Credential = "own"
    ) -> Iterator[tuple[Answer, "Stream | None"]]:
        """Create a stream, give the answer and any stream made, and delete it at the end."""
        answer = self.create_stream(body, credential=credential)
        configuration = self.configuration_in(answer)
        made = answer.served and isinstance(configuration.get("stream_id"), str)
        stream = Stream(self, configuration) if made else None
        if stream is not None:
            self.made.append(stream)
        try:
            yield answer, stream
        finally:
            if stream is not None:
                self.made.remove(stream)
                stream.discard()

    def explain_no_stream(self, answer: Answer) -> NoReturn:
        """Raise NotReached, or Blocked where it is nobody's fault that there is no stream."""
        reason = f"no stream could be made: creating one was answered {answer.text}"
        sure = CEILING_OF_EVIDENCE[self.profile.evidence_of("operations.create_stream")]
        if sure is not Grade.FAIL:
            # How streams are made is a guess of the profile's: a wrong guess is no breach.
            raise Blocked(f"{reason}; profile {self.profile.id} only assumes how streams are made")
        if answer.status == CONFLICT:
            raise Blocked(f"{reason}: the Receiver has its only stream already")
        raise NotReached(reason)

    @contextmanager
    def borrowed_stream(
        self,
        members: Mapping[str, Any],
        receiver: Mapping[str, credentials.Credential] | None = None,
    ) -> Iterator["Stream"]:
        """Lend the one implicit stream, and put its configuration back.

        `receiver` holds the credentials of the Receiver that it is of; None is the target's own.
        Raises NotReached, and Blocked where there is none.
        """
        credential: Credential = "own" if receiver is None else receiver["management"]
        found = self.call("read_stream", credential=credential)
        configuration = self.configuration_in(found)
        absent_stream = found.is_in(self.profile.semantics.gone_stream)
        if absent_stream and not self.profile.stream.remade_by_replace:
            raise Blocked("the Receiver has no stream to judge; set one up first")
        require(
            found.served or absent_stream,
            f"the stream's configuration can't be read: {found.text}",
        )
        before = {
            name: configuration[name]
            for name in self.profile.stream.receiver_supplied
            if name in configuration
        } or self.usual_properties()
        stream = Stream(self, configuration, receiver=receiver)
        try:
            wanted = {**before, **self.usual_properties(configuration), **members}
            answer = stream.replace({key: part for key, part in wanted.items() if part is not None})
            require(answer.served, f"the stream can't be configured: {answer.text}")
            stream.configuration = self.configuration_in(answer)
            yield stream
        finally:
            try:
                stream.resume()
                stream.drain()
            finally:
                if absent_stream:
                    self._call_quietly("delete_stream", credential=credential)
                else:
                    self._call_quietly("replace_stream", body=before, credential=credential)

    @property
    def known_event_types(self) -> tuple[str, ...]:
        """Return the event types that the operator named, else those of CAEP 1.0."""
        return tuple(self.target.event_types) or CAEP_EVENT_TYPES

    @contextmanager
    def another_stream(self, **members: Any) -> Iterator["Stream | None"]:  # noqa: ANN401 (JSON)
        """Give a second stream of this Receiver's, or None where it may have one only."""
        with self.creating({**self.usual_properties(), **members}) as (_, stream):
            yield stream

    def survey(self) -> dict[str, Json]:
        """Read all streams that this case made and that are there: `{stream_id: configuration}`."""
        found: dict[str, Json] = {}
        for stream in self.made:
            answer = stream.fetch()
            if answer.served and stream.id is not None:
                found[stream.id] = self.configuration_in(answer)
        return found

    def usual_properties(self, configuration: Mapping[str, Any] | None = None) -> Json:
        """Return the Receiver-Supplied properties of a stream that the suite can work with."""
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
                "endpoint_url": f"{self.push_url}ssf-conformance",
            }
        return usual

    @property
    def listener(self) -> PushListener | None:
        """Return where the target can push to; None where nothing listens."""
        return self.connection.listener

    @property
    def push_url(self) -> str:
        """Return the URL below which a configuration's push URLs lie, with a slash at its end."""
        if self.target.push_url is not None:
            return self.target.push_url
        return NOWHERE if self.listener is None else self.listener.url

    def delivers(self, kind: str) -> bool:
        """Say whether the target has that delivery method, `poll` or `push`."""
        method = self.profile.delivery.method(kind)
        supported = self.metadata.get("delivery_methods_supported")
        return method is not None and (not isinstance(supported, list) or method in supported)

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

    def emit(
        self,
        stream: "Stream",
        event_type: str | None = None,
        *,
        subject: Mapping[str, Any] | None = None,
    ) -> None:
        """Have the target raise an event for a stream, through the operator's hook.

        It is about a subject, or about any. Where none is covered by default (SSF 1.0 section 7.1)
        that one is added first, and the hook is told of it.
        """
        by_default = self.metadata.get("default_subjects")
        if subject is None and by_default == "NONE" and self.offers("add_subject"):
            subject = next(iter(self.target.subjects), EVENT_SUBJECT)
            stream.send("add_subject", body={"subject": subject})
        choice = event_type or next(iter(event_types_in(stream.configuration)), None)
        self.call_hook(
            "emit_event",
            {
                "stream_id": stream.id,
                "audience": stream.audience,
                "event_type": choice,
                "subject": subject,
            },
        )

    def act_on_status(
        self,
        stream: "Stream",
        status: str,
        *,
        reason: str | None = None,
        subject: Mapping[str, Any] | None = None,
    ) -> None:
        """Have the target itself change the status of a stream, or of a subject in it.

        That is done through the operator's hook. Raises Blocked where it fails.
        """
        if subject is not None and "{subject}" not in repr(self.target.hooks["transmitter_status"]):
            raise Blocked("hook transmitter_status takes no {subject}")
        stream.note_status(status)
        self.call_hook(
            "transmitter_status",
            {
                "stream_id": stream.id,
                "audience": stream.audience,
                "status": status,
                "reason": reason,
                "subject": subject,
            },
        )

    def call_hook(self, name: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
        """Call a hook. Raises Blocked where it fails: what it was for is not testable."""
        hook = self.target.hooks[name]
        try:
            return hooks.call(
                hook,
                values,
                send=self._send_hook,
                record_command=self._record_command,
                ask=self._ask_person,
            )
        except hooks.HookFailed as error:
            reason = str(error)
        except NoAnswer as error:
            reason = f"hook {name}: {error}"
        self.connection.troubles.append(Trouble(f"[hooks.{name}]", reason))
        raise Blocked(reason)

    def _send_hook(
        self, hook: Hook, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        if body is not None:
            headers = {"content-type": "application/json", **headers}
        answer = self.connection.send(
            self.recorder,
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
        error = f"ended with {code}" if code else None
        self._record_deed(f"command:{hook.name}", " ".join(argv), output=output, error=error)

    def _ask_person(self, hook: Hook, task: str) -> None:
        self._record_deed(f"manual:{hook.name}", task)
        self.connection.person.ask(f"{task}  [{hook.name}, for {self._case}]", hook.timeout_s)

    def _record_deed(
        self, operation: str, deed: str, *, output: str | None = None, error: str | None = None
    ) -> None:
        """Record what the operator's side did without HTTP."""
        secrets = self.target.secrets
        self.recorder.exchanges.append(
            Exchange(
                number=len(self.recorder.exchanges) + 1,
                operation=operation,
                channel="other",
                method="",
                url=redact_text(deed, secrets),
                request_headers={},
                request_body=None,
                status=None,
                response_headers={},
                response_body=None if output is None else redact_text(output, secrets),
                error=error,
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
        # A wait of just the patience, and the moment that makes sure, is within it.
        if not self.clock.movable and seconds > self.target.limits.patience_s + 1:
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
        body: object = None,
        raw: bytes | None = None,
        stream_id: str | None = None,
        stream: Mapping[str, Any] | None = None,
        subject: object = None,
        query: Mapping[str, str] | None = None,
        credential: Credential = "own",
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        retried: frozenset[int] = _RETRIED,
        held: bool = False,
    ) -> Answer:
        """Call an operation of the profile and return its answer, whatever it is.

        `body` is canonical (JSON of any type, an object where it is to be valid), `raw` is sent
        as it is, `subject` stands as JSON in the query (2021 draft, section 7.1.1.1), `query` is
        what else stands there, `method` is another verb than the operation's, `headers` stand in
        place of the usual Content-Type of a body, `retried` holds the statuses after which it is
        sent again. Raises NoAnswer, or NotReached where the endpoint's URL is not known.
        """
        spoken = self.profile.operations[operation]
        try:
            url = self.url_of(operation, stream_id=stream_id, stream=stream)
        except UnresolvedEndpoint as error:
            raise NotReached(str(error)) from error
        method = method or spoken.method
        asked: dict[str, str | None] = dict(query or {})
        if spoken.stream_id == "query":
            asked["stream_id"] = stream_id
        asked["subject"] = None if subject is None else json.dumps(subject)
        named = {name: value for name, value in asked.items() if value is not None}
        if named:
            url = f"{url}{'&' if '?' in url else '?'}{urlencode(named, errors='replace')}"
        content = raw
        if body is not None:
            if spoken.stream_id == "body" and stream_id is not None and isinstance(body, Mapping):
                body = {"stream_id": stream_id, **body}
            content = _encoded(codec.encode(self.profile, f"{operation}_request", body))
        if headers is None:
            headers = {"content-type": "application/json"} if content is not None else {}
        send = partial(
            self.connection.send,
            self.recorder,
            operation,
            method,
            url,
            channel=spoken.channel,
            credential=credential,
            content=content,
            headers=headers,
            timeout_s=timeout_s,
            held=held,
        )
        answer = send()
        for _ in range(_RETRIES):
            if answer.status not in retried:
                break
            self.wait(_retry_after(answer))
            answer = send()
        optional = operation in self.profile.semantics.optional_operations
        if optional and method == spoken.method and answer.status in _NOT_OFFERED:
            raise Blocked(
                f"{operation} was answered {answer.status}, and profile {self.profile.id} does not"
                f" ask for it; leave it out with --set operations.{operation}=!unset"
            )
        return answer

    def _call_quietly(self, operation: str, **arguments: Any) -> None:  # noqa: ANN401 (as in call)
        """Call an operation whose answer is nobody's concern any more."""
        try:
            self.call(operation, **arguments)
        except NotReached:
            return


def _encoded(document: object) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair that the target sent goes back as the escape that it came as.
        return json.dumps(document).encode()


def _retry_after(answer: Answer) -> float:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else 1.0
