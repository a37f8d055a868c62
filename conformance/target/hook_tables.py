"""The [hooks] tables of target.toml, with their placeholders checked."""

from collections.abc import Collection, Iterator
from typing import Any, TypeAlias

from conformance.target.provisions import PLACEHOLDERS
from conformance.target.target import PLACEHOLDER, Hook, TargetError
from conformance.text import nearest

Json: TypeAlias = dict[str, Any]


def hooks_in(table: Json, file: str) -> dict[str, Hook]:
    """Return the hooks of a file by name. Raises TargetError for an unknown placeholder."""
    flat = {name: one for name, one in table.items() if name != "clock"}
    flat |= {f"clock.{name}": one for name, one in table.get("clock", {}).items()}
    for name, one in flat.items():
        _check_placeholders(one, name, f"{file}: hooks.{name}")
    return {
        name: Hook(name=name, **{**one, "argv": tuple(one.get("argv", ()))})
        for name, one in flat.items()
    }


def _check_placeholders(hook: Json, name: str, place: str) -> None:
    known = PLACEHOLDERS[name]
    for where, text in _texts(hook, place):
        for found in PLACEHOLDER.findall(text):
            if found not in known:
                meant = nearest(found, known)
                hint = f"did you mean {{{meant}}}?" if meant else f"known here: {_braced(known)}"
                raise TargetError(f"{where}: unknown placeholder {{{found}}}; {hint}")


def _texts(part: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield each text in a part of a document, with its place."""
    if isinstance(part, str):
        yield place, part
    elif isinstance(part, dict):
        for name, one in part.items():
            yield from _texts(one, f"{place}.{name}")
    elif isinstance(part, list):
        for number, one in enumerate(part):
            yield from _texts(one, f"{place}.{number}")


def _braced(names: Collection[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names) or "none"
