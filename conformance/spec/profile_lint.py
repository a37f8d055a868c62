"""A profile held against what it names: schemas, their members, endpoints, rows, tags."""

import difflib
from collections.abc import Iterable, Iterator
from functools import cache

from conformance.spec import codec, schema
from conformance.spec.profile import Profile
from conformance.spec.requirement import Requirement, load_catalogue


def lint(profile: Profile) -> Iterator[str]:
    """Yield each thing that a profile names and that does not exist, with its key."""
    yield from _lint_operations(profile)
    yield from _lint_references(profile)
    yield from _lint_names(profile)
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


def _lint_names(profile: Profile) -> Iterator[str]:
    """Yield each name that a map has the wrong way round: spelled = canonical."""
    root = schema.schema_root()
    for group, names in profile.names.items():
        schemas = [
            name
            for message, name in profile.schemas.items()
            if codec.group_of(message) == group and (root / name).is_file()
        ]
        for left, right in names.items():
            if not any(schema.has_member(name, left) for name in schemas) and any(
                schema.has_member(name, right) for name in schemas
            ):
                yield (
                    f"names.{group}.{_key(left)}: is the wrong way round; the specification's"
                    f" name comes first: write {_key(right)} = {left!r}"
                )


def _key(name: str) -> str:
    """Return a name as a key of TOML: quoted where a dot would begin a table."""
    return f'"{name}"' if "." in name else name


def _hint(name: str, known: Iterable[str]) -> str:
    """Return the next step for a name that nothing has."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else "; take it out, or name one that exists"


@cache
def _catalogue() -> dict[str, Requirement]:
    return {row.id: row for row in load_catalogue()}
