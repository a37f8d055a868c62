"""The JSON Schemas of the wire: loading them, and telling what an instance breaks.

A schema annotates each validating keyword with `x-requirement` (the id whose breach it is) or
`x-observe` (the text is silent: recorded, never judged). See schemas/README.md.
"""

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
    seen = frozenset(_annotated(load(name), load(name), instance))
    breaches = tuple(one for one in problems(name, instance) if tls or not one.about_tls)
    return Findings(seen=seen, breaches=breaches)


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


def _annotated(root: Json, schema: Any, instance: object) -> Iterator[str]:  # noqa: ANN401 (JSON)
    """Yield the requirement of each annotated keyword that has this instance to look at."""
    if not isinstance(schema, dict):
        return
    for keyword, requirement in schema.get("x-requirement", {}).items():
        if not isinstance(instance, _SPEAKS_OF.get(keyword, object)):
            continue
        if isinstance(requirement, dict):
            yield from requirement.values()
        else:
            yield requirement
    if "$ref" in schema:
        target, file = resolve(root, schema["$ref"])
        yield from _annotated(load(file), target, instance)
    for part in _beside(schema, instance):
        yield from _annotated(root, part, instance)
    for part, value in _below(schema, instance):
        yield from _annotated(root, part, value)


def _beside(schema: Json, instance: object) -> Iterator[Any]:
    """Yield the schemas that speak of the same instance."""
    yield from schema.get("allOf", ())
    if "if" in schema:
        yield schema.get("then" if _holds(schema["if"], instance) else "else")


_conditions: dict[int, Draft202012Validator] = {}


def _holds(condition: Json, instance: object) -> bool:
    # The schemas are loaded once and stay, so each one's identity is its name.
    known = _conditions.get(id(condition))
    if known is None:
        known = _conditions[id(condition)] = Draft202012Validator(condition, registry=_registry())
    return known.is_valid(instance)


def _below(schema: Json, instance: object) -> Iterator[tuple[Any, object]]:
    """Yield the schemas that speak of a part of the instance, with that part."""
    if isinstance(instance, list):
        yield from ((schema.get("items"), item) for item in instance)
    if not isinstance(instance, dict):
        return
    named = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    for member, value in instance.items():
        yield schema.get("propertyNames"), member
        matching = [part for pattern, part in patterns.items() if re.search(pattern, member)]
        yield from ((part, value) for part in matching)
        if member in named:
            yield named[member], value
        elif not matching:
            yield schema.get("additionalProperties"), value


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
