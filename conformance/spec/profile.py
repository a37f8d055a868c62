"""Profiles: which text a Transmitter is held to, and how its wire looks. One TOML file each.

A profile names its parent with `extends`: tables are merged over the parent's, arrays and scalars
replace, and the string "!unset" takes an inherited key away. Unknown keys are errors that name the
file and the key.
"""

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, cast
from urllib.parse import quote, urlsplit, urlunsplit

from conformance.errors import UsageError
from conformance.spec import schema
from conformance.spec.requirement import Grade, Requirement, load_catalogue, softest

UNSET = "!unset"
DIRECTORY = Path(__file__).parent / "profiles"

# What a check may conclude from a key of that evidence (DESIGN: documented may fail, inferred
# warns).
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
        known["metadata"] = dict(metadata or {})
        known["stream"] = dict(stream or {})
        for template in self.endpoints.get(endpoint, ()):
            filled = _fill(template, known)
            if filled is not None:
                return filled
        msg = (
            f"profile {self.id}: nothing known of the target gives the URL of endpoint {endpoint!r}"
        )
        raise UnresolvedEndpoint(msg)


def profile_ids() -> tuple[str, ...]:
    """Return the ids of the shipped profiles."""
    return tuple(sorted(path.stem for path in DIRECTORY.glob("*.toml")))


def shipped_profiles() -> list["Profile"]:
    """Return every profile that comes with the suite."""
    return [load_profile(name) for name in profile_ids()]


def load_profile(name: str, settings: Mapping[str, Any] | None = None) -> Profile:
    """Load a profile by id or file, with `settings` (dotted key -> value) over it.

    Raises ProfileError, naming the file and the key, for whatever can't be used.
    """
    if settings or name not in profile_ids():
        return _load(name, tuple(sorted((settings or {}).items(), key=lambda item: item[0])))
    return _shipped(name)


def parse_setting(text: str) -> tuple[str, Any]:
    """Return key and value of a `KEY=VALUE` option; the value is TOML, or else plain text."""
    key, separator, value = text.partition("=")
    if not separator or not key.strip():
        msg = f"--set {text!r}: write KEY=VALUE, such as poll.redelivery.cap_s=3600"
        raise ProfileError(msg)
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    return key.strip(), parsed


def findings(name: str) -> Iterator[str]:
    """Yield everything that is wrong with a profile, each with its key; nothing if it is clean.

    Raises ProfileError where there is no TOML to look at.
    """
    path, document, lineage = _document(name, ())
    wrong = [one.text for one in schema.complaints("ours/profile.json", document)]
    yield from wrong or lint(_build(document, str(path), lineage))


@cache
def _shipped(name: str) -> Profile:
    return _load(name, ())


def _load(name: str, settings: tuple[tuple[str, Any], ...]) -> Profile:
    path, document, lineage = _document(name, settings)
    _validate(document, f"{path} with --set" if settings else str(path))
    profile = _build(document, str(path), lineage)
    _lint(profile)
    return profile


def _document(
    name: str, settings: tuple[tuple[str, Any], ...]
) -> tuple[Path, Json, tuple[str, ...]]:
    """Return a profile's file, its keys with those of its parents, and its lineage."""
    path = _find(name)
    merged, lineage = _resolve(path, ())
    for key, value in settings:
        _set(merged, key, value)
    return path, cast("Json", _without_unset(merged)), lineage


def _find(name: str) -> Path:
    if name.endswith(".toml") or "/" in name:
        path = Path(name)
        if not path.is_file():
            msg = f"{name}: there is no such profile file"
            raise ProfileError(msg)
        return path
    path = DIRECTORY / f"{name}.toml"
    if not path.is_file():
        near = difflib.get_close_matches(name, profile_ids(), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        msg = (
            f"profile {name!r} is not known.{hint} Shipped are {', '.join(profile_ids())};"
            " or name a TOML file."
        )
        raise ProfileError(msg)
    return path


def _resolve(path: Path, below: tuple[str, ...]) -> tuple[Json, tuple[str, ...]]:
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path}: not valid TOML: {error}"
        raise ProfileError(msg) from error
    except OSError as error:
        msg = f"{path}: can't be read: {error.strerror}"
        raise ProfileError(msg) from error
    parent = own.pop("extends", None)
    identity = str(own.get("id", path.stem))
    if parent is None:
        return own, (identity,)
    if not isinstance(parent, str):
        msg = f"{path}: extends: write the id of one profile"
        raise ProfileError(msg)
    if identity in below:
        msg = f"{path}: extends: the profiles {' -> '.join((*below, identity))} extend each other"
        raise ProfileError(msg)
    sibling = path.parent / parent
    found = sibling if parent.endswith(".toml") and sibling.is_file() else _find(parent)
    base, lineage = _resolve(found, (*below, identity))
    # What a text calls a deviation from its parent is no deviation of its children's own: both are
    # kept.
    deviations = [*base.get("deviation", ()), *own.get("deviation", ())]
    merged = _merge(base, own)
    if deviations:
        merged["deviation"] = deviations
    return merged, (identity, *lineage)


