"""Strict JSON that keeps repeated names, which a Python dict loses.

Claims may not use a name twice (RFC 7519 section 4). `NaN` is not JSON (RFC 8259 section 6), though
Python reads it. Bad input raises NotJson and nothing else.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

# RFC 8259 section 9 lets a reader limit the depth. The functions that walk the value recurse, with
# many frames per level.
DEPTH = 40

Path: TypeAlias = tuple[str | int, ...]


class NotJson(ValueError):
    """The bytes are not a JSON text; the message says why."""


class TooDeep(NotJson):
    """The text is nested more deeply than is read here. That is unusual, but allowed."""


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON value, and the repeated names of each object by its path.

    The path of the value itself is `()`. The last value of a repeated name counts.
    """

    value: Any
    repeated: Mapping[Path, tuple[str, ...]]


class _Object(dict[str, Any]):
    __slots__ = ("repeated",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: tuple[str, ...] = ()
        if len(self) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            self.repeated = tuple(name for name, count in counts.items() if count > 1)


def read(raw: bytes) -> Document:
    """Read a JSON text in UTF-8. Raises NotJson; TooDeep if the nesting exceeds DEPTH.

    A number that is too large for a float becomes infinite.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_Object,
            parse_constant=_refuse,
            parse_int=_integer,
        )
    except UnicodeDecodeError as error:
        raise NotJson(f"no UTF-8: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise TooDeep(f"nested more than {DEPTH} deep") from error
    except json.JSONDecodeError as error:
        raise NotJson(f"no JSON: {error.msg} at character {error.pos}") from error
    return Document(value, _repeated(value))


def canonical(value: object) -> str:
    """Return one text for a JSON value, whatever the order of its members."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _refuse(constant: str) -> NoReturn:
    raise NotJson(f"no JSON: {constant} is no number")


def _integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads as an integer
        return float(digits)


def _repeated(value: object) -> dict[Path, tuple[str, ...]]:
    found: dict[Path, tuple[str, ...]] = {}
    waiting: list[tuple[Path, object]] = [((), value)]
    while waiting:
        path, part = waiting.pop()
        if len(path) > DEPTH:
            raise TooDeep(f"nested more than {DEPTH} deep")
        if isinstance(part, _Object):
            if part.repeated:
                found[path] = part.repeated
            waiting += [((*path, name), inner) for name, inner in part.items()]
        elif isinstance(part, list):
            waiting += [((*path, index), inner) for index, inner in enumerate(part)]
    return found
