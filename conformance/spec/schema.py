"""The JSON Schemas of the wire: loading them, and telling what an instance breaks.

A schema annotates each validating keyword with `x-requirement` (the id whose breach it is) or
`x-observe` (the text is silent: recorded, never judged). See schemas/README.md.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, cast
from urllib.parse import urljoin

import jsonschema_rs
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

BASE_URI = "https://ssf-conformance.invalid/schemas/"

Json: TypeAlias = dict[str, Any]


class UnknownSchema(LookupError):
    """A schema was named that is not among the shipped ones."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One keyword that an instance breaks.

    `path` is a JSON Pointer into the instance; `requirement` is None where the text is silent.
    """

    path: str
    keyword: str
    requirement: str | None
    message: str
    value: Any
    about_tls: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """What an instance shows: requirements with something to look at, and breaches."""

    seen: frozenset[str]
    breaches: tuple[Breach, ...]

    def of(self, requirement: str) -> tuple[Breach, ...]:
        """Return the breaches of one requirement."""
        return tuple(breach for breach in self.breaches if breach.requirement == requirement)


def schema_root() -> Path:
    """Return the folder of the schemas: the wheel's, or the checkout's own."""
    packaged = Path(__file__).parent / "schemas"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "schemas"


@cache
def load(name: str) -> Json:
    """Return the schema of that name, such as `ssf/stream-configuration.json`.

    Raises UnknownSchema where there is no such file.
    """
    path = schema_root() / name
    if not path.is_file():
        msg = f"no schema is named {name!r}; the names are paths below {schema_root().name}/"
        raise UnknownSchema(msg)
    return cast("Json", json.loads(path.read_text(encoding="utf-8")))


def resolve(schema: Json, reference: str) -> tuple[Json, str]:
    """Return the schema that a `$ref` inside `schema` leads to, and its file's name.

    `schema` is the file's root, whose `$id` the reference is relative to.
    """
    target = urljoin(str(schema.get("$id", BASE_URI)), reference)
    address, _, fragment = target.partition("#")
    name = address.removeprefix(BASE_URI)
    found: Any = load(name)
    for step in fragment.strip("/").split("/") if fragment.strip("/") else ():
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found, name


@cache
def has_member(name: str, path: str) -> bool:
    """Return whether a schema describes a member; a dot in `path` leads into an object."""
    root = load(name)
    found = list(_parts(root, root))
    for step in path.split("."):
        found = [
            part
            for holder, node in found
            if step in node.get("properties", {})
            for part in _parts(holder, node["properties"][step])
        ]
    return bool(found)


def _parts(root: Json, node: Any) -> Iterator[tuple[Json, Json]]:  # noqa: ANN401 (JSON)
    """Yield a schema and those that it consists of, each with the root of its file."""
    if not isinstance(node, dict):
        return
    yield root, node
    if "$ref" in node:
        target, name = resolve(root, node["$ref"])
        yield from _parts(load(name), target)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in node.get(keyword, ()):
            yield from _parts(root, part)
    for keyword in ("then", "else"):
        yield from _parts(root, node.get(keyword))


@cache
def _plain(name: str) -> Json:
    """Return a schema that does not say its dialect: where one does, jsonschema's own class judges.

    All are of one dialect, and `_Validator` is to judge them.
    """
    return {keyword: part for keyword, part in load(name).items() if keyword != "$schema"}


@cache
def _registry() -> Registry[Any]:
    def retrieve(uri: str) -> Resource[Any]:
        return DRAFT202012.create_resource(_plain(uri.removeprefix(BASE_URI)))

    # mypy sees the attrs class of `referencing` without its converter.
    return Registry(retrieve=retrieve)  # type: ignore[call-arg]


def _pattern(
    validator: object, pattern: str, instance: object, schema: Json
) -> Iterator[ValidationError]:
    """Match as ECMA 262 does, where `$` is the end alone and not before a last line break."""
    del validator, schema
    at_end = f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(at_end, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


# The stubs of jsonschema leave `extend` without types.
_Validator = cast(
    "type[Draft202012Validator]",
    extend(Draft202012Validator, {"pattern": _pattern}),  # type: ignore[no-untyped-call]
)


@cache
def validator(name: str) -> Draft202012Validator:
    """Return a prebuilt validator with a format checker; building one is dear."""
    return _Validator(_plain(name), registry=_registry(), format_checker=FormatChecker())


@cache
def _quick(name: str) -> jsonschema_rs.Draft202012Validator:
    """Return a validator that only says yes or no, some two hundred times as fast."""
    return jsonschema_rs.Draft202012Validator(
        load(name),
        validate_formats=True,
        retriever=lambda uri: load(uri.removeprefix(BASE_URI)),
    )


def is_valid(name: str, instance: object) -> bool:
    """Say whether an instance keeps every keyword of the schema, judged or not."""
    try:
        return _quick(name).is_valid(instance)
    except ValueError:
        # It takes no number and no text that JSON has not.
        return validator(name).is_valid(instance)


def problems(name: str, instance: object) -> list[Breach]:
    """Return every keyword that the instance breaks, in the order of the instance."""
    if is_valid(name, instance):
        return []
    errors = sorted(validator(name).iter_errors(instance), key=lambda error: error.json_path)
    return [_breach(leaf) for error in errors for leaf in _leaves(error)]


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong first with a file of ours: `place` is the dotted key."""

    place: str
    text: str
    keyword: str