def _merge(base: Json, over: Json) -> Json:
    merged = deepcopy(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = deepcopy(value)
    return merged


def _without_unset(value: Any) -> Any:  # noqa: ANN401 (TOML)
    if isinstance(value, dict):
        return {key: _without_unset(part) for key, part in value.items() if part != UNSET}
    return value


def _set(table: Json, key: str, value: Any) -> None:  # noqa: ANN401 (TOML)
    *way, last = key.split(".")
    for step in way:
        inner = table.setdefault(step, {})
        if not isinstance(inner, dict):
            msg = f"--set {key}: {step!r} is not a table"
            raise ProfileError(msg)
        table = inner
    table[last] = value


def _validate(document: Json, file: str) -> None:
    wrong = schema.complaint("ours/profile.json", document)
    if wrong is not None:
        msg = f"{file}: {wrong.text}"
        raise ProfileError(msg)


def _build(document: Json, file: str, lineage: tuple[str, ...]) -> Profile:
    catalogue = document["catalogue"]
    evidence = document.get("evidence", {})
    poll = dict(document.get("poll", {}))
    redelivery = Redelivery(**poll.pop("redelivery", {}))
    return Profile(
        id=document["id"],
        title=document["title"],
        file=file,
        sources=tuple(document["sources"]),
        lineage=lineage,
        tags={tag: Grade(grade) for tag, grade in catalogue["tags"].items()},
        caps=tuple(
            Cap(**{**_frozen(cap), "at_most": Grade(cap["at_most"])})
            for cap in catalogue.get("cap", ())
        ),
        evidence_default=evidence.get("default", "assumed"),
        evidence=evidence.get("keys", {}),
        discovery=Discovery(**document["discovery"]),
        endpoints={name: tuple(urls) for name, urls in document["endpoints"].items()},
        operations={
            name: Operation(name=name, **_frozen(operation))
            for name, operation in document["operations"].items()
        },
        schemas=document["schemas"],
        names=document.get("names", {}),
        stream=StreamRules(**_frozen(document["stream"])),
        delivery=Delivery(**document["delivery"]),
        semantics=Semantics(**_frozen(document.get("semantics", {}))),
        poll=PollRules(**poll, redelivery=redelivery),
        sets=SetRules(**_frozen(document["sets"])),
        errors=ErrorBody(**document.get("errors", {})),
        deviations=tuple(
            ProfileDeviation(**_frozen(deviation)) for deviation in document.get("deviation", ())
        ),
    )


def _frozen(table: Json) -> Json:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def _lint(profile: Profile) -> None:
    """Hold a profile against what it names: schemas, endpoints, requirements, tags, evidence."""
    for complaint in lint(profile):
        msg = f"{profile.file}: {complaint}"
        raise ProfileError(msg)


def lint(profile: Profile) -> Iterator[str]:
    """Yield each thing that a profile names and that does not exist, with its key."""
    yield from _lint_operations(profile)
    yield from _lint_references(profile)
    if profile.poll.acknowledge == "own-operation" and not profile.offers("acknowledge"):
        yield "poll.acknowledge: own-operation needs operations.acknowledge"
    if profile.offers("poll") and profile.delivery.poll is None:
        yield "operations.poll: delivery.poll names no delivery method; give its URI"
    default = profile.delivery.default
    if profile.delivery.method(default) is None:
        yield f"delivery.default: {default} is not offered; give delivery.{default}, or the other"


def _lint_operations(profile: Profile) -> Iterator[str]:
    for operation in profile.operations.values():
        key = f"operations.{operation.name}"
        urls = profile.endpoints.get(operation.endpoint)
        if urls is None:
            yield f"{key}.endpoint: {operation.endpoint!r} is not in endpoints; add its URL there"
        elif operation.stream_id == "path" and not any("{stream_id}" in url for url in urls):
            yield f"{key}.stream_id: no URL of the endpoint has {{stream_id}}; put it in one"


def _lint_references(profile: Profile) -> Iterator[str]:
    for message, name in profile.schemas.items():
        root = schema.schema_root()
        if not (root / name).is_file():
            known = [path.relative_to(root).as_posix() for path in root.rglob("*.json")]
            yield f"schemas.{message}: there is no schema {name!r}{_hint(name, known)}"
    catalogue = _catalogue()
    known_tags = {tag for row in catalogue.values() for tag in row.tags}
    for tag in sorted(set(profile.tags) - known_tags):
        hint = _hint(tag, known_tags)
        yield f"catalogue.tags: no row of the catalogue has the tag {tag!r}{hint}"
    documents = {row.document.name for row in catalogue.values()}
    for document in sorted({cap.document for cap in profile.caps if cap.document} - documents):
        hint = _hint(document, documents)
        yield f"catalogue.cap: no document of the catalogue is named {document!r}{hint}"
    capped = {one for cap in profile.caps for one in cap.requirements}
    excused = {one for deviation in profile.deviations for one in deviation.requirements}
    for key, named in (("catalogue.cap", capped), ("deviation", excused)):
        for requirement in sorted(named - set(catalogue)):
            hint = _hint(requirement, catalogue)
            yield f"{key}: {requirement!r} is not in the catalogue{hint}"


def _hint(name: str, known: Iterable[str]) -> str:
    """Return the next step for a name that nothing has."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else "; take it out, or name one that exists"


@cache
def _catalogue() -> dict[str, Requirement]:
    return {row.id: row for row in load_catalogue()}


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
