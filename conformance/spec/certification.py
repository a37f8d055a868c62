"""What the official conformance suite looks at: its test modules, and the requirements they touch.

The facts are data, in `certification.toml`, which says what its keys mean.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from conformance.spec.requirement import Catalogue, CatalogueError, load_catalogue

FILE = Path(__file__).with_name("certification.toml")

Table: TypeAlias = dict[str, Any]

_TEXT, _TEXTS, _TABLES = "a text", "a list of texts", "a list of tables"
_WHOLE = {"suite": _TEXT, "version": _TEXT, "url": _TEXT, "block": _TABLES, "module": _TABLES}
_BLOCK = {"name": _TEXT, "checks": _TEXT, "requirements": _TEXTS}
_MODULE = {**_BLOCK, "blocks": _TEXTS}


@dataclass(frozen=True, slots=True)
class Module:
    """One test module: its name there, what it looks at, and the ids that it touches, sorted."""

    name: str
    checks: str
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certification:
    """The modules of one version of the official suite; `url` is where they were read."""

    suite: str
    version: str
    url: str
    modules: tuple[Module, ...]

    def touching(self, requirement: str) -> tuple[Module, ...]:
        """Return the modules that look at a requirement."""
        return tuple(one for one in self.modules if requirement in one.requirements)


@cache
def load_certification() -> Certification:
    """Return the shipped facts; raise CatalogueError where they can't be used."""
    return read_certification(FILE, load_catalogue())


def read_certification(file: Path, catalogue: Catalogue) -> Certification:
    """Read the modules of a file.

    Raises CatalogueError, naming file and module, for whatever can't be used, and
    UnknownRequirement for an id that the catalogue lacks.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{file.name}: can't be read: {error}"
        raise CatalogueError(msg) from error
    _check(content, _WHOLE, file.name)
    blocks: dict[str, Sequence[str]] = {}
    for place, table in _named(content, "block", file):
        _check(table, _BLOCK, place)
        blocks[table["name"]] = table["requirements"]
    modules = []
    for place, table in _named(content, "module", file):
        _check(table, _MODULE, place)
        touched = {*table["requirements"]}
        for block in table["blocks"]:
            if block not in blocks:
                msg = f"{place}: no block is named {block!r}; there are {', '.join(blocks)}"
                raise CatalogueError(msg)
            touched |= {*blocks[block]}
        catalogue.check_ids(sorted(touched))
        modules.append(Module(table["name"], table["checks"], tuple(sorted(touched))))
    return Certification(content["suite"], content["version"], content["url"], tuple(modules))


def _named(content: Table, kind: str, file: Path) -> list[tuple[str, Table]]:
    """Return each table of a kind with the place that a message names."""
    return [
        (f"{file.name}, {kind} {table.get('name', number)}", table)
        for number, table in enumerate(content[kind], start=1)
    ]


def _check(table: Table, shape: Mapping[str, str], place: str) -> None:
    """Raise CatalogueError for a key that is missing, unknown, or holds something else."""
    if table.keys() != shape.keys():
        wrong = ", ".join(sorted(table.keys() ^ shape.keys()))
        msg = f"{place}: missing or unknown: {wrong}; the keys are {', '.join(shape)}"
        raise CatalogueError(msg)
    for key, expected in shape.items():
        if not _is(expected, table[key]):
            msg = f"{place}: {key} has to be {expected}"
            raise CatalogueError(msg)


def _is(expected: str, value: object) -> bool:
    if expected == _TEXT:
        return isinstance(value, str)
    item = str if expected == _TEXTS else dict
    return isinstance(value, list) and all(isinstance(one, item) for one in value)
