"""The subjects that the target knows, as [capabilities] of target.toml names them."""

from collections.abc import Collection, Iterator
from typing import Any, TypeAlias

from conformance.sets.subject_identifiers import MEMBERS_OF_FORMAT
from conformance.spec import schema
from conformance.spec.profile import Profile
from conformance.target.target import TargetError
from conformance.text import nearest

Json: TypeAlias = dict[str, Any]


def subjects_in(subjects: Collection[Json], profile: Profile, file: str) -> tuple[Json, ...]:
    """Return the subjects after checking each against its format (RFC 9493 section 3)."""
    name = profile.schemas["subject"]
    for number, subject in enumerate(subjects):
        place = f"{file}: capabilities.subjects.{number}"
        for where, identifier in _identifiers(subject, place):
            _check_members(identifier, where)
        for breach in schema.problems(name, subject):
            path = breach.path.rstrip("/").replace("/", ".")
            raise TargetError(f"{place}{path}: {breach.message}")
    return tuple(subjects)


def _identifiers(subject: Any, place: str) -> Iterator[tuple[str, Json]]:  # noqa: ANN401 (JSON)
    """Yield each simple identifier in a subject that has a format, with its place."""
    if not isinstance(subject, dict):
        return
    match subject.get("format"):
        case "complex":
            for name, part in subject.items():
                yield from _identifiers(part, f"{place}.{name}")
        case "aliases" if isinstance(subject.get("identifiers"), list):
            for number, part in enumerate(subject["identifiers"]):
                yield from _identifiers(part, f"{place}.identifiers.{number}")
        case str():
            yield place, subject


def _check_members(identifier: Json, place: str) -> None:
    """Check an identifier's members against its format; a private format may have any."""
    named = identifier["format"]
    members = MEMBERS_OF_FORMAT.get(named)
    if members is None:
        if meant := nearest(named, (*MEMBERS_OF_FORMAT, "complex")):
            raise TargetError(f"{place}.format: unknown format {named!r}; did you mean {meant!r}?")
        return
    for name in identifier:
        if name not in {"format", *members}:
            raise TargetError(
                f"{place}: unknown member {name!r}; a subject of format {named!r} has"
                f" {', '.join(sorted(members))}"
            )
