"""Calls of the profile's operations, and what this target offers."""

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import urlencode

from conformance.receiver.answer import Answer
from conformance.receiver.connection import Connection, Credential
from conformance.receiver.exchange import Recorder
from conformance.receiver.hook_caller import HookCaller
from conformance.receiver.preconditions import Blocked, NotReached
from conformance.receiver.push_listener import PushListener
from conformance.sets import jws
from conformance.spec import codec
from conformance.spec.profile import UnresolvedEndpoint
from conformance.target.target import NOWHERE

Json: TypeAlias = dict[str, Any]

# Requested if the operator names no event types; a Transmitter ignores those it does not know
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

_RETRIED = frozenset({429, 503})
_NOT_OFFERED = frozenset({405, 501})
_RETRIES = 3


class Operations:
    """The target's operations as one case calls them, in the target's profile.

    `hooks` calls the operator's hooks, `clock` is the target's time.
    """

    def __init__(self, connection: Connection, recorder: Recorder, *, case: str = "") -> None:
        self.connection = connection
        self.target = connection.target
        self.profile = connection.target.profile
        self.recorder = recorder
        self.case = case
        self.hooks = HookCaller(connection, recorder, case)
        self.clock = self.hooks.clock()

    def beside(self, recorder: Recorder) -> "Operations":
        """Return the same operations for another thread of this case, with its own recorder."""
        return Operations(self.connection, recorder, case=self.case)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Return the Transmitter Configuration Metadata, canonical; empty before discovery."""
        return self.connection.metadata

    @property
    def issuer(self) -> str:
        """Return the issuer, character for character as the operator gave it."""
        return self.target.issuer

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
        """Call an operation of the profile and return the answer, successful or not.

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
            asked[self.profile.spelling("stream", "stream_id")] = stream_id
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

    def call_quietly(self, operation: str, **arguments: Any) -> None:  # noqa: ANN401 (as in call)
        """Call an operation and ignore the answer."""
        try:
            self.call(operation, **arguments)
        except NotReached:
            return

    def wait(self, seconds: float) -> None:
        """Let time pass at the target. Raises Blocked if that takes longer than the patience."""
        # A wait as long as the patience, plus a margin, is still allowed.
        if not self.clock.movable and seconds > self.target.limits.patience_s + 1:
            raise Blocked(
                f"needs {seconds:.0f} s of waiting, more than --patience"
                f" {self.target.limits.patience_s:.0f}, or a clock hook"
            )
        self.clock.advance(seconds)

    # -- what the target offers
    # -----------------------------------------------------------------------

    def offers(self, operation: str) -> bool:
        """Return whether the profile has the operation and its endpoint is known."""
        if operation not in self.profile.operations:
            return self.profile.offers(operation)
        try:
            self.url_of(operation, stream_id="x", stream={"delivery": {"endpoint_url": "x"}})
        except UnresolvedEndpoint:
            return False
        return True

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
        """Return the push listener, None if there is none."""
        return self.connection.listener

    @property
    def push_url(self) -> str:
        """Return the URL below which a configuration's push URLs lie, with a slash at its end."""
        if self.target.push_url is not None:
            return self.target.push_url
        return NOWHERE if self.listener is None else self.listener.url

    def delivers(self, kind: str) -> bool:
        """Return whether the target has that delivery method, `poll` or `push`."""
        method = self.profile.delivery.method(kind)
        supported = self.metadata.get("delivery_methods_supported")
        return method is not None and (not isinstance(supported, list) or method in supported)

    @property
    def polls(self) -> bool:
        """Return whether SETs can be polled."""
        supported = self.metadata.get("delivery_methods_supported")
        if isinstance(supported, list) and self.profile.delivery.poll not in supported:
            return False
        return self.profile.offers("poll")

    @property
    def known_event_types(self) -> tuple[str, ...]:
        """Return the event types that the operator named, else those of CAEP 1.0."""
        return tuple(self.target.event_types) or CAEP_EVENT_TYPES

    @property
    def raises_events(self) -> bool:
        """Return whether the operator provides a hook that raises events."""
        return self.target.has_hook("emit_event")

    # -- what answers hold
    # ---------------------------------------------------------------------------

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

    def read_key_set(self) -> Answer:
        """Fetch the JWK Set (RFC 7517 section 5)."""
        return self.call("read_key_set")

    def key_set_for(self, token: str) -> Any:  # noqa: ANN401 (JSON)
        """Return the JWK Set to verify a SET with; fetched again if none so far has its key.

        Keys rotate, so it is fetched as soon as the SET arrives. None if there is no key set.
        """
        known = self.connection.key_sets
        if None not in known and not any(jws.has_key_of(token, one) for one in known):
            known.append(self._fetched_key_set())
        found = [one for one in reversed(known) if one is not None]
        fitting = [one for one in found if jws.has_key_of(token, one)]
        return next(iter(fitting or found), None)

    def fetch_last_keys(self, tokens: Iterable[str]) -> None:
        """Fetch what is missing to verify these SETs, and after that no key set any more."""
        for token in tokens:
            self.key_set_for(token)
        self.connection.key_sets.append(None)

    def _fetched_key_set(self) -> Any:  # noqa: ANN401 (JSON)
        try:
            # A separate recorder: the request is not part of the case, nor of its reproducer.
            return self.beside(Recorder()).read_key_set().document
        except NotReached:
            return None


def _encoded(document: object) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair is sent back as the escape sequence that the target sent.
        return json.dumps(document).encode()


def _retry_after(answer: Answer) -> float:
    value = answer.headers.get("retry-after", "")
    return float(value) if value.isascii() and value.isdigit() else 1.0
