"""The target from the Receiver's side: discovery, and streams for the cases."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn, TypeAlias
from urllib.parse import urlsplit

from conformance.receiver.answer import Answer
from conformance.receiver.connection import Connection, Credential
from conformance.receiver.exchange import Recorder
from conformance.receiver.operations import Operations
from conformance.receiver.preconditions import Blocked, NotReached, require
from conformance.receiver.push_listener import Endpoint
from conformance.receiver.stream import Stream
from conformance.receiver.tls.handshake import Handshakes, shake_hands
from conformance.receiver.tls.server_context import Flaw
from conformance.spec import codec
from conformance.spec.profile import CEILING_OF_EVIDENCE
from conformance.spec.requirement import Grade
from conformance.target import credentials
from conformance.target.credentials import Bearer

Json: TypeAlias = dict[str, Any]

GARBAGE = Bearer("not-a-token-of-this-transmitter")

CONFLICT = 409
HTTPS_PORT = 443


class RemoteTransmitter(Operations):
    """The target as one case uses it."""

    def __init__(self, connection: Connection, recorder: Recorder, *, case: str = "") -> None:
        super().__init__(connection, recorder, case=case)
        self.made: list[Stream] = []
        self._endpoints = 0

    # -- discovery
    # -----------------------------------------------------------------------------------

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
        """Fetch the metadata, if necessary from a wrong place or with a credential.

        The cases judge whether that is right. If there is none, the answer of the right place is
        returned.
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
        certificates = (one.client_certificate for one in self.target.credentials.values())
        return next((one for one in certificates if one is not None), None)

    def learn(self, answer: Answer) -> None:
        """Take the metadata from the answer to a discovery request, if it holds any."""
        document = codec.decode(self.profile, "transmitter_configuration", answer.document)
        self.connection.metadata = document if isinstance(document, dict) else {}

    # -- streams
    # -------------------------------------------------------------------------------------

    def create_stream(self, body: object, *, credential: Credential = "own") -> Answer:
        """Create a stream and return any answer; cases normally use `new_stream`."""
        return self.call("create_stream", body=body, credential=credential)

    def list_streams(self, *, credential: Credential = "own") -> Answer:
        """Read the configurations of all streams of this Receiver."""
        return self.call("list_streams", credential=credential)

    @contextmanager
    def new_stream(self, **members: Any) -> Iterator[Stream]:  # noqa: ANN401 (JSON)
        """Give a stream for one example, and delete (or restore) it at the end.

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
    ) -> Iterator[Stream]:
        """Give a stream with its own push endpoint, and remove both at the end.

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
            with self._stream({**members, "delivery": delivery}, endpoint) as stream:
                try:
                    yield stream
                finally:
                    _ = stream.pushes
                stream.require_end_of_pushes()

    @contextmanager
    def new_endpoint(self, flaw: Flaw | None = None) -> Iterator[Endpoint]:
        """Open a push endpoint, and close it at the end.

        Raises Blocked where nothing listens, or not with such a flaw.
        """
        if self.listener is None:
            raise Blocked("nothing listens for pushes; give --push-listen")
        if flaw is not None and flaw not in self.listener.flaws:
            raise Blocked(f"the push listener can't have {flaw}: what it has is the operator's")
        self._endpoints += 1
        endpoint = self.listener.open(f"{self.case}/{self._endpoints}", flaw=flaw)
        try:
            yield endpoint
        finally:
            endpoint.close()

    @contextmanager
    def _stream(
        self, members: Mapping[str, Any], endpoint: Endpoint | None = None
    ) -> Iterator[Stream]:
        if self.profile.stream.model == "implicit":
            with self.borrowed_stream(members, endpoint=endpoint) as stream:
                yield stream
            return
        request = {**self.usual_properties(), **members}
        wanted = {key: part for key, part in request.items() if part is not None}
        with self.creating(wanted, endpoint=endpoint) as (answer, stream):
            if stream is None:
                self.explain_no_stream(answer)
            else:
                yield stream

    @contextmanager
    def creating(
        self,
        body: object,
        *,
        credential: Credential = "own",
        endpoint: Endpoint | None = None,
    ) -> Iterator[tuple[Answer, Stream | None]]:
        """Create a stream, give the answer and the stream made, and delete it at the end."""
        answer = self.create_stream(body, credential=credential)
        configuration = self.configuration_in(answer)
        made = answer.served and isinstance(configuration.get("stream_id"), str)
        stream = Stream(self, configuration, endpoint=endpoint) if made else None
        if stream is not None:
            self.made.append(stream)
        try:
            yield answer, stream
        finally:
            if stream is not None:
                self.made.remove(stream)
                stream.discard()

    def explain_no_stream(self, answer: Answer) -> NoReturn:
        """Raise NotReached if the target refused the stream, else Blocked."""
        reason = f"no stream could be made: creating one was answered {answer.text}"
        sure = CEILING_OF_EVIDENCE[self.profile.evidence_of("operations.create_stream")]
        if sure is not Grade.FAIL:
            # The profile only guesses how streams are made: a wrong guess is not a breach.
            raise Blocked(f"{reason}; profile {self.profile.id} only assumes how streams are made")
        if answer.status == CONFLICT:
            raise Blocked(f"{reason}: the Receiver has its only stream already")
        raise NotReached(reason)

    @contextmanager
    def borrowed_stream(
        self,
        members: Mapping[str, Any],
        receiver: Mapping[str, credentials.Credential] | None = None,
        endpoint: Endpoint | None = None,
    ) -> Iterator[Stream]:
        """Give the one implicit stream for an example, and put its configuration back.

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
        stream = Stream(self, configuration, receiver=receiver, endpoint=endpoint)
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
                    self.call_quietly("delete_stream", credential=credential)
                else:
                    self.call_quietly("replace_stream", body=before, credential=credential)

    @contextmanager
    def another_stream(self, **members: Any) -> Iterator[Stream | None]:  # noqa: ANN401 (JSON)
        """Give another stream of this Receiver, None if it may only have one."""
        with self.creating({**self.usual_properties(), **members}) as (_, stream):
            yield stream

    def survey(self) -> dict[str, Json]:
        """Read all streams of this case that still exist: `{stream_id: configuration}`."""
        found: dict[str, Json] = {}
        for stream in self.made:
            answer = stream.fetch()
            if answer.served and stream.id is not None:
                found[stream.id] = self.configuration_in(answer)
        return found
