"""JSON Schema -> invalid instances: each breaks one keyword at one place, and nothing else.

The places are enumerated, so that each is a parameter of its own, and so are the ways to be wrong
there; what stands around is drawn.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from conformance.spec import schema

Json: TypeAlias = dict[str, Any]

# One value of each JSON type. null is none of them: in a request it is near to saying nothing.
_OF_TYPE: dict[str, Any] = {
    "integer": 5,
    "boolean": True,
    "string": "some text",
    "array": ["an item"],
    "object": {"a": "member"},
    "number": 2.5,
}
_NO_URI = ("no uri", "//", "a b:c", "%")


@dataclass(frozen=True, slots=True)
class Site:
    """One keyword at one place of a message; `requirement` is None where the text is silent.

    `path` leads from the message to the value, `member` is the one that `required` asks for.
    """

    path: tuple[str | int, ...]
    keyword: str
    requirement: str | None
    argument: Any = None
    member: str | None = None

    def __str__(self) -> str:
        place = "".join(f"/{step}" for step in self.path) or "/"
        return f"{place} {self.keyword}{f' {self.member}' if self.member else ''}"

    @property
    def pointer(self) -> str:
        """Return the path as a JSON Pointer, the way that schema.Breach has it."""
        return "".join(f"/{step}" for step in self.path) or "/"

    def broken(self, body: Json) -> Iterator[Any]:
        """Yield a valid body that has every member, broken here in each of several ways."""
        if not self.path:
            yield from _SPOIL[self.keyword](self, body)
            return
        above, last = self.path[:-1], self.path[-1]
        holder: Any = body
        for step in above:
            holder = holder[step]
        # A member that nobody has to give, such as a poll endpoint_url, is there from now on.
        held = holder.get(last) if isinstance(holder, dict) else holder[last]
        for wrong in _SPOIL[self.keyword](self, held):
            whole: Any = copy.deepcopy(body)
            place = whole
            for step in above:
                place = place[step]
            place[last] = wrong
            yield whole


def sites(name: str, *, leave_out: frozenset[str] = frozenset({"stream_id"})) -> tuple[Site, ...]:
    """Return every place where a message can be broken; `leave_out` are members not to break."""
    root = schema.load(name)
    return tuple(
        site
        for site in _sites(root, root, ())
        if not leave_out & {*site.path[:1], *((site.member,) if not site.path else ())}
    )


def _sites(root: Json, node: Json, path: tuple[str | int, ...]) -> Iterator[Site]:
    if "$ref" in node:
        target, file = schema.resolve(root, node["$ref"])
        yield from _sites(schema.load(file), target, path)
    judged: Json = node.get("x-requirement", {})
    for keyword in (*judged, *(one for one in node.get("x-observe", ()) if one not in judged)):
        if keyword not in _SPOIL:
            continue
        requirement = judged.get(keyword)
        if keyword == "required":
            named = requirement or {}
            for member in node["required"]:
                yield Site(path, keyword, named.get(member), member=member)
        else:
            yield Site(path, keyword, requirement, node[keyword])
    for member, part in node.get("properties", {}).items():
        yield from _sites(root, part, (*path, member))
    if isinstance(node.get("items"), dict):
        yield from _sites(root, node["items"], (*path, 0))


def _of_another_type(site: Site, value: object) -> list[Any]:
    del value
    allowed = site.argument if isinstance(site.argument, list) else [site.argument]
    taken = {*allowed, *(("integer",) if "number" in allowed else ())}
    return [one for kind, one in _OF_TYPE.items() if kind not in taken]


def _without_member(site: Site, value: Json) -> list[Json]:
    return [{name: part for name, part in value.items() if name != site.member}]


def _near(values: list[Any]) -> list[str]:
    """Return a word out of an enum as it is not spelled: in capitals, and with a space."""
    words = [one for one in values if isinstance(one, str) and one.islower() and one.isalpha()]
    return [words[-1].upper(), f" {words[-1]}"] if words else []


_SPOIL: dict[str, Callable[[Site, Any], list[Any]]] = {
    "type": _of_another_type,
    "required": _without_member,
    "format": lambda _site, _value: list(_NO_URI),
    "pattern": lambda _site, _value: ["no match"],
    "minItems": lambda _site, _value: [[]],
    "uniqueItems": lambda _site, value: [[*value, value[0]]],
    "minLength": lambda _site, _value: [""],
    "maxLength": lambda site, _value: ["x" * (site.argument + 1)],
    "minimum": lambda site, _value: [site.argument - 1],
    "maximum": lambda site, _value: [site.argument + 1],
    "enum": lambda site, _value: ["something else", *_near(site.argument)],
}
