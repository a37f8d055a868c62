"""The files of profiles: found, merged with their parents, checked and read. One TOML file each.

A profile names its parent with `extends`: tables are merged over the parent's, arrays and scalars
replace, and the string "!unset" takes an inherited key away. Unknown keys are errors that name the
file and the key.
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, cast

from conformance.spec import schema
from conformance.spec.profile import (
    Cap,
    Delivery,
    Discovery,
    ErrorBody,
    Operation,
    PollRules,
    Profile,
    ProfileDeviation,
    ProfileError,
    Redelivery,
    Semantics,
    SetRules,
    StreamRules,
)
from conformance.spec.profile_lint import lint
from conformance.spec.requirement import Grade
from conformance.spec.shipped_profiles import DIRECTORY, profile_ids

Json: TypeAlias = dict[str, Any]

UNSET = "!unset"


def shipped_profiles() -> list[Profile]:
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
    for complaint in lint(profile):
        raise ProfileError(f"{path}: {complaint}")
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
