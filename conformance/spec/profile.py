"""Profiles: which text a Transmitter is held to, and how its wire looks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

from conformance.errors import UsageError
from conformance.spec.requirement import Grade, Requirement, softest

# How severe a breach may be that rests on a key of that evidence.
CEILING_OF_EVIDENCE: Mapping[str, Grade] = MappingProxyType(
    {
        "documented": Grade.FAIL,
        "code": Grade.FAIL,
        "inferred": Grade.WARN,
        "assumed": Grade.WARN,
        "unknown": Grade.NOTE,
        "observed": Grade.NOTE,
    }
)

StreamIdPlace: TypeAlias = Literal["query", "body", "path"]
Channel: TypeAlias = Literal["none", "management", "poll"]
Json: TypeAlias = dict[str, Any]


class ProfileError(UsageError):
    """A profile can't be used: the message names the file and the key."""


class UnresolvedEndpoint(LookupError):
    """No template of an endpoint can be filled in from what is known of the target."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """Where the Transmitter Configuration Metadata stands, seen from the issuer."""

    path: str
    splice: Literal["insert", "append", "fixed"]
    channel: Channel

    def url(self, issuer: str) -> str:
        """Return the metadata's URL (SSF 1.0 section 7.2.1 for `insert`)."""
        parts = urlsplit(issuer)
        own = parts.path.rstrip("/")
        path = {"insert": self.path + own, "append": own + self.path, "fixed": self.path}
        return urlunsplit((parts.scheme, parts.netloc, path[self.splice], "", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """How an operation is called: verb, endpoint, credential, where the stream_id goes."""

    name: str
    method: str
    endpoint: str
    channel: Channel
    success: tuple[int, ...]
    accepted: tuple[int, ...] = ()
    stream_id: StreamIdPlace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRules:
    """Whether Receivers make streams, and who supplies which property of a stream configuration.

    `delivered_events` is how events_delivered follows from what is supported and requested: rows
    rest on its evidence, whichever it is. `subject_status` says that each subject in a stream has a
    status too.
    """

    model: Literal["explicit", "implicit"]
    receiver_supplied: tuple[str, ...]
    transmitter_supplied: tuple[str, ...]
    delivered_events: Literal["subset", "intersection"] = "subset"
    remade_by_replace: bool = False
    subject_status: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The URIs of the delivery methods; None where a method is not offered."""

    push: str | None = None
    poll: str | None = None
    default: Literal["push", "poll"] = "poll"

    def method(self, kind: str) -> str | None:
        """Return the URI of `push` or `poll`."""
        return self.push if kind == "push" else self.poll


@dataclass(frozen=True, slots=True, kw_only=True)
class Semantics:
    """What an operation means where the texts differ.

    A Transmitter need not have the `optional_operations`, though the profile says how they look.
    """

    replace_missing: Literal["deleted", "unchanged", "unspecified"] = "unspecified"
    read_only_mismatch: Literal["reject", "ignore", "unspecified"] = "unspecified"
    gone_stream: tuple[int, ...] = (404,)
    optional_operations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Redelivery:
    """When a SET that was not acknowledged comes again.

    The cap is in seconds, jitter a share of the gap.
    """

    model: Literal["immediate", "exponential-backoff", "give-up-window", "unspecified"] = (
        "unspecified"
    )
    cap_s: float | None = None
    jitter: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRules:
    """How SETs are polled for and acknowledged."""

    acknowledge: Literal["in-poll", "own-operation"] | None = None
    set_errors: bool = False
    long_poll: Literal["supported", "ignored", "unspecified"] = "unspecified"
    return_immediately_default: bool | None = None
    redelivery: Redelivery = field(default_factory=Redelivery)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRules:
    """The shape of a SET where the texts differ."""

    subject: Literal["sub_id", "event"]
    verification_event: str
    stream_updated_event: str
    algorithms: tuple[str, ...]

    @property
    def own_event_types(self) -> frozenset[str]:
        """Return the types of the events that speak of a stream itself."""
        return frozenset({self.verification_event, self.stream_updated_event})


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """The members of a JSON error answer."""

    code: str = "error"
    message: str = "error_description"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A ceiling for rows, or for all of one document, unless the metadata has a member."""

    at_most: Grade
    document: str | None = None
    requirements: tuple[str, ...] = ()
    unless_metadata: str | None = None

    def speaks_of(self, row: Requirement) -> bool:
        """Say whether a row is under this ceiling."""
        return row.document.name == self.document or row.id in self.requirements


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileDeviation:
    """A known difference from the parent text, which makes its rows not applicable."""

    summary: str
    source: str
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One dialect, ready to speak: see the classes above for what each part holds."""

    id: str
    title: str
    file: str
    sources: tuple[str, ...]
    lineage: tuple[str, ...]
    tags: Mapping[str, Grade]
    caps: tuple[Cap, ...]
    evidence_default: str
    evidence: Mapping[str, str]
    discovery: Discovery
    endpoints: Mapping[str, tuple[str, ...]]
    operations: Mapping[str, Operation]
    schemas: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    stream: StreamRules
    delivery: Delivery
    semantics: Semantics
    poll: PollRules
    sets: SetRules
    errors: ErrorBody
    deviations: tuple[ProfileDeviation, ...]

    def offers(self, operation: str) -> bool:
        """Return whether the dialect has this operation; every dialect has `discover`."""
        return operation == "discover" or operation in self.operations

    def has(self, feature: str) -> bool:
        """Return whether the dialect has an operation, `subject_status`, or a `well_known` path.

        That is a path between the host and the path of the issuer, as RFC 8615 has it.
        """
        match feature:
            case "well_known":
                return self.discovery.splice == "insert"
            case "subject_status":
                return self.stream.subject_status
            case _:
                return self.offers(feature)

    def spelling(self, table: str, member: str) -> str:
        """Return the dialect's spelling of a specification's member: see a table of `[names]`."""
        return self.names.get(table, {}).get(member, member)

    def evidence_of(self, key: str) -> str:
        """Return how sure a key is: the entry with the longest prefix of it wins."""
        steps = key.split(".")
        for length in range(len(steps), 0, -1):
            found = self.evidence.get(".".join(steps[:length]))
            if found is not None:
                return found
        return self.evidence_default

    def grade(self, row: Requirement, metadata: Mapping[str, Any]) -> Grade:
        """Return how loud a breach is here: the row's grade under every ceiling that applies."""
        ceilings = [self.tags[tag] for tag in row.tags if tag in self.tags]
        grades = [row.grade]
        if ceilings:
            grades.append(
                min(ceilings, key=[Grade.FAIL, Grade.WARN, Grade.NOTE].index)
            )  # the loudest tag that the row carries
        grades += [
            cap.at_most
            for cap in self.caps
            if cap.speaks_of(row) and cap.unless_metadata not in metadata
        ]
        grades += [CEILING_OF_EVIDENCE[self.evidence_of(key)] for key in row.rests_on]
        return softest(*grades)

    def deviation_of(self, requirement: str) -> ProfileDeviation | None:
        """Return the known difference that makes a row not applicable, if there is one."""
        return next((d for d in self.deviations if requirement in d.requirements), None)

    def url(
        self,
        endpoint: str,
        *,
        issuer: str,
        metadata: Mapping[str, Any] | None = None,
        stream_id: str | None = None,
        stream: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the endpoint's URL from the first template that can be filled in.

        `metadata` and `stream` are canonical. Raises UnresolvedEndpoint where none can.
        """
        known: Json = {"issuer": issuer.rstrip("/")}
        if stream_id is not None:
            # A colon is legal in a path segment, and a custom method such as events:poll needs it.
            known["stream_id"] = quote(stream_id, safe=":", errors="replace")
        known["metadata"] = metadata or {}
        known["stream"] = stream or {}
        for template in self.endpoints.get(endpoint, ()):
            filled = _fill(template, known)
            if filled is not None:
                return filled
        msg = (
            f"profile {self.id}: nothing known of the target gives the URL of endpoint {endpoint!r}"
        )
        raise UnresolvedEndpoint(msg)


def _fill(template: str, known: Mapping[str, Any]) -> str | None:
    result = template
    while "{" in result:
        before, _, rest = result.partition("{")
        name, _, after = rest.partition("}")
        value: Any = known
        for step in name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if not isinstance(value, str) or not value or "{" in value:
            return None
        result = before + value + after
    return result