def complaint(name: str, document: object) -> Complaint | None:
    """Return what is wrong first with one of our own files, an unknown key before all else."""
    return next(complaints(name, document), None)


def complaints(name: str, document: object) -> Iterator[Complaint]:
    """Yield everything that is wrong with one of our own files, unknown keys first."""
    errors = sorted(
        validator(name).iter_errors(document),
        key=lambda one: (
            one.validator != "additionalProperties",
            list(map(str, one.absolute_path)),
        ),
    )
    for error in errors:
        yield from _complaints(error)


def _complaints(error: ValidationError) -> Iterator[Complaint]:
    place = ".".join(str(step) for step in error.absolute_path)
    keyword = str(error.validator)
    if keyword != "additionalProperties" or not isinstance(error.schema, dict):
        yield Complaint(place, f"{place or 'the file'}: {error.message}", keyword)
        return
    known = list(error.schema.get("properties", {}))
    for strange in sorted(set(cast("Json", error.instance)) - set(known)):
        near = difflib.get_close_matches(strange, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        key = ".".join(filter(None, (place, strange)))
        yield Complaint(place, f"unknown key {key!r}; {hint}", keyword)


def judge(name: str, instance: object, *, tls: bool = True) -> Findings:
    """Judge an instance keyword by keyword.

    A requirement is seen where its keyword had a value to look at; a member that is absent shows
    nothing about the keywords below it. Without `tls` (a lab over plain http) the keywords in
    `x-tls` are not judged.
    """
    seen: set[str] = set()
    _annotated(name).collect(instance, seen)
    breaches = tuple(one for one in problems(name, instance) if tls or not one.about_tls)
    return Findings(seen=frozenset(seen), breaches=breaches)


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    if error.validator in {"anyOf", "oneOf"} or not error.context:
        yield error
        return
    for cause in error.context:
        yield from _leaves(cause)


def _breach(error: ValidationError) -> Breach:
    keyword = str(error.validator)
    owner = error.schema if isinstance(error.schema, dict) else {}
    requirement = owner.get("x-requirement", {}).get(keyword)
    if isinstance(requirement, dict):
        requirement = requirement.get(_missing_member(error))
    path = "".join(f"/{step}" for step in error.absolute_path) or "/"
    about_tls = keyword in owner.get("x-tls", ())
    return Breach(path, keyword, requirement, error.message, error.instance, about_tls)


def _missing_member(error: ValidationError) -> str | None:
    """Return the member that `required` found missing, which only the message tells."""
    for member in cast("list[str]", error.validator_value):
        if error.message.startswith(repr(member)):
            return member
    return None


@dataclass(slots=True)
class _Annotated:
    """What one schema object judges, prepared once: a run reads the same schemas for each answer.

    A part is None where nothing in it or below it carries an annotation.
    """

    judged: tuple[tuple[type | tuple[type, ...], tuple[str, ...]], ...] = ()
    beside: "tuple[_Annotated, ...]" = ()
    condition: "_Condition | None" = None
    then: "_Annotated | None" = None
    otherwise: "_Annotated | None" = None
    items: "_Annotated | None" = None
    member_names: "_Annotated | None" = None
    named: "Mapping[str, _Annotated | None]" = field(default_factory=dict)
    patterns: "Mapping[str, _Annotated | None]" = field(default_factory=dict)
    other_members: "_Annotated | None" = None

    @property
    def says_nothing(self) -> bool:
        """Whether neither the object nor anything below it carries an annotation."""
        parts = (self.then, self.otherwise, self.items, self.member_names, self.other_members)
        below = (*parts, *self.named.values(), *self.patterns.values())
        return not self.judged and not self.beside and all(part is None for part in below)

    def collect(self, instance: object, seen: set[str]) -> None:
        """Add the requirement of each annotated keyword that has this instance to look at."""
        for kind, requirements in self.judged:
            if isinstance(instance, kind):
                seen.update(requirements)
        for part in self.beside:
            part.collect(instance, seen)
        if self.condition is not None:
            chosen = self.then if self.condition.holds(instance) else self.otherwise
            if chosen is not None:
                chosen.collect(instance, seen)
        if isinstance(instance, dict):
            self._collect_members(instance, seen)
        elif self.items is not None and isinstance(instance, list):
            for item in instance:
                self.items.collect(item, seen)

    def _collect_members(self, instance: Json, seen: set[str]) -> None:
        for member, value in instance.items():
            if self.member_names is not None:
                self.member_names.collect(member, seen)
            matching = [part for one, part in self.patterns.items() if re.search(one, member)]
            known = [self.named[member]] if member in self.named else []
            for part in [*matching, *known] or [self.other_members]:
                if part is not None:
                    part.collect(value, seen)


class _Condition:
    """The schema of an `if`, which says yes or no."""

    def __init__(self, condition: Json) -> None:
        self._quick = jsonschema_rs.Draft202012Validator(condition)
        self._thorough = Draft202012Validator(condition, registry=_registry())

    def holds(self, instance: object) -> bool:
        """Return whether the instance meets the condition."""
        try:
            return self._quick.is_valid(instance)
        except ValueError:
            # It takes no number and no text that JSON has not.
            return self._thorough.is_valid(instance)


@cache
def _annotated(name: str) -> _Annotated:
    return _prepared(load(name), load(name), {}) or _Annotated()


def _prepared(root: Json, schema: object, known: dict[int, _Annotated]) -> _Annotated | None:
    """Prepare a schema object; `known` holds those that were met before, by identity.

    A schema may refer to itself, so each object is known before its parts are.
    """
    if not isinstance(schema, dict):
        return None
    if id(schema) in known:
        return known[id(schema)]
    found = known[id(schema)] = _Annotated()

    def part(below: object) -> _Annotated | None:
        return _prepared(root, below, known)

    found.judged = tuple(
        (
            _SPEAKS_OF.get(keyword, object),
            tuple(judged.values()) if isinstance(judged, dict) else (judged,),
        )
        for keyword, judged in schema.get("x-requirement", {}).items()
    )
    beside = [part(one) for one in schema.get("allOf", ())]
    if "$ref" in schema:
        target, file = resolve(root, schema["$ref"])
        beside.append(_prepared(load(file), target, known))
    found.beside = tuple(one for one in beside if one is not None)
    if "if" in schema:
        found.then, found.otherwise = part(schema.get("then")), part(schema.get("else"))
        if found.then is not None or found.otherwise is not None:
            found.condition = _Condition(schema["if"])
    found.items = part(schema.get("items"))
    found.member_names = part(schema.get("propertyNames"))
    found.named = {name: part(one) for name, one in schema.get("properties", {}).items()}
    found.patterns = {name: part(one) for name, one in schema.get("patternProperties", {}).items()}
    found.other_members = part(schema.get("additionalProperties"))
    return None if found.says_nothing else found


# What a keyword has anything to say about (JSON Schema 2020-12, section 7.6.1); the rest speak of
# all.
_SPEAKS_OF: dict[str, type | tuple[type, ...]] = {
    "required": dict,
    "minProperties": dict,
    "items": list,
    "minItems": list,
    "uniqueItems": list,
    "format": str,
    "pattern": str,
    "minLength": str,
    "minimum": (int, float),
    "maximum": (int, float),
}
