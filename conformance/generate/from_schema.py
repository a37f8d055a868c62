"""JSON Schema -> Hypothesis: valid instances of our request schemas.

Strategies for values that a schema can't describe, such as an event type that the target supports,
are named by `x-generate` and given by the caller.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from hypothesis import strategies as st

from conformance.spec import schema

Json: TypeAlias = dict[str, Any]
Named: TypeAlias = Mapping[str, st.SearchStrategy[Any]]

_MOST_ITEMS = 5


class UngeneratedKeyword(ValueError):
    """A request schema uses a keyword that the generator does not know how to keep."""


_KNOWN = frozenset(
    {
        "$schema", "$id", "$ref", "$defs", "title", "description", "type", "properties", "required",
        "items", "minItems", "maxItems", "uniqueItems", "format", "minLength", "maxLength",
        "minimum", "maximum", "enum", "const", "additionalProperties",
        "x-requirement", "x-observe", "x-tls", "x-generate",
    }
)  # fmt: skip


def instances(
    name: str, named: Named, *, leave_out: frozenset[str] = frozenset(), whole: bool = False
) -> st.SearchStrategy[Json]:
    """Return a strategy of valid instances of an object schema, less `leave_out`.

    `whole` gives every member of the object itself, required or not.
    """
    root = schema.load(name)
    _refuse_unknown(root, root)
    return _object(root, root, named, leave_out, whole=whole)


def _strategy(root: Json, node: Json, named: Named) -> st.SearchStrategy[Any]:
    if "$ref" in node:
        target, file = schema.resolve(root, node["$ref"])
        return _strategy(schema.load(file), target, named)
    _refuse_unknown(root, node)
    if "x-generate" in node:
        return named[node["x-generate"]]
    if "const" in node:
        return st.just(node["const"])
    if "enum" in node:
        return st.sampled_from(node["enum"])
    return _typed(root, node, named)


def _refuse_unknown(root: Json, node: Json) -> None:
    strange = set(node) - _KNOWN
    if strange:
        raise UngeneratedKeyword(f"{root.get('$id')}: {', '.join(sorted(strange))}")


def _typed(root: Json, node: Json, named: Named) -> st.SearchStrategy[Any]:
    kind = node.get("type")
    if kind == "object":
        return _object(root, node, named, frozenset(), whole=False)
    if kind == "array":
        return st.lists(
            _strategy(root, node.get("items", {"type": "string"}), named),
            min_size=node.get("minItems", 0),
            max_size=node.get("maxItems", node.get("minItems", 0) + _MOST_ITEMS),
            unique=node.get("uniqueItems", False),
        )
    if kind == "integer":
        return st.integers(
            node.get("minimum", 0), node.get("maximum", node.get("minimum", 0) + 1000)
        )
    if kind == "boolean":
        return st.booleans()
    if kind == "string" and node.get("format") == "uri":
        return named["uri"]
    if kind == "string":
        return st.text(
            min_size=node.get("minLength", 0),
            max_size=node.get("maxLength", node.get("minLength", 0) + 20),
        )
    raise UngeneratedKeyword(f"{root.get('$id')}: type {kind!r}")


def _object(
    root: Json, node: Json, named: Named, leave_out: frozenset[str], *, whole: bool
) -> st.SearchStrategy[Json]:
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for member, part in node.get("properties", {}).items():
        if member in leave_out:
            continue
        into = required if whole or member in node.get("required", ()) else optional
        into[member] = _strategy(root, part, named)
    return st.fixed_dictionaries(required, optional=optional)
